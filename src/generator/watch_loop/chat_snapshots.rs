//! Presence for the chats: sent when events arrive, when the settings change and when time
//! changes it.

use std::sync::Arc;

use tokio::sync::watch;

use crate::config::Settings;
use crate::notify::Snapshot;
use crate::roster::Presence;
use crate::time::moment::Moment;

/// Sends snapshots of presence.
pub(super) struct ChatSnapshots {
    sender: watch::Sender<Option<Arc<Snapshot>>>,
    is_pending: bool,
    /// When presence changes without an event.
    next_change: Option<Moment>,
}

impl ChatSnapshots {
    /// The first snapshot is pending.
    pub(super) fn new(sender: watch::Sender<Option<Arc<Snapshot>>>) -> Self {
        Self { sender, is_pending: true, next_change: None }
    }

    /// Requests a snapshot.
    pub(super) fn request(&mut self) {
        self.is_pending = true;
    }

    /// Requests a snapshot if time has changed presence by `now`, or if the clock was put back.
    pub(super) fn advance(&mut self, now: Moment, is_clock_back: bool) {
        self.is_pending |= is_clock_back || self.next_change.is_some_and(|change| change <= now);
    }

    pub(super) fn is_pending(&self) -> bool {
        self.is_pending
    }

    /// Sends `presence`, if there is a receiver.
    pub(super) fn send(&mut self, presence: &Presence, settings: &Arc<Settings>, now: Moment) {
        self.is_pending = false;
        self.next_change = presence.next_change;
        if self.sender.receiver_count() > 0 {
            self.sender.send_replace(Some(Arc::new(Snapshot::new(presence, settings, now))));
        }
    }
}
