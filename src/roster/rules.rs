//! The settings from which presence is derived.

use std::collections::BTreeMap;

use crate::config::{self, Room, Settings, StaleAfter};
use crate::time::moment::Moment;

/// Instead of a number of seconds: meetings never become stale.
pub const NEVER: i64 = i64::MAX;

/// The settings from which presence is derived.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rules {
    /// Seconds of silence after which a meeting no longer shows people as present, or [`NEVER`].
    pub stale_after: i64,
    /// The same, for rooms with a value of their own, by meeting number.
    pub stale_after_in: BTreeMap<String, i64>,
    /// The meeting numbers of the shown rooms, in the order of the settings. If empty, all meetings
    /// count as one room.
    pub rooms: Vec<String>,
    /// People with several names.
    pub people: Vec<config::Person>,
}

impl Rules {
    /// When a meeting of the room `number`, last seen at `last`, becomes stale; `None`: never.
    pub(super) fn stale_at(&self, number: Option<&str>, last: Moment) -> Option<Moment> {
        let own = number.and_then(|number| self.stale_after_in.get(number));
        let stale_after = *own.unwrap_or(&self.stale_after);
        (stale_after != NEVER).then(|| last.plus(stale_after))
    }
}

impl From<&Settings> for Rules {
    fn from(settings: &Settings) -> Self {
        let own = |room: &Room| Some((room.meeting_id.clone(), seconds(room.stale_after?)));
        Self {
            stale_after: seconds(settings.presence.stale_after),
            stale_after_in: settings.rooms.iter().filter_map(own).collect(),
            rooms: settings.rooms.iter().map(|room| room.meeting_id.clone()).collect(),
            people: settings.people.clone(),
        }
    }
}

fn seconds(stale_after: StaleAfter) -> i64 {
    match stale_after {
        StaleAfter::Never => NEVER,
        StaleAfter::Silence(silence) => i64::try_from(silence.as_secs()).unwrap_or(NEVER),
    }
}
