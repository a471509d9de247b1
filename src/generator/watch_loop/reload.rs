//! Applies changed settings, templates and static files.
//!
//! A fault in them never stops the site: it is published with the previous ones. The fault is
//! logged once, reported in `/readyz`, and retried until it works. A fault in a template does
//! not delay the settings, because they say who may appear.

use std::sync::{Arc, PoisonError};

use tokio::time::Instant;

use super::watchdog::Watchdog;
use super::{Connections, CurrentSettings};
use crate::config::Settings;
use crate::generator::inputs::Inputs;
use crate::generator::preview::Previews;
use crate::generator::site_generator::Generator;
use crate::telemetry::health::Health;
use crate::time::moment::Moment;

/// Reads inputs again when they change.
pub(super) struct Reload {
    /// `None` where nothing is watched.
    inputs: Option<Inputs>,
    health: Arc<Health>,
    previews: Previews,
    current_settings: CurrentSettings,
    /// They are applied, but not published yet.
    is_unpublished: bool,
    /// What is wrong with them; empty where nothing is.
    fault: String,
}

/// What was applied.
pub(super) enum Reloaded {
    /// Nothing: no change, or a repeated attempt that failed again.
    Nothing,
    /// The new settings, perhaps, but not all of the rest.
    PartAtMost,
    /// Everything.
    All,
}

impl Reload {
    /// Watches what `settings` name, if `connections` can load them.
    pub(super) fn new(connections: &Connections, settings: &Settings) -> Self {
        Self {
            inputs: connections.load.clone().map(|load| Inputs::watch(load, settings)),
            health: Arc::clone(&connections.health),
            previews: connections.previews.clone(),
            current_settings: Arc::clone(&connections.current_settings),
            is_unpublished: false,
            fault: String::new(),
        }
    }

    /// The same, but compares `inputs` instead of watching.
    #[cfg(test)]
    pub(super) fn set_inputs(&mut self, inputs: Inputs) {
        self.inputs = Some(inputs);
    }

    /// When changes are to be applied, if there were any.
    pub(super) fn due(&self) -> Option<Instant> {
        self.inputs.as_ref().and_then(Inputs::due)
    }

    /// Waits for a change.
    pub(super) async fn changed(&mut self) {
        Inputs::changed(&mut self.inputs).await;
    }

    /// What is wrong with the inputs; empty where nothing is.
    pub(super) fn fault(&self) -> &str {
        &self.fault
    }

    /// Applies changes to `generator`, if they are due at `at`.
    pub(super) fn run(
        &mut self,
        generator: &mut Generator,
        watchdog: &Watchdog,
        now: Moment,
        at: Instant,
    ) -> Reloaded {
        let Some(inputs) = self.inputs.as_mut().filter(|i| i.due().is_some_and(|due| due <= at))
        else {
            return Reloaded::Nothing;
        };
        let is_retry = inputs.is_retry();
        let applied = inputs.read(generator.settings()).and_then(|settings| {
            let adopted = watchdog.watch(|| generator.adopt(settings, now));
            *self.current_settings.lock().unwrap_or_else(PoisonError::into_inner) =
                Arc::clone(generator.settings());
            adopted
        });
        let Err(error) = applied else {
            self.set_fault(String::new());
            self.is_unpublished = true;
            return Reloaded::All;
        };
        inputs.retry();
        self.set_fault(format!("{error:#}"));
        if is_retry { Reloaded::Nothing } else { Reloaded::PartAtMost }
    }

    /// Logs and reports `fault`, once, and that it is gone.
    fn set_fault(&mut self, fault: String) {
        let warning = Some(fault.clone()).filter(|fault| !fault.is_empty());
        self.health.set_warnings("settings", warning.into_iter().collect());
        if fault == self.fault {
            return;
        }
        if fault.is_empty() {
            tracing::info!("the changed settings and templates work again");
        } else {
            tracing::error!("changed settings or templates cannot be used: {fault}");
            self.previews.set_fault(&fault);
        }
        self.fault = fault;
    }

    /// Tells the preview that a site is in place which was made from the inputs as they are,
    /// except for `template_faults`.
    pub(super) fn confirm(&mut self, template_faults: &[String]) {
        if std::mem::take(&mut self.is_unpublished) {
            self.previews.reloaded();
        }
        if !template_faults.is_empty() {
            self.previews.set_fault(&template_faults.join("\n"));
        } else if self.fault.is_empty() {
            self.previews.clear_fault();
        }
    }
}
