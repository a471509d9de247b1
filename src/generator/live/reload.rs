//! Taking up changed settings, templates and static files.
//!
//! Whatever is wrong with them, the site goes on as it was made until then, also when
//! people come and go. It is logged once, reported in `/readyz`, and tried again until it
//! works. A fault in a template does not keep the settings from being taken up: who may appear
//! is among them.

use std::sync::{Arc, PoisonError};

use super::Work;
use crate::generator::inputs::Inputs;
use crate::time::moment::Moment;

/// What came of looking at settings and templates.
#[derive(Default)]
pub(super) struct Renewal {
    /// They were taken up, and the site is not published since.
    pub(super) pending: bool,
    /// What was wrong with them; empty where nothing is.
    pub(super) fault: String,
}

impl Work {
    /// Takes up what has changed, once it has settled.
    pub(super) fn renew(&mut self, now: Moment) {
        let Some(mut inputs) = self.inputs.take() else { return };
        let is_retry = inputs.is_retry();
        let taken_up = self.take_up(&mut inputs, now);
        self.chats_dirty |= !is_retry || taken_up.is_ok();
        let problem = taken_up.as_ref().err().map(|error| format!("{error:#}"));
        self.live.health.set_warnings("settings", problem.into_iter().collect());
        match taken_up {
            Ok(()) => {
                if !self.renewal.fault.is_empty() {
                    tracing::info!("the fault is mended");
                }
                self.renewal.fault.clear();
                self.renewal.pending = true;
                self.dirty = true;
                // What failed with the old ones may work with these, and at once.
                if !self.last_failure.is_empty() {
                    self.not_before = tokio::time::Instant::now();
                }
            }
            Err(error) => {
                let fault = format!("{error:#}");
                if fault != self.renewal.fault {
                    tracing::error!("the site goes on as it was made until now: {fault}");
                    self.live.previews.fails(&fault);
                }
                self.renewal.fault = fault;
                self.dirty |= !is_retry;
                inputs.retry();
            }
        }
        self.inputs = Some(inputs);
    }

    fn take_up(&mut self, inputs: &mut Inputs, now: Moment) -> anyhow::Result<()> {
        let settings = inputs.read(self.generator.settings())?;
        let adopted = self.watchdog.watch(|| self.generator.adopt(settings, now));
        let in_effect = Arc::clone(self.generator.settings());
        *self.live.in_effect.lock().unwrap_or_else(PoisonError::into_inner) = in_effect;
        adopted
    }
}
