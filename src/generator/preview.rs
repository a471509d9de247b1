//! What a template author sees while looking at the site: its version, and what is wrong.

use std::sync::Arc;

use tokio::sync::watch;

use crate::time::clock;

/// The state of the site, for a browser that previews it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preview {
    /// Changes each time that settings, templates or static files are applied.
    pub version: i64,
    /// Why they can't be applied, or why the site can't be made.
    pub fault: Option<Arc<str>>,
}

/// Sends the state of the site to previews.
#[derive(Debug, Clone)]
pub struct Previews(watch::Sender<Preview>);

impl Default for Previews {
    fn default() -> Self {
        // A browser that was open before a restart has to load the page again, too.
        Self(watch::channel(Preview { version: clock::now_ms(), fault: None }).0)
    }
}

impl Previews {
    /// The current state and its changes.
    pub fn subscribe(&self) -> watch::Receiver<Preview> {
        self.0.subscribe()
    }

    /// Sends a new version.
    pub(super) fn reloaded(&self) {
        self.0.send_modify(|preview| preview.version += 1);
    }

    /// Sends what is wrong.
    pub(super) fn set_fault(&self, fault: &str) {
        self.send(Some(fault.into()));
    }

    /// Sends that nothing is wrong.
    pub(super) fn clear_fault(&self) {
        self.send(None);
    }

    fn send(&self, fault: Option<Arc<str>>) {
        self.0.send_if_modified(|preview| {
            let changed = preview.fault != fault;
            preview.fault = fault;
            changed
        });
    }
}
