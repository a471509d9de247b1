//! One attempt to deliver a message.

use sha2::{Digest, Sha256};

use crate::time::moment::Moment;

/// What distinguishes an attempt from others: the message's id stays the same over all of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// The id of the message.
    pub id: String,
    /// When the message was queued.
    pub queued_at: Moment,
    /// When this attempt starts.
    pub now: Moment,
}

impl Attempt {
    /// An attempt for the message `number` of the target `target`. The id also depends on when the
    /// message was queued, because numbers start again if the outbox is deleted.
    pub fn new(target: &str, number: u64, queued_at: Moment, now: Moment) -> Self {
        let place = format!("{target}\0{number}\0{}", queued_at.seconds());
        let id = format!("msg_{}", hex::encode(&Sha256::digest(place)[..16]));
        Self { id, queued_at, now }
    }
}
