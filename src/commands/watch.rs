//! `lookout watch`: only the generator, where others take the deliveries.

use std::sync::{Arc, Mutex};

use anyhow::{Context, Result};
use tokio::runtime::Handle;
use tokio::sync::watch;

use crate::app::monitoring::Monitoring;
use crate::app::scrubbing;
use crate::archive::Archive;
use crate::commands::build::warn_if_nobody_appears;
use crate::commands::serve::{Extras, join_generator, start_generator, start_preview};
use crate::config::{Settings, Supervisor};
use crate::generator::{Live, Previews};
use crate::server::visitors;
use crate::server::{self, Signals, Trigger};

/// Keeps the site current until SIGTERM or SIGINT.
pub async fn run(
    settings: Settings,
    extras: Extras,
    supervisor: Supervisor,
    mut signals: Signals,
) -> Result<()> {
    warn_if_nobody_appears(&settings);
    let archive = settings.archive.as_ref();
    let archive = archive.map(|archive| Archive::new(archive, Handle::current()));
    let (trigger, shutdown) = Trigger::new();
    let (tell, publications) = watch::channel(0);
    let previews = Previews::default();
    let preview = match extras.preview {
        Some(address) => {
            let site = visitors::router(&settings, publications, shutdown.clone());
            let listener = server::listen(address)?;
            Some(start_preview(listener, &settings, site, &previews, &shutdown)?)
        }
        None => None,
    };
    let monitoring = Monitoring::default();
    let health = monitoring.health;
    scrubbing::start(&settings.journal.path, &health, monitoring.scrubbing, None);
    let live = Live {
        journal: None,
        publications: tell,
        health: Arc::clone(&health),
        metrics: monitoring.generator,
        in_effect: Arc::new(Mutex::new(Arc::new(settings.clone()))),
        snapshots: watch::channel(None).0,
        shipped: None,
        load: extras.load,
        previews,
        shutdown,
    };
    let shown = settings.site.output_dir.display().to_string();
    let generator = start_generator(archive, live)?;
    tracing::info!("the site in `{shown}` is kept current");
    supervisor.ready();
    let signal = signals.received().await;
    tracing::info!("stopping on {signal}");
    supervisor.stopping();
    trigger.pull();
    if let Some(preview) = preview {
        preview.await.context("the preview panicked")?;
    }
    join_generator(generator).await
}
