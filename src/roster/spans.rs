//! From the facts of one meeting to spans: when each leg was in.
//!
//! Rules 1 to 6 of `presence.md`, in two steps. [`Traces::of`] applies those that
//! one meeting decides alone; [`Bounds::close`] the one that also asks for the
//! other meetings of the number, and for the moment.

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

use super::bound;
use super::facts::{Facts, Identity, Mark, Sighting, Step};
use super::sharing::Sharing;
use super::words::{Word, Words};
use crate::moment::Moment;

/// One uninterrupted presence of one leg, or the trace of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Span {
    /// When it began; of a [`SpanEnd::Bare`] leave, when that was.
    pub start: Moment,
    pub end: SpanEnd,
}

/// How a span ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) enum SpanEnd {
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

/// Who was in a meeting and when, by what is known of it alone.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Traces {
    /// Whoever was said to be there, each once.
    pub people: Vec<Said>,
    /// Their spans, each with a place in `people`.
    pub spans: Vec<(u32, Span)>,
}

/// All that was said of who somebody is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) struct Said {
    /// The name of the latest sighting.
    pub name: Option<Word>,
    /// Every account ever named, in the order of the words.
    pub zoom_user_ids: SmallVec<[Word; 4]>,
}

/// What ends the open spans of a meeting from outside of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds<'a> {
    /// The first moments of all meetings of the number, in order.
    pub firsts: &'a [Moment],
    /// When the meeting goes stale, if it does.
    pub stale_at: Option<Moment>,
    pub now: Moment,
}

impl Span {
    /// Whether it still lasts.
    pub(super) fn is_open(&self) -> bool {
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

impl Bounds<'_> {
    /// Rule 5: a span that is still open may be over all the same, its end unknown.
    pub(super) fn close(&self, span: Span) -> Span {
        if !span.is_open() {
            return span;
        }
        let newer = self.firsts.last().is_some_and(|&last| last > span.start);
        let stale = self.stale_at.is_some_and(|stale_at| stale_at <= self.now);
        let end = if newer || stale { SpanEnd::Unknown } else { span.end };
        Span { end, ..span }
    }
}

impl Traces {
    /// Rules 1 to 4 and 6.
    pub(super) fn of(facts: &Facts, words: &Words) -> Self {
        let order = LegsByConnection::of(facts);
        let mut traces = Tracing::default();
        let mut group = Group::default();
        for (place, identity) in facts.connections.values().enumerate() {
            group.begin(Some(identity));
            for leg in order.legs(place) {
                group.add(facts, leg);
            }
            traces.add(&mut group, &order, facts, words);
        }
        for (place, leg) in facts.legs.values().enumerate() {
            if leg.connection.is_none() {
                group.begin(None);
                group.add(facts, place);
                traces.add(&mut group, &order, facts, words);
            }
        }
        traces.traces
    }

    /// Whether everything that is referred to is there.
    pub(super) fn is_consistent(&self, words: &Words) -> bool {
        let knows = |said: &Said| {
            let mut ids = said.zoom_user_ids.iter();
            said.name.is_none_or(|name| words.names.holds(name))
                && ids.all(|id| words.zoom_user_ids.holds(*id))
        };
        let people = self.people.len();
        self.people.iter().all(knows) && self.spans.iter().all(|(who, _)| (*who as usize) < people)
    }
}

/// Traces being gathered.
#[derive(Default)]
struct Tracing {
    traces: Traces,
    places: FxHashMap<Said, u32>,
}

impl Tracing {
    fn add(
        &mut self,
        group: &mut Group<'_>,
        order: &LegsByConnection,
        facts: &Facts,
        words: &Words,
    ) {
        if group.spans.is_empty() && group.bare_leaves.is_empty() {
            return;
        }
        let said = bound::said(group.identities(), order, facts, words);
        let next = u32::try_from(self.traces.people.len());
        let next = next.expect("four billion people do not fit in memory");
        let who = *self.places.entry(said).or_insert_with_key(|said| {
            self.traces.people.push(said.clone());
            next
        });
        group.settle(facts, |span| self.traces.spans.push((who, span)));
    }
}

/// The legs of each connection, as chains through one list: no allocation for each connection.
pub(super) struct LegsByConnection {
    first: Vec<Option<u32>>,
    next: Vec<Option<u32>>,
}

impl LegsByConnection {
    fn of(facts: &Facts) -> Self {
        let mut first = vec![None; facts.connections.len()];
        let mut next = vec![None; facts.legs.len()];
        for (place, leg) in (0..).zip(facts.legs.values()) {
            if let Some((_, connection)) = leg.connection {
                next[place as usize] = first[connection as usize].replace(place);
            }
        }
        Self { first, next }
    }

    pub(super) fn legs(&self, connection: usize) -> impl Iterator<Item = usize> {
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
    span: Span,
    leg: usize,
}

impl<'a> Group<'a> {
    /// All that was said of who it is.
    fn identities(&self) -> &[&'a Identity] {
        &self.identities
    }

    fn begin(&mut self, identity: Option<&'a Identity>) {
        self.identities.clear();
        self.identities.extend(identity);
        self.spans.clear();
        self.bare_leaves.clear();
    }

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

    fn settle(&mut self, facts: &Facts, mut found: impl FnMut(Span)) {
        if self.spans.len() > 1 {
            self.spans.sort_by(|a, b| {
                let by_id = || facts.leg_id(a.leg).cmp_text(facts.leg_id(b.leg));
                a.span.start.cmp(&b.span.start).then_with(by_id)
            });
        }
        self.bare_leaves.sort_unstable();
        for (place, &LegSpan { span, .. }) in self.spans.iter().enumerate() {
            let known = span.is_open().then(|| self.end_of_open(place, facts)).flatten();
            found(Span { end: known.map_or(span.end, SpanEnd::At), ..span });
        }
        for &start in &self.bare_leaves {
            let end = SpanEnd::Bare;
            found(Span { start, end });
        }
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
