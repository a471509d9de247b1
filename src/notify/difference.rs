//! Person by person: what a target was told, and what is.

use std::collections::BTreeSet;

use crate::config::notify::Happening;
use crate::notify::sight::Sight;
use crate::notify::told::{Changes, FRESH, ToldPerson, ToldRoom};
use crate::roster::Person;
use crate::time::moment::Moment;
use crate::zoom::Name;

/// Compares what was told of a room with how it looks.
pub(super) struct Difference<'a> {
    pub(super) sight: &'a Sight<'a>,
    /// What the target wants to be told.
    pub(super) events: &'a BTreeSet<Happening>,
    pub(super) now: Moment,
}

/// Whether `fact` is still worth telling.
pub(super) fn is_fresh(fact: Moment, now: Moment) -> bool {
    now.since(fact) <= FRESH
}

impl Difference<'_> {
    /// What is to be told, in the order of time: fresh, and later than what was told before.
    pub(super) fn changes(&self, told: &ToldRoom) -> Changes {
        let nothing = ToldPerson::default();
        let (mut joined, mut left) = (Vec::new(), Vec::new());
        let (mut sharing, mut stopped) = (Vec::new(), Vec::new());
        for person in self.sight.people() {
            let before = told.people.get(&*person.name.comparable()).unwrap_or(&nothing);
            let name = || person.name.clone();
            match (before.is_in, person.present_since) {
                (false, Some(since)) if self.is_news(since, before.joined) => {
                    joined.push((since, name()));
                }
                (true, None) => {
                    let at = person
                        .last_left
                        .filter(|at| before.joined.is_none_or(|joined| *at >= joined));
                    left.extend(
                        at.filter(|at| self.is_news(*at, before.left)).map(|at| (at, name())),
                    );
                }
                _ => {}
            }
            match (before.shares, person.sharing_since) {
                (false, Some(since)) if self.is_news(since, before.shared) => {
                    sharing.push((since, name()));
                }
                // When it stopped is not known: only who looks on knows that it was just now.
                (true, None) if told.looked && person.present_since.is_some() => {
                    stopped.push((self.now, name()));
                }
                _ => {}
            }
        }
        Changes {
            joined: self.wanted(Happening::Joined, joined),
            left: self.wanted(Happening::Left, left),
            sharing: self.wanted(Happening::Sharing, sharing),
            stopped: self.wanted(Happening::Sharing, stopped),
            card: false,
        }
    }

    /// Notes in `told` what is, but for those who are among `changes` and wait to be told.
    pub(super) fn take_over(&self, told: &mut ToldRoom, changes: &Changes) {
        let waits = |name: &Name| changes.joined.contains(name) || changes.left.contains(name);
        let screen_waits =
            |name: &Name| changes.sharing.contains(name) || changes.stopped.contains(name);
        let people = self.sight.people().iter();
        let seen: BTreeSet<_> = people.map(|person| person.name.comparable()).collect();
        for (name, person) in &mut told.people {
            if !seen.contains(name) {
                (person.is_in, person.shares) = (false, false);
            }
        }
        for person in self.sight.people() {
            let is_known = told.people.contains_key(&*person.name.comparable());
            if !is_known && !self.is_worth_knowing(person) {
                continue;
            }
            let known = told.people.entry(person.name.comparable().into_owned()).or_default();
            if !waits(&person.name) {
                note_presence(known, person);
            }
            if !screen_waits(&person.name) {
                let since = person.sharing_since;
                known.shares = since.is_some();
                known.shared = known.shared.max(since);
            }
        }
    }

    /// Of whom it could be told: who is in, or left a short while ago.
    fn is_worth_knowing(&self, person: &Person) -> bool {
        let left = || person.last_left.is_some_and(|at| is_fresh(at, self.now));
        person.present_since.is_some() || left()
    }

    fn is_news(&self, fact: Moment, before: Option<Moment>) -> bool {
        is_fresh(fact, self.now) && Some(fact) > before
    }

    fn wanted(&self, what: Happening, mut facts: Vec<(Moment, Name)>) -> Vec<Name> {
        if !self.events.contains(&what) {
            return Vec::new();
        }
        facts.sort();
        facts.into_iter().map(|(_, name)| name).collect()
    }
}

fn note_presence(known: &mut ToldPerson, person: &Person) {
    known.is_in = person.present_since.is_some();
    known.joined = known.joined.max(person.present_since);
    if !known.is_in {
        known.left = known.left.max(person.last_left);
    }
}
