//! Merges spans into visits, and finds Last Join and Last Left.
//!
//! Rules 7 to 9 of the [roster](crate::roster).

use super::context::RoomSpan;
use super::interval::MergedInterval;
use super::presence::{End, Visit};
use super::spans::{Span, SpanEnd};
use crate::time::moment::Moment;

/// A visit with the details that are needed to show it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct DerivedVisit {
    pub visit: Visit,
    /// Since when the person has been sharing, if the visit is open.
    pub sharing_since: Option<Moment>,
    /// The last moment at which another span could touch it; `None` while it is open.
    pub reach: Option<Moment>,
}

/// Last Join and Last Left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct LastTimes {
    pub join: Option<Moment>,
    pub left: Option<Moment>,
}

impl LastTimes {
    pub(super) fn add(&mut self, derived: &DerivedVisit) {
        self.join = self.join.max(derived.visit.start);
        if let End::At(end) = derived.visit.end {
            self.left = self.left.max(Some(end));
        }
    }
}

/// From when on all spans of a person have to be known, so that pages show the person correctly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RequiredSince {
    /// For the listed visits.
    pub(crate) listed: Moment,
    /// For Last Join; `None` if no join is known.
    pub(crate) join: Option<Moment>,
    /// For Last Left; `None` if no end is known.
    left: Option<Moment>,
    /// The start of the open visit.
    pub(crate) present: Option<Moment>,
}

impl RequiredSince {
    /// Computes this from the `spans` for which `counts` is true. Visits that lasted until `since`
    /// or longer are listed. Sorts `spans`.
    pub(crate) fn of(
        spans: &mut [RoomSpan],
        since: Moment,
        counts: impl Fn(&RoomSpan) -> bool,
    ) -> Self {
        spans.sort_by_key(|found| span_order(&found.span));
        let (mut join, mut left, mut listed, mut present) = (None, None, since, None);
        let counted = spans.iter().filter(|found| counts(found));
        merge_spans(counted.map(|found| found.span), |DerivedVisit { visit, reach, .. }| {
            join = join.max(visit.start);
            if reach.is_none_or(|reach| reach >= since) {
                listed = visit.start.map_or(listed, |start| listed.min(start));
            }
            match visit.end {
                End::At(end) => left = left.max(Some((end, visit.start.unwrap_or(end)))),
                End::Open => present = visit.start,
                End::Unknown => {}
            }
        });
        Self { listed, join, left: left.map(|(_, from)| from), present }
    }

    /// The earliest of all; `None` if Last Join or Last Left is missing.
    pub(crate) fn all(self) -> Option<Moment> {
        Some(self.left?.min(self.join?).min(self.listed))
    }
}

/// The order of spans that [`merge_spans`] expects: by time, and within a second unmatched leaves
/// last, after every visit that may contain them.
pub(crate) fn span_order(span: &Span) -> (Moment, bool) {
    (span.start, span.end == SpanEnd::UnmatchedLeave)
}

/// Merges the spans of one person, in [`span_order`], into visits, and passes each to `found`,
/// oldest first.
pub(crate) fn merge_spans(
    spans: impl IntoIterator<Item = Span>,
    mut found: impl FnMut(DerivedVisit),
) {
    let mut growing: Option<VisitBuilder> = None;
    // The latest unmatched leave. Another one of the same second adds nothing.
    let mut latest_leave: Option<Moment> = None;
    for Span { start, end } in spans {
        let reached = growing.as_mut().filter(|visit| visit.interval.reaches(start));
        let (end, sharing_since) = match end {
            SpanEnd::UnmatchedLeave => {
                if reached.is_some() {
                    continue;
                }
                if let Some(visit) = growing.take() {
                    found(visit.build());
                }
                if latest_leave.replace(start) != Some(start) {
                    found(unmatched_leave(start));
                }
                continue;
            }
            SpanEnd::Open { sharing_since } => (End::Open, sharing_since),
            SpanEnd::At(end) => (End::At(end), None),
            SpanEnd::Unknown => (End::Unknown, None),
        };
        match reached {
            Some(visit) => visit.add(start, end, sharing_since),
            None => {
                if let Some(visit) = growing.replace(VisitBuilder::new(start, end, sharing_since)) {
                    found(visit.build());
                }
            }
        }
    }
    if let Some(visit) = growing {
        found(visit.build());
    }
}

/// A visit with an unknown start (rule 8).
fn unmatched_leave(at: Moment) -> DerivedVisit {
    let visit = Visit { start: None, end: End::At(at) };
    DerivedVisit { visit, sharing_since: None, reach: Some(at) }
}

/// A visit that is being merged.
struct VisitBuilder {
    interval: MergedInterval,
    /// The earliest start of sharing in its open spans.
    sharing_since: Option<Moment>,
}

impl VisitBuilder {
    fn new(start: Moment, end: End, sharing_since: Option<Moment>) -> Self {
        Self { interval: MergedInterval::new(start, end), sharing_since }
    }

    fn add(&mut self, start: Moment, end: End, sharing_since: Option<Moment>) {
        self.interval.add(start, end);
        self.sharing_since = self.sharing_since.into_iter().chain(sharing_since).min();
    }

    fn build(&self) -> DerivedVisit {
        let MergedInterval { start, last, .. } = self.interval;
        let visit = Visit { start: Some(start), end: self.interval.end() };
        let reach = (visit.end != End::Open).then_some(last);
        DerivedVisit { visit, sharing_since: self.sharing_since, reach }
    }
}
