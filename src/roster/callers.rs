//! Callers whose masked numbers are equal.
//!
//! Where numbers are not stored, `•••••••••43` is the name of every caller whose number ends so. Two
//! who call at the same time are two people, though nobody can tell which of them called before. So each
//! further one of those who were in at once is listed by an ordinal, for as long as visits are listed
//! at all; after that, they are one.

use super::cast::Cast;
use super::derive::{LISTED, list};
use super::frame::RoomSpan;
use super::presence::Presence;
use super::spans::SpanEnd;
use super::visits;
use crate::time::moment::Moment;
use crate::zoom::Name;

/// Lists everybody who goes by the mask `name`.
pub(super) fn list_callers(
    presence: &mut Presence,
    cast: &Cast<'_>,
    name: &Name,
    mut spans: Vec<RoomSpan>,
    since: Moment,
) {
    // Who is further goes by this order, so it must not go by that of arrival.
    spans.sort_unstable_by_key(|found| (visits::order(&found.span), found.span, found.room));
    let Split { callers, lasts_until } = split(spans, since);
    let merged_at = lasts_until.map(|last| last.plus(LISTED + 1));
    presence.next_change = presence.next_change.into_iter().chain(merged_at).min();
    let mut ordinal = 1;
    for (number, spans) in callers.into_iter().enumerate() {
        if number == 0 {
            list(presence, name, spans, since);
            continue;
        }
        let further = loop {
            ordinal += 1;
            let further = Name::clean(&format!("{name} ({ordinal})")).expect("it has digits");
            // Somebody may go by that name.
            if !cast.has(&further) {
                break further;
            }
        };
        list(presence, &further, spans, since);
    }
}

/// Callers told apart.
struct Split {
    /// The spans of each, in order.
    callers: Vec<Vec<RoomSpan>>,
    /// The first of the moments at which several of them were last in.
    lasts_until: Option<Moment>,
}

/// Tells apart those who were in at once; what is over before `since` is the first one's.
fn split(spans: Vec<RoomSpan>, since: Moment) -> Split {
    let mut split = Split { callers: vec![Vec::new()], lasts_until: None };
    let mut together: Vec<RoomSpan> = Vec::new();
    let mut reach = Some(Moment::from_seconds(i64::MIN));
    for found in spans {
        if reach.is_some_and(|reach| reach < found.span.start) {
            split.take(std::mem::take(&mut together), reach, since);
        }
        let last = last(&found);
        reach = reach.zip(last).map(|(reach, last)| reach.max(last));
        if together.is_empty() {
            reach = last;
        }
        together.push(found);
    }
    split.take(together, reach, since);
    split
}

impl Split {
    /// Takes spans that follow one another without a break, up to `reach`; `None`: they last.
    fn take(&mut self, together: Vec<RoomSpan>, reach: Option<Moment>, since: Moment) {
        let callers = &mut self.callers;
        if reach.is_some_and(|reach| reach < since) {
            callers[0].extend(together);
            return;
        }
        // Until when each of them is in.
        let mut until: Vec<Option<Moment>> = Vec::new();
        for found in together {
            let is_free =
                |until: &Option<Moment>| until.is_some_and(|until| until <= found.span.start);
            // A leave without a join is nobody's in particular.
            let caller = match found.span.end {
                SpanEnd::Bare => 0,
                _ => until.iter().position(is_free).unwrap_or(until.len()),
            };
            until.resize(until.len().max(caller + 1), Some(found.span.start));
            callers.resize_with(callers.len().max(caller + 1), Vec::new);
            if found.span.end != SpanEnd::Bare {
                until[caller] = last(&found);
            }
            callers[caller].push(found);
        }
        if until.len() > 1 {
            self.lasts_until = self.lasts_until.into_iter().chain(reach).min();
        }
    }
}

/// The last moment that belongs to a span for certain; `None` while it lasts.
fn last(found: &RoomSpan) -> Option<Moment> {
    match found.span.end {
        SpanEnd::Open { .. } => None,
        SpanEnd::At(end) => Some(end.max(found.span.start)),
        SpanEnd::Unknown | SpanEnd::Bare => Some(found.span.start),
    }
}
