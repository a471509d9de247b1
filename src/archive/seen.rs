//! What of the archive was read, without remembering every document.
//!
//! An `_id` begins with the second of its making, but those of several machines come in no
//! strict order. So a look begins a little before the newest one, and now and then it is
//! counted whether something older arrived late. Pure.

use std::collections::{BTreeMap, BTreeSet};

use mongodb::bson::oid::ObjectId;
use serde::{Deserialize, Serialize};

/// Every look begins so many seconds before the newest document.
const OVERLAP_S: u32 = 10;

/// Documents of so many seconds before the newest one are counted.
const WINDOW_S: u32 = 600;

/// How far an archive was read; the store keeps it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// Identifies the collection.
    pub collection: String,
    /// The greatest `_id` read.
    pub newest: [u8; 12],
    /// How many documents were read of each second before it.
    seconds: BTreeMap<u32, u64>,
    /// How many documents there should be in all.
    pub expected: u64,
}

/// What was read, and what this process has read of it.
#[derive(Debug)]
pub struct Seen {
    position: Position,
    /// All up to here was read before, by `_id`.
    floor: ObjectId,
    /// What was read since, as far as it lies in the window.
    ids: BTreeSet<ObjectId>,
}

impl Position {
    /// Before the first document of `collection`.
    pub fn start_of(collection: String) -> Self {
        Self { collection, ..Self::default() }
    }
}

impl Seen {
    /// What was read up to `position`.
    pub fn new(position: Position) -> Self {
        let floor = ObjectId::from_bytes(position.newest);
        Self { position, floor, ids: BTreeSet::new() }
    }

    /// How far that is.
    pub fn position(&self) -> &Position {
        &self.position
    }

    /// Whether the document `id` was not read.
    pub fn is_new(&self, id: ObjectId) -> bool {
        id > self.floor && !self.ids.contains(&id)
    }

    /// Takes note of documents that were read now and not before.
    pub fn note(&mut self, ids: impl IntoIterator<Item = ObjectId>) {
        for id in ids {
            if self.ids.insert(id) {
                self.position.expected += 1;
                *self.position.seconds.entry(second(id)).or_default() += 1;
                self.position.newest = self.position.newest.max(id.bytes());
            }
        }
        let (start, _) = self.window();
        self.position.seconds = self.position.seconds.split_off(&second(start));
        self.ids = self.ids.split_off(&start);
    }

    /// Whether a look reaches back to what this process did not read itself, so that only
    /// counting tells whether something came late.
    pub fn has_to_count(&self) -> bool {
        self.floor >= self.overlap()
    }

    fn overlap(&self) -> ObjectId {
        let newest = second(ObjectId::from_bytes(self.position.newest));
        first_of(newest.saturating_sub(OVERLAP_S))
    }

    /// Where the next look begins: what is behind it and [not new](Self::is_new) was read.
    pub fn look_from(&self) -> ObjectId {
        self.overlap().max(self.floor)
    }

    /// The first and the last `_id` of the documents to be counted.
    pub fn window(&self) -> (ObjectId, ObjectId) {
        let newest = ObjectId::from_bytes(self.position.newest);
        (first_of(second(newest).saturating_sub(WINDOW_S)), newest)
    }

    /// How many documents of the window were read.
    pub fn in_window(&self) -> u64 {
        self.position.seconds.values().sum()
    }

    /// Forgets what was read of the window: it is to be read again, from the `_id` returned.
    pub fn forget_window(&mut self) -> ObjectId {
        self.position.expected = self.position.expected.saturating_sub(self.in_window());
        self.position.seconds.clear();
        self.ids.clear();
        self.floor = self.window().0;
        self.floor
    }

    /// Says how many documents there are in all, as far as anybody knows.
    pub fn expect_at_least(&mut self, documents: u64) {
        self.position.expected = self.position.expected.max(documents);
    }
}

fn second(id: ObjectId) -> u32 {
    let [a, b, c, d, ..] = id.bytes();
    u32::from_be_bytes([a, b, c, d])
}

fn first_of(second: u32) -> ObjectId {
    ObjectId::from_parts(second, [0; 5], [0; 3])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(second: u32, counter: u8) -> ObjectId {
        ObjectId::from_parts(second, [7; 5], [0, 0, counter])
    }

    fn seen(ids: &[ObjectId]) -> Seen {
        let mut seen = Seen::new(Position::default());
        seen.note(ids.iter().copied());
        seen
    }

    #[test]
    fn a_look_begins_a_little_before_the_newest() {
        let seen = seen(&[id(1_000, 1), id(1_100, 1)]);
        assert_eq!(seen.look_from(), first_of(1_090));
        assert!(!seen.is_new(id(1_100, 1)));
        assert!(seen.is_new(id(1_099, 9)), "a late one of another machine");
    }

    #[test]
    fn what_was_read_before_is_not_read_again() {
        let before = seen(&[id(1_000, 1), id(1_000, 2)]);
        let after = Seen::new(before.position().clone());
        assert_eq!(after.look_from(), id(1_000, 2));
        assert_eq!(after.in_window(), 2);
    }

    #[test]
    fn only_the_window_is_counted_and_everything_is_expected() {
        let seen = seen(&[id(1_000, 1), id(1_500, 1), id(2_000, 1), id(2_000, 1)]);
        assert_eq!(seen.window(), (first_of(1_400), id(2_000, 1)));
        assert_eq!((seen.in_window(), seen.position().expected), (2, 3));
    }

    #[test]
    fn a_window_that_is_read_again_counts_once() {
        let mut seen = seen(&[id(1_000, 1), id(2_000, 1), id(2_000, 2)]);
        assert_eq!(seen.forget_window(), first_of(1_400));
        seen.note([id(1_999, 1), id(2_000, 1), id(2_000, 2)]);
        assert_eq!((seen.in_window(), seen.position().expected), (3, 4));
    }
}
