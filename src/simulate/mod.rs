//! A simulated crowd: the deliveries that Zoom would send of it, and their sender.
//!
//! [`Story`] is pure and endless: one plan, one story, byte for byte. [`send`] is
//! the only part that reads the clock, for the signature, and opens connections.

mod body;
mod cast;
mod demo;
mod dice;
mod json;
mod latency;
mod names;
mod odds;
mod plan;
mod post;
mod scene;
mod sender;
mod story;
mod summary;
mod timeline;

pub use demo::{demo_evening, demo_evening_end, demo_past, demo_room, demo_story};
pub use dice::{Dice, PerMille};
pub use odds::{Incident, Odds};
pub use plan::{Pace, Plan, RoomPlan};
pub use post::Delivery;
pub use sender::{Ledger, Pacing, Sending, send};
pub use story::Story;
pub use summary::{Failure, Latency, Summary};
