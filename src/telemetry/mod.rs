//! Observability of the process: log, health and metrics.

pub mod abort_on_panic;
pub mod health;
pub mod logging;
