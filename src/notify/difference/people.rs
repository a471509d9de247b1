//! Compares the delivery state with the roster, person by person.

use std::collections::BTreeSet;

use super::Rules;
use super::visible_room::VisibleRoom;
use crate::config::notify::NotifyEvent;
use crate::notify::delivery_state::{Changes, FRESH_S, PersonState, RoomState};
use crate::roster::Person;
use crate::time::moment::Moment;
use crate::zoom::Name;

/// Compares the people of a room with what the target has been told of them.
pub(super) struct PeopleComparison<'a> {
    pub(super) room: &'a VisibleRoom<'a>,
    pub(super) rules: &'a Rules,
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
        let (mut joined, mut left, mut strangers) = (Vec::new(), Vec::new(), Vec::new());
        let (mut started, mut stopped) = (Vec::new(), Vec::new());
        for person in self.room.people() {
            let before = state.people.get(&*person.name.comparable()).unwrap_or(&unknown);
            let name = || person.name.clone();
            match (before.is_in, person.present_since) {
                (false, Some(since)) if self.is_new(since, before.joined) => {
                    joined.push((since, name()));
                    strangers.extend(self.rules.is_stranger(&person.name).then(|| (since, name())));
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
            strangers: self.wanted(NotifyEvent::Stranger, strangers),
            waiting: self.wanted(NotifyEvent::Waiting, self.new_waits(state)),
            waiting_nameless: self.new_nameless_waits(state),
            is_card_changed: false,
        }
    }

    /// Who began to wait to be let in.
    fn new_waits(&self, state: &RoomState) -> Vec<(Moment, Name)> {
        let waiting = self.room.waiting().iter().filter(|person| {
            let before = state.people.get(&*person.name.comparable());
            self.is_new(person.since, before.and_then(|before| before.waiting_since))
        });
        waiting.map(|person| (person.since, person.name.clone())).collect()
    }

    /// How many without a name did.
    fn new_nameless_waits(&self, state: &RoomState) -> usize {
        if !self.rules.events.contains(&NotifyEvent::Waiting) {
            return 0;
        }
        let waiting = self.room.waiting_nameless().iter();
        waiting.filter(|since| self.is_new(**since, state.nameless_waiting_since)).count()
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
            let is_pending = [&pending.joined, &pending.left, &pending.strangers]
                .iter()
                .any(|names| names.contains(&person.name));
            if !is_pending {
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
        self.update_waits(state, pending);
    }

    fn update_waits(&self, state: &mut RoomState, pending: &Changes) {
        let waiting = self.room.waiting().iter();
        for person in waiting.filter(|person| !pending.waiting.contains(&person.name)) {
            let name = person.name.comparable().into_owned();
            let known = state.people.entry(name).or_default();
            known.waiting_since = known.waiting_since.max(Some(person.since));
        }
        if pending.waiting_nameless == 0 {
            let latest = self.room.waiting_nameless().iter().max().copied();
            state.nameless_waiting_since = state.nameless_waiting_since.max(latest);
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
        if !self.rules.events.contains(&what) {
            return Vec::new();
        }
        facts.sort();
        facts.into_iter().map(|(_, name)| name).collect()
    }
}
