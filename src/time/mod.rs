//! Moments, time zones, and the clock.

pub mod backoff;
pub mod clock;
pub mod moment;
pub mod zone;
