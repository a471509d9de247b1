//! All targets, looked after in a thread of their own.
//!
//! Neither the intake nor the generator ever waits for a chat, and a fault in here ends
//! neither: a target whose task panics is begun again after a while.
//!
//! Settings come with each snapshot. Where they have changed, targets are made anew of them,
//! with their templates: those that are new are begun, those that are gone are ended, and the others
//! go by the new ones from then on.

use std::collections::BTreeMap;
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use tokio::runtime::Builder;
use tokio::sync::watch;
use tokio::task;
use tokio::time::sleep;

use crate::archive::{Archive, Lease};
use crate::config::Settings;
use crate::notify::desk::{Brief, Desk};
use crate::notify::keep::{Keeper, Local, Place};
use crate::notify::metrics::Metrics;
use crate::notify::pace::{Pace, Rhythm};
use crate::notify::snapshot::{Snapshot, Snapshots};
use crate::notify::target::{MakeDo, Target, Unusable};
use crate::server::{Shutdown, Trigger};
use crate::telemetry::abort_on_panic::AbortOnPanic;

/// A target whose task panicked is begun again after this.
const BEGIN_AGAIN: Duration = Duration::from_secs(60);

/// Targets that are looked after.
#[derive(Debug)]
pub struct Notifier {
    thread: JoinHandle<()>,
    trigger: Trigger,
}

/// What all targets of a process share.
#[derive(Clone)]
struct Common {
    archive: Option<Archive>,
    local: Arc<Mutex<Local>>,
    metrics: Metrics,
    pace: Pace,
}

/// Tells the targets of `settings` what `snapshots` show, and goes by the settings of these.
///
/// # Errors
///
/// The thread can't be started.
pub fn start(
    settings: &Settings,
    archive: Option<Archive>,
    snapshots: Snapshots,
    metrics: Metrics,
    pace: Pace,
) -> Result<Notifier> {
    let (trigger, shutdown) = Trigger::new();
    let local = Arc::new(Mutex::new(Local::beside(&settings.journal.path)));
    let common = Common { archive, local, metrics, pace };
    let mut desks = Desks {
        common,
        targets: Vec::new(),
        faults: BTreeMap::new(),
        running: BTreeMap::new(),
        ending: BTreeMap::new(),
    };
    let settings = settings.clone();
    let runtime = Builder::new_current_thread().enable_all().build();
    let runtime = runtime.context("cannot start the runtime of the messages")?;
    let thread = thread::Builder::new().name("notify".to_owned());
    let thread = thread.spawn(move || {
        let _guard = AbortOnPanic::guard("the messages to chats");
        runtime.block_on(async {
            desks.renew(&settings);
            desks.show(None);
            desks.follow(&settings, snapshots, shutdown).await;
            desks.end().await;
        });
    });
    let thread = thread.context("cannot start the thread of the messages")?;
    Ok(Notifier { thread, trigger })
}

impl Notifier {
    /// Ends, once what is under way has been answered or has had a while for it.
    pub async fn stop(self) -> Result<()> {
        self.trigger.pull();
        let ended = tokio::task::spawn_blocking(|| self.thread.join()).await?;
        ended.map_err(|_| anyhow!("the thread of the messages panicked"))
    }
}

/// All targets, and who looks after them.
struct Desks {
    common: Common,
    /// The targets of the settings that hold.
    targets: Vec<Arc<Target>>,
    /// What is wrong with those that can't be told as the settings want it, by their places.
    faults: BTreeMap<usize, String>,
    /// By the ids of their targets.
    running: BTreeMap<String, Running>,
    /// Those whose targets are gone, and who may not be done yet.
    ending: BTreeMap<String, task::JoinHandle<()>>,
}

/// Somebody who looks after a target.
struct Running {
    briefs: watch::Sender<Brief>,
    trigger: Trigger,
    task: task::JoinHandle<()>,
}

impl Desks {
    /// Tells them what there is to see, until `shutdown`. The settings taken up so far are `begun_by`.
    async fn follow(&mut self, begun_by: &Settings, mut snapshots: Snapshots, shutdown: Shutdown) {
        let mut known: Option<Arc<Settings>> = None;
        snapshots.mark_changed();
        loop {
            tokio::select! {
                () = shutdown.clone().wait() => return,
                changed = snapshots.changed() => if changed.is_err() {
                    // Whoever tells is gone, and it is about to end.
                    return shutdown.wait().await;
                },
            }
            let Some(snapshot) = snapshots.borrow_and_update().clone() else { continue };
            let settings = &snapshot.settings;
            let is_known = match &known {
                Some(known) => Arc::ptr_eq(known, settings),
                None => **settings == *begun_by,
            };
            if !is_known {
                self.renew(settings);
            }
            known = Some(Arc::clone(settings));
            self.show(Some(&snapshot));
        }
    }

    /// Takes up `settings`, and the templates that they name.
    fn renew(&mut self, settings: &Settings) {
        let faults = std::mem::take(&mut self.faults);
        let before = std::mem::take(&mut self.targets);
        let all = Target::all(settings, self.common.pace).into_iter();
        let usable = all.filter_map(|target| target.or_else(|it| self.make_do(it, &before)).ok());
        self.targets = usable.map(Arc::new).collect();
        let is_news = |(place, fault): &(&usize, &String)| faults.get(place) != Some(fault);
        for (_, fault) in self.faults.iter().filter(is_news) {
            tracing::error!("{fault}");
        }
        self.common.metrics.set_warnings(self.faults.values().cloned().collect());
    }

    /// Makes do with the templates that one of `before` has, or with the built-in ones.
    fn make_do(&mut self, target: Unusable, before: &[Arc<Target>]) -> Result<Target, ()> {
        let made = target.make_do(before.iter().map(AsRef::as_ref));
        let (label, fault) = match &made {
            Ok((Target { label, .. }, MakeDo::AsBefore, error)) => {
                (label, format!("chat {label} goes on with the words it had: {error:#}"))
            }
            Ok((Target { label, .. }, MakeDo::BuiltinWords, error)) => {
                (label, format!("chat {label} is told in the built-in words: {error:#}"))
            }
            Err(Unusable { label, error, .. }) => {
                self.common.metrics.running(label, false);
                (label, format!("chat {label} is not told: {error:#}"))
            }
        };
        self.faults.insert(label.place, fault);
        made.map(|(target, ..)| target).map_err(drop)
    }

    /// Shows each of them `snapshot`; begins those that are new, and ends those that are gone.
    fn show(&mut self, snapshot: Option<&Arc<Snapshot>>) {
        let is_there = |id: &String| self.targets.iter().any(|target| target.id == *id);
        let gone: Vec<_> = self.running.keys().filter(|id| !is_there(id)).cloned().collect();
        for id in gone {
            self.dismiss(id);
        }
        for target in self.targets.clone() {
            let brief = Brief { target: Arc::clone(&target), snapshot: snapshot.cloned() };
            match self.running.get(&target.id) {
                Some(running) => drop(running.briefs.send_replace(brief)),
                None => self.employ(brief),
            }
        }
    }

    fn employ(&mut self, brief: Brief) {
        let id = brief.target.id.clone();
        tracing::info!("chat {} is told what happens", brief.target.label);
        let (briefs, of) = watch::channel(brief);
        let (trigger, shutdown) = Trigger::new();
        let before = self.ending.remove(&id);
        let task = tokio::spawn(look_after(self.common.clone(), of, shutdown, before));
        self.running.insert(id, Running { briefs, trigger, task });
    }

    fn dismiss(&mut self, id: String) {
        if let Some(Running { briefs, trigger, task }) = self.running.remove(&id) {
            tracing::info!("chat {} is not told any more", briefs.borrow().target.label);
            trigger.pull();
            self.ending.insert(id, task);
        }
    }

    /// Waits until all of them have ended.
    async fn end(mut self) {
        for (id, Running { trigger, task, .. }) in std::mem::take(&mut self.running) {
            trigger.pull();
            self.ending.insert(id, task);
        }
        for task in self.ending.into_values() {
            if task.await.is_err() {
                tracing::error!("the task that looks after a chat's task panicked");
            }
        }
    }
}

/// Looks after a target, once whoever did `before` is done; begins again should that panic.
async fn look_after(
    common: Common,
    briefs: watch::Receiver<Brief>,
    shutdown: Shutdown,
    before: Option<task::JoinHandle<()>>,
) {
    if let Some(before) = before {
        drop(before.await);
    }
    loop {
        let desk = desk(&common, &briefs, &shutdown);
        if tokio::spawn(desk.run()).await.is_ok() {
            return;
        }
        let label = briefs.borrow().target.label.clone();
        common.metrics.running(&label, false);
        tracing::error!("the task of chat {label} panicked; it is begun again in a minute");
        tokio::select! {
            () = shutdown.clone().wait() => return,
            () = sleep(BEGIN_AGAIN) => {}
        }
    }
}

fn desk(common: &Common, briefs: &watch::Receiver<Brief>, shutdown: &Shutdown) -> Desk {
    let target = Arc::clone(&briefs.borrow().target);
    let place = match &common.archive {
        Some(archive) => Place::Shared(Lease::new(archive.clone(), target.id.clone())),
        None => Place::Local(Arc::clone(&common.local), target.id.clone()),
    };
    Desk {
        target,
        keeper: Keeper::new(place),
        briefs: briefs.clone(),
        pace: common.pace,
        rhythm: Rhythm::new(common.pace, seed()),
        metrics: common.metrics.clone(),
        shutdown: shutdown.clone(),
    }
}

/// Another one in each process, so that they do not try again all at once.
pub(super) fn seed() -> [u8; 32] {
    let mut seed = [0; 32];
    for part in seed.chunks_mut(8) {
        // The standard library's hashes begin with chance.
        part.copy_from_slice(&RandomState::new().build_hasher().finish().to_le_bytes());
    }
    seed
}
