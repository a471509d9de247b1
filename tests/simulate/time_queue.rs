//! A priority queue by time.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

/// A queue by time. Items of equal time keep the order in which they were added.
#[derive(Debug, Clone)]
pub(super) struct TimeQueue<T> {
    due: BinaryHeap<Reverse<Due<T>>>,
    pushed: u64,
}

#[derive(Debug, Clone)]
struct Due<T> {
    at_ms: i64,
    serial: u64,
    item: T,
}

impl<T> TimeQueue<T> {
    /// An empty queue.
    pub(super) fn new() -> Self {
        Self { due: BinaryHeap::new(), pushed: 0 }
    }

    /// Adds `item` at its time.
    pub(super) fn push(&mut self, at_ms: i64, item: T) {
        let serial = self.pushed;
        self.pushed += 1;
        self.due.push(Reverse(Due { at_ms, serial, item }));
    }

    /// The time of the first item.
    pub(super) fn first_at_ms(&self) -> Option<i64> {
        self.due.peek().map(|Reverse(due)| due.at_ms)
    }

    /// Removes the first item.
    pub(super) fn pop(&mut self) -> Option<(i64, T)> {
        self.due.pop().map(|Reverse(due)| (due.at_ms, due.item))
    }

    /// How many items there are.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.due.len()
    }

    /// How many items were ever added.
    pub(super) fn pushed(&self) -> u64 {
        self.pushed
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
    fn items_come_by_time_and_equal_ones_in_their_order() {
        let mut queue = TimeQueue::new();
        for (at_ms, item) in [(5, "c"), (-1, "a"), (5, "d"), (0, "b")] {
            queue.push(at_ms, item);
        }
        let order: String = std::iter::from_fn(|| queue.pop()).map(|(_, t)| t).collect();
        assert_eq!(order, "abcd");
    }
}
