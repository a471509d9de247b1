//! What all meetings are seen within: the rules, the moment, and each other.
//!
//! Rules 5 and 11 of the [roster](crate::roster): which room a meeting belongs to, and which
//! meetings of its number are newer.

use rustc_hash::FxHashMap;

use super::meeting::Outline;
use super::rules::Rules;
use super::spans::{Bounds, Span};
use crate::time::moment::Moment;

/// A span in one of the rooms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RoomSpan {
    /// The room's place in the settings; 0 where none are configured.
    pub room: u32,
    pub span: Span,
}

/// For each number, when the newest of its meetings was first seen.
pub(crate) type Newest = FxHashMap<Box<str>, Moment>;

/// The context in which the spans of every meeting are found.
pub(crate) struct Frame<'a> {
    rules: &'a Rules,
    now: Moment,
    rooms: FxHashMap<&'a str, u32>,
    newest: &'a Newest,
}

impl<'a> Frame<'a> {
    /// The frame for meetings among those of which `newest` tells.
    pub(crate) fn new(rules: &'a Rules, now: Moment, newest: &'a Newest) -> Self {
        let mut rooms = FxHashMap::default();
        for (place, number) in (0..).zip(&rules.rooms) {
            rooms.entry(number.as_str()).or_insert(place);
        }
        Self { rules, now, rooms, newest }
    }

    /// When nobody is shown as present in the meeting any more, if nothing arrives; `None`: that
    /// changes nothing.
    pub(super) fn stale_at(&self, meeting: &Outline) -> Option<Moment> {
        self.rules.stale_at(meeting.number(), meeting.seen?.last)
    }

    /// The room of a meeting that was seen in one of them, and what ends its open spans.
    pub(crate) fn room_and_bounds(&self, meeting: &Outline) -> Option<(u32, Bounds)> {
        let (room, _) = (self.room(meeting.number())?, meeting.seen?);
        let newest = meeting.number().and_then(|number| self.newest.get(number)).copied();
        Some((room, Bounds { newest, stale_at: self.stale_at(meeting), now: self.now }))
    }

    /// When the newest meeting of a number was first seen.
    pub(crate) fn newest(&self, number: Option<&str>) -> Option<Moment> {
        self.newest.get(number?).copied()
    }

    /// How many rooms there are; none where every meeting counts as one room.
    pub(super) fn rooms_shown(&self) -> usize {
        self.rules.rooms.len()
    }

    /// The room of a number; `None` where it is not shown.
    pub(crate) fn room(&self, number: Option<&str>) -> Option<u32> {
        if self.rooms.is_empty() {
            return Some(0);
        }
        self.rooms.get(number?).copied()
    }
}
