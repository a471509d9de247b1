//! Collects who waits to be let in, by person.

use std::collections::BTreeMap;

use super::presence::{PersonWaiting, Waiting};
use crate::time::moment::Moment;
use crate::zoom::Name;

/// Who waits to be let in, to one room or to any.
#[derive(Debug, Clone, Default)]
pub(super) struct WaitingPeople {
    /// For each person of the resolver who waits, since when.
    people: BTreeMap<u32, Moment>,
    nameless: Vec<Moment>,
}

impl WaitingPeople {
    /// Adds somebody who has been waiting since `since`; `None`: it is not known who.
    pub(super) fn add(&mut self, person: Option<u32>, since: Moment) {
        match person {
            Some(person) => {
                let earliest = self.people.entry(person).or_insert(since);
                *earliest = since.min(*earliest);
            }
            None => self.nameless.push(since),
        }
    }

    /// Everybody who waits; `names` are those of the resolver's people.
    pub(super) fn list(self, names: &[&Name]) -> Waiting {
        let name = |person: u32| names[person as usize].clone();
        let people = self.people.into_iter();
        let people = people.map(|(person, since)| PersonWaiting { name: name(person), since });
        let mut waiting = Waiting { people: people.collect(), nameless: self.nameless };
        waiting.sort();
        waiting
    }
}
