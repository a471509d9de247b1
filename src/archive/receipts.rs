//! Who waits for an event to be in the archive.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use tokio::sync::oneshot;

use crate::zoom::Key;

/// Tells those who wait for an event that the archive has it.
#[derive(Debug, Default)]
pub struct Receipts {
    waiting: Mutex<HashMap<Key, Vec<oneshot::Sender<()>>>>,
}

impl Receipts {
    /// Resolves once the event of `key` is in the archive. To be called before it is stored.
    pub fn expect(&self, key: Key) -> oneshot::Receiver<()> {
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
            // Nobody listens any more where the request timed out.
            drop(sender.send(()));
        }
    }
}
