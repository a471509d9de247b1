//! The generator of a running `serve`: publishes when events arrive, and when time passes.
//!
//! The first event is published at once; then changes gather for a second, because a
//! server's `ETag` has whole seconds. What no event caused, such as a start or a chart that
//! moves on, lets nobody wait: publishing itself sees to it that no two versions have one date.

use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use anyhow::anyhow;
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use crate::config::Settings;
use crate::generator::inputs::{Inputs, Load};
use crate::generator::supervision::supervise;
use crate::generator::watchdog::Watchdog;
use crate::generator::{Generator, Metrics, Previews, beyond_the_journal};
use crate::journal::{Journal, PruneLimits, Shipped};
use crate::notify::Snapshot;
use crate::roster::Presence;
use crate::shutdown::Shutdown;
use crate::site::{self, PublishOutcome, Replace};
use crate::telemetry::health::Health;
use crate::time::clock;
use crate::time::moment::Moment;
use reload::Renewal;

mod reload;

/// Changes gather for so long after the publication of an event.
const GATHER: Duration = Duration::from_secs(1);

/// So often the journal is looked at for what other processes put there.
const LOOK: Duration = Duration::from_millis(500);

/// How often, in seconds, the site is published at least, and the heartbeat file dated: whenever
/// the clock reaches a multiple of it, so that the date says nothing of who comes and goes.
const HEARTBEAT: i64 = 60;

/// So often old events are looked for that need not be kept.
const PRUNE: Duration = Duration::from_secs(10);

/// The store is synced after so many events …
const SYNC_EVENTS: u64 = 5_000;

/// … or after so long, if there was any.
const SYNC: Duration = Duration::from_secs(600);

/// After a failure, which mostly is that another process reads, it is tried again so much later.
const SYNC_RETRY: Duration = Duration::from_secs(5);

/// After a failure the next attempt is made so much later …
const RETRY: Duration = Duration::from_secs(1);

/// … and then twice as late each time, to at most this.
const RETRY_MOST: Duration = Duration::from_secs(60);

/// The settings that a generator works by, for the one that takes its place should it panic.
pub type SettingsInEffect = Arc<Mutex<Arc<Settings>>>;

/// What a live generator is connected to.
#[derive(Clone)]
pub struct Live {
    /// Whose commits wake it; what need not be kept is removed there. `None` where another
    /// process writes it.
    pub journal: Option<Arc<Journal>>,
    /// Counts the publications that a visitor can see.
    pub publications: watch::Sender<u64>,
    /// Receives publish results and warnings.
    pub health: Arc<Health>,
    /// Counts publications.
    pub metrics: Metrics,
    /// How far the archive has everything; `None` where there is none.
    pub shipped: Option<watch::Receiver<Shipped>>,
    /// Told who is where, for whoever else wants to know; nobody need listen.
    pub snapshots: watch::Sender<Option<Arc<Snapshot>>>,
    /// Receives the settings that the generator works by.
    pub in_effect: SettingsInEffect,
    /// Reads the settings again when they have changed; `None` where nothing is watched.
    pub load: Option<Load>,
    /// Told what a template's author has to know.
    pub previews: Previews,
    /// When to end.
    pub shutdown: Shutdown,
}

/// Publishes until it is time to stop, then syncs the store, with a generator that `make`
/// makes; should that fail or panic, with another one for the settings that were in effect by
/// then. Blocks its thread.
pub fn run(live: &Live, runtime: &Handle, make: impl Fn(&Settings) -> anyhow::Result<Generator>) {
    supervise(&live.health, &live.shutdown, runtime, RETRY, || {
        let in_effect = Arc::clone(&live.in_effect.lock().unwrap_or_else(PoisonError::into_inner));
        follow(make(&in_effect)?, live, runtime);
        Ok(())
    });
}

fn follow(generator: Generator, live: &Live, runtime: &Handle) {
    let watchdog = Watchdog::start(Arc::clone(&live.health), runtime);
    let mut work = Work::new(generator, live.clone(), watchdog);
    loop {
        work.step(clock::now());
        if runtime.block_on(work.wait()) == Wake::Stop {
            break;
        }
    }
    work.finish();
}

#[derive(PartialEq, Eq)]
enum Wake {
    Work,
    Stop,
}

struct Work {
    generator: Generator,
    live: Live,
    watchdog: Watchdog,
    inputs: Option<Inputs>,
    renewal: Renewal,
    committed: watch::Receiver<u64>,
    /// As of when the site is.
    as_of: Option<Moment>,
    /// The site changes by itself then.
    next_change: Option<Moment>,
    /// There is something to publish.
    dirty: bool,
    /// … and an event is among it.
    news: bool,
    /// There is something to show to the chats.
    chats_dirty: bool,
    /// What they are shown changes by itself then.
    chats_change: Option<Moment>,
    /// Nothing is published before this.
    not_before: Instant,
    retry: Duration,
    /// The log is not read before this.
    read_not_before: Instant,
    read_retry: Duration,
    /// Why the log could not be read, as reported last.
    read_failure: String,
    /// The moment that the heartbeat file was dated to last.
    heartbeat: Option<Moment>,
    prune: Instant,
    sync: Instant,
    syncing_works: bool,
    last_failure: String,
    /// What went wrong outside of the output directory, as told last.
    problems: Vec<String>,
    /// Why built-in files take the place of the operator's, as told last.
    template_faults: Vec<String>,
}

impl Work {
    fn new(generator: Generator, live: Live, watchdog: Watchdog) -> Self {
        let now = Instant::now();
        let load = live.load.clone();
        Self {
            inputs: load.map(|load| Inputs::watch(load, generator.settings())),
            renewal: Renewal::default(),
            generator,
            committed: live.journal.as_ref().map_or_else(never, |journal| journal.committed()),
            as_of: None,
            next_change: None,
            dirty: true,
            news: false,
            chats_dirty: true,
            chats_change: None,
            not_before: now,
            retry: RETRY,
            read_not_before: now,
            read_retry: RETRY,
            read_failure: String::new(),
            heartbeat: None,
            prune: now + PRUNE,
            sync: now,
            syncing_works: true,
            last_failure: String::new(),
            problems: Vec::new(),
            template_faults: Vec::new(),
            live,
            watchdog,
        }
    }

    async fn wait(&mut self) -> Wake {
        let now = Instant::now();
        let gathering = self.not_before > now;
        let look = now + LOOK;
        let until = if gathering { self.not_before.min(look) } else { look };
        let due = self.inputs.as_ref().and_then(Inputs::due);
        let until = due.map_or(until, |due| due.min(until));
        tokio::select! {
            () = self.live.shutdown.clone().wait() => Wake::Stop,
            // While changes gather, a commit is no reason to wake.
            Ok(()) = self.committed.changed(), if !gathering => Wake::Work,
            () = Inputs::changed(&mut self.inputs) => Wake::Work,
            () = sleep_until(until) => Wake::Work,
        }
    }

    fn step(&mut self, now: Moment) {
        self.committed.mark_unchanged();
        let at = Instant::now();
        if self.inputs.as_ref().and_then(Inputs::due).is_some_and(|due| due <= at) {
            self.renew(now);
        }
        self.read(now, at);
        let is_due = |change: Option<Moment>| change.is_some_and(|change| change <= now);
        // The clock was put back: what the site says is of a time that is yet to come.
        let was_put_back = self.as_of.is_some_and(|as_of| as_of > now);
        // Somebody may have removed the site, or built one of the past into its place.
        let is_heartbeat = self.heartbeat != Some(heartbeat_of(now));
        self.dirty |= self.news || is_due(self.next_change) || was_put_back || is_heartbeat;
        self.chats_dirty |= is_due(self.chats_change) || was_put_back;
        let publishes = self.dirty && at >= self.not_before;
        if (publishes || self.chats_dirty) && self.can_publish() {
            match self.generator.presence(now) {
                Ok(presence) => {
                    if std::mem::take(&mut self.chats_dirty) {
                        self.show_to_chats(&presence, now);
                    }
                    if publishes {
                        self.publish(&presence, now);
                    }
                }
                Err(error) => self.fail(&error),
            }
        }
        self.keep_house(at);
    }

    /// Whether the log was read. Without what other machines stored, people of the page would seem
    /// to have left.
    fn can_publish(&mut self) -> bool {
        self.read_failure.is_empty() && !self.generator.log_mut().is_first_reading()
    }

    /// Takes in what is new in the log, also while the site can't be published: chats are told
    /// all the same.
    fn read(&mut self, now: Moment, at: Instant) {
        if at < self.read_not_before {
            return;
        }
        match self.generator.catch_up(now) {
            Ok(new) => {
                self.news |= new;
                self.chats_dirty |= new;
                self.read_retry = RETRY;
                if !std::mem::take(&mut self.read_failure).is_empty() {
                    tracing::info!("the log can be read again");
                }
            }
            Err(error) => {
                self.read_not_before = at + self.read_retry;
                self.read_retry = (self.read_retry * 2).min(RETRY_MOST);
                self.live.health.set_site_fails(true);
                let failure = format!("{error:#}");
                if failure != self.read_failure {
                    tracing::error!("the site stays as it was: {failure}");
                    self.live.previews.fails(&failure);
                }
                self.read_failure = failure;
                self.dirty = true;
            }
        }
        self.live.health.set_warnings("log", self.generator.log_mut().problems());
    }

    /// Shows who is where to the chats.
    fn show_to_chats(&mut self, presence: &Presence, now: Moment) {
        self.chats_change = presence.next_change;
        if self.live.snapshots.receiver_count() > 0 {
            let snapshot = Snapshot::new(presence, self.generator.settings(), now);
            self.live.snapshots.send_replace(Some(Arc::new(snapshot)));
        }
    }

    /// Publishes what is stored, although changes may still be gathering, and syncs the store.
    fn finish(&mut self) {
        self.not_before = Instant::now();
        self.step(clock::now());
        // Only an `ETag` is worth waiting for, about a second; a failure would just come again.
        while self.dirty && self.last_failure.is_empty() && self.can_publish() {
            thread::sleep(self.not_before - Instant::now());
            self.step(clock::now());
        }
        self.sync();
    }

    fn publish(&mut self, presence: &Presence, now: Moment) {
        let publish = || self.generator.publish(presence, now, Replace::NotNewer);
        let build = match self.watchdog.watch(publish) {
            Ok(build) => build,
            Err(error) => return self.fail(&error),
        };
        self.next_change = build.next_change;
        self.report_template_faults(build.faults);
        let gather = match build.outcome {
            PublishOutcome::Published(published) => {
                self.dirty = false;
                self.beat(now);
                self.as_of = Some(now);
                self.live.health.set_site_fails(false);
                self.live.metrics.published();
                self.tell_problems(published.problems);
                let visible = !published.written.is_empty() || !published.removed.is_empty();
                if visible {
                    self.live.publications.send_modify(|count| *count += 1);
                }
                if std::mem::take(&mut self.renewal.pending) {
                    self.live.previews.renewed();
                }
                if !self.template_faults.is_empty() {
                    self.live.previews.fails(&self.template_faults.join("\n"));
                } else if self.renewal.fault.is_empty() {
                    self.live.previews.works();
                }
                let news = std::mem::take(&mut self.news);
                if visible && news { GATHER } else { Duration::ZERO }
            }
            PublishOutcome::TooSoon(wait) => wait,
            PublishOutcome::Superseded(there) => match self.generator.log_mut().ends_before(&there)
            {
                Ok(false) => {
                    self.dirty = false;
                    self.beat(now);
                    GATHER
                }
                Ok(true) => return self.fail(&anyhow!(beyond_the_journal(&there))),
                Err(error) => return self.fail(&error),
            },
        };
        self.retry = RETRY;
        self.last_failure.clear();
        self.not_before = Instant::now() + gather;
    }

    /// Tells visitors that we are at work, once a minute.
    fn beat(&mut self, now: Moment) {
        let heartbeat = heartbeat_of(now);
        if self.heartbeat == Some(heartbeat) {
            return;
        }
        self.heartbeat = Some(heartbeat);
        if let Err(error) = site::touch_heartbeat(self.generator.settings(), heartbeat) {
            tracing::error!("cannot touch the heartbeat file: {error}");
        }
    }

    /// Each once, until it is gone: a copy that can't be written fails with every publication.
    fn tell_problems(&mut self, problems: Vec<String>) {
        for problem in problems.iter().filter(|problem| !self.problems.contains(problem)) {
            tracing::error!("{problem}");
        }
        self.problems = problems;
    }

    /// Logs each fault once, and tells `/readyz` of all until they are mended.
    fn report_template_faults(&mut self, faults: Vec<String>) {
        if faults == self.template_faults {
            return;
        }
        for fault in faults.iter().filter(|fault| !self.template_faults.contains(fault)) {
            tracing::error!(
                "a built-in file takes the place of one with a fault, until it is mended: {fault}"
            );
        }
        if faults.is_empty() {
            tracing::info!("all templates and static files work again");
        }
        self.live.health.set_warnings("templates", faults.clone());
        self.template_faults = faults;
    }

    fn fail(&mut self, error: &anyhow::Error) {
        self.live.health.set_site_fails(true);
        let failure = format!("{error:#}");
        if failure != self.last_failure {
            // A template that was broken from the start is told already.
            if failure != self.renewal.fault {
                tracing::error!("the site stays as it was: {failure}");
            }
            self.live.previews.fails(&failure);
            self.last_failure = failure;
        }
        self.dirty = true;
        self.not_before = Instant::now() + self.retry;
        self.retry = (self.retry * 2).min(RETRY_MOST);
    }

    fn keep_house(&mut self, at: Instant) {
        let unsynced = self.generator.log_mut().unsynced();
        let many = unsynced >= SYNC_EVENTS && self.syncing_works;
        if many || (unsynced > 0 && at >= self.sync) {
            self.sync();
        }
        if let Some(journal) = self.live.journal.clone()
            && at >= self.prune
        {
            self.prune = at + PRUNE;
            journal.prune(self.pruning());
        }
    }

    fn sync(&mut self) {
        let synced = self.generator.log_mut().sync();
        self.sync = Instant::now() + if synced.is_ok() { SYNC } else { SYNC_RETRY };
        let worked = std::mem::replace(&mut self.syncing_works, synced.is_ok());
        if let Err(error) = synced
            && worked
        {
            tracing::warn!("{error:#}; until that works, nothing is removed from the journal");
        }
    }

    fn pruning(&mut self) -> PruneLimits {
        let synced = self.generator.log_mut().synced_id();
        let shipped = self.live.shipped.as_ref().map(|shipped| *shipped.borrow());
        let due = PruneLimits::due(self.generator.settings(), shipped, clock::now_ms());
        PruneLimits { events_up_to: due.events_up_to.min(synced), ..due }
    }
}

/// The latest moment for a heartbeat.
fn heartbeat_of(now: Moment) -> Moment {
    Moment::from_seconds(now.seconds().div_euclid(HEARTBEAT) * HEARTBEAT)
}

/// The commits of a journal that another process writes: it is looked at instead.
fn never() -> watch::Receiver<u64> {
    watch::channel(0).1
}

#[cfg(test)]
mod tests;
