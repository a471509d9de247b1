//! Runs one worker per target, in a thread of their own.
//!
//! Neither the intake nor the generator ever waits for a chat, and a failure here stops neither:
//! a worker that panics is restarted after a while.
//!
//! Each snapshot carries the settings. When these change, the targets and their templates are
//! loaded again: workers of new targets start, workers of removed targets stop, and the others
//! continue with the new settings.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use tokio::runtime::Builder;
use tokio::sync::watch;
use tokio::task;
use tokio::time::sleep;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::archive::Archive;
use crate::config::Settings;
use crate::notify::metrics::Metrics;
use crate::notify::outbox::store::{Lease, LocalStore};
use crate::notify::outbox::{Backend, OutboxStore};
use crate::notify::snapshot::{Snapshot, Snapshots};
use crate::notify::target::{BrokenTarget, Fallback, Target};
use crate::notify::timing::Timing;
use crate::notify::worker::{Sender, Update, Worker, random_seed};
use crate::telemetry::abort_on_panic::AbortOnPanic;

/// How long to wait before a worker that panicked is restarted.
const RESTART_DELAY: Duration = Duration::from_secs(60);

/// The thread that runs all workers.
#[derive(Debug)]
pub struct Notifier {
    thread: JoinHandle<()>,
    stop_on_drop: DropGuard,
}

/// What all workers of a process share.
#[derive(Clone)]
struct Shared {
    archive: Option<Archive>,
    local: Arc<Mutex<LocalStore>>,
    metrics: Metrics,
    timing: Timing,
}

/// Starts to announce to the targets of `settings` what `snapshots` show.
///
/// # Errors
///
/// The thread can't be started.
pub fn start(
    settings: &Settings,
    archive: Option<Archive>,
    snapshots: Snapshots,
    metrics: Metrics,
    timing: Timing,
) -> Result<Notifier> {
    let shutdown = CancellationToken::new();
    let stop_on_drop = shutdown.clone().drop_guard();
    let local = Arc::new(Mutex::new(LocalStore::new(&settings.journal.path)));
    let mut workers = Workers {
        shared: Shared { archive, local, metrics, timing },
        targets: Vec::new(),
        problems: BTreeMap::new(),
        running: BTreeMap::new(),
        stopping: BTreeMap::new(),
    };
    let settings = settings.clone();
    let runtime = Builder::new_current_thread().enable_all().build();
    let runtime = runtime.context("cannot start the runtime of the messages")?;
    let thread = thread::Builder::new().name("notify".to_owned());
    let thread = thread.spawn(move || {
        let _guard = AbortOnPanic::guard("the messages to chats");
        runtime.block_on(async {
            workers.load_targets(&settings);
            workers.update(None);
            workers.follow(&settings, snapshots, shutdown).await;
            workers.stop().await;
        });
    });
    let thread = thread.context("cannot start the thread of the messages")?;
    Ok(Notifier { thread, stop_on_drop })
}

impl Notifier {
    /// Stops all workers; each waits a short while for the request that is in flight.
    pub async fn stop(self) -> Result<()> {
        drop(self.stop_on_drop);
        let ended = task::spawn_blocking(|| self.thread.join()).await?;
        ended.map_err(|_| anyhow!("the thread of the messages panicked"))
    }
}

/// All targets and their workers.
struct Workers {
    shared: Shared,
    /// The targets of the current settings.
    targets: Vec<Arc<Target>>,
    /// What is wrong with a target, by its number.
    problems: BTreeMap<usize, String>,
    /// By the id of the target.
    running: BTreeMap<String, RunningWorker>,
    /// Workers of removed targets that may not have ended yet.
    stopping: BTreeMap<String, task::JoinHandle<()>>,
}

struct RunningWorker {
    updates: watch::Sender<Update>,
    stop_on_drop: DropGuard,
    task: task::JoinHandle<()>,
}

impl Workers {
    /// Passes each snapshot to the workers until `shutdown`. The targets are loaded from `initial`.
    async fn follow(
        &mut self,
        initial: &Settings,
        mut snapshots: Snapshots,
        shutdown: CancellationToken,
    ) {
        let mut loaded: Option<Arc<Settings>> = None;
        snapshots.mark_changed();
        loop {
            tokio::select! {
                () = shutdown.cancelled() => return,
                changed = snapshots.changed() => if changed.is_err() {
                    // The generator is gone, so the process is about to stop.
                    return shutdown.cancelled().await;
                },
            }
            let Some(snapshot) = snapshots.borrow_and_update().clone() else { continue };
            let settings = &snapshot.settings;
            let is_loaded = match &loaded {
                Some(loaded) => Arc::ptr_eq(loaded, settings),
                None => **settings == *initial,
            };
            if !is_loaded {
                self.load_targets(settings);
            }
            loaded = Some(Arc::clone(settings));
            self.update(Some(&snapshot));
        }
    }

    /// Loads the targets of `settings`, with their templates.
    fn load_targets(&mut self, settings: &Settings) {
        let problems = std::mem::take(&mut self.problems);
        let before = std::mem::take(&mut self.targets);
        for target in Target::all(settings, self.shared.timing) {
            let target = match target {
                Ok(target) => Some(target),
                Err(broken) => self.with_fallback(broken, &before),
            };
            self.targets.extend(target.map(Arc::new));
        }
        for (number, problem) in &self.problems {
            if problems.get(number) != Some(problem) {
                tracing::error!("{problem}");
            }
        }
        self.shared.metrics.set_warnings(self.problems.values().cloned().collect());
    }

    /// Replaces broken templates by those that the target had, or by the built-in ones.
    fn with_fallback(&mut self, broken: BrokenTarget, before: &[Arc<Target>]) -> Option<Target> {
        let (label, problem, target) = match broken.with_fallback(before) {
            Ok((target, fallback, error)) => {
                let label = target.label.clone();
                let templates = match fallback {
                    Fallback::PreviousTemplates => "keeps its previous templates",
                    Fallback::BuiltinTemplates => "uses the built-in templates",
                };
                (label.clone(), format!("chat {label} {templates}: {error:#}"), Some(target))
            }
            Err(BrokenTarget { label, error, .. }) => {
                self.shared.metrics.running(&label, false);
                (label.clone(), format!("chat {label} gets no messages: {error:#}"), None)
            }
        };
        self.problems.insert(label.number, problem);
        target
    }

    /// Passes `snapshot` to each worker; starts those of new targets, stops those of removed ones.
    fn update(&mut self, snapshot: Option<&Arc<Snapshot>>) {
        let is_removed = |id: &String| !self.targets.iter().any(|target| target.id == *id);
        let removed: Vec<_> = self.running.keys().filter(|id| is_removed(id)).cloned().collect();
        for id in removed {
            self.stop_worker(id);
        }
        for target in self.targets.clone() {
            let update = Update { target: Arc::clone(&target), snapshot: snapshot.cloned() };
            match self.running.get(&target.id) {
                Some(running) => drop(running.updates.send_replace(update)),
                None => self.start_worker(update),
            }
        }
    }

    fn start_worker(&mut self, update: Update) {
        let id = update.target.id.clone();
        tracing::info!("chat {}: messages start", update.target.label);
        let (updates, receiver) = watch::channel(update);
        let shutdown = CancellationToken::new();
        let stop_on_drop = shutdown.clone().drop_guard();
        let previous = self.stopping.remove(&id);
        let task = tokio::spawn(supervise(self.shared.clone(), receiver, shutdown, previous));
        self.running.insert(id, RunningWorker { updates, stop_on_drop, task });
    }

    fn stop_worker(&mut self, id: String) {
        if let Some(RunningWorker { updates, stop_on_drop, task }) = self.running.remove(&id) {
            tracing::info!("chat {}: messages stop", updates.borrow().target.label);
            drop(stop_on_drop);
            self.stopping.insert(id, task);
        }
    }

    /// Stops all workers, and waits for them.
    async fn stop(mut self) {
        for (id, RunningWorker { stop_on_drop, task, .. }) in std::mem::take(&mut self.running) {
            drop(stop_on_drop);
            self.stopping.insert(id, task);
        }
        for task in self.stopping.into_values() {
            if task.await.is_err() {
                tracing::error!("the task that supervises the worker of a chat panicked");
            }
        }
    }
}

/// Runs the worker of a target once its `previous` one has ended; restarts it after a panic.
async fn supervise(
    shared: Shared,
    updates: watch::Receiver<Update>,
    shutdown: CancellationToken,
    previous: Option<task::JoinHandle<()>>,
) {
    if let Some(previous) = previous {
        drop(previous.await);
    }
    loop {
        let worker = worker(&shared, &updates, &shutdown);
        if tokio::spawn(worker.run()).await.is_ok() {
            return;
        }
        let label = updates.borrow().target.label.clone();
        shared.metrics.running(&label, false);
        tracing::error!("the worker of chat {label} panicked; it restarts in a minute");
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = sleep(RESTART_DELAY) => {}
        }
    }
}

fn worker(
    shared: &Shared,
    updates: &watch::Receiver<Update>,
    shutdown: &CancellationToken,
) -> Worker {
    let target = Arc::clone(&updates.borrow().target);
    let backend = match &shared.archive {
        Some(archive) => Backend::Archive(Lease::new(archive.clone(), target.id.clone())),
        None => Backend::Local(Arc::clone(&shared.local), target.id.clone()),
    };
    Worker {
        store: OutboxStore::new(backend),
        updates: updates.clone(),
        sender: Sender::new(target, shared.timing, shared.metrics.clone(), random_seed()),
        shutdown: shutdown.clone(),
    }
}
