//! Events from the future: those whose facts are of a time that is yet to come.
//!
//! Rule 13 of the [roster](crate::roster): such an event is kept, and counts from its own time on. Zoom's clock and
//! ours may differ by a little, so what is at most [`AHEAD`] seconds ahead counts at once.

use crate::time::moment::Moment;
use crate::zoom::Event;

/// How far ahead of our clock a fact may be to count at once, in seconds.
const AHEAD: i64 = 5 * 60;

/// Whether an event counts at `now`.
pub(crate) fn has_come(event: &Event, now: Moment) -> bool {
    counts_from(event) <= now
}

/// When an event begins to count.
pub(crate) fn counts_from(event: &Event) -> Moment {
    event.at.plus(-AHEAD)
}
