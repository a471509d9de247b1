//! When a leg shares its screen.
//!
//! Sharing is shown beside presence and never decides it (the [rules](crate::roster), "Leg").
//! It belongs to a leg. A [`Sharing`] follows one leg through its events, in order:
//!
//! 1. A start begins sharing, unless the leg shares already. A stop ends it.
//! 2. A start and a stop of the same second leave the state as it was: either a share that was
//!    over at once, or one share that replaced another.
//! 3. A leave ends sharing, and so does everything else that ends the span of the leg: a later leg
//!    of the connection, `ended`, a newer meeting, silence. A lost stop therefore does no harm, and
//!    what a person shared before moving to a breakout room is over. Only a
//!    [`SpanEnd::Open`](super::spans::SpanEnd::Open) says that somebody is sharing.
//! 4. A start before the join counts from the join.
//! 5. A person has been sharing since the earliest start in the spans of the open visit.

use crate::time::moment::Moment;

/// Whether one leg shares, after the events seen so far.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Sharing {
    since: Option<Moment>,
    /// The latest start, even if it changed nothing.
    started: Option<Moment>,
}

impl Sharing {
    /// Applies a start. Starts come before the stops of the same second.
    pub(super) fn start(&mut self, at: Moment) {
        self.started = Some(at);
        self.since = self.since.or(self.started);
    }

    /// Applies a stop.
    pub(super) fn stop(&mut self, at: Moment) {
        let is_replacement = self.started == Some(at) && self.since < self.started;
        if !is_replacement {
            self.since = None;
        }
    }

    /// Since when a leg that joined at `joined` has been sharing, if it is.
    pub(super) fn since(self, joined: Moment) -> Option<Moment> {
        self.since.map(|since| since.max(joined))
    }
}
