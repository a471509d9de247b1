//! Reads new events from journal and archive, and waits longer after each failure.

use std::sync::Arc;

use tokio::time::Instant;

use super::Connections;
use crate::files::sqlite;
use crate::generator::preview::Previews;
use crate::generator::site_generator::Generator;
use crate::telemetry::health::Health;
use crate::time::backoff::Backoff;
use crate::time::moment::Moment;

/// Reads new events, unless it waits after a failure.
pub(super) struct LogReader {
    health: Arc<Health>,
    previews: Previews,
    not_before: Instant,
    backoff: Backoff,
    /// Why events can't be read; empty while they can.
    failure: String,
}

/// The outcome of an attempt.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Read {
    /// There was no new event, or it is too early for an attempt.
    Nothing,
    /// There were new events.
    Events,
    /// Events can't be read.
    Failed,
    /// The store stays locked. Only a new connection gets rid of a lock that the system did not
    /// release.
    Locked,
}

impl LogReader {
    /// The first attempt is due at once.
    pub(super) fn new(connections: &Connections, backoff: Backoff) -> Self {
        Self {
            health: Arc::clone(&connections.health),
            previews: connections.previews.clone(),
            not_before: Instant::now(),
            backoff,
            failure: String::new(),
        }
    }

    /// Whether the last attempt succeeded.
    pub(super) fn is_working(&self) -> bool {
        self.failure.is_empty()
    }

    /// Reads new events, unless the last failure is too recent. Logs each failure once. `now` is the
    /// wall-clock time, for the events; `at` is the monotonic time, for the wait.
    pub(super) fn read(&mut self, generator: &mut Generator, now: Moment, at: Instant) -> Read {
        if at < self.not_before {
            return Read::Nothing;
        }
        let read = match generator.catch_up(now) {
            Ok(has_events) => {
                self.backoff.reset();
                if !std::mem::take(&mut self.failure).is_empty() {
                    tracing::info!("events can be read again");
                }
                if has_events { Read::Events } else { Read::Nothing }
            }
            Err(error) => {
                sqlite::abort_if_locks_are_lost(&error);
                self.not_before = at + self.backoff.next_wait();
                self.fail(format!("{error:#}"));
                if sqlite::is_locked(&error) { Read::Locked } else { Read::Failed }
            }
        };
        self.health.set_warnings("log", generator.log_mut().problems());
        read
    }

    fn fail(&mut self, failure: String) {
        self.health.set_site_fails(true);
        if failure != self.failure {
            tracing::error!("cannot read events, so the site stays as it was: {failure}");
            self.previews.set_fault(&failure);
        }
        self.failure = failure;
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::tests::Stage;
    use super::*;

    #[test]
    fn a_failed_attempt_is_repeated_after_the_wait_and_not_before() {
        let mut stage = Stage::with_damaged_journal();
        let wait = Duration::from_secs(3600);
        let mut reader = LogReader::new(&stage.connections, Backoff::new(wait, wait));
        let start = Instant::now();
        #[rustfmt::skip]
        let attempts = [
            // what is special       after                            outcome
            ("the first",            Duration::ZERO,                  Read::Failed),
            ("within the wait",      wait - Duration::from_secs(1),   Read::Nothing),
            ("after the wait",       wait,                            Read::Failed),
            ("within the next wait", wait + Duration::from_secs(1),   Read::Nothing),
        ];
        for (what, after, expected) in attempts {
            let now = Moment::from_seconds(0);
            let read = reader.read(&mut stage.watch_loop.generator, now, start + after);
            assert_eq!(read, expected, "{what}");
            assert!(!reader.is_working() && stage.connections.health.site_fails(), "{what}");
        }
    }
}
