//! The loop of `serve` and `watch`: publishes the site when events arrive and when time passes.
//!
//! Each round
//!
//! 1. applies changed settings and templates ([`Reload`]),
//! 2. reads the log ([`LogReader`]),
//! 3. sends a snapshot to the chats ([`ChatSnapshots`]) and publishes the site ([`Publisher`]),
//!    where something changed,
//! 4. syncs the store and prunes the journal ([`Housekeeping`]).
//!
//! Each part holds its own state and never calls another part; only the loop connects them.

use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use anyhow::ensure;
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use crate::config::Settings;
use crate::generator::inputs::Load;
use crate::generator::metrics::Metrics;
use crate::generator::preview::Previews;
use crate::generator::site_generator::Generator;
use crate::journal::{Journal, Shipped};
use crate::notify::Snapshot;
use crate::store::UnsettledMeeting;
use crate::telemetry::health::Health;
use crate::time::backoff::Backoff;
use crate::time::clock;
use crate::time::moment::Moment;
use chat_snapshots::ChatSnapshots;
use housekeeping::Housekeeping;
use log_reader::{LogReader, Read};
use publisher::Publisher;
use reload::{Reload, Reloaded};
use supervisor::supervise;
use watchdog::Watchdog;

mod chat_snapshots;
mod heartbeat;
mod housekeeping;
mod log_reader;
mod publisher;
mod reload;
mod supervisor;
mod watchdog;

/// How often to poll the journal for writes by other processes.
const POLL_INTERVAL: Duration = Duration::from_millis(500);

/// How long to wait after a failure of the log, of a publication or of the whole loop.
const BACKOFF: Backoff = Backoff::new(Duration::from_secs(1), Duration::from_secs(60));

/// The settings in use. A loop that replaces a panicked one starts with them.
pub type CurrentSettings = Arc<Mutex<Arc<Settings>>>;

/// What the loop shares with the rest of the process.
#[derive(Clone)]
pub struct Connections {
    /// Its commits wake the loop, which also prunes it. `None` where another process writes it.
    pub journal: Option<Arc<Journal>>,
    /// Counts the publications that changed a file.
    pub publications: watch::Sender<u64>,
    /// Receives publish results and warnings.
    pub health: Arc<Health>,
    /// Counts publications.
    pub metrics: Metrics,
    /// How far the archive holds every event; `None` without an archive.
    pub shipped: Option<watch::Receiver<Shipped>>,
    /// Receives presence for the chats.
    pub snapshots: watch::Sender<Option<Arc<Snapshot>>>,
    /// Receives the meetings that are not settled.
    pub unsettled: watch::Sender<Option<Arc<Vec<UnsettledMeeting>>>>,
    /// Receives the settings that the loop uses.
    pub current_settings: CurrentSettings,
    /// Reads the settings after a change; `None` where nothing is watched.
    pub load: Option<Load>,
    /// Receives what a template author needs to know.
    pub previews: Previews,
    /// Ends the loop.
    pub shutdown: CancellationToken,
}

/// Publishes until `shutdown`, then syncs the store. Blocks its thread.
///
/// Calls `make` for the generator, with the current settings; again after a failure or a panic.
pub fn run(
    connections: &Connections,
    runtime: &Handle,
    make: impl Fn(&Settings) -> anyhow::Result<Generator>,
) {
    let Connections { health, shutdown, current_settings, .. } = connections;
    supervise(health, shutdown, runtime, BACKOFF, || {
        let settings = Arc::clone(&current_settings.lock().unwrap_or_else(PoisonError::into_inner));
        let generator = make(&settings)?;
        let watchdog = Watchdog::start(Arc::clone(health), runtime);
        WatchLoop::new(generator, connections, watchdog).run(runtime)
    });
}

/// Why the loop goes on.
#[derive(PartialEq, Eq)]
enum Wake {
    Work,
    Stop,
}

struct WatchLoop {
    generator: Generator,
    watchdog: Watchdog,
    shutdown: CancellationToken,
    commits: watch::Receiver<u64>,
    reload: Reload,
    log_reader: LogReader,
    is_store_locked: bool,
    chats: ChatSnapshots,
    unsettled: watch::Sender<Option<Arc<Vec<UnsettledMeeting>>>>,
    publisher: Publisher,
    housekeeping: Housekeeping,
}

impl WatchLoop {
    fn new(generator: Generator, connections: &Connections, watchdog: Watchdog) -> Self {
        let journal = connections.journal.as_ref();
        Self {
            watchdog,
            shutdown: connections.shutdown.clone(),
            // The commits of another process are polled for.
            commits: journal.map_or_else(|| watch::channel(0).1, |journal| journal.committed()),
            reload: Reload::new(connections, generator.settings()),
            log_reader: LogReader::new(connections, BACKOFF),
            is_store_locked: false,
            chats: ChatSnapshots::new(connections.snapshots.clone()),
            unsettled: connections.unsettled.clone(),
            publisher: Publisher::new(connections, BACKOFF),
            housekeeping: Housekeeping::new(connections),
            generator,
        }
    }

    /// # Errors
    ///
    /// The store stays locked. All of its connections have to close.
    fn run(mut self, runtime: &Handle) -> anyhow::Result<()> {
        loop {
            self.step(clock::now());
            ensure!(!self.is_store_locked, "its store stays locked");
            if runtime.block_on(self.wait()) == Wake::Stop {
                break;
            }
        }
        self.finish();
        Ok(())
    }

    async fn wait(&mut self) -> Wake {
        let now = Instant::now();
        let publish_at = self.publisher.waits_until(now);
        let times = [Some(now + POLL_INTERVAL), publish_at, self.reload.due()];
        let wake_at = times.into_iter().flatten().min().unwrap_or(now);
        tokio::select! {
            () = self.shutdown.cancelled() => Wake::Stop,
            // While changes gather, a commit does not wake the loop.
            Ok(()) = self.commits.changed(), if publish_at.is_none() => Wake::Work,
            () = self.reload.changed() => Wake::Work,
            () = sleep_until(wake_at) => Wake::Work,
        }
    }

    fn step(&mut self, now: Moment) {
        self.commits.mark_unchanged();
        let at = Instant::now();
        self.reload_inputs(now, at);
        self.read_log(now, at);
        let is_clock_back = self.publisher.is_ahead_of(now);
        self.chats.advance(now, is_clock_back);
        self.publisher.advance(now, is_clock_back);
        if let Err(error) = self.show(now, at) {
            self.publisher.fail(&error, self.reload.fault());
        }
        self.housekeeping.run(&mut self.generator, at);
    }

    fn reload_inputs(&mut self, now: Moment, at: Instant) {
        match self.reload.run(&mut self.generator, &self.watchdog, now, at) {
            Reloaded::Nothing => return,
            // What failed with the old inputs may work with the new ones.
            Reloaded::All if self.publisher.has_failed() => self.publisher.stop_waiting(),
            // Part of the settings may count: who may appear does not wait for a template.
            Reloaded::All | Reloaded::PartAtMost => {}
        }
        self.chats.request();
        self.publisher.request();
    }

    /// Reads new events. Chats receive them even while the site can't be published.
    fn read_log(&mut self, now: Moment, at: Instant) {
        match self.log_reader.read(&mut self.generator, now, at) {
            Read::Nothing => {}
            Read::Events => {
                self.chats.request();
                self.publisher.request_for_events();
            }
            // A publication has to follow, to report that the site works again.
            Read::Failed => self.publisher.request(),
            Read::Locked => self.is_store_locked = true,
        }
    }

    /// Sends presence to the chats and publishes it, where it may have changed.
    fn show(&mut self, now: Moment, at: Instant) -> anyhow::Result<()> {
        let is_publishing = self.publisher.is_due(at);
        if !(is_publishing || self.chats.is_pending()) || !self.is_log_read() {
            return Ok(());
        }
        let presence = self.generator.presence(now)?;
        if self.chats.is_pending() {
            if self.unsettled.receiver_count() > 0 {
                let unsettled = self.generator.log_mut().unsettled(now)?;
                self.unsettled.send_replace(Some(Arc::new(unsettled)));
            }
            self.chats.send(&presence, self.generator.settings(), now);
        }
        if is_publishing
            && self.publisher.publish(&mut self.generator, &presence, now, &self.watchdog)?
        {
            self.reload.confirm(self.publisher.template_faults());
        }
        Ok(())
    }

    /// Without the events of other machines, people on the page would seem to have left.
    fn is_log_read(&mut self) -> bool {
        self.log_reader.is_working() && !self.generator.log_mut().is_first_reading()
    }

    /// Publishes what is stored, without waiting for more, and syncs the store.
    fn finish(&mut self) {
        self.publisher.stop_waiting();
        self.step(clock::now());
        // Only an `ETag` is worth waiting for, about a second. A failure would come again.
        while self.publisher.is_pending() && !self.publisher.has_failed() && self.is_log_read() {
            let now = Instant::now();
            thread::sleep(self.publisher.waits_until(now).map_or(Duration::ZERO, |at| at - now));
            self.step(clock::now());
        }
        self.housekeeping.sync(&mut self.generator);
    }
}

#[cfg(test)]
mod tests;
