//! Requests that wait until the archive has their event.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::Result;
use mongodb::bson::doc;
use mongodb::options::ReadConcern;
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout_at};

use crate::archive::{Archive, indexes};
use crate::journal::Appended;
use crate::zoom::Key;

/// All waiters. The shipper tells them which events the archive has.
#[derive(Debug, Default)]
pub struct Waiters {
    waiting: Arc<Waiting>,
}

/// The senders to the waiters, by the key of their event.
#[derive(Debug, Default)]
struct Waiting(Mutex<HashMap<Key, Vec<oneshot::Sender<()>>>>);

/// One request's wait for an event. Dropping it ends the wait.
#[derive(Debug)]
pub struct Waiter {
    key: Key,
    arrival: oneshot::Receiver<()>,
    waiting: Arc<Waiting>,
}

impl Waiters {
    /// Adds a waiter for the event of `key`. Call it before the event is stored.
    pub fn add(&self, key: Key) -> Waiter {
        let (arrived, arrival) = oneshot::channel();
        self.waiting.lock().entry(key).or_default().push(arrived);
        Waiter { key, arrival, waiting: Arc::clone(&self.waiting) }
    }

    /// Tells the waiters that the archive has the events of `keys`.
    pub fn notify(&self, keys: impl IntoIterator<Item = Key>) {
        let mut waiting = self.waiting.lock();
        for sender in keys.into_iter().filter_map(|key| waiting.remove(&key)).flatten() {
            // The waiter is gone if its request timed out.
            sender.send(()).ok();
        }
    }
}

impl Waiting {
    fn lock(&self) -> MutexGuard<'_, HashMap<Key, Vec<oneshot::Sender<()>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiter {
    /// Waits until the archive has the event; false if the shipper is gone.
    async fn arrived(mut self) -> bool {
        (&mut self.arrival).await.is_ok()
    }
}

impl Drop for Waiter {
    fn drop(&mut self) {
        self.arrival.close();
        let mut waiting = self.waiting.lock();
        let Some(senders) = waiting.get_mut(&self.key) else { return };
        senders.retain(|sender| !sender.is_closed());
        if senders.is_empty() {
            waiting.remove(&self.key);
        }
    }
}

/// Finds out whether a majority of the archive's members has an event.
#[derive(Debug, Clone)]
pub struct Majority {
    /// The archive.
    pub archive: Archive,
    /// The waiters for events that this process ships.
    pub waiters: Arc<Waiters>,
}

impl Majority {
    /// Waits until a majority has the event of `key`, which the journal has already; false if it
    /// does not before `deadline`.
    pub async fn has(
        &self,
        key: Key,
        appended: Appended,
        waiter: Waiter,
        deadline: Instant,
    ) -> bool {
        let shipped = async {
            match appended {
                Appended::New => waiter.arrived().await,
                // It may have been shipped long ago, or not yet.
                Appended::Known => self.holds(key).await.unwrap_or(false) || waiter.arrived().await,
            }
        };
        timeout_at(deadline, shipped).await.unwrap_or(false)
    }

    async fn holds(&self, key: Key) -> Result<bool> {
        let filter = doc! { indexes::KEY: key.to_string() };
        let find = |collection: mongodb::Collection<_>| async move {
            let majority = ReadConcern::majority();
            let find = collection.find_one(filter).projection(doc! { "_id": 1 });
            Ok(find.read_concern(majority).await?.is_some())
        };
        self.archive.call(find).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn all_waiters_for_an_event_are_told_once_it_arrives() {
        let waiters = Waiters::default();
        let (key, other) = (Key::of(b"a"), Key::of(b"b"));
        let (first, second) = (waiters.add(key), waiters.add(key));
        let mut elsewhere = waiters.add(other);
        waiters.notify([key]);
        assert_eq!((first.arrived().await, second.arrived().await), (true, true));
        assert!(elsewhere.arrival.try_recv().is_err(), "another event");
    }

    #[test]
    fn a_waiter_leaves_nothing_behind_however_it_ends() {
        let waiters = Waiters::default();
        let keys: Vec<Key> = (0..1000_u32).map(|n| Key::of(&n.to_be_bytes())).collect();
        let waiting = || waiters.waiting.lock().len();
        for key in &keys {
            // Zoom sent it again before the first request was over.
            let both = [waiters.add(*key), waiters.add(*key)];
            assert_eq!(waiting(), 1, "both wait for the same event");
            let [first, second] = both;
            drop(first);
            assert_eq!(waiting(), 1, "the other one still waits");
            drop(second);
            assert_eq!(waiting(), 0, "nobody waits any more");
        }
        let waiter = waiters.add(keys[0]);
        waiters.notify([keys[0]]);
        let again = waiters.add(keys[0]);
        drop(waiter);
        assert_eq!(waiting(), 1, "an old waiter takes nobody else's away");
        drop(again);
        assert_eq!(waiting(), 0);
    }
}
