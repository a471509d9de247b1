//! Things that are to happen, in order of their time.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

/// A queue by time; what has the same time keeps the order in which it was put in.
#[derive(Debug, Clone)]
pub(super) struct Timeline<T> {
    due: BinaryHeap<Reverse<Due<T>>>,
    put: u64,
}

#[derive(Debug, Clone)]
struct Due<T> {
    at_ms: i64,
    serial: u64,
    thing: T,
}

impl<T> Timeline<T> {
    /// One with nothing in it.
    pub(super) fn new() -> Self {
        Self { due: BinaryHeap::new(), put: 0 }
    }

    /// Puts `thing` in at its time.
    pub(super) fn put(&mut self, at_ms: i64, thing: T) {
        let serial = self.put;
        self.put += 1;
        self.due.push(Reverse(Due { at_ms, serial, thing }));
    }

    /// When the first thing is due.
    pub(super) fn first_at_ms(&self) -> Option<i64> {
        self.due.peek().map(|Reverse(due)| due.at_ms)
    }

    /// Takes the first thing out.
    pub(super) fn take_first(&mut self) -> Option<(i64, T)> {
        self.due.pop().map(|Reverse(due)| (due.at_ms, due.thing))
    }

    /// How many things are in it.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.due.len()
    }

    /// How many things were ever put in.
    pub(super) fn count_put(&self) -> u64 {
        self.put
    }
}

impl<T> Due<T> {
    fn key(&self) -> (i64, u64) {
        (self.at_ms, self.serial)
    }
}

impl<T> PartialEq for Due<T> {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl<T> Eq for Due<T> {}

impl<T> PartialOrd for Due<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> Ord for Due<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key().cmp(&other.key())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn things_come_by_time_and_else_in_their_order() {
        let mut timeline = Timeline::new();
        for (at_ms, thing) in [(5, "c"), (-1, "a"), (5, "d"), (0, "b")] {
            timeline.put(at_ms, thing);
        }
        let order: String = std::iter::from_fn(|| timeline.take_first()).map(|(_, t)| t).collect();
        assert_eq!(order, "abcd");
    }
}
