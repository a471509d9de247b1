//! Events from the future: those whose facts are of a time that is yet to come.
//!
//! Rule 13 of `presence.md`: such an event is kept, and counts from its own time on. Zoom's clock and
//! ours may differ by a little, so what is at most [`AHEAD`] seconds ahead counts at once.

use super::fold::{self, NeedsReplay, Roster};
use crate::moment::Moment;
use crate::zoom::Event;

/// How far ahead of our clock a fact may be to count at once, in seconds.
const AHEAD: i64 = 5 * 60;

impl Roster {
    /// Takes in one event at `now`, as [`apply`](Self::apply) does, or keeps it until its time.
    ///
    /// # Errors
    ///
    /// Those of [`apply`](Self::apply).
    pub fn take_in(&mut self, event: &Event, now: Moment) -> Result<(), NeedsReplay> {
        if has_come(event, now) {
            return self.apply(event);
        }
        if event.meeting.is_some() && fold::states_a_fact(event) {
            self.future.insert(event.clone());
        }
        Ok(())
    }

    /// Applies the events whose time has come by `now`; returns how many these were, and how many
    /// of them were refused, as [`apply`](Self::apply) does.
    pub fn apply_due(&mut self, now: Moment) -> (u64, u64) {
        if !self.future.iter().any(|event| has_come(event, now)) {
            return (0, 0);
        }
        let mut due: Vec<Event> = Vec::new();
        self.future.retain(|event| {
            let is_due = has_come(event, now);
            due.extend(is_due.then(|| event.clone()));
            !is_due
        });
        let refused = due.iter().filter(|event| self.apply(event).is_err()).count();
        (due.len() as u64, refused as u64)
    }

    /// How many events are kept until their time has come.
    pub fn events_to_come(&self) -> usize {
        self.future.len()
    }

    /// When the next of them counts.
    pub(super) fn next_due(&self) -> Option<Moment> {
        self.future.iter().map(|event| event.at.plus(-AHEAD)).min()
    }
}

fn has_come(event: &Event, now: Moment) -> bool {
    event.at <= now.plus(AHEAD)
}
