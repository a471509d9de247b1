//! The archive: MongoDB, shared by any number of machines.
//!
//! Every journalled event is [shipped](Shipper) to it in the background, in order, at
//! least once and without duplicates, so that an outage of MongoDB loses nothing and
//! delays nothing. Any generator can [follow](Feed) it: it then knows the events of all
//! machines, and those that an older set-up left there.
//!
//! How far a journal is there is noted in it and beside the events ([`progress`]), so that a
//! backup put back on either side leaves no gap.
//!
//! No future of the driver is ever dropped half-way: each runs in a task of its own, and
//! whoever waits for it may stop waiting.

mod client;
pub mod document;
mod erasing;
mod feed;
mod following;
mod indexes;
mod progress;
mod queries;
mod receipts;
mod seen;
mod ship;
mod stream;
mod survey;
mod writing;

pub use client::Archive;
pub use document::Archived;
pub use erasing::{note, walk};
pub use feed::{Feed, Mode, Update};
pub use progress::carry_over;
pub use receipts::{Majority, Receipt, Receipts};
pub use seen::Position;
pub use ship::Shipper;
pub use survey::{Old, Survey, survey};

/// The `_id` of the one document that is a note of ours and no event.
const NOTE: &str = "lookout";
