//! Who waits for an event to be in the archive.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

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
    waiting: Mutex<HashMap<Key, Vec<oneshot::Sender<()>>>>,
}

/// Resolves once the archive has an event.
pub type Receipt = oneshot::Receiver<()>;

impl Receipts {
    /// A receipt for the event of `key`. To be asked for before it is stored.
    pub fn expect(&self, key: Key) -> Receipt {
        let (arrived, receipt) = oneshot::channel();
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let senders = waiting.entry(key).or_default();
        // Zoom sends again what it got no answer to: the earlier request is over.
        senders.retain(|sender| !sender.is_closed());
        senders.push(arrived);
        receipt
    }

    /// Says that the archive has the events of `keys`.
    pub fn arrived(&self, keys: impl IntoIterator<Item = Key>) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        for sender in keys.into_iter().filter_map(|key| waiting.remove(&key)).flatten() {
            // It is no failure that nobody listens any more: the request timed out.
            sender.send(()).ok();
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
                Appended::New => receipt.await.is_ok(),
                // It may have been shipped long ago, or still wait.
                Appended::Known => self.holds(key).await.unwrap_or(false) || receipt.await.is_ok(),
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
        assert_eq!((first.await, second.await), (Ok(()), Ok(())));
        assert!(elsewhere.try_recv().is_err(), "another event");
    }

    #[test]
    fn whoever_gave_up_is_forgotten() {
        let receipts = Receipts::default();
        let key = Key::of(b"a");
        for _ in 0..3 {
            drop(receipts.expect(key));
        }
        let _last = receipts.expect(key);
        let waiting = receipts.waiting.lock().expect("nobody panicked");
        assert_eq!(waiting[&key].len(), 1);
    }
}
