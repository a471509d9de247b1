//! What a target has been told: who is in a room, and since when the room is open.
//!
//! A fact is announced once, and only while it is recent ([`FRESH_S`]). So it is enough to
//! remember the facts of that time that were announced or skipped, whatever the roster shows.
//! Nothing repeats when another machine lags, when an archive is read again, or when a journal is
//! restored from a backup.
//!
//! The outbox stores this, so the stored names never change.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::notify::message::{Card, CardState};
use crate::time::moment::Moment;
use crate::zoom::Name;

/// Facts older than this are not announced, in seconds.
pub const FRESH_S: i64 = 600;

/// How long facts are remembered, in seconds: longer than they are fresh, in case the clock is
/// set back.
pub const REMEMBERED_S: i64 = 2 * FRESH_S;

/// What one target has been told, or no longer needs to be told.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliveryState {
    /// By meeting number; by the empty string if no rooms are configured.
    pub rooms: BTreeMap<String, RoomState>,
    /// The cards to post or edit, and the cards of open rooms.
    #[serde(default)]
    pub cards: Vec<CardPost>,
    /// The number of the next card.
    #[serde(default)]
    pub next_card: u64,
    /// Until when messages replace cards, because the chat refused a card.
    #[serde(default, rename = "no_cards_until")]
    pub cards_paused_until: Option<Moment>,
}

/// What a target has been told of one room.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomState {
    /// The people who are in, and those who left recently.
    pub people: BTreeMap<Name, PersonState>,
    /// Set while the room is open.
    pub open: Option<OpenRoom>,
    /// When the room last opened.
    pub opened: Option<Moment>,
    /// When the room last emptied.
    pub emptied: Option<Moment>,
    /// When the last participant without a name of whom the target was told began to wait.
    #[serde(default, rename = "nameless_waited", skip_serializing_if = "Option::is_none")]
    pub nameless_waiting_since: Option<Moment>,
    /// Changes that are being debounced.
    #[serde(skip)]
    pub pending: Option<PendingChanges>,
    /// Whether this process has seen the room before, so that a difference has just happened.
    #[serde(skip)]
    pub is_observed: bool,
}

/// A room that is open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenRoom {
    /// Since when.
    pub since: Moment,
    /// The largest number of people seen at once.
    pub peak: usize,
    /// Whether nobody in the room may be named.
    #[serde(default)]
    pub is_nameless: bool,
}

/// What a target has been told of one person.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonState {
    /// Whether the person is in the room.
    pub is_in: bool,
    /// When the person last joined.
    pub joined: Option<Moment>,
    /// When the person last left.
    pub left: Option<Moment>,
    /// Whether the person shares the screen.
    #[serde(default, rename = "shares")]
    pub is_sharing: bool,
    /// When the person last started to share.
    #[serde(default, rename = "shared")]
    pub sharing_since: Option<Moment>,
    /// When the person last began to wait to be let in.
    #[serde(default, rename = "waited", skip_serializing_if = "Option::is_none")]
    pub waiting_since: Option<Moment>,
}

/// Changes that wait for more changes, to be announced together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PendingChanges {
    /// When the first one was seen.
    pub first_seen: Moment,
    /// When the last one was seen.
    pub last_seen: Moment,
    /// The changes.
    pub changes: Changes,
}

/// The difference between the delivery state and the roster; lists are in the order of time.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    /// Who joined.
    pub joined: Vec<Name>,
    /// Who left.
    pub left: Vec<Name>,
    /// Who started to share the screen.
    pub sharing_started: Vec<Name>,
    /// Who stopped.
    pub sharing_stopped: Vec<Name>,
    /// Who joined and is a stranger.
    pub strangers: Vec<Name>,
    /// Who began to wait to be let in.
    pub waiting: Vec<Name>,
    /// How many without a name did.
    pub waiting_nameless: usize,
    /// Whether the content of the card changed.
    pub is_card_changed: bool,
}

/// A card and its post in the chat.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CardPost {
    /// The number of the card.
    pub number: u64,
    /// The room, a key of [`DeliveryState::rooms`].
    pub room: String,
    /// The id of the post; `None` until there is one, and after somebody deleted it.
    #[serde(rename = "post")]
    pub post_id: Option<String>,
    /// The content that the post should have.
    #[serde(rename = "card")]
    pub wanted: Card,
    /// The content that the post has, or had when it was deleted.
    #[serde(default)]
    pub shown: Option<Card>,
    /// Since when the content is wanted.
    #[serde(rename = "made")]
    pub wanted_since: Moment,
}

impl DeliveryState {
    /// Whether `other` looks the same when it is stored.
    pub fn is_stored_as(&self, other: &Self) -> bool {
        self.rooms.len() == other.rooms.len()
            && self.rooms.iter().all(|(number, room)| {
                other.rooms.get(number).is_some_and(|other| room.is_stored_as(other))
            })
            && (&self.cards, self.next_card, self.cards_paused_until)
                == (&other.cards, other.next_card, other.cards_paused_until)
    }
}

impl CardPost {
    /// Whether this is the card of `room` while it is open.
    pub fn is_open(&self, room: &str) -> bool {
        self.room == room && matches!(self.wanted.state, CardState::Open { .. })
    }

    /// Sets the content that the post should have.
    pub fn set_wanted(&mut self, card: Card, now: Moment) {
        (self.wanted, self.wanted_since) = (card, now);
    }

    /// Whether the post has the wanted content.
    pub fn is_shown(&self) -> bool {
        self.post_id.is_some() && self.shown.as_ref() == Some(&self.wanted)
    }
}

impl RoomState {
    fn is_stored_as(&self, other: &Self) -> bool {
        (&self.people, &self.open, self.opened, self.emptied, self.nameless_waiting_since)
            == (
                &other.people,
                &other.open,
                other.opened,
                other.emptied,
                other.nameless_waiting_since,
            )
    }

    /// Removes people whose facts are all too old to be announced again.
    pub fn prune(&mut self, now: Moment) {
        let horizon = now.plus(-REMEMBERED_S);
        self.people.retain(|_, person| {
            let last = person.joined.max(person.left).max(person.sharing_since);
            let last = last.max(person.waiting_since);
            person.is_in || last >= Some(horizon)
        });
    }
}

impl Changes {
    /// Whether nothing changed.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notify::message::{Members, RoomInfo};

    #[test]
    fn a_card_is_shown_by_a_post_that_exists_and_has_its_content() {
        let card = |peak| {
            let (since, inside, sharing) = (Moment::from_seconds(0), Vec::new(), Vec::new());
            let room = RoomInfo { name: None, dashboard: None, join: None };
            let (others, strangers, waiting) = (1, Vec::new(), Members::default());
            let state =
                CardState::Open { since, inside, others, peak, sharing, strangers, waiting };
            Card { room, state }
        };
        #[rustfmt::skip]
        let cases = [
            // what is special           post        its content      is shown
            ("not posted yet",           None,       None,            false),
            ("posted",                   Some("p"),  Some(card(1)),   true),
            ("changed since",            Some("p"),  Some(card(2)),   false),
            ("deleted, and as before",   None,       Some(card(1)),   false),
        ];
        for (what, post_id, shown, is_shown) in cases {
            let (room, wanted_since) = (String::new(), Moment::from_seconds(0));
            let post_id = post_id.map(str::to_owned);
            let post = CardPost { number: 0, room, post_id, wanted: card(1), shown, wanted_since };
            assert_eq!(post.is_shown(), is_shown, "{what}");
        }
    }
}
