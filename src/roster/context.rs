//! What spans depend on besides their own meeting: the settings, the moment, and newer meetings.
//!
//! Rules 5 and 11 of the [roster](crate::roster): which room a meeting belongs to, and whether its
//! number has a newer meeting.

use rustc_hash::FxHashMap;

use super::meeting::MeetingInfo;
use super::rules::Rules;
use super::spans::{Bounds, Span};
use super::waits::{Wait, WaitBounds};
use crate::time::moment::Moment;

/// A span in one of the rooms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RoomSpan {
    /// The room's index in the settings; 0 where none are configured.
    pub room: u32,
    pub span: Span,
}

/// For each meeting number, when its newest meeting was first seen.
pub(crate) type Newest = FxHashMap<Box<str>, Moment>;

/// Adds a meeting to `newest`.
pub(crate) fn add_newest(newest: &mut Newest, meeting: &MeetingInfo) {
    if let (Some(number), Some(seen)) = (meeting.number(), meeting.seen) {
        let newest = newest.entry(number.into()).or_insert(seen.first);
        *newest = seen.first.max(*newest);
    }
}

/// The context in which the spans of all meetings are derived.
pub(crate) struct DerivationContext<'a> {
    rules: &'a Rules,
    now: Moment,
    rooms: FxHashMap<&'a str, u32>,
    newest: &'a Newest,
}

impl<'a> DerivationContext<'a> {
    pub(crate) fn new(rules: &'a Rules, now: Moment, newest: &'a Newest) -> Self {
        let mut rooms = FxHashMap::default();
        for (index, number) in (0..).zip(&rules.rooms) {
            rooms.entry(number.as_str()).or_insert(index);
        }
        Self { rules, now, rooms, newest }
    }

    /// The room of a meeting and what ends its open spans; `None` if the meeting is not shown or
    /// was never seen.
    pub(crate) fn room_and_bounds(&self, meeting: &MeetingInfo) -> Option<(u32, Bounds)> {
        let (room, seen) = (self.room(meeting.number())?, meeting.seen?);
        let stale_at = self.rules.stale_at(meeting.number(), seen.last);
        Some((room, Bounds { newest: self.newest(meeting.number()), stale_at, now: self.now }))
    }

    /// The room of a meeting and what ends the waits for it; `None` if the meeting is not shown.
    fn room_and_wait_bounds(&self, meeting: &MeetingInfo) -> Option<(u32, WaitBounds)> {
        let room = self.room(meeting.number())?;
        let first_seen = meeting.seen.map(|seen| seen.first);
        Some((room, WaitBounds { first_seen, newest: self.newest(meeting.number()) }))
    }

    /// The room of a meeting, and the `waits` for it that are not over; `None` if the meeting is not
    /// shown.
    pub(crate) fn room_and_open_waits<'w>(
        &self,
        meeting: &MeetingInfo,
        waits: impl IntoIterator<Item = &'w Wait>,
    ) -> Option<(u32, impl Iterator<Item = &'w Wait>)> {
        let (room, bounds) = self.room_and_wait_bounds(meeting)?;
        let is_open = move |wait: &&Wait| {
            let stale_at = self.wait_stale_at(meeting, wait.since);
            !bounds.is_over(wait.since) && stale_at.is_none_or(|stale_at| stale_at > self.now)
        };
        Some((room, waits.into_iter().filter(is_open)))
    }

    /// When a wait that began at `since` becomes stale; `None`: never.
    pub(super) fn wait_stale_at(&self, meeting: &MeetingInfo, since: Moment) -> Option<Moment> {
        let last = meeting.seen.map_or(since, |seen| seen.last.max(since));
        self.rules.stale_at(meeting.number(), last)
    }

    /// When the newest meeting of a number was first seen.
    pub(crate) fn newest(&self, number: Option<&str>) -> Option<Moment> {
        self.newest.get(number?).copied()
    }

    /// The number of configured rooms; 0 where all meetings count as one room.
    pub(super) fn room_count(&self) -> usize {
        self.rules.rooms.len()
    }

    /// The room of a meeting number; `None` if it is not shown.
    pub(crate) fn room(&self, number: Option<&str>) -> Option<u32> {
        if self.rooms.is_empty() {
            return Some(0);
        }
        self.rooms.get(number?).copied()
    }
}
