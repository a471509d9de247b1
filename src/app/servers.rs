//! The HTTP servers of the application.

use anyhow::{Context, Result};
use axum::Router;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::server;
use crate::telemetry::abort_on_panic::AbortOnPanic;

/// Running servers, which stop together.
#[derive(Debug)]
pub(super) struct Servers {
    tasks: Vec<JoinHandle<()>>,
    stop_on_drop: DropGuard,
    shutdown: CancellationToken,
}

impl Servers {
    /// No servers yet.
    pub(super) fn new() -> Self {
        let shutdown = CancellationToken::new();
        let stop_on_drop = shutdown.clone().drop_guard();
        Self { tasks: Vec::new(), stop_on_drop, shutdown }
    }

    /// When the servers stop.
    pub(super) fn shutdown(&self) -> &CancellationToken {
        &self.shutdown
    }

    /// Serves `router` in a task of its own. If the task panics, the process aborts.
    pub(super) fn spawn(&mut self, listener: TcpListener, router: Router) {
        let serving = server::serve(listener, router, self.shutdown.clone());
        self.tasks.push(tokio::spawn(async move {
            let _guard = AbortOnPanic::guard("a server");
            serving.await;
        }));
    }

    /// Answers the requests in flight, and stops.
    pub(super) async fn stop(self) -> Result<()> {
        drop(self.stop_on_drop);
        for task in self.tasks {
            task.await.context("a server panicked")?;
        }
        Ok(())
    }
}
