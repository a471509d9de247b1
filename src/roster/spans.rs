//! From the facts of one meeting to spans: when each leg was in.
//!
//! Rules 1 to 6 of the [roster](crate::roster), in two steps. [`sessions`] applies those that
//! one meeting decides alone; [`Bounds::close`] the one that also asks for the
//! other meetings of the number, and for the moment.

use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

use super::bound;
use super::facts::{Facts, Identity, Mark, Sighting, Step};
use super::meeting::{Meeting, Place};
use super::sharing::Sharing;
use super::words::{Word, Words};
use crate::time::moment::Moment;

/// One uninterrupted presence of one leg, or the trace of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Span {
    /// When it began; of a [`SpanEnd::Bare`] leave, when that was.
    pub start: Moment,
    pub end: SpanEnd,
}

/// How a span ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum SpanEnd {
    /// It did not.
    Open {
        /// Since when its leg has been sharing, if it is.
        sharing_since: Option<Moment>,
    },
    /// At a known moment.
    At(Moment),
    /// Nobody knows when.
    Unknown,
    /// Not a span at all: a leave without a join.
    Bare,
}

/// When a participant was in a meeting, by what is known of it alone: of a connection, or of a leg
/// that has none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Sessions {
    pub who: Said,
    /// In order.
    pub spans: SmallVec<[Span; 1]>,
}

/// All that was said of who somebody is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct Said {
    /// The name of the latest sighting.
    pub name: Option<Word>,
    /// Every account ever named, in the order of the words.
    pub zoom_user_ids: SmallVec<[Word; 4]>,
}

/// What ends the open spans of a meeting from outside of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    /// When the newest meeting of the number was first seen.
    pub newest: Option<Moment>,
    /// When the meeting goes stale, if it does.
    pub stale_at: Option<Moment>,
    pub now: Moment,
}

impl Span {
    /// Whether it still lasts.
    pub(crate) fn is_open(&self) -> bool {
        matches!(self.end, SpanEnd::Open { .. })
    }
}

impl Said {
    /// What all of `identities` say together.
    pub(super) fn of(identities: &[&Identity], words: &Words) -> Self {
        let sightings = identities.iter().filter_map(|said| said.sighting);
        let later = |a: Sighting, b| if a.is_before(&b, &words.names) { b } else { a };
        let ids = identities.iter().flat_map(|said| &said.zoom_user_ids);
        let mut zoom_user_ids: SmallVec<_> = ids.copied().collect();
        zoom_user_ids.sort_unstable();
        zoom_user_ids.dedup();
        Self { name: sightings.reduce(later).map(|sighting| sighting.name), zoom_user_ids }
    }
}

impl Bounds {
    /// Rule 5: a span that is still open may be over all the same, its end unknown.
    pub(crate) fn close(&self, span: Span) -> Span {
        if !span.is_open() {
            return span;
        }
        let newer = self.newest.is_some_and(|newest| newest > span.start);
        let stale = self.stale_at.is_some_and(|stale_at| stale_at <= self.now);
        let end = if newer || stale { SpanEnd::Unknown } else { span.end };
        Span { end, ..span }
    }
}

/// Rules 1 to 4 and 6: the sessions of the group at `place`; `None` where there are none.
pub(super) fn sessions(meeting: &Meeting, place: Place, words: &Words) -> Option<Sessions> {
    let facts = meeting.facts();
    let mut group = Group::default();
    match place {
        Place::Connection(connection) => {
            let said = facts.connections.get_index(connection as usize);
            group.identities.extend(said.map(|(_, said)| said));
            for leg in meeting.legs_of(connection as usize) {
                group.add(facts, leg);
            }
        }
        Place::Leg(leg) => {
            let leg = leg as usize;
            if facts.legs.get_index(leg).is_none_or(|(_, leg)| leg.connection.is_some()) {
                return None;
            }
            group.add(facts, leg);
        }
    }
    if group.spans.is_empty() && group.bare_leaves.is_empty() {
        return None;
    }
    let who = bound::said(&group.identities, meeting, words);
    Some(Sessions { who, spans: group.settle(facts) })
}

/// The legs of one connection, or one leg that has none.
#[derive(Default)]
struct Group<'a> {
    /// All that was said of who it is.
    identities: Vec<&'a Identity>,
    spans: Vec<LegSpan>,
    /// Leaves with no join of their leg before them.
    bare_leaves: Vec<Moment>,
}

struct LegSpan {
    span: Span,
    leg: usize,
}

impl<'a> Group<'a> {
    /// Rule 1: a join opens, a leave closes; a leave before any join is bare. What is shared at the end
    /// is shared in the open span (rules 1 to 4 of [`sharing`](super::sharing)).
    fn add(&mut self, facts: &'a Facts, place: usize) {
        let leg = &facts.legs[place];
        self.identities.extend(leg.own.as_deref());
        let mut joined = false;
        let mut open = None;
        let mut sharing = Sharing::default();
        for &Mark { at, step } in &leg.marks {
            match step {
                Step::Join => {
                    joined = true;
                    open = open.or(Some(at));
                }
                Step::StartSharing => sharing.start(at),
                Step::StopSharing => sharing.stop(at),
                Step::Leave => {
                    sharing = Sharing::default();
                    match open.take() {
                        Some(start) => self.push(place, start, SpanEnd::At(at)),
                        None if !joined => self.bare_leaves.push(at),
                        None => {}
                    }
                }
            }
        }
        if let Some(start) = open {
            let sharing_since = sharing.since(start);
            self.push(place, start, SpanEnd::Open { sharing_since });
        }
    }

    fn push(&mut self, leg: usize, start: Moment, end: SpanEnd) {
        self.spans.push(LegSpan { span: Span { start, end }, leg });
    }

    fn settle(mut self, facts: &Facts) -> SmallVec<[Span; 1]> {
        if self.spans.len() > 1 {
            self.spans.sort_by(|a, b| {
                let by_id = || facts.leg_id(a.leg).cmp_text(facts.leg_id(b.leg));
                a.span.start.cmp(&b.span.start).then_with(by_id)
            });
        }
        self.bare_leaves.sort_unstable();
        let settled = self.spans.iter().enumerate().map(|(place, &LegSpan { span, .. })| {
            let known = span.is_open().then(|| self.end_of_open(place, facts)).flatten();
            Span { end: known.map_or(span.end, SpanEnd::At), ..span }
        });
        let bare = self.bare_leaves.iter().map(|&start| Span { start, end: SpanEnd::Bare });
        settled.chain(bare).collect()
    }

    /// Rules 2, 3, 4 and 6: the known end of a span that no leave of its own leg closed.
    fn end_of_open(&self, place: usize, facts: &Facts) -> Option<Moment> {
        let start = self.spans[place].span.start;
        // An open span is the last of its leg, so whatever follows is of another one.
        let later_leg = self.spans.get(place + 1).map(|next| next.span.start);
        let leave = self.bare_leaves.iter().find(|&&at| at > start);
        let ended = facts.ended.iter().find(|&&at| at >= start);
        // A leave wins over `ended`, also a later one (rule 4).
        let by_leave = leave.or(ended).copied();
        later_leg.into_iter().chain(by_leave).min()
    }
}
