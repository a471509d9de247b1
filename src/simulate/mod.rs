//! The simulated people of `lookout demo`, and the client that posts signed deliveries.
//!
//! A [`Story`] is pure: equal seeds give equal deliveries. The load generator of the tests
//! (`tests/simulate`) has a larger one, with everything that Zoom was seen to do.

mod client;
mod rng;
mod story;

pub use client::Client;
pub use rng::{PerMille, Rng};
pub use story::{Delivery, ROOM_NAME, ROOM_NUMBER, Story, evening};
