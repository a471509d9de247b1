//! The heartbeat file, by whose date a visitor sees that Lookout runs.
//!
//! The date is a whole minute, so that it says nothing about who comes and goes.

use crate::config::Settings;
use crate::site;
use crate::time::moment::Moment;

/// How often, in seconds, to publish the site and to date the heartbeat file.
pub(super) const INTERVAL_S: i64 = 60;

/// Dates the heartbeat file.
#[derive(Default)]
pub(super) struct Heartbeat {
    /// The minute it was last dated to.
    last: Option<Moment>,
}

impl Heartbeat {
    /// Whether `now` is in another minute than the last heartbeat.
    pub(super) fn is_due(&self, now: Moment) -> bool {
        self.last != Some(minute_of(now))
    }

    /// Dates the file to the minute of `now`, once per minute.
    pub(super) fn touch(&mut self, settings: &Settings, now: Moment) {
        if !self.is_due(now) {
            return;
        }
        let minute = minute_of(now);
        self.last = Some(minute);
        if let Err(error) = site::touch_heartbeat(settings, minute) {
            tracing::error!("cannot touch the heartbeat file: {error}");
        }
    }
}

fn minute_of(now: Moment) -> Moment {
    Moment::from_seconds(now.seconds().div_euclid(INTERVAL_S) * INTERVAL_S)
}
