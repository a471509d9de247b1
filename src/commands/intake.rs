//! `lookout intake`: only the webhook endpoint, on as many machines as there need be.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::time::{MissedTickBehavior, interval};

use crate::app::monitoring::Monitoring;
use crate::app::scrubbing;
use crate::commands::rereading::open_journal;
use crate::commands::serve::{listen_on_both, spawn};
use crate::commands::shipping::Shipping;
use crate::config::{Settings, Supervisor};
use crate::intake::Intake;
use crate::journal::{Journal, PruneLimits};
use crate::server::admin;
use crate::server::{self, Signals, Trigger};
use crate::time::clock;

/// So often old events are looked for that need not be kept.
const PRUNE: Duration = Duration::from_secs(10);

/// Takes deliveries until SIGTERM or SIGINT, then drains.
pub async fn run(
    settings: Settings,
    mut supervisor: Supervisor,
    mut signals: Signals,
) -> Result<()> {
    settings.require_secret()?;
    server::raise_file_limit();
    let (public, private) = listen_on_both(&settings, &mut supervisor)?;
    let (address, admin_address) = (public.local_addr()?, private.local_addr()?);

    let journal = open_journal(&settings)?;
    let monitoring = Monitoring::default();
    let health = monitoring.health;
    scrubbing::start(&settings.journal.path, &health, monitoring.scrubbing, Some(&journal));
    let shipping = Shipping::start(&settings, &journal, monitoring.archive_backlog);
    let intake = Intake::new(&settings, Arc::clone(&journal), monitoring.intake);
    let intake = intake.acknowledging(shipping.as_ref().and_then(|s| s.majority(&settings)));
    let (trigger, shutdown) = Trigger::new();
    let servers = [
        (public, intake.router(&settings.zoom.paths())),
        (private, admin::router(Arc::clone(&health))),
    ];
    let servers = servers.map(|(listener, router)| spawn(listener, router, &shutdown));
    tracing::info!("Zoom's deliveries are taken at http://{address}{}", settings.zoom.path);
    tracing::info!("health and metrics are at http://{admin_address}");
    supervisor.ready();

    let signal = tokio::select! {
        signal = signals.received() => signal,
        () = prune_now_and_then(&settings, &journal, shipping.as_ref()) => "the end of all time",
    };
    tracing::info!("stopping on {signal}: requests under way are answered first");
    supervisor.stopping();
    health.set_fault("process", Some("it is about to end".to_owned()));
    trigger.pull();
    for server in servers {
        server.await.context("a server panicked")?;
    }
    if let Some(shipping) = shipping {
        shipping.stop().await;
    }
    if let Some(journal) = Arc::into_inner(journal) {
        tokio::task::spawn_blocking(|| journal.close()).await?;
    }
    Ok(())
}

/// Lets go what the archive has. Without an archive only a generator knows which events it
/// has taken in, so they stay.
async fn prune_now_and_then(settings: &Settings, journal: &Journal, shipping: Option<&Shipping>) {
    let mut ticks = interval(PRUNE);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let shipped = shipping.map(|shipping| *shipping.shipped.borrow());
        let due = PruneLimits::due(settings, shipped, clock::now_ms());
        let events_before_ms = due.events_before_ms.filter(|_| shipped.is_some());
        journal.prune(PruneLimits { events_before_ms, ..due });
    }
}
