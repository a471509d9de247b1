//! From the facts of one meeting to spans: when each leg was in.
//!
//! Rules 1 to 6 of `presence.md`. A span belongs to whoever its leg's connection
//! turns out to be; who that is, is asked elsewhere.

use serde::{Deserialize, Serialize};

use super::facts::{Identity, Meeting, Side};
use crate::moment::Moment;

/// One uninterrupted presence of one leg, or the trace of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Span {
    /// When it began; of a [`SpanEnd::Bare`] leave, when that was.
    pub start: Moment,
    pub end: SpanEnd,
}

/// How a span ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum SpanEnd {
    /// It did not.
    Open,
    /// At a known moment.
    At(Moment),
    /// Nobody knows when; `noticed` is when it was no longer taken to be open.
    Unknown { noticed: Moment },
    /// Not a span at all: a leave without a join.
    Bare,
}

/// What ends the open spans of a meeting from outside of its legs.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds<'a> {
    /// The first moments of all meetings of the number, in order.
    pub firsts: &'a [Moment],
    /// When the meeting goes stale.
    pub stale_at: Moment,
    pub now: Moment,
}

/// Finds the spans of a meeting and hands each to `found`, with all that was said of who it is.
pub(super) fn find<'a>(
    meeting: &'a Meeting,
    bounds: Bounds<'_>,
    mut found: impl FnMut(&[&'a Identity], Span),
) {
    let order = LegsByConnection::of(meeting);
    let mut group = Group::default();
    for (place, identity) in meeting.connections.values().enumerate() {
        group.begin(Some(identity));
        for leg in order.legs(place) {
            group.add(meeting, leg);
        }
        group.settle(meeting, bounds, &mut found);
    }
    for (place, leg) in meeting.legs.values().enumerate() {
        if leg.connection.is_none() && !leg.marks.is_empty() {
            group.begin(None);
            group.add(meeting, place);
            group.settle(meeting, bounds, &mut found);
        }
    }
}

/// The legs of each connection, as chains through one list: no allocation for each connection.
struct LegsByConnection {
    first: Vec<Option<u32>>,
    next: Vec<Option<u32>>,
}

impl LegsByConnection {
    fn of(meeting: &Meeting) -> Self {
        let mut first = vec![None; meeting.connections.len()];
        let mut next = vec![None; meeting.legs.len()];
        for (place, leg) in (0..).zip(meeting.legs.values()) {
            if let Some((_, connection)) = leg.connection {
                next[place as usize] = first[connection as usize].replace(place);
            }
        }
        Self { first, next }
    }

    fn legs(&self, connection: usize) -> impl Iterator<Item = usize> {
        std::iter::successors(self.first[connection], |&leg| self.next[leg as usize])
            .map(|leg| leg as usize)
    }
}

/// The legs of one connection, or one leg that has none.
#[derive(Default)]
struct Group<'a> {
    identities: Vec<&'a Identity>,
    spans: Vec<LegSpan>,
    /// Leaves with no join of their leg before them.
    bare_leaves: Vec<Moment>,
}

struct LegSpan {
    start: Moment,
    leg: usize,
    leave: Option<Moment>,
}

impl<'a> Group<'a> {
    fn begin(&mut self, identity: Option<&'a Identity>) {
        self.identities.clear();
        self.identities.extend(identity);
        self.spans.clear();
        self.bare_leaves.clear();
    }

    /// Rule 1: a join opens, a leave closes; a leave before any join is bare.
    fn add(&mut self, meeting: &'a Meeting, place: usize) {
        let leg = &meeting.legs[place];
        self.identities.extend(leg.own.as_deref());
        let mut joined = false;
        let mut open = None;
        for mark in &leg.marks {
            match mark.side {
                Side::Join => {
                    joined = true;
                    open = open.or(Some(mark.at));
                }
                Side::Leave if !joined => self.bare_leaves.push(mark.at),
                Side::Leave => self.push(place, open.take(), Some(mark.at)),
            }
        }
        self.push(place, open, None);
    }

    fn push(&mut self, leg: usize, start: Option<Moment>, leave: Option<Moment>) {
        self.spans.extend(start.map(|start| LegSpan { start, leg, leave }));
    }

    fn settle(
        &mut self,
        meeting: &Meeting,
        bounds: Bounds<'_>,
        found: &mut impl FnMut(&[&'a Identity], Span),
    ) {
        if self.spans.len() > 1 {
            self.spans.sort_by(|a, b| {
                let by_id = || meeting.leg_id(a.leg).cmp_text(meeting.leg_id(b.leg));
                a.start.cmp(&b.start).then_with(by_id)
            });
        }
        self.bare_leaves.sort_unstable();
        for (place, span) in self.spans.iter().enumerate() {
            let end = match span.leave {
                Some(leave) => SpanEnd::At(leave),
                None => self.end_of_open(place, meeting, bounds),
            };
            let start = span.start;
            found(&self.identities, Span { start, end });
        }
        for &start in &self.bare_leaves {
            let end = SpanEnd::Bare;
            found(&self.identities, Span { start, end });
        }
    }

    /// Rules 2 to 6: the end of a span that no leave of its own leg closed.
    fn end_of_open(&self, place: usize, meeting: &Meeting, bounds: Bounds<'_>) -> SpanEnd {
        let start = self.spans[place].start;
        // An open span is the last of its leg, so whatever follows is of another one.
        let later_leg = self.spans.get(place + 1).map(|span| span.start);
        let leave = self.bare_leaves.iter().find(|&&at| at > start);
        let ended = meeting.ended.iter().find(|&&at| at >= start);
        // A leave wins over `ended`, also a later one (rule 4).
        let by_leave = leave.or(ended).copied();
        if let Some(end) = later_leg.into_iter().chain(by_leave).min() {
            return SpanEnd::At(end);
        }
        let newer = bounds.firsts.partition_point(|&first| first <= start);
        let newer = bounds.firsts.get(newer).copied();
        let stale = Some(bounds.stale_at).filter(|&at| at <= bounds.now);
        match newer.into_iter().chain(stale).min() {
            Some(noticed) => SpanEnd::Unknown { noticed },
            None => SpanEnd::Open,
        }
    }
}
