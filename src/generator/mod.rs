//! The generator: journal → roster → dashboard → site.
//!
//! It follows the log ([`Log`]), and publishes the site as of a moment. What the store
//! keeps is only ever a function of the events, so that a build from it, one that
//! replays everything, and a `serve` that has run for months make the same bytes.

mod inputs;
mod legacy;
mod live;
mod log;
mod metrics;
mod preview;
mod repair;
mod restore;
mod shared;
mod store_file;
mod succession;
mod supervision;
mod watchdog;
mod watcher;

use std::sync::Arc;

use anyhow::{Result, bail};

use crate::config::Settings;
use crate::dashboard::Dashboard;
use crate::roster::Presence;
use crate::site::{self, Build, Edition, LoadProblems, Models, Position, Renderer, Replace};
use crate::time::moment::Moment;

pub use inputs::{Inputs, Load};
pub use legacy::take_over as take_over_checkpoint;
pub use live::{Live, run};
pub use log::{Log, Source};
pub use metrics::Metrics;
pub use preview::{Preview, Previews};
pub use repair::{Repaired, repair};
pub use restore::{Backup, Restored};
pub use store_file::{place as store_place, sweep};
pub use succession::{back_up, begin_anew, names_in_store, verify_store};

/// What to say of a site that was made from more events than its journal holds.
pub fn beyond_the_journal(there: &Position) -> String {
    format!(
        "what is in place goes as far as event {}, which the journal does not hold; \
         if a backup of the journal was put back, run `lookout build --replay`",
        there.last_event
    )
}

/// Makes the site from the log.
pub struct Generator {
    settings: Arc<Settings>,
    renderer: Renderer,
    log: Log,
}

impl Generator {
    /// A generator that makes the site of `settings` from `log`.
    ///
    /// # Errors
    ///
    /// A template or a static file that can't be loaded.
    pub fn new(settings: Settings, log: Log) -> Result<Self> {
        Ok(Self::with(Renderer::load(&settings)?, settings, log))
    }

    /// A generator that uses built-in files in the place of the operator's that have a fault.
    pub fn lenient(settings: Settings, log: Log) -> Self {
        Self::with(Renderer::load_leniently(&settings), settings, log)
    }

    fn with(renderer: Renderer, settings: Settings, log: Log) -> Self {
        let rules = &settings.origin.zone_rules;
        if let Some(problem) = rules.problem(&settings.site.time_zone) {
            tracing::warn!("{problem}; times follow {rules}");
        }
        warn_of_left_out(&renderer, &LoadProblems::default());
        Self { settings: Arc::new(settings), renderer, log }
    }

    /// Takes in what is new in the log; returns whether there was anything.
    ///
    /// # Errors
    ///
    /// A journal that can't be read.
    pub fn catch_up(&mut self, now: Moment) -> Result<bool> {
        self.log.catch_up(now)
    }

    /// Works by `settings` from now on, with the templates and static files that they name.
    ///
    /// # Errors
    ///
    /// A template or a static file with a fault, while those that the generator had have none. It
    /// then works by `settings` with these, because who may appear must not wait until a template
    /// is mended.
    pub fn adopt(&mut self, settings: Settings, now: Moment) -> Result<()> {
        self.log.adopt(&settings);
        self.settings = Arc::new(settings);
        self.renderer = self.renewed_renderer(now)?;
        Ok(())
    }

    /// Templates and static files as they are now. Those with a fault are taken all the same,
    /// with built-in ones in their place, where the ones in use do not work either.
    fn renewed_renderer(&mut self, now: Moment) -> Result<Renderer> {
        let dashboard = self.dashboard(now)?;
        let settings = &self.settings;
        let renderer = Renderer::load_leniently(settings);
        if let Some(fault) = renderer.fault(&dashboard, settings)
            && self.renderer.fault(&dashboard, settings).is_none()
        {
            bail!(fault);
        }
        warn_of_left_out(&renderer, self.renderer.problems());
        Ok(renderer)
    }

    /// Hands what templates receive as of `now` to `then`; publishes nothing.
    ///
    /// # Errors
    ///
    /// The store can't be read.
    pub fn with_models<T>(&mut self, now: Moment, then: impl FnOnce(&Models) -> T) -> Result<T> {
        let dashboard = self.dashboard(now)?;
        Ok(then(&self.renderer.models(&dashboard)))
    }

    /// What the settings let a visitor know at `now`.
    fn dashboard(&mut self, now: Moment) -> Result<Dashboard> {
        Ok(Dashboard::new(&self.log.presence(now)?, &self.settings, now))
    }

    /// Who is and was where, as of `now`.
    ///
    /// # Errors
    ///
    /// The store can't be read.
    pub fn presence(&mut self, now: Moment) -> Result<Presence> {
        self.log.presence(now)
    }

    /// Publishes the site of `presence`, which is as of `now`.
    ///
    /// # Errors
    ///
    /// A template with a fault, or an output directory that can't be written; what was
    /// published before is still there.
    pub fn publish(&self, presence: &Presence, now: Moment, replace: Replace) -> Result<Build> {
        let edition = Edition { position: self.position(), moment: now };
        site::build(&self.renderer, presence, &self.settings, &edition, replace)
    }

    /// How far the log was read.
    pub fn position(&self) -> Position {
        self.log.position()
    }

    /// The settings it works by.
    pub fn settings(&self) -> &Arc<Settings> {
        &self.settings
    }

    /// The log it follows.
    pub fn log_mut(&mut self) -> &mut Log {
        &mut self.log
    }
}

/// Logs which files `renderer` leaves out, unless `before` did already.
fn warn_of_left_out(renderer: &Renderer, before: &LoadProblems) {
    let left_out = &renderer.problems().left_out;
    for left_out in left_out.iter().filter(|text| !before.left_out.contains(text)) {
        tracing::warn!("{left_out}");
    }
}
