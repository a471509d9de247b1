//! What the intake reports: answers, stored events, the journal's state and the clock skew.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;

use crate::journal::Appended;
use crate::telemetry::health::Health;
use crate::time::clock;
use crate::zoom::signature::{Refused, Untimely};

use super::answer::Answer;
use super::clock_skew::ClockSkew;

/// Anybody can send deliveries, so at most one log line of each kind is written in this time.
const LOG_INTERVAL_MS: i64 = 10_000;

/// The intake's metrics and conditions.
#[derive(Debug)]
pub struct Metrics {
    health: Arc<Health>,
    clock_skew: Mutex<ClockSkew>,
    refused_log: LogLimit,
    untimely_log: LogLimit,
    answers: Family<AnswerLabels, Counter>,
    mismatches: Counter,
    stored: Counter,
    redelivered: Counter,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct AnswerLabels {
    answer: &'static str,
    status: u16,
}

impl Metrics {
    /// Registers the intake's metrics with `health`.
    pub fn register(health: Arc<Health>) -> Self {
        Self {
            clock_skew: Mutex::default(),
            refused_log: LogLimit::default(),
            untimely_log: LogLimit::default(),
            answers: health.register("deliveries", "Deliveries answered"),
            mismatches: health
                .register("signature_mismatches", "Deliveries that another secret signed"),
            stored: health.register("events_stored", "Events stored for the first time"),
            redelivered: health.register("events_redelivered", "Events that were stored before"),
            health,
        }
    }

    /// Counts an answer, and logs a refusal.
    pub(super) fn answered(&self, answer: &Answer) {
        let labels = AnswerLabels { answer: answer.word(), status: answer.status().as_u16() };
        self.answers.get_or_create(&labels).inc();
        if matches!(answer, Answer::Refused(Refused::Mismatch)) {
            self.mismatches.inc();
        }
        if let Answer::Refused(refused) = answer
            && self.refused_log.allows(clock::now_ms())
        {
            tracing::warn!("refused a delivery: {refused}");
        }
    }

    /// Counts a delivery that the journal accepted. A new one was sent `late_s` seconds ago.
    pub(super) fn stored(&self, appended: Appended, late_s: i64) {
        self.health.set_fault("journal", None);
        match appended {
            Appended::New => {
                self.stored.inc();
                self.update_clock_skew(|skew| skew.after(late_s));
            }
            Appended::Known => {
                self.redelivered.inc();
            }
        }
    }

    /// Reports that the journal failed.
    pub(super) fn not_stored(&self) {
        let why = "the journal cannot be written; look at the log, the disk and its rights";
        self.health.set_fault("journal", Some(why.to_owned()));
    }

    /// Reports a genuine delivery that was not stored because it was sent at the wrong time.
    pub(super) fn untimely(&self, untimely: &Untimely) {
        if let Untimely::OutOfTolerance { skew_s, .. } = *untimely {
            self.update_clock_skew(|_| ClockSkew::OutOfTolerance { skew_s });
        }
        if self.untimely_log.allows(clock::now_ms()) {
            tracing::error!(
                "a genuine delivery was not stored: {untimely}; set the clock; if it is right, this was a replay"
            );
        }
    }

    fn update_clock_skew(&self, update: impl FnOnce(ClockSkew) -> ClockSkew) {
        let mut skew = self.clock_skew.lock().unwrap_or_else(PoisonError::into_inner);
        let updated = update(*skew);
        if updated != *skew {
            *skew = updated;
            self.health.set_fault("clock", updated.fault());
            self.health.set_warnings("clock", updated.warning().into_iter().collect());
        }
    }
}

/// Allows a log line at most once in [`LOG_INTERVAL_MS`].
#[derive(Debug)]
struct LogLimit {
    last_ms: AtomicI64,
}

impl Default for LogLimit {
    fn default() -> Self {
        Self { last_ms: AtomicI64::new(i64::MIN) }
    }
}

impl LogLimit {
    fn allows(&self, now_ms: i64) -> bool {
        let last_ms = self.last_ms.load(Ordering::Relaxed);
        // If the clock was put back, the line is written.
        let is_due = !(0..LOG_INTERVAL_MS).contains(&now_ms.saturating_sub(last_ms));
        if is_due {
            self.last_ms.store(now_ms, Ordering::Relaxed);
        }
        is_due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn journal_and_clock_are_faults_until_a_punctual_delivery_is_stored() {
        let health = Arc::new(Health::default());
        let metrics = Metrics::register(Arc::clone(&health));
        assert_eq!(health.faults(), []);
        metrics.untimely(&Untimely::OutOfTolerance { skew_s: 400, tolerance_s: 300 });
        metrics.not_stored();
        let parts: Vec<_> = health.faults().iter().map(|fault| fault.part).collect();
        assert_eq!(parts, ["clock", "journal"]);
        metrics.stored(Appended::New, 1);
        assert_eq!(health.faults(), []);
    }

    #[test]
    fn each_answer_is_counted() {
        let health = Arc::new(Health::default());
        let metrics = Metrics::register(Arc::clone(&health));
        metrics.answered(&Answer::Stored);
        metrics.answered(&Answer::Stored);
        let text = health.metrics();
        let line = r#"lookout_deliveries_total{answer="stored",status="204"} 2"#;
        assert!(text.contains(line), "{text}");
    }
}
