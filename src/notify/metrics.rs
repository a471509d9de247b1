//! What is counted of each target, by its place and kind; never its address.

use std::sync::{Arc, Mutex, PoisonError};

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use crate::notify::target::Label;
use crate::time::moment::Moment;

/// Counters of all targets.
#[derive(Debug, Clone, Default)]
pub struct Metrics {
    sent: Family<TargetLabels, Counter>,
    lost: Family<LossLabels, Counter>,
    retries: Family<TargetLabels, Counter>,
    backlog: Family<TargetLabels, Gauge>,
    oldest: Family<TargetLabels, Gauge>,
    running: Family<TargetLabels, Gauge>,
    /// Why chats are not told as the settings and templates want it.
    faults: Arc<Mutex<Vec<String>>>,
}

/// Why something was not delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Loss {
    /// The server refused it for good.
    Refused,
    /// It waited for too long.
    GivenUp,
    /// Too many were waiting.
    TooMany,
    /// A template could not write it.
    Unwritten,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct TargetLabels {
    target: u64,
    kind: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct LossLabels {
    target: u64,
    kind: &'static str,
    reason: &'static str,
}

impl Metrics {
    /// Puts them where they are read.
    pub fn register(&self, registry: &mut Registry) {
        registry.register(
            "notify_sent",
            "Messages and cards delivered to a chat",
            self.sent.clone(),
        );
        registry.register(
            "notify_lost",
            "Messages that were not delivered to a chat",
            self.lost.clone(),
        );
        let retries = self.retries.clone();
        registry.register("notify_retries", "Attempts that failed and are made again", retries);
        let backlog = self.backlog.clone();
        registry.register("notify_backlog", "Messages and cards that wait for a chat", backlog);
        let oldest = self.oldest.clone();
        let help = "Since when the oldest of them waits; 0 if none does";
        registry.register("notify_oldest_timestamp_seconds", help, oldest);
        let running = self.running.clone();
        registry.register("notify_running", "Whether a chat is looked after here", running);
    }

    /// Something was delivered.
    pub fn sent(&self, label: &Label) {
        self.sent.get_or_create(&of(label)).inc();
    }

    /// So many were not.
    pub fn lost(&self, label: &Label, loss: Loss, count: usize) {
        let reason = match loss {
            Loss::Refused => "refused",
            Loss::GivenUp => "given_up",
            Loss::TooMany => "too_many",
            Loss::Unwritten => "unwritten",
        };
        let TargetLabels { target, kind } = of(label);
        self.lost.get_or_create(&LossLabels { target, kind, reason }).inc_by(count as u64);
    }

    /// An attempt is made again.
    pub fn retries(&self, label: &Label) {
        self.retries.get_or_create(&of(label)).inc();
    }

    /// So many wait, since then.
    pub fn waiting(&self, label: &Label, count: usize, since: Option<Moment>) {
        self.backlog.get_or_create(&of(label)).set(i64::try_from(count).unwrap_or(i64::MAX));
        self.oldest.get_or_create(&of(label)).set(since.map_or(0, Moment::seconds));
    }

    /// Replaces what is wrong with the chats.
    pub fn set_faults(&self, faults: Vec<String>) {
        *self.faults.lock().unwrap_or_else(PoisonError::into_inner) = faults;
    }

    /// Why chats are not told as the settings and templates want it.
    pub fn faults(&self) -> Vec<String> {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether the target is looked after by this process.
    pub fn running(&self, label: &Label, is_running: bool) {
        self.running.get_or_create(&of(label)).set(i64::from(is_running));
    }
}

fn of(label: &Label) -> TargetLabels {
    TargetLabels { target: label.place as u64, kind: label.chat.word() }
}
