//! How far the archive has been read, without remembering every document.
//!
//! An `_id` begins with the second of its creation, but those of several machines arrive in no strict
//! order. So every read begins a little before the newest document, and a regular count shows
//! whether something older arrived late. Pure.

use std::collections::{BTreeMap, BTreeSet};

use mongodb::bson::oid::ObjectId;
use serde::{Deserialize, Serialize};

/// How many seconds before the newest document every read begins.
const OVERLAP_S: u32 = 10;

/// How many seconds before the newest document are counted.
const WINDOW_S: u32 = 600;

/// How far an archive has been read. The store keeps it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// Identifies the collection and its edition.
    pub collection: String,
    /// The greatest `_id` read.
    pub newest: [u8; 12],
    /// How many documents were read per second of the window.
    seconds: BTreeMap<u32, u64>,
    /// How many documents there are in all, as far as is known.
    pub expected: u64,
}

/// A position, and the documents that this process has read since it started.
#[derive(Debug)]
pub struct ReadTracker {
    position: Position,
    /// The position at the start: documents up to this `_id` were read before.
    floor: ObjectId,
    /// The documents read since, as far as they are in the window.
    ids: BTreeSet<ObjectId>,
}

impl Position {
    /// Before the first document of `collection`.
    pub fn start_of(collection: String) -> Self {
        Self { collection, ..Self::default() }
    }
}

impl ReadTracker {
    /// Starts at `position`.
    pub fn new(position: Position) -> Self {
        let floor = ObjectId::from_bytes(position.newest);
        Self { position, floor, ids: BTreeSet::new() }
    }

    /// The current position.
    pub fn position(&self) -> &Position {
        &self.position
    }

    /// Whether the document `id` has not been read yet.
    pub fn is_new(&self, id: ObjectId) -> bool {
        id > self.floor && !self.ids.contains(&id)
    }

    /// Adds documents that have just been read for the first time.
    pub fn add(&mut self, ids: impl IntoIterator<Item = ObjectId>) {
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

    /// Whether the next read begins before this process started, so that only counting shows
    /// whether something arrived late.
    pub fn has_to_count(&self) -> bool {
        self.floor >= self.overlap()
    }

    fn overlap(&self) -> ObjectId {
        let newest = second(ObjectId::from_bytes(self.position.newest));
        first_of(newest.saturating_sub(OVERLAP_S))
    }

    /// Where the next read begins: of the documents after it, all but the [new](Self::is_new) ones
    /// have been read.
    pub fn read_from(&self) -> ObjectId {
        self.overlap().max(self.floor)
    }

    /// The first and the last `_id` of the window in which documents are counted.
    pub fn window(&self) -> (ObjectId, ObjectId) {
        let newest = ObjectId::from_bytes(self.position.newest);
        (first_of(second(newest).saturating_sub(WINDOW_S)), newest)
    }

    /// How many documents of the window were read.
    pub fn count_in_window(&self) -> u64 {
        self.position.seconds.values().sum()
    }

    /// Makes the window unread; returns the `_id` from which it has to be read again.
    pub fn forget_window(&mut self) -> ObjectId {
        self.position.expected = self.position.expected.saturating_sub(self.count_in_window());
        self.position.seconds.clear();
        self.ids.clear();
        self.floor = self.window().0;
        self.floor
    }

    /// Sets the number of documents in all, unless it is higher already.
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

    fn tracker(ids: &[ObjectId]) -> ReadTracker {
        let mut tracker = ReadTracker::new(Position::default());
        tracker.add(ids.iter().copied());
        tracker
    }

    #[test]
    fn a_read_begins_a_little_before_the_newest() {
        let tracker = tracker(&[id(1_000, 1), id(1_100, 1)]);
        assert_eq!(tracker.read_from(), first_of(1_090));
        assert!(!tracker.is_new(id(1_100, 1)));
        assert!(tracker.is_new(id(1_099, 9)), "a late one of another machine");
    }

    #[test]
    fn what_was_read_before_is_not_read_again() {
        let before = tracker(&[id(1_000, 1), id(1_000, 2)]);
        let after = ReadTracker::new(before.position().clone());
        assert_eq!(after.read_from(), id(1_000, 2));
        assert_eq!(after.count_in_window(), 2);
    }

    #[test]
    fn only_the_window_is_counted_and_everything_is_expected() {
        let tracker = tracker(&[id(1_000, 1), id(1_500, 1), id(2_000, 1), id(2_000, 1)]);
        assert_eq!(tracker.window(), (first_of(1_400), id(2_000, 1)));
        assert_eq!((tracker.count_in_window(), tracker.position().expected), (2, 3));
    }

    #[test]
    fn a_window_that_is_read_again_counts_once() {
        let mut tracker = tracker(&[id(1_000, 1), id(2_000, 1), id(2_000, 2)]);
        assert_eq!(tracker.forget_window(), first_of(1_400));
        tracker.add([id(1_999, 1), id(2_000, 1), id(2_000, 2)]);
        assert_eq!((tracker.count_in_window(), tracker.position().expected), (3, 4));
    }
}
