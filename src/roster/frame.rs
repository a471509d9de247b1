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

    /// When nobody is shown as present in the meeting any more, if nothing arrives; `None`: that
    /// changes nothing.
    pub(super) fn stale_at(&self, meeting: &Meeting) -> Option<Moment> {
        self.rules.stale_at(meeting.number(), meeting.seen?.last)
    }

    /// Whether anybody is in, by name or not, as far as meetings that began from `horizon` on do not
    /// decide it: of these, the number may still turn out to be another.
    pub(super) fn has_open(&self, meeting: &Meeting, horizon: Moment) -> bool {
        let Some((_, mut bounds)) = self.bounds(meeting) else { return false };
        let certain = bounds.firsts.partition_point(|first| *first < horizon);
        bounds.firsts = &bounds.firsts[..certain];
        let traces = meeting.traces(self.words);
        traces.spans.iter().any(|(_, span)| bounds.close(*span).is_open())
    }

    /// Finds the spans of a meeting, and hands each to `found` with the place of its person in `cast`.
    /// A meeting in none of the rooms has none.
    pub(super) fn find(
        &self,
        meeting: &Meeting,
        cast: &Cast<'_>,
        mut found: impl FnMut(Option<u32>, RoomSpan),
    ) {
        let Some((room, bounds)) = self.bounds(meeting) else { return };
        let traces = meeting.traces(self.words);
        let people: Vec<_> = traces.people.iter().map(|said| cast.who(said)).collect();
        for &(who, span) in &traces.spans {
            let span = bounds.close(span);
            found(people[who as usize], RoomSpan { room, span });
        }
    }

    /// The room of a meeting that was seen in one of them, and what ends its open spans.
    fn bounds(&self, meeting: &Meeting) -> Option<(u32, Bounds<'_>)> {
        let (room, _) = (self.room(meeting)?, meeting.seen?);
        let firsts = meeting.number().and_then(|number| self.firsts.get(number));
        let firsts = firsts.map_or(&[][..], Vec::as_slice);
        Some((room, Bounds { firsts, stale_at: self.stale_at(meeting), now: self.now }))
    }

    fn room(&self, meeting: &Meeting) -> Option<u32> {
        if self.rooms.is_empty() {
            return Some(0);
        }
        self.rooms.get(meeting.number()?).copied()
    }
}
