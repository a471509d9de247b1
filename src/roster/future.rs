//! Events whose facts have a time in the future.
//!
//! Rule 13 of the [roster](crate::roster): such an event is kept and counts from its own time on.
//! Zoom's clock and ours may differ a little, so an event up to [`MAX_AHEAD_S`] seconds ahead
//! counts at once.

use crate::time::moment::Moment;
use crate::zoom::Event;

/// How far ahead of our clock a fact may be to count at once, in seconds.
const MAX_AHEAD_S: i64 = 5 * 60;

/// Whether an event counts at `now`.
pub(crate) fn is_due(event: &Event, now: Moment) -> bool {
    due_at(event) <= now
}

/// When an event begins to count.
pub(crate) fn due_at(event: &Event) -> Moment {
    event.at.plus(-MAX_AHEAD_S)
}
