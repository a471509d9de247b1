//! The only place where Lookout reads the clock. Pure modules get `now` as an argument.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::time::moment::Moment;

/// Now, in milliseconds since the epoch.
pub fn now_ms() -> i64 {
    match system_time().duration_since(UNIX_EPOCH) {
        Ok(since) => i64::try_from(since.as_millis()).unwrap_or(i64::MAX),
        Err(before) => -i64::try_from(before.duration().as_millis()).unwrap_or(i64::MAX),
    }
}

/// Now, as a [`SystemTime`].
#[expect(clippy::disallowed_methods, reason = "this is the clock")]
pub fn system_time() -> SystemTime {
    SystemTime::now()
}

/// Now, in whole seconds.
pub fn now() -> Moment {
    Moment::from_millis(now_ms())
}
