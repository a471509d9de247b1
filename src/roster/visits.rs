//! From spans to visits, and what is remembered of visits for ever.
//!
//! Rules 7 to 9 of the [roster](crate::roster).

use super::frame::RoomSpan;
use super::presence::{End, Visit};
use super::spans::{Span, SpanEnd};
use crate::time::moment::Moment;

/// A visit with what the page needs to know besides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stay {
    pub visit: Visit,
    /// Since when somebody who is still in has been sharing.
    pub sharing_since: Option<Moment>,
    /// The last moment that a later span could touch it; `None` while it lasts.
    pub reach: Option<Moment>,
}

/// Last Join and Last Left: all that old visits still matter for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Lasts {
    pub join: Option<Moment>,
    pub left: Option<Moment>,
}

impl Lasts {
    /// Takes in one visit.
    pub(super) fn add(&mut self, stay: &Stay) {
        self.join = self.join.max(stay.visit.start);
        if let End::At(end) = stay.visit.end {
            self.left = self.left.max(Some(end));
        }
    }
}

/// Since when all of somebody's spans have to be known, for what pages show of them to be right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct KnownFrom {
    /// For the visits that are listed.
    pub(crate) listed: Moment,
    /// For Last Join; `None`: it is missing.
    pub(crate) join: Option<Moment>,
    /// For Last Left; `None`: it is missing.
    left: Option<Moment>,
    /// When the visit began that still lasts.
    pub(crate) present: Option<Moment>,
}

impl KnownFrom {
    /// By those of `spans` that count, where visits are listed that lasted until `since` or
    /// longer. Sorts `spans`.
    pub(crate) fn of(
        spans: &mut [RoomSpan],
        since: Moment,
        counts: impl Fn(&RoomSpan) -> bool,
    ) -> Self {
        spans.sort_by_key(|found| order(&found.span));
        let (mut join, mut left, mut listed, mut present) = (None, None, since, None);
        let counted = spans.iter().filter(|found| counts(found));
        join_up(counted.map(|found| found.span), |Stay { visit, reach, .. }| {
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

    /// For all of it; `None` where something is missing.
    pub(crate) fn all(self) -> Option<Moment> {
        Some(self.left?.min(self.join?).min(self.listed))
    }
}

/// The order in which [`join_up`] wants spans: by time, and in one second leaves without a join
/// last, so that whatever visit they may lie in is known by then.
pub(crate) fn order(span: &Span) -> (Moment, bool) {
    (span.start, span.end == SpanEnd::Bare)
}

/// Joins the spans of one person, in [`order`], into visits, and hands each to `found`, oldest first.
pub(crate) fn join_up(spans: impl IntoIterator<Item = Span>, mut found: impl FnMut(Stay)) {
    let mut growing: Option<Growing> = None;
    // The latest leave without a join: a second one of that second says nothing new.
    let mut bare: Option<Moment> = None;
    for span in spans {
        let touched = growing.as_mut().filter(|visit| visit.reaches(span.start));
        match (touched, span.end) {
            (Some(_), SpanEnd::Bare) => {}
            (Some(visit), _) => visit.add(span),
            (None, SpanEnd::Bare) => {
                if let Some(visit) = growing.take() {
                    found(visit.stay());
                }
                if bare.replace(span.start) != Some(span.start) {
                    found(bare_leave(span.start));
                }
            }
            (None, _) => {
                if let Some(visit) = growing.replace(Growing::new(span)) {
                    found(visit.stay());
                }
            }
        }
    }
    if let Some(visit) = growing {
        found(visit.stay());
    }
}

/// A visit of which only the leave is known (rule 8).
fn bare_leave(at: Moment) -> Stay {
    let visit = Visit { start: None, end: End::At(at) };
    Stay { visit, sharing_since: None, reach: Some(at) }
}

/// A visit that may still take in spans.
struct Growing {
    start: Moment,
    open: bool,
    /// The earliest start of what is shared in its open spans.
    sharing_since: Option<Moment>,
    /// The latest known end of a span.
    ended: Option<Moment>,
    /// The latest beginning of a span of unknown end.
    vanished: Option<Moment>,
}

impl Growing {
    fn new(span: Span) -> Self {
        let mut visit = Self {
            start: span.start,
            open: false,
            sharing_since: None,
            ended: None,
            vanished: None,
        };
        visit.add(span);
        visit
    }

    fn add(&mut self, span: Span) {
        match span.end {
            SpanEnd::Open { sharing_since } => {
                self.open = true;
                self.sharing_since = self.sharing_since.into_iter().chain(sharing_since).min();
            }
            SpanEnd::At(end) => self.ended = self.ended.max(Some(end)),
            SpanEnd::Unknown => self.vanished = self.vanished.max(Some(span.start)),
            SpanEnd::Bare => {}
        }
    }

    /// The latest moment that belongs to it for certain. A span of unknown end counts as its beginning.
    fn last(&self) -> Moment {
        self.start.max(self.ended.unwrap_or(self.start)).max(self.vanished.unwrap_or(self.start))
    }

    fn reaches(&self, moment: Moment) -> bool {
        self.open || moment <= self.last()
    }

    fn stay(&self) -> Stay {
        let end = match self.ended {
            _ if self.open => End::Open,
            Some(end) if self.vanished.is_none_or(|at| at < end) => End::At(end),
            _ => End::Unknown,
        };
        let visit = Visit { start: Some(self.start), end };
        let reach = (!self.open).then(|| self.last());
        Stay { visit, sharing_since: self.sharing_since, reach }
    }
}
