//! A generator that panics is made again: the intake goes on, and so must the page.

use std::panic::{self, AssertUnwindSafe};
use std::time::{Duration, Instant};

use anyhow::Result;
use tokio::runtime::Handle;

use crate::shutdown::Shutdown;
use crate::telemetry::health::Health;

/// After a failure the next attempt is made twice as late each time, to at most this.
const RETRY_MOST: Duration = Duration::from_secs(60);

/// Does `job` until it ends by itself, or until `shutdown`; where it fails or panics,
/// once more after `first_retry`, and so on.
pub(super) fn supervise(
    health: &Health,
    shutdown: &Shutdown,
    runtime: &Handle,
    first_retry: Duration,
    mut job: impl FnMut() -> Result<()>,
) {
    let mut retry = first_retry;
    loop {
        let begun = Instant::now();
        let failure = match panic::catch_unwind(AssertUnwindSafe(&mut job)) {
            Ok(Ok(())) => return,
            Ok(Err(error)) => format!("cannot start: {error:#}"),
            Err(_) => "panicked, which is a mistake in Lookout".to_owned(),
        };
        health.set_site_fails(true);
        if begun.elapsed() > RETRY_MOST {
            retry = first_retry;
        }
        let retry_s = retry.as_secs_f64();
        tracing::error!(retry_s, "the generator {failure}; it starts again in {retry_s} s");
        let wait = async { tokio::time::timeout(retry, shutdown.clone().wait()).await };
        let is_over = runtime.block_on(wait).is_ok();
        if is_over {
            return;
        }
        retry = (retry * 2).min(RETRY_MOST);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shutdown::Trigger;

    #[test]
    fn a_job_that_panics_or_fails_is_done_again_and_the_site_is_said_to_fail() {
        let runtime = tokio::runtime::Runtime::new().expect("it starts");
        let (health, (_running, shutdown)) = (Health::default(), Trigger::new());
        let mut failed = Vec::new();
        supervise(&health, &shutdown, runtime.handle(), Duration::from_millis(1), || {
            failed.push(health.site_fails());
            assert!(failed.len() != 1, "on purpose");
            anyhow::ensure!(failed.len() > 2, "on purpose");
            Ok(())
        });
        assert_eq!(failed, [false, true, true]);
    }

    #[test]
    fn whoever_stops_lookout_does_not_wait_for_the_next_attempt() {
        let runtime = tokio::runtime::Runtime::new().expect("it starts");
        let (health, (trigger, shutdown)) = (Health::default(), Trigger::new());
        let mut attempts = 0;
        trigger.pull();
        supervise(&health, &shutdown, runtime.handle(), RETRY_MOST, || {
            attempts += 1;
            panic!("on purpose");
        });
        assert_eq!(attempts, 1);
    }
}
