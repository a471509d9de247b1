//! Who is where, for chats that are told where no site is made.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::time::{Instant, sleep};

use crate::config::Settings;
use crate::generator::{Inputs, Load, Log};
use crate::notify::{Snapshot, Snapshots};
use crate::server::Shutdown;
use crate::telemetry::abort_on_panic::AbortOnPanic;
use crate::time::clock;
use crate::time::moment::Moment;

/// So often journal and archive are looked at.
const LOOK: Duration = Duration::from_millis(500);

/// Follows the log, and what `load` reads, in a thread of its own until `shutdown`.
///
/// # Errors
///
/// The thread can't be started.
pub fn follow(settings: Settings, log: Log, load: Load, shutdown: Shutdown) -> Result<Snapshots> {
    let (tell, snapshots) = watch::channel(None);
    let runtime = Handle::current();
    let mut follower = Follower {
        log,
        inputs: Some(Inputs::watch(load, &settings)),
        settings: Arc::new(settings),
        tell,
        is_news: true,
        next_change: None,
        failure: String::new(),
        fault: String::new(),
    };
    let thread = thread::Builder::new().name("log".to_owned());
    let follow = move || {
        let _guard = AbortOnPanic::guard("following the log");
        loop {
            follower.step(clock::now());
            let wait = async {
                tokio::select! {
                    () = shutdown.clone().wait() => true,
                    () = Inputs::changed(&mut follower.inputs) => false,
                    () = sleep(LOOK) => false,
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
    /// `None` where nothing can be watched.
    inputs: Option<Inputs>,
    tell: watch::Sender<Option<Arc<Snapshot>>>,
    /// There is something to tell.
    is_news: bool,
    /// Presence changes by itself then.
    next_change: Option<Moment>,
    /// Why the log can't be read, as told last.
    failure: String,
    /// What is wrong with the settings, as told last.
    fault: String,
}

impl Follower {
    fn step(&mut self, now: Moment) {
        self.renew();
        self.is_news |= self.next_change.is_some_and(|change| change <= now);
        match self.catch_up(now) {
            Ok(()) => self.failure.clear(),
            Err(error) => self.fail(&error),
        }
    }

    fn fail(&mut self, error: &anyhow::Error) {
        let failure = format!("{error:#}");
        if failure != self.failure {
            tracing::error!("the log cannot be read, messages wait: {failure}");
            self.failure = failure;
        }
    }

    fn catch_up(&mut self, now: Moment) -> Result<()> {
        self.is_news |= self.log.catch_up(now)?;
        if self.is_news && !self.log.is_first_reading() {
            self.show(now)?;
        }
        Ok(())
    }

    fn show(&mut self, now: Moment) -> Result<()> {
        let presence = self.log.presence(now)?;
        self.next_change = presence.next_change;
        let snapshot = Snapshot::new(&presence, &self.settings, now);
        self.tell.send_replace(Some(Arc::new(snapshot)));
        self.is_news = false;
        Ok(())
    }

    /// Takes up settings and templates that have changed, once they have settled.
    fn renew(&mut self) {
        let due = self.inputs.as_ref().and_then(Inputs::due);
        if due.is_none_or(|due| due > Instant::now()) {
            return;
        }
        let fault = self.take_up().err().map(|error| format!("{error:#}")).unwrap_or_default();
        if fault.is_empty() && !self.fault.is_empty() {
            tracing::info!("the fault is mended");
        } else if fault != self.fault {
            tracing::error!("chats are told by the settings that held until now: {fault}");
        }
        if let Some(inputs) = self.inputs.as_mut().filter(|_| !fault.is_empty()) {
            inputs.retry();
        }
        self.fault = fault;
    }

    fn take_up(&mut self) -> Result<()> {
        let Some(inputs) = &mut self.inputs else { return Ok(()) };
        let settings = inputs.read(&self.settings)?;
        self.log.adopt(&settings);
        // Another one even where it says the same: templates may be others.
        self.settings = Arc::new(settings);
        self.is_news = true;
        Ok(())
    }
}
