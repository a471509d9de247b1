//! The load generator: a simulated crowd, and a sender that posts its deliveries.
//!
//! [`Story`] is pure and endless: equal plans give equal deliveries, byte for byte. [`load::send`]
//! is the only part that reads the clock and opens connections. The example `simulate` (`main.rs`),
//! the tests and the proofs include this module.

mod body;
mod event;
mod ids;
mod json;
pub mod load;
mod names;
pub mod outbox;
mod participant;
mod plan;
mod probabilities;
mod story;
mod time_queue;

pub use plan::{Pace, Plan, RoomPlan};
pub use probabilities::Probabilities;
pub use story::Story;
