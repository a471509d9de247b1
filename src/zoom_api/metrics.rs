//! Metrics of questions to Zoom's API, and what is wrong with it.

use std::collections::BTreeMap;
use std::sync::Arc;

use prometheus_client::metrics::counter::Counter;

use crate::telemetry::health::Health;
use crate::zoom::api::Question;

/// The name of this part in `/readyz`.
const PART: &str = "zoom_api";

/// The metrics.
#[derive(Debug, Clone)]
pub struct Metrics {
    /// Questions that were answered, also with a refusal.
    pub answered: Counter,
    /// Questions without an answer.
    pub unanswered: Counter,
    /// Observations that were stored.
    pub observations: Counter,
    health: Arc<Health>,
}

impl Metrics {
    /// Registers the metrics with `health`.
    pub fn register(health: &Arc<Health>) -> Self {
        let answered = "Questions that Zoom's API answered";
        let unanswered = "Questions that Zoom's API did not answer";
        let observations = "Facts that Zoom's API stated";
        Self {
            answered: health.register("zoom_api_answered", answered),
            unanswered: health.register("zoom_api_unanswered", unanswered),
            observations: health.register("zoom_api_observations", observations),
            health: Arc::clone(health),
        }
    }

    /// Reports which questions are not allowed, and why no question can be asked. Events are taken all
    /// the same.
    pub(super) fn warn(&self, denied: &BTreeMap<Question, String>, failure: &str) {
        let denied = denied.iter().map(|(question, why)| {
            let [scope, _] = question.scopes();
            format!(
                "Zoom's API may not be asked {}: {why}; it takes the scope `{scope}` and a plan that has it: get them, then restart Lookout",
                question.purpose()
            )
        });
        let failure = Some(failure).filter(|failure| !failure.is_empty());
        let failure = failure.map(|why| format!("Zoom's API cannot be asked: {why}"));
        self.health.set_warnings(PART, denied.chain(failure).collect());
    }
}
