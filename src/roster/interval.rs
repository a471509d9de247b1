//! Merges intervals that overlap or touch and whose ends may be unknown.
//!
//! Rule 7 of the [roster](crate::roster). An interval with an unknown end counts as the moment at
//! which it began.

use super::presence::End;
use crate::time::moment::Moment;

/// Intervals merged into one, in the order of their starts.
#[derive(Debug, Clone, Copy)]
pub(crate) struct MergedInterval {
    pub(crate) start: Moment,
    /// The last moment that certainly belongs to it.
    pub(crate) last: Moment,
    is_open: bool,
    /// The latest known end.
    ended: Option<Moment>,
    /// The latest start of an interval with an unknown end.
    unknown_end_start: Option<Moment>,
}

impl MergedInterval {
    pub(crate) fn new(start: Moment, end: End) -> Self {
        let mut merged =
            Self { start, last: start, is_open: false, ended: None, unknown_end_start: None };
        merged.add(start, end);
        merged
    }

    /// Whether an interval that begins at `moment` overlaps or touches this one.
    pub(crate) fn reaches(&self, moment: Moment) -> bool {
        self.is_open || moment <= self.last
    }

    /// Merges an interval that this one [reaches](Self::reaches).
    pub(crate) fn add(&mut self, start: Moment, end: End) {
        self.last = self.last.max(start);
        match end {
            End::Open => self.is_open = true,
            End::At(end) => {
                self.last = self.last.max(end);
                self.ended = self.ended.max(Some(end));
            }
            End::Unknown => self.unknown_end_start = self.unknown_end_start.max(Some(start)),
        }
    }

    /// The end of the whole: unknown if an interval with an unknown end begins at or after the latest
    /// known end.
    pub(crate) fn end(&self) -> End {
        match self.ended {
            _ if self.is_open => End::Open,
            Some(end) if self.unknown_end_start < self.ended => End::At(end),
            _ => End::Unknown,
        }
    }
}
