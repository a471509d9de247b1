//! The archive: MongoDB, shared by any number of machines.
//!
//! A [`Shipper`] ships every journalled event to it in the background, in order, at least once and
//! without duplicates, so an outage of MongoDB loses nothing and delays nothing. Any generator
//! can follow the archive through a [`Feed`]: it then knows the events of all machines, and those
//! of an older set-up.
//!
//! How far a journal has been shipped is noted both in the journal and in the archive ([`progress`]),
//! so that a restored backup of either leaves no gap.
//!
//! No future of the driver is ever dropped half-way: each runs in a task of its own, and the caller
//! may stop waiting for it.

mod change_stream;
mod client;
pub mod document;
mod erasure;
mod feed;
mod follower;
mod identity;
mod indexes;
mod insertion;
mod position;
mod producer;
mod progress;
mod queries;
mod shipper;
mod status;
mod waiters;
mod walk;

pub use client::Archive;
pub use document::Archived;
pub use erasure::{erase, find, learn};
pub use feed::{Feed, Mode};
pub use position::Position;
pub use producer::Update;
pub use progress::rename_journal;
pub use shipper::Shipper;
pub use status::{OldDocuments, Status, status};
pub use waiters::{Majority, Waiter, Waiters};
pub use walk::walk;
