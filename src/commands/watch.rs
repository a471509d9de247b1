//! `lookout watch`: only the generator, where others take the deliveries.

use std::sync::Arc;

use anyhow::{Context, Result, anyhow};
use tokio::runtime::Handle;
use tokio::sync::watch;

use crate::archive::{Archive, Mode};
use crate::commands::build::warn_if_nobody_appears;
use crate::commands::serve::start_generator;
use crate::config::{Settings, Supervisor};
use crate::generator::Live;
use crate::http::{self, Trigger};

/// Keeps the site current until SIGTERM or SIGINT.
pub async fn run(settings: Settings, supervisor: &Supervisor) -> Result<()> {
    warn_if_nobody_appears(&settings);
    let archive = settings.archive.as_ref();
    let archive = archive.map(|archive| (Archive::new(archive, Handle::current()), Mode::On));
    let (trigger, shutdown) = Trigger::new();
    let live = Live {
        journal: None,
        publications: watch::channel(0).0,
        health: Arc::default(),
        shipped: None,
        shutdown,
    };
    let shown = settings.site.output_dir.display().to_string();
    let generator = start_generator(settings, archive, live)?;
    tracing::info!("the site in `{shown}` is kept current");
    supervisor.ready();
    let signal = http::signalled().await.context("cannot listen for signals")?;
    tracing::info!("stopping on {signal}");
    supervisor.stopping();
    trigger.pull();
    let ended = tokio::task::spawn_blocking(|| generator.join()).await?;
    ended.map_err(|_| anyhow!("the generator panicked"))
}
