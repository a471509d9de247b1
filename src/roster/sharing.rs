//! What a leg shares: the rule by which sharing begins and is over.
//!
//! Sharing is shown beside presence and never decides it (the [rules](crate::roster), "Leg"). It belongs to a leg,
//! and a [`Sharing`] follows one through its marks, in order:
//!
//! 1. A start opens it, if not open: of two starts the first holds. A stop closes it.
//! 2. A start and a stop of one second leave it as it was. Where nothing was shared, they are
//!    a share that was over at once; where something was, it gave way to something else.
//! 3. A leave closes it, and so does whatever else ends the span of its leg: a later leg of the connection,
//!    `ended`, a newer meeting, silence. So a lost stop is made up for, and what a person shared
//!    before moving to a breakout room is over. Only a [`SpanEnd::Open`](super::spans::SpanEnd::Open)
//!    can say that somebody is sharing.
//! 4. Nobody shares before joining: a start before the join counts from the join.
//! 5. A person has been sharing since the earliest start in the spans that make up the open visit.

use crate::time::moment::Moment;

/// What is shared by one leg, by the marks seen so far.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Sharing {
    since: Option<Moment>,
    /// The latest start, whether it opened anything or not.
    started: Option<Moment>,
}

impl Sharing {
    /// Takes a start; those of one second come before its stops.
    pub(super) fn start(&mut self, at: Moment) {
        self.started = Some(at);
        self.since = self.since.or(self.started);
    }

    /// Takes a stop.
    pub(super) fn stop(&mut self, at: Moment) {
        let is_change = self.started == Some(at) && self.since < self.started;
        if !is_change {
            self.since = None;
        }
    }

    /// Since when something is shared by a leg that is in since `joined`.
    pub(super) fn since(self, joined: Moment) -> Option<Moment> {
        self.since.map(|since| since.max(joined))
    }
}
