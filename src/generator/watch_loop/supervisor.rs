//! Starts the generator again after a panic: deliveries are still accepted, so the page has to
//! stay current too.

use std::panic::{self, AssertUnwindSafe};
use std::time::{Duration, Instant};

use anyhow::Result;
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;

use crate::files::sqlite;
use crate::telemetry::health::Health;
use crate::time::backoff::Backoff;

/// A job that ran for longer starts again after the initial wait.
const STABLE_AFTER: Duration = Duration::from_secs(60);

/// Runs `job` until it returns `Ok`, or until `shutdown`; waits by `backoff` after each failure
/// and each panic.
pub(super) fn supervise(
    health: &Health,
    shutdown: &CancellationToken,
    runtime: &Handle,
    mut backoff: Backoff,
    mut job: impl FnMut() -> Result<()>,
) {
    loop {
        let begun = Instant::now();
        let failure = match panic::catch_unwind(AssertUnwindSafe(&mut job)) {
            Ok(Ok(())) => return,
            Ok(Err(error)) => {
                sqlite::abort_if_locks_are_lost(&error);
                format!("stopped: {error:#}")
            }
            Err(_) => "panicked, which is a mistake in Lookout".to_owned(),
        };
        health.set_site_fails(true);
        if begun.elapsed() > STABLE_AFTER {
            backoff.reset();
        }
        let wait = backoff.next_wait();
        let retry_s = wait.as_secs_f64();
        tracing::error!(retry_s, "the generator {failure}; it starts again in {retry_s} s");
        let stopped = async { tokio::time::timeout(wait, shutdown.cancelled()).await };
        if runtime.block_on(stopped).is_ok() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_that_panics_or_fails_runs_again_and_is_reported() {
        let runtime = tokio::runtime::Runtime::new().expect("it starts");
        let (health, shutdown) = (Health::default(), CancellationToken::new());
        let backoff = Backoff::new(Duration::from_millis(1), Duration::from_millis(2));
        let mut failed = Vec::new();
        supervise(&health, &shutdown, runtime.handle(), backoff, || {
            failed.push(health.site_fails());
            assert!(failed.len() != 1, "on purpose");
            anyhow::ensure!(failed.len() > 2, "on purpose");
            Ok(())
        });
        assert_eq!(failed, [false, true, true]);
    }

    #[test]
    fn a_shutdown_does_not_wait_for_the_next_attempt() {
        let runtime = tokio::runtime::Runtime::new().expect("it starts");
        let (health, shutdown) = (Health::default(), CancellationToken::new());
        let backoff = Backoff::new(Duration::from_secs(3600), Duration::from_secs(3600));
        let mut attempts = 0;
        shutdown.cancel();
        supervise(&health, &shutdown, runtime.handle(), backoff, || {
            attempts += 1;
            panic!("on purpose");
        });
        assert_eq!(attempts, 1);
    }
}
