//! The generator, in a thread of its own.

use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::time::timeout;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::archive::Archive;
use crate::config::Settings;
use crate::generator::{self, Generator, Load, Log, Metrics, Previews};
use crate::journal::{Journal, Shipped};
use crate::notify::Snapshot;
use crate::server::visitors::Publications;
use crate::store::UnsettledMeeting;
use crate::telemetry::health::Health;

/// How long to wait for the last publication. The systemd unit kills the process after 30 s.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(15);

/// What the generator reads, and what it reports to.
pub(super) struct Connections {
    /// `None` where another process writes the journal.
    pub(super) journal: Option<Arc<Journal>>,
    pub(super) archive: Option<Archive>,
    /// How far the journal is shipped to the archive; `None` without one.
    pub(super) shipped: Option<watch::Receiver<Shipped>>,
    /// Reads the settings again; `None` if changes are not watched.
    pub(super) load: Option<Load>,
    pub(super) health: Arc<Health>,
    pub(super) metrics: Metrics,
    pub(super) snapshots: watch::Sender<Option<Arc<Snapshot>>>,
    /// Receives the meetings that are not settled.
    pub(super) unsettled: watch::Sender<Option<Arc<Vec<UnsettledMeeting>>>>,
}

/// The running generator.
#[derive(Debug)]
pub(super) struct Publishing {
    /// Counts the publications that a visitor can see.
    pub(super) publications: Publications,
    /// What a template author has to know.
    pub(super) previews: Previews,
    thread: JoinHandle<()>,
    stop_on_drop: DropGuard,
}

impl Publishing {
    /// Starts the generator. It reports faults of templates, static files and the output directory
    /// itself, and the intake works all the same.
    pub(super) fn start(settings: &Settings, connections: Connections) -> Result<Self> {
        let shutdown = CancellationToken::new();
        let stop_on_drop = shutdown.clone().drop_guard();
        let (sender, publications) = watch::channel(0);
        let previews = Previews::default();
        let archive = connections.archive;
        let connected = generator::Connections {
            journal: connections.journal,
            publications: sender,
            health: connections.health,
            metrics: connections.metrics,
            shipped: connections.shipped,
            snapshots: connections.snapshots,
            unsettled: connections.unsettled,
            current_settings: Arc::new(Mutex::new(Arc::new(settings.clone()))),
            load: connections.load,
            previews: previews.clone(),
            shutdown,
        };
        let make = move |settings: &Settings| {
            let log = Log::open_to_follow(settings, archive.clone())?;
            Ok(Generator::lenient(settings.clone(), log))
        };
        let runtime = Handle::current();
        let thread = thread::Builder::new()
            .name("generator".to_owned())
            .spawn(move || generator::run(&connected, &runtime, make))
            .context("cannot start the generator's thread")?;
        Ok(Self { publications, previews, thread, stop_on_drop })
    }

    /// Waits for the first publication; forever if the site can't be published.
    pub(super) async fn published(&mut self) {
        // The sender lives as long as the generator.
        let _ = self.publications.wait_for(|count| *count > 0).await;
    }

    /// Publishes what is stored, and stops.
    pub(super) async fn stop(self) -> Result<()> {
        drop(self.stop_on_drop);
        let joined = tokio::task::spawn_blocking(|| self.thread.join());
        let Ok(joined) = timeout(DRAIN_TIMEOUT, joined).await else {
            tracing::error!("the last publication does not return; the next start makes up for it");
            return Ok(());
        };
        joined?.map_err(|_| anyhow!("the generator panicked"))
    }
}

/// Warns if the site will be empty.
pub fn warn_if_nobody_appears(settings: &Settings) {
    if settings.privacy.publish.is_empty() {
        tracing::warn!(
            "nobody appears on the site, because `privacy.publish` is empty; \
             list the names that may appear, or `[\"*\"]` for everybody"
        );
    }
}
