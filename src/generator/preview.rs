//! What a template's author is told while looking at the site.

use std::sync::Arc;

use tokio::sync::watch;

use crate::time::clock;

/// How the site stands; a browser that previews it asks for nothing else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preview {
    /// Another number for each time that settings, templates or static files were taken up.
    pub version: i64,
    /// Why they were not, or why the site can't be made of them.
    pub fault: Option<Arc<str>>,
}

/// Tells whoever previews the site.
#[derive(Debug, Clone)]
pub struct Previews(watch::Sender<Preview>);

impl Default for Previews {
    fn default() -> Self {
        // A browser that was open before a restart has to load the page again, too.
        Self(watch::channel(Preview { version: clock::now_ms(), fault: None }).0)
    }
}

impl Previews {
    /// What is told, from now on.
    pub fn subscribe(&self) -> watch::Receiver<Preview> {
        self.0.subscribe()
    }

    /// Something was taken up and is in place.
    pub(super) fn renewed(&self) {
        self.0.send_modify(|preview| preview.version += 1);
    }

    /// Something is wrong.
    pub(super) fn fails(&self, fault: &str) {
        self.tell(Some(fault.into()));
    }

    /// Nothing is wrong any more.
    pub(super) fn works(&self) {
        self.tell(None);
    }

    fn tell(&self, fault: Option<Arc<str>>) {
        self.0.send_if_modified(|preview| {
            let changed = preview.fault != fault;
            preview.fault = fault;
            changed
        });
    }
}
