//! What all meetings are seen within: the rules, the moment, and each other.
//!
//! Rules 5 and 11 of `presence.md`: which room a meeting belongs to, and which
//! meetings of its number are newer.

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use super::cast::Cast;
use super::fold::Roster;
use super::meeting::Meeting;
use super::rules::Rules;
use super::spans::{Bounds, Span};
use super::words::Words;
use crate::moment::Moment;

/// A span in one of the rooms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct RoomSpan {
    /// The room's place in the settings; 0 where none are configured.
    pub room: u32,
    pub span: Span,
}

/// The context in which the spans of every meeting are found.
pub(super) struct Frame<'a> {
    rules: &'a Rules,
    words: &'a Words,
    now: Moment,
    rooms: FxHashMap<&'a str, u32>,
    /// For each number, when its meetings were first seen, in order.
    firsts: FxHashMap<&'a str, Vec<Moment>>,
}

impl<'a> Frame<'a> {
    /// The frame for all meetings of `roster`, those summed up included.
    pub(super) fn new(roster: &'a Roster, rules: &'a Rules, now: Moment) -> Self {
        let mut rooms = FxHashMap::default();
        for (place, number) in (0..).zip(&rules.rooms) {
            rooms.entry(number.as_str()).or_insert(place);
        }
        let mut firsts = FxHashMap::<_, Vec<_>>::default();
        for meeting in roster.meetings.values() {
            if let (Some(number), Some(seen)) = (meeting.number(), meeting.seen) {
                firsts.entry(number).or_default().push(seen.first);
            }
        }
        for (number, past) in roster.past.iter().flat_map(|past| &past.firsts) {
            firsts.entry(number).or_default().extend(past);
        }
        for moments in firsts.values_mut() {
            moments.sort_unstable();
        }
        Self { rules, words: &roster.words, now, rooms, firsts }
    }

    /// When nobody is shown as present in the meeting any more, if nothing arrives.
    pub(super) fn stale_at(&self, meeting: &Meeting) -> Option<Moment> {
        let seen = meeting.seen?;
        Some(seen.last.plus(self.rules.stale_after))
    }

    /// Finds the spans of a meeting, and hands each to `found` with the place of its person in `cast`.
    /// A meeting in none of the rooms has none.
    pub(super) fn find(
        &self,
        meeting: &Meeting,
        cast: &Cast<'_>,
        mut found: impl FnMut(Option<u32>, RoomSpan),
    ) {
        let (Some(room), Some(stale_at)) = (self.room(meeting), self.stale_at(meeting)) else {
            return;
        };
        let firsts = meeting.number().and_then(|number| self.firsts.get(number));
        let bounds = Bounds { firsts: firsts.map_or(&[], Vec::as_slice), stale_at, now: self.now };
        let traces = meeting.traces(self.words);
        let people: Vec<_> = traces.people.iter().map(|said| cast.who(said)).collect();
        for &(who, span) in &traces.spans {
            let span = bounds.close(span);
            found(people[who as usize], RoomSpan { room, span });
        }
    }

    fn room(&self, meeting: &Meeting) -> Option<u32> {
        if self.rooms.is_empty() {
            return Some(0);
        }
        self.rooms.get(meeting.number()?).copied()
    }
}
