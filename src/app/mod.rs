//! The running application: which parts run, and in what order they start and stop.
//!
//! Each long-running command has one constructor of [`App`]. Parts stop in the order of its fields,
//! so that each part still processes what the part before it has produced. The journal closes last.

pub mod counted;
mod follower;
mod healing;
mod listeners;
mod monitoring;
pub mod privileges;
mod pruning;
mod publishing;
pub mod quarantine;
mod scrubbing;
mod servers;
mod shipping;

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Result;
use axum::Router;
use tokio::net::TcpListener;
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::archive::Archive;
use crate::config::{Settings, Supervisor};
use crate::generator::{Load, Log};
use crate::intake::{self, Intake};
use crate::journal::Journal;
use crate::notify::{self, Notifier, Timing};
use crate::server::{self, admin, visitors};
use crate::shutdown::Signals;
use crate::telemetry::health::Health;
use crate::zoom_api::Sink;

use healing::Healing;
use monitoring::Monitoring;
use publishing::{Connections, Publishing};
use servers::Servers;
use shipping::Shipping;

pub use listeners::CannotListen;
pub use publishing::warn_if_nobody_appears;

/// Options of `serve` and `watch`.
#[derive(Default)]
pub struct Options {
    /// Reads the settings again when they have changed; `None` if changes are not watched.
    pub load: Option<Load>,
    /// Where the preview for a template author is served.
    pub preview: Option<SocketAddr>,
}

/// The running parts, in data-flow order.
#[derive(Debug)]
pub struct App {
    /// Where the webhook is served; `None` without an intake.
    pub address: Option<SocketAddr>,
    health: Arc<Health>,
    servers: Servers,
    healing: Option<Healing>,
    journal: Option<Arc<Journal>>,
    pruning: Option<JoinHandle<()>>,
    publishing: Option<Publishing>,
    /// Stops the follower, which replaces the generator where only chats are notified.
    follower: Option<DropGuard>,
    notifier: Option<Notifier>,
    shipping: Option<Shipping>,
}

impl App {
    /// Starts intake, generator, site and chats: `lookout serve`.
    ///
    /// # Errors
    ///
    /// There is no secret, an address is taken, or the journal can't be opened.
    pub fn serve(
        settings: &Settings,
        options: Options,
        supervisor: &mut Supervisor,
    ) -> Result<Self> {
        settings.require_secret()?;
        warn_if_nobody_appears(settings);
        server::raise_file_limit();
        // Addresses first: a second `serve` by mistake fails here, before it touches any file.
        let (public, admin) = listeners::public_and_admin(settings, supervisor)?;
        let preview = options.preview.map(server::listen).transpose()?;

        let monitoring = Monitoring::default();
        let mut app = Self::new(monitoring.health);
        let journal = app.open_journal(settings, monitoring.scrubbing)?;
        app.shipping = Shipping::start(settings, &journal, monitoring.archive_backlog);
        let archive = app.shipping.as_ref().map(|shipping| shipping.archive.clone());
        let webhook = app.webhook(settings, &journal, monitoring.intake);
        let (sender, snapshots) = watch::channel(None);
        let (unsettled, meetings) = watch::channel(None);
        let sink = Sink::Running(Arc::clone(&journal));
        app.healing = Healing::start(settings, sink, meetings, monitoring.zoom_api)?;
        let connections = Connections {
            journal: Some(journal),
            archive: archive.clone(),
            shipped: app.shipping.as_ref().map(|shipping| shipping.shipped.clone()),
            load: options.load,
            health: Arc::clone(&app.health),
            metrics: monitoring.generator,
            snapshots: sender,
            unsettled,
        };
        let publishing = Publishing::start(settings, connections)?;
        let timing = Timing::default();
        app.notifier =
            Some(notify::start(settings, archive, snapshots, monitoring.notify, timing)?);

        let site = app.site(settings, &publishing);
        if let Some(listener) = preview {
            app.spawn_preview(settings, listener, &publishing, site.clone())?;
        }
        app.publishing = Some(publishing);
        let address = public.local_addr()?;
        tracing::info!("the site is at http://{address}{}", settings.site.path);
        app.spawn_webhook(settings, public, webhook.merge(site))?;
        app.spawn_admin(admin)?;
        Ok(app)
    }

    /// Starts only the intake: `lookout intake`.
    ///
    /// # Errors
    ///
    /// There is no secret, an address is taken, or the journal can't be opened.
    pub fn intake(settings: &Settings, supervisor: &mut Supervisor) -> Result<Self> {
        settings.require_secret()?;
        server::raise_file_limit();
        let (public, admin) = listeners::public_and_admin(settings, supervisor)?;
        let monitoring = Monitoring::default();
        let mut app = Self::new(monitoring.health);
        let journal = app.open_journal(settings, monitoring.scrubbing)?;
        app.shipping = Shipping::start(settings, &journal, monitoring.archive_backlog);
        let webhook = app.webhook(settings, &journal, monitoring.intake);
        let shipped = app.shipping.as_ref().map(|shipping| shipping.shipped.clone());
        app.pruning = Some(pruning::start(settings.clone(), journal, shipped));
        app.spawn_webhook(settings, public, webhook)?;
        app.spawn_admin(admin)?;
        Ok(app)
    }

    /// Starts only the generator, and the preview if asked for: `lookout watch`.
    ///
    /// # Errors
    ///
    /// The address of the preview is taken.
    pub fn watch(settings: &Settings, options: Options) -> Result<Self> {
        warn_if_nobody_appears(settings);
        let preview = options.preview.map(server::listen).transpose()?;
        let monitoring = Monitoring::default();
        let mut app = Self::new(monitoring.health);
        scrubbing::start(&settings.journal.path, &app.health, monitoring.scrubbing, None);
        let (unsettled, meetings) = watch::channel(None);
        let sink = Sink::Shared(settings.journal.path.clone());
        app.healing = Healing::start(settings, sink, meetings, monitoring.zoom_api)?;
        let connections = Connections {
            journal: None,
            archive: archive(settings),
            shipped: None,
            load: options.load,
            health: Arc::clone(&app.health),
            metrics: monitoring.generator,
            snapshots: watch::channel(None).0,
            unsettled,
        };
        let publishing = Publishing::start(settings, connections)?;
        if let Some(listener) = preview {
            let site = app.site(settings, &publishing);
            app.spawn_preview(settings, listener, &publishing, site)?;
        }
        app.publishing = Some(publishing);
        tracing::info!("the site in `{}` is kept current", settings.site.output_dir.display());
        Ok(app)
    }

    /// Starts only what notifies chats: `lookout notify`. `load` reads the settings again when they
    /// have changed.
    ///
    /// # Errors
    ///
    /// The log can't be opened.
    pub fn notify(settings: &Settings, load: Load, supervisor: &mut Supervisor) -> Result<Self> {
        let monitoring = Monitoring::default();
        let mut app = Self::new(monitoring.health);
        // An intake on the same machine may have the address already.
        match listeners::admin(settings, supervisor) {
            Ok(listener) => app.servers.spawn(listener, admin::router(Arc::clone(&app.health))),
            Err(error) => tracing::info!("there are no metrics of the messages: {error:#}"),
        }
        let archive = archive(settings);
        let log = Log::open_to_follow(settings, archive.clone())?;
        let shutdown = CancellationToken::new();
        let stop_on_drop = shutdown.clone().drop_guard();
        let snapshots = follower::follow(settings.clone(), log, load, shutdown)?;
        app.follower = Some(stop_on_drop);
        let timing = Timing::default();
        app.notifier =
            Some(notify::start(settings, archive, snapshots, monitoring.notify, timing)?);
        Ok(app)
    }

    /// Runs until SIGTERM or SIGINT, then stops.
    ///
    /// # Errors
    ///
    /// As [`stop`](Self::stop).
    pub async fn run(self, supervisor: Supervisor, mut signals: Signals) -> Result<()> {
        supervisor.ready();
        let signal = signals.received().await;
        tracing::info!("stopping on {signal}: requests under way are answered first");
        supervisor.stopping();
        self.stop().await
    }

    /// Waits until the site is published; forever if it can't be.
    pub async fn published(&mut self) {
        if let Some(publishing) = &mut self.publishing {
            publishing.published().await;
        }
    }

    /// Answers the requests in flight, publishes what is stored, and stops all parts.
    ///
    /// # Errors
    ///
    /// A part panicked.
    pub async fn stop(self) -> Result<()> {
        self.health.set_fault("process", Some("it is shutting down".to_owned()));
        self.servers.stop().await?;
        if let Some(healing) = self.healing {
            healing.stop().await?;
        }
        if let Some(pruning) = self.pruning {
            pruning.abort();
            // Waits until the cancelled task has released the journal.
            drop(pruning.await);
        }
        if let Some(publishing) = self.publishing {
            publishing.stop().await?;
        }
        if let Some(notifier) = self.notifier {
            notifier.stop().await?;
        }
        drop(self.follower);
        if let Some(shipping) = self.shipping {
            shipping.stop().await;
        }
        if let Some(journal) = self.journal.and_then(Arc::into_inner) {
            tokio::task::spawn_blocking(|| journal.close()).await?;
        }
        Ok(())
    }

    /// An application of which no part runs yet.
    fn new(health: Arc<Health>) -> Self {
        Self {
            address: None,
            health,
            servers: Servers::new(),
            healing: None,
            journal: None,
            pruning: None,
            publishing: None,
            follower: None,
            notifier: None,
            shipping: None,
        }
    }

    /// Opens the journal, and starts the search for damage.
    fn open_journal(
        &mut self,
        settings: &Settings,
        metrics: scrubbing::Metrics,
    ) -> Result<Arc<Journal>> {
        let journal = quarantine::open_journal(settings)?;
        scrubbing::start(&settings.journal.path, &self.health, metrics, Some(&journal));
        self.journal = Some(Arc::clone(&journal));
        Ok(journal)
    }

    /// The routes of the webhook.
    fn webhook(
        &self,
        settings: &Settings,
        journal: &Arc<Journal>,
        metrics: intake::Metrics,
    ) -> Router {
        let majority = self.shipping.as_ref().and_then(|shipping| shipping.majority(settings));
        let intake = Intake::new(settings, Arc::clone(journal), metrics);
        intake.acknowledging(majority).router(&settings.zoom.paths())
    }

    /// The routes of the site.
    fn site(&self, settings: &Settings, publishing: &Publishing) -> Router {
        let shutdown = self.servers.shutdown().clone();
        visitors::router(settings, publishing.publications.clone(), shutdown)
    }

    fn spawn_webhook(
        &mut self,
        settings: &Settings,
        listener: TcpListener,
        router: Router,
    ) -> Result<()> {
        let address = listener.local_addr()?;
        self.address = Some(address);
        self.servers.spawn(listener, router);
        tracing::info!("Zoom's deliveries are taken at http://{address}{}", settings.zoom.path);
        Ok(())
    }

    fn spawn_admin(&mut self, listener: TcpListener) -> Result<()> {
        let address = listener.local_addr()?;
        self.servers.spawn(listener, admin::router(Arc::clone(&self.health)));
        tracing::info!("health and metrics are at http://{address}");
        Ok(())
    }

    fn spawn_preview(
        &mut self,
        settings: &Settings,
        listener: TcpListener,
        publishing: &Publishing,
        site: Router,
    ) -> Result<()> {
        let (address, path) = (listener.local_addr()?, &settings.site.path);
        let shutdown = self.servers.shutdown();
        let router = visitors::preview::router(settings, site, &publishing.previews, shutdown);
        self.servers.spawn(listener, router);
        tracing::info!("the preview is at http://{address}{path}");
        Ok(())
    }
}

/// The archive of the settings. It need not be reachable yet.
fn archive(settings: &Settings) -> Option<Archive> {
    settings.archive.as_ref().map(|archive| Archive::new(archive, Handle::current()))
}
