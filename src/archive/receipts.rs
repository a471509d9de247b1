//! Who waits for an event to be in the archive.

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

/// Tells those who wait for an event that the archive has it.
#[derive(Debug, Default)]
pub struct Receipts {
    waiting: Arc<Waiting>,
}

/// The requests that wait, by the key of their event.
#[derive(Debug, Default)]
struct Waiting(Mutex<HashMap<Key, Vec<oneshot::Sender<()>>>>);

/// One request's wait for an event. Dropping it ends the wait.
#[derive(Debug)]
pub struct Receipt {
    key: Key,
    arrival: oneshot::Receiver<()>,
    waiting: Arc<Waiting>,
}

impl Receipts {
    /// A receipt for the event of `key`. To be asked for before it is stored.
    pub fn expect(&self, key: Key) -> Receipt {
        let (arrived, arrival) = oneshot::channel();
        self.waiting.lock().entry(key).or_default().push(arrived);
        Receipt { key, arrival, waiting: Arc::clone(&self.waiting) }
    }

    /// Says that the archive has the events of `keys`.
    pub fn arrived(&self, keys: impl IntoIterator<Item = Key>) {
        let mut waiting = self.waiting.lock();
        for sender in keys.into_iter().filter_map(|key| waiting.remove(&key)).flatten() {
            // It is no failure that nobody listens any more: the request timed out.
            sender.send(()).ok();
        }
    }
}

impl Waiting {
    fn lock(&self) -> MutexGuard<'_, HashMap<Key, Vec<oneshot::Sender<()>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Receipt {
    /// Waits until the archive has the event; false if nobody can say that any more.
    async fn arrived(mut self) -> bool {
        (&mut self.arrival).await.is_ok()
    }
}

impl Drop for Receipt {
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

/// Knows whether a majority of the archive's members has an event.
#[derive(Debug, Clone)]
pub struct Majority {
    /// The archive.
    pub archive: Archive,
    /// What was shipped there by this process.
    pub receipts: Arc<Receipts>,
}

impl Majority {
    /// Waits until a majority has the event of `key`, which the journal has; whether that
    /// was before `deadline`.
    pub async fn has(
        &self,
        key: Key,
        appended: Appended,
        receipt: Receipt,
        deadline: Instant,
    ) -> bool {
        let shipped = async {
            match appended {
                Appended::New => receipt.arrived().await,
                // It may have been shipped long ago, or still wait.
                Appended::Known => {
                    self.holds(key).await.unwrap_or(false) || receipt.arrived().await
                }
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
    async fn everybody_who_waits_for_an_event_is_told_once_it_arrives() {
        let receipts = Receipts::default();
        let (key, other) = (Key::of(b"a"), Key::of(b"b"));
        let (first, second) = (receipts.expect(key), receipts.expect(key));
        let mut elsewhere = receipts.expect(other);
        receipts.arrived([key]);
        assert_eq!((first.arrived().await, second.arrived().await), (true, true));
        assert!(elsewhere.arrival.try_recv().is_err(), "another event");
    }

    #[test]
    fn a_receipt_leaves_nothing_behind_however_it_ends() {
        let receipts = Receipts::default();
        let keys: Vec<Key> = (0..1000_u32).map(|n| Key::of(&n.to_be_bytes())).collect();
        let waiting = || receipts.waiting.lock().len();
        for key in &keys {
            // Zoom sent it again before the first request was over.
            let both = [receipts.expect(*key), receipts.expect(*key)];
            assert_eq!(waiting(), 1, "both wait for the same event");
            let [first, second] = both;
            drop(first);
            assert_eq!(waiting(), 1, "the other one still waits");
            drop(second);
            assert_eq!(waiting(), 0, "nobody waits any more");
        }
        let receipt = receipts.expect(keys[0]);
        receipts.arrived([keys[0]]);
        let again = receipts.expect(keys[0]);
        drop(receipt);
        assert_eq!(waiting(), 1, "an old receipt takes nobody else's away");
        drop(again);
        assert_eq!(waiting(), 0);
    }
}
