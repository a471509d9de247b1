//! Asks Zoom's API what Zoom's events did not say, and stores the answers.
//!
//! Events get lost: Lookout was down, a leave never came, a subscription was disabled. With
//! `[zoom.api]`, a [`Healer`] asks whether a silent meeting with somebody in still goes on, and who
//! was in a meeting of which something is not known. [`schedule::Schedule`] decides what to ask and when;
//! [`Client`] asks. The answers are stored as [observations](crate::zoom::observation), so everything
//! else is as with Zoom's events. Nothing waits for an answer.

mod client;
mod healer;
mod metrics;
mod schedule;
mod sink;

pub use client::{Client, Failure};
pub use healer::{Healer, Unsettled};
pub use metrics::Metrics;
pub use sink::Sink;
