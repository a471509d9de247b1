//! Delays, limits and time-outs of a worker.

use std::time::Duration;

/// How a worker behaves in time. Tests shorten it.
#[derive(Debug, Clone, Copy)]
pub struct Timing {
    /// Changes are announced once there were none for this many seconds …
    pub debounce_s: i64,
    /// … or this many seconds after the first of them.
    pub debounce_max_s: i64,
    /// How long a request may take.
    pub request_timeout: Duration,
    /// The longest delay after the first failure …
    pub retry_initial: Duration,
    /// … which doubles with each failure, up to this.
    pub retry_max: Duration,
    /// A message is dropped after this many seconds.
    pub max_age_s: i64,
    /// The average interval between messages.
    pub message_interval: Duration,
    /// How many messages may go at once.
    pub burst: u32,
    /// How often to check the store for changes by other processes.
    pub poll_interval: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            debounce_s: 10,
            debounce_max_s: 60,
            request_timeout: Duration::from_secs(10),
            retry_initial: Duration::from_secs(1),
            retry_max: Duration::from_secs(60),
            max_age_s: 86_400,
            message_interval: Duration::from_secs(1),
            burst: 5,
            poll_interval: Duration::from_secs(5),
        }
    }
}
