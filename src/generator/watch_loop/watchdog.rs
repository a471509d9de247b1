//! Reports work of the generator that does not return.
//!
//! A template may have an endless loop, and a file system may not answer. The generator's thread
//! is then blocked and can't report it. The page shows an old heartbeat; the watchdog says why, in
//! the log and in `/readyz`. A thread can't be ended from outside, so the operator has to restart
//! Lookout. An automatic restart would block at the same place again.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

use crate::telemetry::health::Health;

/// Longer work is reported. The slowest normal publication takes about a second.
const LIMIT: Duration = Duration::from_secs(20);

/// How often to check.
const CHECK_INTERVAL: Duration = Duration::from_secs(5);

/// The name of its warnings in `/readyz`.
const PART: &str = "generator";

/// Watches one thread's work.
pub(super) struct Watchdog {
    begun: Arc<Mutex<Option<Instant>>>,
    task: JoinHandle<()>,
}

impl Watchdog {
    /// Starts, and reports to `health`.
    pub(super) fn start(health: Arc<Health>, runtime: &Handle) -> Self {
        let begun = Arc::default();
        let task = runtime.spawn(report(Arc::clone(&begun), health));
        Self { begun, task }
    }

    /// Runs `work`, watched.
    pub(super) fn watch<T>(&self, work: impl FnOnce() -> T) -> T {
        self.set(Some(Instant::now()));
        let done = work();
        self.set(None);
        done
    }

    fn set(&self, begun: Option<Instant>) {
        *self.begun.lock().unwrap_or_else(PoisonError::into_inner) = begun;
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn report(begun: Arc<Mutex<Option<Instant>>>, health: Arc<Health>) {
    let mut is_reported = false;
    loop {
        sleep(CHECK_INTERVAL).await;
        let begun = *begun.lock().unwrap_or_else(PoisonError::into_inner);
        is_reported = check(begun.map(|begun| begun.elapsed()), is_reported, &health);
    }
}

/// Reports work that runs for `elapsed`, unless it `is_reported`; returns whether it is now.
fn check(elapsed: Option<Duration>, is_reported: bool, health: &Health) -> bool {
    let is_stuck = elapsed.is_some_and(|elapsed| elapsed >= LIMIT);
    if is_stuck == is_reported {
        return is_reported;
    }
    let limit_s = LIMIT.as_secs();
    let warning = is_stuck.then(|| {
        format!(
            "making the site does not return after {limit_s} s, so the page stays as it was; \
             if a template has an endless loop, correct it; then restart Lookout"
        )
    });
    match &warning {
        Some(warning) => tracing::error!("{warning}"),
        None => tracing::info!("making the site has returned"),
    }
    health.set_warnings(PART, warning.into_iter().collect());
    is_stuck
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_that_does_not_return_is_reported_until_it_does() {
        let health = Health::default();
        let seconds = |seconds| Some(Duration::from_secs(seconds));
        let mut is_reported = false;
        #[rustfmt::skip]
        let checks = [
            // what is special          runs for       reported
            ("nothing has started",     None,          false),
            ("it is quick",             seconds(19),   false),
            ("it is slow",              seconds(20),   true),
            ("it is still slow",        seconds(999),  true),
            ("it has returned",         None,          false),
            ("the next is quick again", seconds(1),    false),
        ];
        for (what, elapsed, expected) in checks {
            is_reported = check(elapsed, is_reported, &health);
            let warnings = health.warnings();
            let is_warned = warnings.iter().any(|warning| warning.part == PART);
            assert_eq!((is_reported, is_warned), (expected, expected), "{what}");
        }
    }

    #[tokio::test]
    async fn work_is_watched_until_it_returns() {
        let watchdog = Watchdog::start(Arc::default(), &Handle::current());
        let begun = Arc::clone(&watchdog.begun);
        let is_begun = || begun.lock().expect("nobody panicked").is_some();
        assert!(watchdog.watch(is_begun));
        assert!(!is_begun());
    }
}
