//! Publishes the site: knows whether a publication is pending, and when it may happen.
//!
//! The first event is published at once. Then changes gather for a second, because a server's
//! `ETag` has whole seconds. A publication without an event, such as after a start or when a
//! chart moves on, delays nothing: `site::build` ensures that no two versions have one date.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, ensure};
use tokio::sync::watch;
use tokio::time::Instant;

use super::Connections;
use super::heartbeat::Heartbeat;
use super::watchdog::Watchdog;
use crate::config::Settings;
use crate::files::sqlite;
use crate::generator::metrics::Metrics;
use crate::generator::preview::Previews;
use crate::generator::site_generator::{Generator, newer_than_journal};
use crate::roster::Presence;
use crate::site::{PublishOutcome, Published, Replace};
use crate::telemetry::health::Health;
use crate::time::backoff::Backoff;
use crate::time::moment::Moment;

/// How long changes gather after the publication of an event.
pub(super) const GATHER_INTERVAL: Duration = Duration::from_secs(1);

/// Publishes the site, and reports the outcome.
pub(super) struct Publisher {
    health: Arc<Health>,
    metrics: Metrics,
    previews: Previews,
    publications: watch::Sender<u64>,
    heartbeat: Heartbeat,
    is_pending: bool,
    /// Events arrived that are not published yet.
    has_events: bool,
    /// The moment that the published site shows.
    shown: Option<Moment>,
    /// When the site changes without an event.
    next_change: Option<Moment>,
    not_before: Instant,
    backoff: Backoff,
    /// Why the site can't be published; empty while it can.
    failure: String,
    /// What went wrong outside of the output directory, as last logged.
    problems: Vec<String>,
    /// Why built-in files replace the operator's, as last logged.
    template_faults: Vec<String>,
}

impl Publisher {
    /// The first publication is pending, and due at once.
    pub(super) fn new(connections: &Connections, backoff: Backoff) -> Self {
        Self {
            health: Arc::clone(&connections.health),
            metrics: connections.metrics.clone(),
            previews: connections.previews.clone(),
            publications: connections.publications.clone(),
            heartbeat: Heartbeat::default(),
            is_pending: true,
            has_events: false,
            shown: None,
            next_change: None,
            not_before: Instant::now(),
            backoff,
            failure: String::new(),
            problems: Vec::new(),
            template_faults: Vec::new(),
        }
    }

    /// Requests a publication.
    pub(super) fn request(&mut self) {
        self.is_pending = true;
    }

    /// Requests a publication because events arrived.
    pub(super) fn request_for_events(&mut self) {
        self.has_events = true;
    }

    /// Requests a publication if time has changed the site by `now`, or if the clock was put
    /// back; and once a minute, because the site may have been removed or replaced.
    pub(super) fn advance(&mut self, now: Moment, is_clock_back: bool) {
        let has_changed = self.next_change.is_some_and(|change| change <= now);
        self.is_pending |=
            self.has_events || has_changed || is_clock_back || self.heartbeat.is_due(now);
    }

    /// Whether the published site shows a moment after `now`: the clock was put back.
    pub(super) fn is_ahead_of(&self, now: Moment) -> bool {
        self.shown.is_some_and(|shown| shown > now)
    }

    pub(super) fn is_pending(&self) -> bool {
        self.is_pending
    }

    /// Whether to publish at `at`.
    pub(super) fn is_due(&self, at: Instant) -> bool {
        self.is_pending && at >= self.not_before
    }

    /// Until when nothing is published, if that is after `at`.
    pub(super) fn waits_until(&self, at: Instant) -> Option<Instant> {
        Some(self.not_before).filter(|not_before| *not_before > at)
    }

    /// Lets the next publication happen at once.
    pub(super) fn stop_waiting(&mut self) {
        self.not_before = Instant::now();
    }

    /// Whether the last attempt failed.
    pub(super) fn has_failed(&self) -> bool {
        !self.failure.is_empty()
    }

    /// Why built-in files replace the operator's, since the last attempt.
    pub(super) fn template_faults(&self) -> &[String] {
        &self.template_faults
    }

    /// Publishes `presence`, which is as of `now`; returns whether that is now in place.
    ///
    /// # Errors
    ///
    /// It can't be published; or a site is in place that was made from events that the journal
    /// does not hold.
    pub(super) fn publish(
        &mut self,
        generator: &mut Generator,
        presence: &Presence,
        now: Moment,
        watchdog: &Watchdog,
    ) -> Result<bool> {
        let build = watchdog.watch(|| generator.publish(presence, now, Replace::NotNewer))?;
        self.next_change = build.next_change;
        self.report_template_faults(build.faults);
        let (is_published, wait) = match build.outcome {
            PublishOutcome::Published(published) => {
                (true, self.published(published, generator.settings(), now))
            }
            PublishOutcome::TooSoon(wait) => (false, wait),
            PublishOutcome::Superseded(there) => {
                let is_beyond = generator.log_mut().ends_before(&there)?;
                ensure!(!is_beyond, newer_than_journal(&there));
                self.is_pending = false;
                self.heartbeat.touch(generator.settings(), now);
                (false, GATHER_INTERVAL)
            }
        };
        self.backoff.reset();
        self.failure.clear();
        self.not_before = Instant::now() + wait;
        Ok(is_published)
    }

    /// Reports a publication; returns how long changes gather until the next one.
    fn published(&mut self, published: Published, settings: &Settings, now: Moment) -> Duration {
        self.is_pending = false;
        self.shown = Some(now);
        self.heartbeat.touch(settings, now);
        self.health.set_site_fails(false);
        self.metrics.published();
        self.report_problems(published.problems);
        let has_changed = !published.written.is_empty() || !published.removed.is_empty();
        if has_changed {
            self.publications.send_modify(|count| *count += 1);
        }
        let had_events = std::mem::take(&mut self.has_events);
        if has_changed && had_events { GATHER_INTERVAL } else { Duration::ZERO }
    }

    /// Reports that the site can't be published, and waits. Logs each failure once, unless it is
    /// `known`.
    pub(super) fn fail(&mut self, error: &anyhow::Error, known: &str) {
        sqlite::abort_if_locks_are_lost(error);
        self.health.set_site_fails(true);
        let failure = format!("{error:#}");
        if failure != self.failure {
            if failure != known {
                tracing::error!("cannot publish the site, so it stays as it was: {failure}");
            }
            self.previews.set_fault(&failure);
            self.failure = failure;
        }
        self.is_pending = true;
        self.not_before = Instant::now() + self.backoff.next_wait();
    }

    /// Logs each problem once while it lasts: a copy that can't be written fails every time.
    fn report_problems(&mut self, problems: Vec<String>) {
        for problem in problems.iter().filter(|problem| !self.problems.contains(problem)) {
            tracing::error!("{problem}");
        }
        self.problems = problems;
    }

    /// Logs each fault once; `/readyz` shows all that are left.
    fn report_template_faults(&mut self, faults: Vec<String>) {
        if faults == self.template_faults {
            return;
        }
        for fault in faults.iter().filter(|fault| !self.template_faults.contains(fault)) {
            tracing::error!(
                "a built-in file, or none, is used instead of one with a fault: {fault}"
            );
        }
        if faults.is_empty() {
            tracing::info!("all templates and static files work again");
        }
        self.health.set_warnings("templates", faults.clone());
        self.template_faults = faults;
    }
}
