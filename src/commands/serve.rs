//! `lookout serve`: intake, generator, and the site for a browser, in one process.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use axum::Router;
use tokio::net::TcpListener;
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::time::timeout;

use crate::app::monitoring::Monitoring;
use crate::app::scrubbing;
use crate::archive::Archive;
use crate::commands::build::warn_if_nobody_appears;
use crate::commands::rereading::open_journal;
use crate::commands::shipping::Shipping;
use crate::config::{Settings, Supervisor};
use crate::generator::{self, Generator, Live, Load, Log, Previews};
use crate::intake::Intake;
use crate::journal::Journal;
use crate::notify::{self, Notifier, Timing};
use crate::server::admin;
use crate::server::visitors::{self, Publications};
use crate::server::{self, Shutdown, Signals, Trigger};
use crate::telemetry::abort_on_panic::AbortOnPanic;
use crate::telemetry::health::Health;

/// How long to wait for the last publication; the printed unit ends us after 30 s.
const LAST_PUBLICATION: Duration = Duration::from_secs(15);

/// What `serve` and `watch` do besides.
#[derive(Default)]
pub struct Extras {
    /// Reads the settings again when they have changed; `None`: nothing is watched.
    pub load: Option<Load>,
    /// Where the site is shown to its template author.
    pub preview: Option<SocketAddr>,
}

/// A running `serve`.
#[derive(Debug)]
pub struct Service {
    /// Where the webhook and the site are.
    pub address: SocketAddr,
    /// Where health and metrics are.
    pub admin: SocketAddr,
    journal: Arc<Journal>,
    health: Arc<Health>,
    publications: Publications,
    shipping: Option<Shipping>,
    notifier: Notifier,
    servers: Vec<tokio::task::JoinHandle<()>>,
    stop_servers: Trigger,
    generator: JoinHandle<()>,
    /// Pulled after the servers have ended: what they still stored is to be published.
    stop_generator: Trigger,
}

/// Serves until SIGTERM or SIGINT, then drains.
pub async fn run(
    settings: Settings,
    extras: Extras,
    mut supervisor: Supervisor,
    mut signals: Signals,
) -> Result<()> {
    let service = Service::start(settings, extras, &mut supervisor).await?;
    supervisor.ready();
    let signal = signals.received().await;
    tracing::info!("stopping on {signal}: requests under way are answered first");
    supervisor.stopping();
    service.stop().await
}

impl Service {
    /// Starts everything; returns when the addresses are bound.
    pub async fn start(
        settings: Settings,
        extras: Extras,
        supervisor: &mut Supervisor,
    ) -> Result<Self> {
        settings.require_secret()?;
        warn_if_nobody_appears(&settings);
        server::raise_file_limit();
        // Addresses first: a second `serve` by mistake ends here, before it touches anything.
        let (public, private) = listen_on_both(&settings, supervisor)?;
        let preview = extras.preview.map(server::listen).transpose()?;
        let (address, admin_address) = (public.local_addr()?, private.local_addr()?);

        let journal = open_journal(&settings)?;
        let monitoring = Monitoring::default();
        let health = monitoring.health;
        scrubbing::start(&settings.journal.path, &health, monitoring.scrubbing, Some(&journal));
        let (stop_servers, shutdown) = Trigger::new();
        let (stop_generator, last_call) = Trigger::new();
        let (tell, publications) = watch::channel(0);
        let shipping = Shipping::start(&settings, &journal, monitoring.archive_backlog);
        let intake = Intake::new(&settings, Arc::clone(&journal), monitoring.intake);
        let intake = intake.acknowledging(shipping.as_ref().and_then(|s| s.majority(&settings)));
        let previews = Previews::default();
        let site = visitors::router(&settings, publications.clone(), shutdown.clone());
        let preview = preview
            .map(|listener| start_preview(listener, &settings, site.clone(), &previews, &shutdown));
        let router = intake.router(&settings.zoom.paths()).merge(site);
        let (snapshots, for_chats) = watch::channel(None);
        let live = Live {
            snapshots,
            shipped: shipping.as_ref().map(|shipping| shipping.shipped.clone()),
            journal: Some(Arc::clone(&journal)),
            publications: tell,
            health: Arc::clone(&health),
            metrics: monitoring.generator,
            in_effect: Arc::new(Mutex::new(Arc::new(settings.clone()))),
            load: extras.load,
            previews,
            shutdown: last_call,
        };
        let archive = shipping.as_ref().map(|shipping| shipping.archive.clone());
        let shared = archive.clone();
        let notifier =
            notify::start(&settings, shared, for_chats, monitoring.notify, Timing::default())?;
        let generator = start_generator(archive, live)?;
        let mut servers = vec![
            spawn(public, router, &shutdown),
            spawn(private, admin::router(Arc::clone(&health)), &shutdown),
        ];
        servers.extend(preview.transpose()?);
        tracing::info!("the site is at http://{address}{}", settings.site.path);
        tracing::info!("Zoom's deliveries are taken at http://{address}{}", settings.zoom.path);
        tracing::info!("health and metrics are at http://{admin_address}");
        Ok(Self {
            address,
            admin: admin_address,
            journal,
            health,
            publications,
            servers,
            stop_servers,
            generator,
            stop_generator,
            shipping,
            notifier,
        })
    }

    /// Waits until there is a page to look at; forever if it can't be published.
    pub async fn published(&mut self) {
        // The sender lives as long as the generator.
        let _ = self.publications.wait_for(|count| *count > 0).await;
    }

    /// Answers what is under way, publishes what is stored, and ends.
    pub async fn stop(self) -> Result<()> {
        self.health.set_fault("process", Some("it is about to end".to_owned()));
        self.stop_servers.pull();
        for server in self.servers {
            server.await.context("a server panicked")?;
        }
        self.stop_generator.pull();
        join_generator(self.generator).await?;
        self.notifier.stop().await?;
        if let Some(shipping) = self.shipping {
            shipping.stop().await;
        }
        if let Some(journal) = Arc::into_inner(self.journal) {
            tokio::task::spawn_blocking(|| journal.close()).await?;
        }
        Ok(())
    }
}

/// An address of the settings cannot be had.
#[derive(Debug, thiserror::Error)]
#[error("{why}; stop what listens there, perhaps another Lookout, or change `{key}`")]
pub struct CannotListen {
    why: String,
    key: &'static str,
}

/// Listens where deliveries are taken, and where health is told.
pub(super) fn listen_on_both(
    settings: &Settings,
    supervisor: &mut Supervisor,
) -> Result<(TcpListener, TcpListener)> {
    let public = listen(supervisor, settings.zoom.listen, "zoom.listen")?;
    let private = listen(supervisor, settings.admin.listen, "admin.listen")?;
    supervisor.refuse_other_sockets()?;
    Ok((public, private))
}

/// Listens on `address`, which `key` sets, or takes over the socket that does already.
pub(super) fn listen(
    supervisor: &mut Supervisor,
    address: SocketAddr,
    key: &'static str,
) -> Result<TcpListener> {
    if let Some(socket) = supervisor.socket(address) {
        socket.set_nonblocking(true)?;
        return Ok(TcpListener::from_std(socket)?);
    }
    let cannot = |error| CannotListen { why: format!("{error:#}"), key };
    Ok(server::listen(address).map_err(cannot)?)
}

/// Starts the generator in a thread of its own. Whatever is wrong with templates, static files or
/// the output directory is reported there: deliveries are taken all the same.
pub(super) fn start_generator(archive: Option<Archive>, live: Live) -> Result<JoinHandle<()>> {
    let make = move |settings: &Settings| {
        let log = Log::to_follow(settings, archive.clone())?;
        Ok(Generator::lenient(settings.clone(), log))
    };
    let runtime = Handle::current();
    thread::Builder::new()
        .name("generator".to_owned())
        .spawn(move || generator::run(&live, &runtime, make))
        .context("cannot start the generator's thread")
}

/// Waits for the generator's last publication.
pub(super) async fn join_generator(generator: JoinHandle<()>) -> Result<()> {
    let ended = tokio::task::spawn_blocking(|| generator.join());
    let Ok(ended) = timeout(LAST_PUBLICATION, ended).await else {
        tracing::error!("the last publication does not return; the next start makes up for it");
        return Ok(());
    };
    ended?.map_err(|_| anyhow!("the generator panicked"))
}

/// Shows the site to its template author, until `shutdown`.
pub(super) fn start_preview(
    listener: TcpListener,
    settings: &Settings,
    site: Router,
    previews: &Previews,
    shutdown: &Shutdown,
) -> Result<tokio::task::JoinHandle<()>> {
    let (address, path) = (listener.local_addr()?, &settings.site.path);
    tracing::info!("the preview is at http://{address}{path}");
    let router = visitors::preview::router(settings, site, previews, shutdown);
    Ok(spawn(listener, router, shutdown))
}

/// Serves `router` in a task of its own, without which the process is of no use.
pub(super) fn spawn(
    listener: TcpListener,
    router: Router,
    shutdown: &Shutdown,
) -> tokio::task::JoinHandle<()> {
    let serving = server::serve(listener, router, shutdown.clone());
    tokio::spawn(async move {
        let _guard = AbortOnPanic::guard("a server");
        serving.await;
    })
}
