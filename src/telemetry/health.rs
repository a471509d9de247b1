//! The state of a process: what `/readyz` and `/metrics` report.
//!
//! This module does not depend on the parts that report to it. Each part registers its own metrics,
//! and reports its faults and warnings under its own name.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use prometheus_client::encoding::text;
use prometheus_client::registry::{Metric, Registry};
use serde::Serialize;

/// The faults, warnings and metrics of all parts of a process.
#[derive(Debug)]
pub struct Health {
    /// Why the process is not ready; by part.
    faults: Mutex<BTreeMap<&'static str, String>>,
    /// What does not work as it should, although the process is ready; by part.
    warnings: Mutex<BTreeMap<&'static str, Vec<String>>>,
    site_fails: AtomicBool,
    registry: Mutex<Registry>,
}

/// A fault or a warning of one part. Serialized in the answer of `/readyz`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Condition {
    /// The name of the part that reported it.
    #[serde(rename = "what")]
    pub part: &'static str,
    /// What is wrong, and what to do.
    pub why: String,
}

impl Default for Health {
    fn default() -> Self {
        Self {
            faults: Mutex::default(),
            warnings: Mutex::default(),
            site_fails: AtomicBool::new(false),
            registry: Mutex::new(Registry::with_prefix("lookout")),
        }
    }
}

impl Health {
    /// Registers a new metric and returns it. Register each name once.
    pub fn register<M: Metric + Clone + Default>(&self, name: &str, help: &str) -> M {
        let metric = M::default();
        lock(&self.registry).register(name, help, metric.clone());
        metric
    }

    /// Sets or clears the fault of `part`. While any part has a fault, the process is not ready.
    pub fn set_fault(&self, part: &'static str, fault: Option<String>) {
        let mut faults = lock(&self.faults);
        match fault {
            Some(fault) => faults.insert(part, fault),
            None => faults.remove(part),
        };
    }

    /// Replaces the warnings of `part`. The process stays ready.
    pub fn set_warnings(&self, part: &'static str, warnings: Vec<String>) {
        lock(&self.warnings).insert(part, warnings);
    }

    /// Records whether the last attempt to publish the site failed. The process stays ready.
    pub fn set_site_fails(&self, fails: bool) {
        self.site_fails.store(fails, Ordering::Relaxed);
    }

    /// Why the process is not ready; empty if it is ready.
    pub fn faults(&self) -> Vec<Condition> {
        let faults = lock(&self.faults);
        faults.iter().map(|(&part, why)| Condition { part, why: why.clone() }).collect()
    }

    /// What does not work as it should, although the process is ready.
    pub fn warnings(&self) -> Vec<Condition> {
        let warnings = lock(&self.warnings);
        let conditions = warnings.iter().flat_map(|(&part, reasons)| {
            reasons.iter().map(move |why| Condition { part, why: why.clone() })
        });
        conditions.collect()
    }

    /// Whether the last attempt to publish the site failed.
    pub fn site_fails(&self) -> bool {
        self.site_fails.load(Ordering::Relaxed)
    }

    /// All metrics, in the text format that Prometheus reads.
    pub fn metrics(&self) -> String {
        let mut text = String::new();
        text::encode(&mut text, &lock(&self.registry)).expect("writing to a String cannot fail");
        text
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use prometheus_client::metrics::counter::Counter;

    use super::*;

    #[test]
    fn a_part_has_its_faults_and_warnings_until_they_are_replaced() {
        let health = Health::default();
        health.set_fault("journal", Some("full".to_owned()));
        health.set_warnings("clock", vec!["ahead".to_owned(), "still ahead".to_owned()]);
        let fault = Condition { part: "journal", why: "full".to_owned() };
        assert_eq!(health.faults(), [fault]);
        assert_eq!(health.warnings().len(), 2);
        health.set_fault("journal", None);
        health.set_warnings("clock", Vec::new());
        assert_eq!((health.faults(), health.warnings()), (vec![], vec![]));
    }

    #[test]
    fn a_registered_metric_is_exported() {
        let health = Health::default();
        let counter: Counter = health.register("deliveries", "Deliveries answered");
        counter.inc();
        let metrics = health.metrics();
        assert!(metrics.contains("lookout_deliveries_total 1\n"), "{metrics}");
    }
}
