//! Asking Zoom's API, in a task.

use anyhow::{Context, Result};
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::config::Settings;
use crate::telemetry::abort_on_panic::AbortOnPanic;
use crate::zoom_api::{Healer, Metrics, Sink, Unsettled};

/// The running task.
#[derive(Debug)]
pub(super) struct Healing {
    stop_on_drop: DropGuard,
    task: JoinHandle<()>,
}

impl Healing {
    /// Starts to ask, if the settings have `[zoom.api]`; stores what it learns in `sink`.
    ///
    /// # Errors
    ///
    /// TLS can't be used.
    pub(super) fn start(
        settings: &Settings,
        sink: Sink,
        meetings: Unsettled,
        metrics: Metrics,
    ) -> Result<Option<Self>> {
        let Some(healer) = Healer::new(settings, sink, meetings, metrics)? else { return Ok(None) };
        let shutdown = CancellationToken::new();
        let stop_on_drop = shutdown.clone().drop_guard();
        let task = tokio::spawn(async move {
            let _guard = AbortOnPanic::guard("asking Zoom's API");
            healer.run(shutdown).await;
        });
        Ok(Some(Self { stop_on_drop, task }))
    }

    /// Stops asking.
    pub(super) async fn stop(self) -> Result<()> {
        drop(self.stop_on_drop);
        self.task.await.context("asking Zoom's API panicked")
    }
}
