//! Metrics of each target, by its number and kind; never with its URL.

use std::sync::Arc;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;

use crate::notify::target::Label;
use crate::telemetry::health::Health;
use crate::time::moment::Moment;

/// The metrics of all targets, and what is wrong with them.
#[derive(Debug, Clone, Default)]
pub struct Metrics {
    sent: Family<TargetLabels, Counter>,
    lost: Family<LossLabels, Counter>,
    retries: Family<TargetLabels, Counter>,
    backlog: Family<TargetLabels, Gauge>,
    oldest: Family<TargetLabels, Gauge>,
    running: Family<TargetLabels, Gauge>,
    health: Arc<Health>,
}

/// Why something was not delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Loss {
    /// The server refused it for good.
    Refused,
    /// It waited for too long.
    Expired,
    /// Too many were waiting.
    TooMany,
    /// A template could not be rendered.
    EncodingFailed,
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
    /// Registers the metrics of all targets with `health`.
    pub fn register(health: Arc<Health>) -> Self {
        let sent = "Messages and cards delivered to a chat";
        let lost = "Messages that were not delivered to a chat";
        let retries = "Attempts that failed and are repeated";
        let backlog = "Messages and cards that wait for a chat";
        let oldest = "Since when the oldest of them waits; 0 if none waits";
        let running = "Whether the worker of a chat is active in this process";
        Self {
            sent: health.register("notify_sent", sent),
            lost: health.register("notify_lost", lost),
            retries: health.register("notify_retries", retries),
            backlog: health.register("notify_backlog", backlog),
            oldest: health.register("notify_oldest_timestamp_seconds", oldest),
            running: health.register("notify_running", running),
            health,
        }
    }

    /// Counts a delivered message or card.
    pub fn sent(&self, label: &Label) {
        self.sent.get_or_create(&labels(label)).inc();
    }

    /// Counts what was not delivered.
    pub fn lost(&self, label: &Label, loss: Loss, count: usize) {
        let reason = match loss {
            Loss::Refused => "refused",
            Loss::Expired => "given_up",
            Loss::TooMany => "too_many",
            Loss::EncodingFailed => "unwritten",
        };
        let TargetLabels { target, kind } = labels(label);
        self.lost.get_or_create(&LossLabels { target, kind, reason }).inc_by(count as u64);
    }

    /// Counts an attempt that will be repeated.
    pub fn retries(&self, label: &Label) {
        self.retries.get_or_create(&labels(label)).inc();
    }

    /// Sets how many messages and cards wait, and since when.
    pub fn waiting(&self, label: &Label, count: usize, since: Option<Moment>) {
        self.backlog.get_or_create(&labels(label)).set(i64::try_from(count).unwrap_or(i64::MAX));
        self.oldest.get_or_create(&labels(label)).set(since.map_or(0, Moment::seconds));
    }

    /// Replaces the list of what is wrong with the targets.
    pub fn set_warnings(&self, warnings: Vec<String>) {
        self.health.set_warnings("notify", warnings);
    }

    /// Sets whether the worker of a target is active in this process.
    pub fn running(&self, label: &Label, is_running: bool) {
        self.running.get_or_create(&labels(label)).set(i64::from(is_running));
    }
}

fn labels(label: &Label) -> TargetLabels {
    TargetLabels { target: label.number as u64, kind: label.chat.word() }
}
