//! How far the archive has been read, without remembering every document.
//!
//! An `_id` begins with the second of its creation, but documents of several machines do not arrive in
//! the order of their `_id`s. So every read begins a few seconds before the newest document. From time
//! to time, documents are counted: a higher count than expected shows that older ones arrived late.
//!
//! This module is pure.

use std::collections::{BTreeMap, BTreeSet};

use mongodb::bson::oid::ObjectId;
use serde::{Deserialize, Serialize};

/// How many seconds before the newest document every read begins.
const OVERLAP_S: u32 = 10;

/// How many seconds before the newest document the window begins, in which documents are counted.
const WINDOW_S: u32 = 600;

/// How far an archive has been read. The store keeps it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// Identifies the collection and its edition.
    pub collection: String,
    /// The greatest `_id` read.
    pub newest: [u8; 12],
    /// How many documents were read, by the second in their `_id`; only seconds in the window.
    seconds: BTreeMap<u32, u64>,
    /// How many documents the whole archive has, as far as is known.
    pub expected: u64,
}

/// A position, and the documents that this process has read since it started.
#[derive(Debug)]
pub struct ReadTracker {
    position: Position,
    /// Documents up to this `_id` count as read: the newest one at the start, or the beginning of a
    /// window that has to be read again.
    floor: ObjectId,
    /// The documents that were read since and are in the window.
    ids: BTreeSet<ObjectId>,
}

impl Position {
    /// The position before the first document of `collection`.
    pub fn start_of(collection: String) -> Self {
        Self { collection, ..Self::default() }
    }
}

impl ReadTracker {
    /// Continues from `position`.
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

    /// Whether the overlap reaches back to documents that were read before this process started.
    /// Their `_id`s are not known, so only a count shows whether one arrived late among them.
    pub fn has_to_count(&self) -> bool {
        self.floor >= self.overlap_start()
    }

    fn overlap_start(&self) -> ObjectId {
        let newest = second(ObjectId::from_bytes(self.position.newest));
        first_of(newest.saturating_sub(OVERLAP_S))
    }

    /// The `_id` from which the next read begins. It finds documents that were read already, too:
    /// only those that [are new](Self::is_new) have to be fetched.
    pub fn read_from(&self) -> ObjectId {
        self.overlap_start().max(self.floor)
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

    /// Marks all documents of the window as unread; returns the `_id` from which to read again.
    pub fn forget_window(&mut self) -> ObjectId {
        self.position.expected = self.position.expected.saturating_sub(self.count_in_window());
        self.position.seconds.clear();
        self.ids.clear();
        self.floor = self.window().0;
        self.floor
    }

    /// Raises the number of documents in the whole archive to `documents`, if it is lower.
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
    fn a_read_begins_a_few_seconds_before_the_newest_document() {
        let tracker = tracker(&[id(1_000, 1), id(1_100, 1)]);
        assert_eq!(tracker.read_from(), first_of(1_090));
        assert!(!tracker.is_new(id(1_100, 1)));
        assert!(tracker.is_new(id(1_099, 9)), "a late document of another machine");
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
