//! Computes what to announce: the difference between the delivery state and the roster.
//!
//! Messages follow visits, not events, so breakout moves, second devices and redelivered events
//! announce nothing. Joins and leaves are debounced: many of them become one message, and a
//! person who joins and leaves within that time is not mentioned. The opening and emptying of a
//! room are announced at once, and replace the changes that are pending. During quiet hours
//! changes are recorded but not announced, so their end brings no flood of messages.
//!
//! Pure: `now` is an argument, and the result says when to compare again.

mod door;
mod people;
mod visible_room;

use std::collections::BTreeSet;

use self::people::{PeopleComparison, is_fresh};
pub use self::visible_room::VisibleRoom;
use crate::config::notify::{NotifyEvent, QuietHours};
use crate::config::{Others, Privacy};
use crate::dashboard::Opening;
use crate::notify::delivery_state::{
    CardPost, Changes, DeliveryState, OpenRoom, PendingChanges, RoomState,
};
use crate::notify::message::{
    Card, CardState, Members, Message, MessageKind, RoomInfo, RoomSummary,
};
use crate::roster::{End, Presence};
use crate::time::moment::Moment;
use crate::time::zone::Zone;
use crate::zoom::Name;

/// What one target wants to hear, and when.
#[derive(Debug, Clone)]
pub struct Rules {
    /// Its rooms.
    pub rooms: Vec<WatchedRoom>,
    /// The events to announce.
    pub events: BTreeSet<NotifyEvent>,
    /// The people who may be named.
    pub privacy: Privacy,
    /// The quiet hours and their time zone.
    pub quiet: Option<(QuietHours, Zone)>,
    /// Whose events it hears of; empty for all who may be named.
    pub people: Vec<Name>,
    /// The names in the settings, [comparable](Name::comparable): whoever else joins is a stranger.
    pub known: BTreeSet<Name>,
    /// Whether it gets cards instead of messages.
    pub has_cards: bool,
    /// Changes are announced once there were none for this many seconds …
    pub debounce_s: i64,
    /// … or this many seconds after the first of them.
    pub debounce_max_s: i64,
}

impl Rules {
    /// Whether the settings do not have this name.
    fn is_stranger(&self, name: &Name) -> bool {
        !self.known.contains(&*name.comparable())
    }
}

/// A room that a target hears of.
#[derive(Debug, Clone)]
pub struct WatchedRoom {
    /// The meeting number; empty if no rooms are configured.
    pub number: String,
    /// Its index in the settings; `None` if all meetings are one room.
    pub index: Option<usize>,
    /// How messages refer to it.
    pub info: RoomInfo,
}

/// The result of a comparison.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The state once these messages and cards are delivered.
    pub state: DeliveryState,
    /// The messages to send, in order.
    pub messages: Vec<Message>,
    /// When to compare again even if the roster does not change.
    pub compare_at: Option<Moment>,
}

/// Compares the state of a target with `presence`. Without a state, everything counts as
/// announced.
pub fn compare(
    state: Option<&DeliveryState>,
    presence: &Presence,
    rules: &Rules,
    now: Moment,
) -> Difference {
    let mut state = state.cloned().unwrap_or_default();
    let is_watched = |number: &String| rules.rooms.iter().any(|room| room.number == *number);
    state.rooms.retain(|number, _| is_watched(number));
    state.cards.retain(|card| is_watched(&card.room));
    state.cards_paused_until = state.cards_paused_until.filter(|until| *until > now);
    let mut difference = Difference { state, messages: Vec::new(), compare_at: None };
    for watched in &rules.rooms {
        if let Some(comparison) = RoomComparison::new(watched, presence, rules, now) {
            comparison.run(&mut difference);
        }
    }
    difference
}

/// Compares one room.
struct RoomComparison<'a> {
    rules: &'a Rules,
    watched: &'a WatchedRoom,
    room: VisibleRoom<'a>,
    /// The latest opening.
    opening: Option<Opening>,
    is_quiet: bool,
    now: Moment,
}

/// Whether the room opened or emptied.
enum Transition {
    /// It is as before, or opened without news.
    None,
    /// It opened.
    Opened,
    /// It emptied; whether that is to be announced.
    Emptied(RoomSummary, bool),
}

impl<'a> RoomComparison<'a> {
    /// `None` if the settings have a room that `presence` does not know yet.
    fn new(
        watched: &'a WatchedRoom,
        presence: &'a Presence,
        rules: &'a Rules,
        now: Moment,
    ) -> Option<Self> {
        let (people, nameless, waiting) = match watched.index {
            None => (&presence.people, presence.nameless_present, &presence.waiting),
            Some(index) => {
                let room = presence.rooms.get(index)?;
                (&room.people, room.nameless_present, &room.waiting)
            }
        };
        let room = VisibleRoom::new(people, nameless, waiting, &rules.privacy, &rules.people);
        let opening = room.opening();
        let is_quiet =
            rules.quiet.as_ref().is_some_and(|(quiet, zone)| quiet.ends(zone, now).is_some());
        Some(Self { rules, watched, room, opening, is_quiet, now })
    }

    fn run(&self, difference: &mut Difference) {
        let number = &self.watched.number;
        let Some(mut state) = difference.state.rooms.remove(number) else {
            difference.state.rooms.insert(number.clone(), self.initial_state());
            return;
        };
        let was_open = state.open.is_some();
        let transition = self.transition(&mut state);
        let card = difference.state.cards.iter().position(|card| card.is_open(number));
        // A card that is open is closed even if the settings ask for messages meanwhile.
        let uses_card = card.is_some() || self.rules.has_cards && !was_open;
        if uses_card && difference.state.cards_paused_until.is_none() {
            self.update_card(&mut state, difference, card, transition);
        } else {
            self.announce(&mut state, difference, transition);
        }
        state.prune(self.now);
        state.is_observed = true;
        difference.state.rooms.insert(number.clone(), state);
    }

    /// The state of a room that is compared for the first time: everything counts as announced.
    fn initial_state(&self) -> RoomState {
        let mut state = RoomState::default();
        self.transition(&mut state);
        self.people().update(&mut state, &Changes::default());
        RoomState { is_observed: true, ..state }
    }

    /// Records in `state` whether the room opened or emptied.
    fn transition(&self, state: &mut RoomState) -> Transition {
        let (count, everybody) = (self.room.count(), self.room.everybody());
        match &mut state.open {
            None if count == 0 => Transition::None,
            None => {
                let named_since = self.open_since();
                let since = named_since.unwrap_or(self.now);
                let is_new = is_fresh(since, self.now) && Some(since) > state.opened;
                state.opened = state.opened.max(Some(since));
                let is_nameless = named_since.is_none();
                state.open = Some(OpenRoom { since, peak: everybody, is_nameless });
                if is_new { Transition::Opened } else { Transition::None }
            }
            Some(open) if count > 0 => {
                let named_since = self.open_since();
                open.since = match (named_since, self.rules.privacy.others) {
                    // A late event may show an earlier join, or that all left and joined again.
                    (Some(since), Others::Hidden) => since,
                    (since, _) => since.unwrap_or(open.since).min(open.since),
                };
                open.is_nameless = named_since.is_none();
                open.peak = open.peak.max(everybody);
                state.opened = state.opened.max(Some(open.since));
                Transition::None
            }
            Some(open) => {
                let open = open.clone();
                let (summary, is_new) = self.summarise(&open, state);
                state.open = None;
                state.emptied = state.emptied.max(Some(summary.until));
                Transition::Emptied(summary, is_new)
            }
        }
    }

    /// Since when the room is open for people who may be named.
    fn open_since(&self) -> Option<Moment> {
        self.opening.filter(|opening| opening.end == End::Open).map(|opening| opening.start)
    }

    /// The summary of a room that emptied, and whether to announce it.
    fn summarise(&self, open: &OpenRoom, state: &RoomState) -> (RoomSummary, bool) {
        let mut summary = RoomSummary {
            from: open.since,
            until: self.now,
            peak: open.peak,
            people: Vec::new(),
            others: 0,
        };
        let mut is_new = false;
        if let Some(opening) = self.opening.filter(|opening| opening.last >= open.since) {
            summary.from = match self.rules.privacy.others {
                Others::Hidden => opening.start,
                Others::Counted | Others::OnlyNameless => opening.start.min(open.since),
            };
            summary.until = opening.last;
            summary.peak = summary.peak.max(self.room.peak(&opening));
            summary.people = self.room.attendance(&opening);
            is_new = matches!(opening.end, End::At(end) if is_fresh(end, self.now))
                && Some(opening.last) > state.emptied;
        }
        if open.is_nameless {
            // The roster has no time for this: it is recent only if this process saw it.
            summary.until = self.now;
            is_new = state.is_observed;
        }
        (summary, is_new)
    }

    /// Adds messages to `difference`.
    fn announce(&self, state: &mut RoomState, difference: &mut Difference, transition: Transition) {
        let is_wanted = |event| !self.is_quiet && self.rules.events.contains(&event);
        let kind = match transition {
            Transition::Opened if is_wanted(NotifyEvent::Started) => {
                let at = state.open.as_ref().map_or(self.now, |open| open.since);
                let by = self.room.inside().into_iter().map(|person| person.name).collect();
                MessageKind::Started { at, by, inside: self.room.everybody() }
            }
            Transition::Emptied(summary, true) if is_wanted(NotifyEvent::Ended) => {
                MessageKind::Ended(summary)
            }
            _ => return self.announce_people(state, difference),
        };
        difference.messages.push(self.message(kind));
        self.announce_door(self.door_changes(state), difference);
        state.pending = None;
        self.people().update(state, &Changes::default());
    }

    fn announce_people(&self, state: &mut RoomState, difference: &mut Difference) {
        let people = self.people();
        let changes = if self.is_quiet { Changes::default() } else { people.changes(state) };
        people.update(state, &changes);
        let Some(changes) = self.debounce(state, changes, difference) else { return };
        self.announce_door(changes.clone(), difference);
        let Changes { joined, left, sharing_started, sharing_stopped, .. } = changes;
        if !joined.is_empty() || !left.is_empty() {
            let inside = self.room.everybody();
            difference.messages.push(self.message(MessageKind::Moves { joined, left, inside }));
        }
        if !sharing_started.is_empty() || !sharing_stopped.is_empty() {
            let (started, stopped) = (sharing_started, sharing_stopped);
            difference.messages.push(self.message(MessageKind::Sharing { started, stopped }));
        }
        people.update(state, &Changes::default());
    }

    /// Returns the changes once no more came for a while; until then keeps them in `state`.
    fn debounce(
        &self,
        state: &mut RoomState,
        changes: Changes,
        difference: &mut Difference,
    ) -> Option<Changes> {
        let now = self.now;
        let pending = match state.pending.take() {
            _ if changes.is_empty() => return None,
            Some(before) if before.changes == changes => before,
            Some(before) => PendingChanges { last_seen: now, changes, ..before },
            None => PendingChanges { first_seen: now, last_seen: now, changes },
        };
        let latest = pending.first_seen.plus(self.rules.debounce_max_s);
        let due = pending.last_seen.plus(self.rules.debounce_s).min(latest);
        if due <= now {
            return Some(pending.changes);
        }
        difference.compare_at = difference.compare_at.into_iter().chain([due]).min();
        state.pending = Some(pending);
        None
    }

    /// Posts, edits or closes the card at index `card`.
    fn update_card(
        &self,
        state: &mut RoomState,
        difference: &mut Difference,
        card: Option<usize>,
        transition: Transition,
    ) {
        let door = self.door_changes(state);
        match (card, transition) {
            (None, Transition::Opened) if !self.is_quiet => {
                self.announce_door(door, difference);
                let number = difference.state.next_card;
                difference.state.next_card += 1;
                difference.state.cards.push(CardPost {
                    number,
                    room: self.watched.number.clone(),
                    post_id: None,
                    wanted: self.card(self.open_card(state)),
                    shown: None,
                    wanted_since: self.now,
                });
            }
            (None, _) => {
                if let Some(door) = self.debounce(state, door, difference) {
                    self.announce_door(door, difference);
                }
            }
            (Some(card), Transition::Emptied(summary, _)) => {
                state.pending = None;
                self.announce_door(door, difference);
                let closed = self.card(CardState::Closed(summary));
                difference.state.cards[card].set_wanted(closed, self.now);
            }
            (Some(card), _) => {
                let wanted = self.card(self.open_card(state));
                let is_card_changed = difference.state.cards[card].wanted != wanted;
                let changes = Changes { is_card_changed, ..door };
                if let Some(changes) = self.debounce(state, changes, difference) {
                    difference.state.cards[card].set_wanted(wanted, self.now);
                    self.announce_door(changes, difference);
                }
            }
        }
        let pending = state.pending.as_ref().map(|pending| pending.changes.clone());
        self.people().update(state, &pending.unwrap_or_default());
    }

    /// The content of the card of an open room.
    fn open_card(&self, state: &RoomState) -> CardState {
        let named_peak = self.opening.map_or(0, |opening| self.room.peak(&opening));
        let (since, peak) =
            state.open.as_ref().map_or((self.now, 0), |open| (open.since, open.peak));
        CardState::Open {
            since,
            inside: self.room.inside(),
            others: self.room.others() + self.room.bystanders(),
            peak: named_peak.max(peak),
            sharing: self.room.sharing(),
            strangers: self.strangers(),
            waiting: self.waiting(),
        }
    }

    fn card(&self, state: CardState) -> Card {
        Card { room: self.watched.info.clone(), state }
    }

    fn message(&self, kind: MessageKind) -> Message {
        let names = self.room.inside().into_iter().map(|person| person.name).collect();
        let members = Members { names, others: self.room.others() + self.room.bystanders() };
        Message { room: self.watched.info.clone(), kind, members }
    }

    fn people(&self) -> PeopleComparison<'_> {
        PeopleComparison { room: &self.room, rules: self.rules, now: self.now }
    }
}
