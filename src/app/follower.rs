//! Follows the log for the chats, in processes that publish no site.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use crate::config::Settings;
use crate::files::sqlite;
use crate::generator::{Inputs, Load, Log};
use crate::notify::{Snapshot, Snapshots};
use crate::telemetry::abort_on_panic::AbortOnPanic;
use crate::time::clock;
use crate::time::moment::Moment;

/// How often to poll journal and archive.
const POLL_INTERVAL: Duration = Duration::from_millis(500);

/// Follows the log, and the settings that `load` reads, in a thread of its own until `shutdown`.
/// Returns the snapshots of presence.
///
/// # Errors
///
/// The thread can't be started.
pub fn follow(
    settings: Settings,
    log: Log,
    load: Load,
    shutdown: CancellationToken,
) -> Result<Snapshots> {
    let (sender, snapshots) = watch::channel(None);
    let runtime = Handle::current();
    let mut follower = Follower {
        log,
        inputs: Some(Inputs::watch(load, &settings)),
        settings: Arc::new(settings),
        sender,
        is_changed: true,
        next_change: None,
        failure: String::new(),
        problem: String::new(),
    };
    let thread = thread::Builder::new().name("log".to_owned());
    let follow = move || {
        let _guard = AbortOnPanic::guard("following the log");
        loop {
            follower.step(clock::now());
            let wait = async {
                tokio::select! {
                    () = shutdown.cancelled() => true,
                    () = Inputs::changed(&mut follower.inputs) => false,
                    () = sleep(POLL_INTERVAL) => false,
                }
            };
            if runtime.block_on(wait) {
                break;
            }
        }
    };
    thread.spawn(follow).context("cannot start the thread that follows the log")?;
    Ok(snapshots)
}

struct Follower {
    log: Log,
    settings: Arc<Settings>,
    /// `None` if changes can't be watched.
    inputs: Option<Inputs>,
    sender: watch::Sender<Option<Arc<Snapshot>>>,
    /// Whether there is a change to publish to the chats.
    is_changed: bool,
    /// When presence changes without an event.
    next_change: Option<Moment>,
    /// Why the log can't be read, as last logged.
    failure: String,
    /// What is wrong with the settings, as last logged.
    problem: String,
}

impl Follower {
    fn step(&mut self, now: Moment) {
        self.reload_if_due();
        self.is_changed |= self.next_change.is_some_and(|change| change <= now);
        match self.catch_up(now) {
            Ok(()) => self.failure.clear(),
            Err(error) => self.fail(&error),
        }
    }

    fn fail(&mut self, error: &anyhow::Error) {
        sqlite::abort_if_locks_are_lost(error);
        let failure = format!("{error:#}");
        if failure != self.failure {
            tracing::error!("the log cannot be read, messages wait: {failure}");
            self.failure = failure;
        }
    }

    fn catch_up(&mut self, now: Moment) -> Result<()> {
        self.is_changed |= self.log.catch_up(now)?;
        if self.is_changed && !self.log.is_first_reading() {
            self.send_snapshot(now)?;
        }
        Ok(())
    }

    fn send_snapshot(&mut self, now: Moment) -> Result<()> {
        let presence = self.log.presence(now)?;
        self.next_change = presence.next_change;
        let snapshot = Snapshot::new(&presence, &self.settings, now);
        self.sender.send_replace(Some(Arc::new(snapshot)));
        self.is_changed = false;
        Ok(())
    }

    /// Reloads changed settings and templates, once they have settled.
    fn reload_if_due(&mut self) {
        let due = self.inputs.as_ref().and_then(Inputs::due);
        if due.is_none_or(|due| due > Instant::now()) {
            return;
        }
        let problem = self.reload().err().map(|error| format!("{error:#}")).unwrap_or_default();
        if problem.is_empty() && !self.problem.is_empty() {
            tracing::info!("the problem is fixed");
        } else if problem != self.problem {
            tracing::error!("chats are notified by the previous settings: {problem}");
        }
        if let Some(inputs) = self.inputs.as_mut().filter(|_| !problem.is_empty()) {
            inputs.retry();
        }
        self.problem = problem;
    }

    fn reload(&mut self) -> Result<()> {
        let Some(inputs) = &mut self.inputs else { return Ok(()) };
        let settings = inputs.read(&self.settings)?;
        self.log.adopt(&settings);
        // A new value even if the settings are equal, because templates may have changed.
        self.settings = Arc::new(settings);
        self.is_changed = true;
        Ok(())
    }
}
