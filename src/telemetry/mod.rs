//! What a process says of itself: its log, its health and its metrics.

pub mod abort_on_panic;
pub mod health;
pub mod logging;
