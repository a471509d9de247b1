//! How the process is: ready or why not, and what it counted.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use prometheus_client::encoding::{EncodeLabelSet, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use serde::Serialize;

use crate::intake::answer::Answer;
use crate::intake::clock_skew::ClockSkew;
use crate::journal::Appended;
use crate::notify::Metrics;
use crate::time::clock;
use crate::zoom::signature::Untimely;

/// A line about deliveries of one kind at most so often: anybody may send them.
const LOG_INTERVAL_MS: i64 = 10_000;

/// What readiness and metrics are made from. Shared by all parts of a process.
#[derive(Debug)]
pub struct Health {
    draining: AtomicBool,
    journal_fails: AtomicBool,
    clock_skew: Mutex<ClockSkew>,
    refused_log: LogLimit,
    untimely_log: LogLimit,
    answers: Family<AnswerLabels, Counter>,
    events: Counter,
    redelivered: Counter,
    site_fails: AtomicBool,
    published: Counter,
    published_at: Gauge,
    backlog: Gauge,
    damaged: Gauge,
    scrubbed_at: Gauge,
    /// What does not work as it should, by the part it concerns.
    warnings: Mutex<BTreeMap<&'static str, Vec<String>>>,
    notify: Metrics,
    registry: Registry,
}

/// Lets a line into the log at most once in [`LOG_INTERVAL_MS`].
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
        // A clock that was put back is no reason for silence.
        let is_due = !(0..LOG_INTERVAL_MS).contains(&now_ms.saturating_sub(last_ms));
        if is_due {
            self.last_ms.store(now_ms, Ordering::Relaxed);
        }
        is_due
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct AnswerLabels {
    answer: &'static str,
    status: u16,
}

/// What is wrong with a part of the process.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reason {
    /// Which part it is.
    pub what: &'static str,
    /// What is wrong, and what to do.
    pub why: String,
}

impl Default for Health {
    fn default() -> Self {
        let mut health = Self {
            draining: AtomicBool::new(false),
            journal_fails: AtomicBool::new(false),
            clock_skew: Mutex::default(),
            refused_log: LogLimit::default(),
            untimely_log: LogLimit::default(),
            answers: Family::default(),
            events: Counter::default(),
            redelivered: Counter::default(),
            site_fails: AtomicBool::new(false),
            published: Counter::default(),
            published_at: Gauge::default(),
            backlog: Gauge::default(),
            damaged: Gauge::default(),
            scrubbed_at: Gauge::default(),
            warnings: Mutex::default(),
            notify: Metrics::default(),
            registry: Registry::with_prefix("lookout"),
        };
        health.register();
        health
    }
}

impl Health {
    /// A new delivery was stored that was sent `late_s` seconds before it came.
    pub(crate) fn new_delivery_was_sent(&self, late_s: i64) {
        let mut skew = self.clock_skew();
        *skew = skew.after(late_s);
    }

    /// A genuine delivery that was never stored came out of tolerance.
    pub(crate) fn clock_disagrees(&self, untimely: &Untimely) {
        if let Untimely::OutOfTolerance { skew_s, .. } = *untimely {
            *self.clock_skew() = ClockSkew::OutOfTolerance { skew_s };
        }
        if self.untimely_log.allows(clock::now_ms()) {
            tracing::error!(
                "a genuine delivery was not stored: {untimely}; set the clock; if it is right, this was a replay"
            );
        }
    }

    fn clock_skew(&self) -> MutexGuard<'_, ClockSkew> {
        self.clock_skew.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The journal took a delivery.
    pub fn journal_works(&self) {
        self.journal_fails.store(false, Ordering::Relaxed);
    }

    /// The journal failed.
    pub fn journal_fails(&self) {
        self.journal_fails.store(true, Ordering::Relaxed);
    }

    /// Counts what was stored.
    pub fn stored(&self, appended: Appended) {
        match appended {
            Appended::New => self.events.inc(),
            Appended::Known => self.redelivered.inc(),
        };
    }

    /// The site was published.
    pub fn published(&self) {
        self.site_fails.store(false, Ordering::Relaxed);
        self.published.inc();
        self.published_at.set(clock::now().seconds());
    }

    /// The site can't be published. That makes no delivery unwelcome.
    pub fn publishing_fails(&self) {
        self.site_fails.store(true, Ordering::Relaxed);
    }

    /// Replaces the warnings about a part: it does not work as it should, which makes no delivery
    /// unwelcome.
    pub fn warn(&self, what: &'static str, whys: Vec<String>) {
        self.warnings.lock().unwrap_or_else(PoisonError::into_inner).insert(what, whys);
    }

    /// What does not work as it should; empty where everything does.
    pub fn warnings(&self) -> Vec<Reason> {
        let warnings = self.warnings.lock().unwrap_or_else(PoisonError::into_inner);
        let reasons = warnings.iter().flat_map(|(&what, whys)| {
            whys.iter().map(move |why| Reason { what, why: why.clone() })
        });
        let clock = self.clock_skew().warning().map(|why| Reason { what: "clock", why });
        let chats = self.notify.faults().into_iter().map(|why| Reason { what: "notify", why });
        reasons.chain(clock).chain(chats).collect()
    }

    /// How many stored events and deliveries are damaged, as far as is known.
    pub fn events_damaged(&self, number: u64) {
        self.damaged.set(i64::try_from(number).unwrap_or(i64::MAX));
    }

    /// The whole journal was looked through for damage, at `second` since the epoch.
    pub fn journal_scrubbed(&self, second: i64) {
        self.scrubbed_at.set(second);
    }

    /// So many events wait in the journal for the archive.
    pub fn archive_backlog(&self, waiting: u64) {
        self.backlog.set(i64::try_from(waiting).unwrap_or(i64::MAX));
    }

    /// What is counted of the chats that are told.
    pub fn notify(&self) -> Metrics {
        self.notify.clone()
    }

    /// The process is about to end.
    pub fn drains(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }

    /// Counts an answer; logs a refusal, at most one line in ten seconds.
    pub(crate) fn answered(&self, answer: &Answer) {
        let labels = AnswerLabels { answer: answer.word(), status: answer.status().as_u16() };
        self.answers.get_or_create(&labels).inc();
        if let Answer::Refused(refused) = answer
            && self.refused_log.allows(clock::now_ms())
        {
            tracing::warn!("refused a delivery: {refused}");
        }
    }

    /// Why the process is not ready; empty when it is.
    pub fn reasons(&self) -> Vec<Reason> {
        let mut reasons = Vec::new();
        if self.draining.load(Ordering::Relaxed) {
            reasons.push(Reason { what: "process", why: "it is about to end".to_owned() });
        }
        if self.journal_fails.load(Ordering::Relaxed) {
            let why = "the journal cannot be written; look at the log, the disk and its rights";
            reasons.push(Reason { what: "journal", why: why.to_owned() });
        }
        let clock = self.clock_skew().fault();
        reasons.extend(clock.map(|why| Reason { what: "clock", why }));
        reasons
    }

    /// Whether the last attempt at publishing failed.
    pub fn site_fails(&self) -> bool {
        self.site_fails.load(Ordering::Relaxed)
    }

    /// Everything counted, in the text format that Prometheus reads.
    pub fn metrics(&self) -> String {
        let mut text = String::new();
        text::encode(&mut text, &self.registry).expect("a String takes any text");
        text
    }

    fn register(&mut self) {
        let registry = &mut self.registry;
        registry.register("deliveries", "Deliveries answered", self.answers.clone());
        registry.register("events_stored", "Events stored for the first time", self.events.clone());
        let redelivered = self.redelivered.clone();
        registry.register("events_redelivered", "Events that were stored before", redelivered);
        registry.register("publications", "Times the site was published", self.published.clone());
        let backlog = self.backlog.clone();
        registry.register("archive_backlog", "Events that wait for the archive", backlog);
        let help = "Stored events and deliveries found damaged";
        registry.register("events_damaged", help, self.damaged.clone());
        let help = "When the journal was last looked through for damage to its end";
        registry.register("journal_scrubbed_timestamp_seconds", help, self.scrubbed_at.clone());
        self.notify.register(registry);
        let at = self.published_at.clone();
        registry.register("published_timestamp_seconds", "When the site was published", at);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readiness_names_what_is_wrong_until_it_is_right_again() {
        let health = Health::default();
        assert_eq!(health.reasons(), []);
        health.clock_disagrees(&Untimely::OutOfTolerance { skew_s: 400, tolerance_s: 300 });
        health.journal_fails();
        let whats: Vec<_> = health.reasons().iter().map(|reason| reason.what).collect();
        assert_eq!(whats, ["journal", "clock"]);
        health.new_delivery_was_sent(1);
        health.journal_works();
        assert_eq!(health.reasons(), []);
    }

    #[test]
    fn metrics_count_each_answer() {
        let health = Health::default();
        health.answered(&Answer::Stored);
        health.answered(&Answer::Stored);
        let metrics = health.metrics();
        let line = r#"lookout_deliveries_total{answer="stored",status="204"} 2"#;
        assert!(metrics.contains(line), "{metrics}");
    }
}
