//! Compares the delivery state with the roster, person by person.

use std::collections::BTreeSet;

use super::visible_room::VisibleRoom;
use crate::config::notify::NotifyEvent;
use crate::notify::delivery_state::{Changes, FRESH_S, PersonState, RoomState};
use crate::roster::Person;
use crate::time::moment::Moment;
use crate::zoom::Name;

/// Compares the people of a room with what the target has been told of them.
pub(super) struct PeopleComparison<'a> {
    pub(super) room: &'a VisibleRoom<'a>,
    /// The events that the target wants.
    pub(super) events: &'a BTreeSet<NotifyEvent>,
    pub(super) now: Moment,
}

/// Whether `fact` is recent enough to be announced.
pub(super) fn is_fresh(fact: Moment, now: Moment) -> bool {
    now.since(fact) <= FRESH_S
}

impl PeopleComparison<'_> {
    /// The changes to announce: fresh, and later than what was announced before.
    pub(super) fn changes(&self, state: &RoomState) -> Changes {
        let unknown = PersonState::default();
        let (mut joined, mut left) = (Vec::new(), Vec::new());
        let (mut started, mut stopped) = (Vec::new(), Vec::new());
        for person in self.room.people() {
            let before = state.people.get(&*person.name.comparable()).unwrap_or(&unknown);
            let name = || person.name.clone();
            match (before.is_in, person.present_since) {
                (false, Some(since)) if self.is_new(since, before.joined) => {
                    joined.push((since, name()));
                }
                (true, None) => {
                    let at = person.last_left.filter(|at| {
                        before.joined.is_none_or(|joined| *at >= joined)
                            && self.is_new(*at, before.left)
                    });
                    left.extend(at.map(|at| (at, name())));
                }
                _ => {}
            }
            match (before.is_sharing, person.sharing_since) {
                (false, Some(since)) if self.is_new(since, before.sharing_since) => {
                    started.push((since, name()));
                }
                // The roster has no time for this: it is recent only if this process saw it.
                (true, None) if state.is_observed && person.present_since.is_some() => {
                    stopped.push((self.now, name()));
                }
                _ => {}
            }
        }
        Changes {
            joined: self.wanted(NotifyEvent::Joined, joined),
            left: self.wanted(NotifyEvent::Left, left),
            sharing_started: self.wanted(NotifyEvent::Sharing, started),
            sharing_stopped: self.wanted(NotifyEvent::Sharing, stopped),
            is_card_changed: false,
        }
    }

    /// Copies the roster into `state`, except for the people in `pending`, whose changes are
    /// still to be announced.
    pub(super) fn update(&self, state: &mut RoomState, pending: &Changes) {
        let people = self.room.people().iter();
        let seen: BTreeSet<_> = people.map(|person| person.name.comparable()).collect();
        for (name, person) in &mut state.people {
            if !seen.contains(name) {
                (person.is_in, person.is_sharing) = (false, false);
            }
        }
        for person in self.room.people() {
            let is_known = state.people.contains_key(&*person.name.comparable());
            if !is_known && !self.is_recent(person) {
                continue;
            }
            let known = state.people.entry(person.name.comparable().into_owned()).or_default();
            if !pending.joined.contains(&person.name) && !pending.left.contains(&person.name) {
                known.is_in = person.present_since.is_some();
                known.joined = known.joined.max(person.present_since);
                if !known.is_in {
                    known.left = known.left.max(person.last_left);
                }
            }
            if !pending.sharing_started.contains(&person.name)
                && !pending.sharing_stopped.contains(&person.name)
            {
                known.is_sharing = person.sharing_since.is_some();
                known.sharing_since = known.sharing_since.max(person.sharing_since);
            }
        }
    }

    /// Whether the person is in, or left recently.
    fn is_recent(&self, person: &Person) -> bool {
        person.present_since.is_some() || person.last_left.is_some_and(|at| is_fresh(at, self.now))
    }

    fn is_new(&self, fact: Moment, before: Option<Moment>) -> bool {
        is_fresh(fact, self.now) && Some(fact) > before
    }

    fn wanted(&self, what: NotifyEvent, mut facts: Vec<(Moment, Name)>) -> Vec<Name> {
        if !self.events.contains(&what) {
            return Vec::new();
        }
        facts.sort();
        facts.into_iter().map(|(_, name)| name).collect()
    }
}
