//! What a worker stores of one target: what the target has been told, and the messages that wait.
//!
//! Both change together and are stored together, so that a crash loses nothing and repeats
//! nothing.

mod contents;
mod lease;
mod local;
mod ownership;
mod redact;
pub mod store;
mod tombstone;

pub use contents::{DeliveryResult, Outbox, QueuedMessage};
pub use local::database_path;
pub use ownership::Ownership;
pub use redact::WORDS_REMOVED;
pub use store::{Backend, OutboxStore};
pub use tombstone::{Tombstone, without_forgotten};
