//! Makes the site of what the log says, as of a moment.

use std::sync::Arc;

use anyhow::{Result, bail};

use crate::config::Settings;
use crate::dashboard::Dashboard;
use crate::generator::log::Log;
use crate::roster::Presence;
use crate::site::{self, Build, Edition, LoadProblems, Models, Position, Renderer, Replace};
use crate::time::moment::Moment;

/// The error for a published site that was made from events which the journal does not hold.
pub fn newer_than_journal(there: &Position) -> String {
    format!(
        "the site in place includes event {}, which the journal does not hold; \
         if you restored a backup of the journal, run `lookout build --replay`",
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
    /// Makes the site of `settings` from `log`.
    ///
    /// # Errors
    ///
    /// A template or a static file that can't be loaded.
    pub fn new(settings: Settings, log: Log) -> Result<Self> {
        Ok(Self::with(Renderer::load(&settings)?, settings, log))
    }

    /// The same, with built-in files instead of those of the operator that have a fault.
    pub fn lenient(settings: Settings, log: Log) -> Self {
        Self::with(Renderer::load_leniently(&settings), settings, log)
    }

    fn with(renderer: Renderer, settings: Settings, log: Log) -> Self {
        let rules = &settings.origin.zone_rules;
        if let Some(problem) = rules.problem(&settings.site.time_zone) {
            tracing::warn!("{problem}; times follow {rules}");
        }
        warn_about_ignored_files(&renderer, &LoadProblems::default());
        Self { settings: Arc::new(settings), renderer, log }
    }

    /// Reads new events; returns whether there were any.
    ///
    /// # Errors
    ///
    /// The journal can't be read.
    pub fn catch_up(&mut self, now: Moment) -> Result<bool> {
        self.log.catch_up(now)
    }

    /// Applies `settings`, and the templates and static files that they name.
    ///
    /// # Errors
    ///
    /// A template, a static file or a file of words has a fault that the previous ones lack. The
    /// previous ones are then used with the new settings, because these say who may appear; but own
    /// output files go with their templates.
    pub fn adopt(&mut self, mut settings: Settings, now: Moment) -> Result<()> {
        self.log.adopt(&settings);
        let renderer = Renderer::load_leniently(&settings);
        let (before, language) = (&self.settings.site.language, &settings.site.language);
        let is_same = language.tag() == before.tag();
        if is_same && before.faults().is_empty() && !language.faults().is_empty() {
            settings.site.language = before.clone();
        }
        self.settings = Arc::new(settings);
        self.renderer = self.checked(renderer, now)?;
        Ok(())
    }

    /// Returns `renderer` if it has no fault that the one in use lacks. Built-in files replace those
    /// with a fault that both have.
    fn checked(&mut self, renderer: Renderer, now: Moment) -> Result<Renderer> {
        let dashboard = self.dashboard(now)?;
        let mut faults = renderer.faults(&dashboard, &self.settings)?;
        if !faults.is_empty() {
            let known = self.renderer.faults(&dashboard, &self.settings)?;
            faults.retain(|fault| !known.contains(fault));
        }
        if !faults.is_empty() {
            self.renderer.drop_removed_own_outputs(&self.settings);
            bail!(faults.join("\n"));
        }
        warn_about_ignored_files(&renderer, self.renderer.problems());
        Ok(renderer)
    }

    /// Calls `then` with what templates receive as of `now`; publishes nothing.
    ///
    /// # Errors
    ///
    /// The store can't be read.
    pub fn with_models<T>(&mut self, now: Moment, then: impl FnOnce(&Models) -> T) -> Result<T> {
        let dashboard = self.dashboard(now)?;
        Ok(then(&self.renderer.models(&dashboard)))
    }

    /// What a visitor may see at `now`.
    fn dashboard(&mut self, now: Moment) -> Result<Dashboard> {
        let presence = self.log.presence(now)?;
        Ok(self.renderer.dashboard(&presence, &self.settings, now))
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
    /// A template has a fault, or the output directory can't be written; the previous site is
    /// still there.
    pub fn publish(&self, presence: &Presence, now: Moment, replace: Replace) -> Result<Build> {
        let edition = Edition { position: self.position(), moment: now };
        site::build(&self.renderer, presence, &self.settings, &edition, replace)
    }

    /// The last events that were read.
    pub fn position(&self) -> Position {
        self.log.position()
    }

    /// The settings in use.
    pub fn settings(&self) -> &Arc<Settings> {
        &self.settings
    }

    /// The log it reads.
    pub fn log_mut(&mut self) -> &mut Log {
        &mut self.log
    }
}

/// Logs which files `renderer` ignores, except those in `before`.
fn warn_about_ignored_files(renderer: &Renderer, before: &LoadProblems) {
    let LoadProblems { left_out, without, .. } = renderer.problems();
    let is_known = |file: &&String| before.left_out.contains(file) || before.without.contains(file);
    for file in left_out.iter().chain(without).filter(|file| !is_known(file)) {
        tracing::warn!("{file}");
    }
}
