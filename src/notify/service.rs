//! All targets, looked after in a thread of their own.
//!
//! Neither the intake nor the generator ever waits for a chat, and a fault in here ends
//! neither: a target whose task panics is begun again after a while.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use tokio::runtime::Builder;
use tokio::time::sleep;

use crate::archive::{Archive, Lease};
use crate::config::Settings;
use crate::http::{Shutdown, Trigger};
use crate::notify::desk::Desk;
use crate::notify::keep::{Keeper, Local, Place};
use crate::notify::metrics::Metrics;
use crate::notify::pace::{Pace, Rhythm};
use crate::notify::snapshot::Presences;
use crate::notify::target::Target;

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
    settings: Arc<Settings>,
    archive: Option<Archive>,
    local: Arc<Mutex<Local>>,
    presences: Presences,
    metrics: Metrics,
    pace: Pace,
    shutdown: Shutdown,
}

/// Tells the targets of `settings` what `presences` show; `None` where there are none.
///
/// # Errors
///
/// The thread can't be started.
pub fn start(
    settings: &Settings,
    archive: Option<Archive>,
    presences: Presences,
    metrics: Metrics,
    pace: Pace,
) -> Result<Option<Notifier>> {
    if settings.notify.is_empty() {
        return Ok(None);
    }
    let (trigger, shutdown) = Trigger::new();
    let local = Arc::new(Mutex::new(Local::beside(&settings.journal.path)));
    let settings = Arc::new(settings.clone());
    let common = Common { settings, archive, local, presences, metrics, pace, shutdown };
    let runtime = Builder::new_current_thread().enable_all().build();
    let runtime = runtime.context("cannot start the runtime of the messages")?;
    let thread = thread::Builder::new().name("notify".to_owned());
    let thread = thread.spawn(move || runtime.block_on(run(common)));
    let thread = thread.context("cannot start the thread of the messages")?;
    Ok(Some(Notifier { thread, trigger }))
}

impl Notifier {
    /// Ends, once what is under way has been answered or has had a while for it.
    pub async fn stop(self) -> Result<()> {
        self.trigger.pull();
        let ended = tokio::task::spawn_blocking(|| self.thread.join()).await?;
        ended.map_err(|_| anyhow!("the thread of the messages panicked"))
    }
}

async fn run(common: Common) {
    let targets = Target::all(&common.settings, common.pace);
    let mut tasks = Vec::new();
    for (index, target) in targets.into_iter().enumerate() {
        match target {
            Ok(target) => {
                tracing::info!("chat {} is told what happens", target.label);
                tasks.push(tokio::spawn(look_after(index, target, common.clone())));
            }
            Err(unusable) => {
                common.metrics.running(&unusable.label, false);
                tracing::error!("chat {} is not told: {:#}", unusable.label, unusable.error);
            }
        }
    }
    for task in tasks {
        if task.await.is_err() {
            tracing::error!("the task that looks after a chat's task panicked");
        }
    }
}

/// Looks after a target, and begins again should that panic.
async fn look_after(index: usize, target: Target, common: Common) {
    let mut target = Some(target);
    while let Some(found) = target.take() {
        let label = found.label.clone();
        if tokio::spawn(desk(found, &common).run()).await.is_ok() {
            return;
        }
        common.metrics.running(&label, false);
        tracing::error!("the task of chat {label} panicked; it is begun again in a minute");
        tokio::select! {
            () = common.shutdown.clone().wait() => return,
            () = sleep(BEGIN_AGAIN) => {}
        }
        target =
            Target::all(&common.settings, common.pace).into_iter().nth(index).and_then(Result::ok);
    }
}

fn desk(target: Target, common: &Common) -> Desk {
    let place = match &common.archive {
        Some(archive) => Place::Shared(Lease::new(archive.clone(), target.id.clone())),
        None => Place::Local(Arc::clone(&common.local), target.id.clone()),
    };
    let keeper = Keeper::new(place);
    Desk {
        target,
        keeper,
        presences: common.presences.clone(),
        pace: common.pace,
        rhythm: Rhythm::new(common.pace, seed()),
        metrics: common.metrics.clone(),
        shutdown: common.shutdown.clone(),
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
