//! What a target was told: who is in, and since when the room is open.
//!
//! A fact is said once, and only while it is fresh. So all that has to be remembered is
//! what was said (or passed over) within that time, whatever the roster shows meanwhile: a
//! machine that lags behind another, an archive read from its beginning, or a journal
//! put back from a backup repeats nothing.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::notify::message::{Card, CardState};
use crate::time::moment::Moment;
use crate::zoom::Name;

/// Facts older than this are passed over in silence, in seconds.
pub const FRESH: i64 = 600;

/// Facts are remembered longer than they are fresh, for a clock that is put back.
pub const REMEMBERED: i64 = 2 * FRESH;

/// What one target was told, or what it need not be told any more.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// By meeting number; one without a number where no rooms are configured.
    pub rooms: BTreeMap<String, ToldRoom>,
    /// The cards that are to be posted or edited, and those of rooms that are open.
    #[serde(default)]
    pub cards: Vec<Posted>,
    /// The number of the next card.
    #[serde(default)]
    pub next_card: u64,
    /// Until when messages are sent instead, because cards were refused.
    #[serde(default)]
    pub no_cards_until: Option<Moment>,
}

/// What a target was told of one room.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToldRoom {
    /// Those who are in, and those who left a short while ago.
    pub people: BTreeMap<Name, ToldPerson>,
    /// The opening that lasts.
    pub open: Option<Open>,
    /// When the room last opened.
    pub opened: Option<Moment>,
    /// When it last emptied.
    pub emptied: Option<Moment>,
    /// Changes that gather before they are told.
    #[serde(skip)]
    pub gathering: Option<Gathering>,
    /// Whether this process has looked before, so that what differs has just changed.
    #[serde(skip)]
    pub looked: bool,
}

/// A room that is open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Open {
    /// Since when.
    pub since: Moment,
    /// How many were in at once, at most, whenever it was looked.
    pub peak: usize,
    /// Whether only people are in who may not be named.
    #[serde(default)]
    pub is_nameless: bool,
}

/// What a target was told of one person.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToldPerson {
    /// Whether the person is in.
    pub is_in: bool,
    /// When the person came, the last time.
    pub joined: Option<Moment>,
    /// When the person left, the last time.
    pub left: Option<Moment>,
    /// Whether the person shares the screen.
    #[serde(default)]
    pub shares: bool,
    /// When that began, the last time.
    #[serde(default)]
    pub shared: Option<Moment>,
}

/// Changes that are not told yet, because more may come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gathering {
    /// When the first of them was seen.
    pub first: Moment,
    /// When the last of them was seen.
    pub last: Moment,
    /// What they amount to.
    pub changes: Changes,
}

/// The difference between what was told and what is, each list in the order of time.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    /// Who came.
    pub joined: Vec<Name>,
    /// Who left.
    pub left: Vec<Name>,
    /// Who began to share the screen.
    pub sharing: Vec<Name>,
    /// Who stopped.
    pub stopped: Vec<Name>,
    /// Whether the card shows something else.
    pub card: bool,
}

/// A card, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Posted {
    /// Its number.
    pub number: u64,
    /// The room, as in [`Told::rooms`].
    pub room: String,
    /// The id of its post; `None` before there is one.
    pub post: Option<String>,
    /// What is to stand there.
    pub card: Card,
    /// What stands there.
    #[serde(default)]
    pub shown: Option<Card>,
    /// Since when it is wanted.
    pub made: Moment,
}

impl Told {
    /// Whether `other` is the same, as far as it is kept.
    pub fn is_kept_as(&self, other: &Self) -> bool {
        let rooms = |told: &Self| told.rooms.len();
        let same_room = |(number, room): (&String, &ToldRoom)| {
            other.rooms.get(number).is_some_and(|other| room.is_kept_as(other))
        };
        rooms(self) == rooms(other)
            && self.rooms.iter().all(same_room)
            && (&self.cards, self.next_card, self.no_cards_until)
                == (&other.cards, other.next_card, other.no_cards_until)
    }
}

impl Posted {
    /// Whether this is the card of the opening of `room` that lasts.
    pub fn is_open(&self, room: &str) -> bool {
        self.room == room && matches!(self.card.state, CardState::Open { .. })
    }

    /// From now on `card` is to stand there.
    pub fn show(&mut self, card: Card, now: Moment) {
        (self.card, self.made) = (card, now);
    }

    /// Whether there stands what is to.
    pub fn is_shown(&self) -> bool {
        self.shown.as_ref() == Some(&self.card)
    }
}

impl ToldRoom {
    fn is_kept_as(&self, other: &Self) -> bool {
        (&self.people, &self.open, self.opened, self.emptied)
            == (&other.people, &other.open, other.opened, other.emptied)
    }

    /// Forgets whom nothing could be said twice of any more.
    pub fn forget(&mut self, now: Moment) {
        let horizon = now.plus(-REMEMBERED);
        self.people.retain(|_, person| person.is_in || person.last() >= Some(horizon));
    }
}

impl ToldPerson {
    fn last(&self) -> Option<Moment> {
        self.joined.max(self.left).max(self.shared)
    }
}

impl Changes {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}
