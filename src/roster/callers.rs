//! Callers whose masked numbers are equal.
//!
//! Where numbers are not stored, `•••••••••43` is the name of every caller whose number ends so. Two
//! who call at the same time are two people, though nobody can tell which of them called before. So each
//! further one of those who were in at once is listed by an ordinal, for as long as visits are listed
//! at all; before that, they are one.

use super::cast::Cast;
use super::derive::list;
use super::frame::RoomSpan;
use super::past::Departed;
use super::presence::Presence;
use super::spans::SpanEnd;
use super::visits;
use crate::moment::Moment;
use crate::zoom::Name;

/// Lists everybody who goes by the mask `name`.
pub(super) fn list_callers(
    presence: &mut Presence,
    cast: &Cast<'_>,
    name: &Name,
    mut spans: Vec<RoomSpan>,
    past: &Departed,
    since: Moment,
) {
    spans.extend(&past.loose);
    spans.sort_by_key(|found| visits::order(&found.span));
    let callers = split(spans, since);
    let past = Departed { loose: Vec::new(), ..past.clone() };
    let nothing = Departed::default();
    let mut ordinal = 1;
    for (number, spans) in callers.into_iter().enumerate() {
        if number == 0 {
            list(presence, name, spans, &past, since);
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
        list(presence, &further, spans, &nothing, since);
    }
}

/// The spans of each of those who were in at once, in order; what is over before `since` is the
/// first one's.
fn split(spans: Vec<RoomSpan>, since: Moment) -> Vec<Vec<RoomSpan>> {
    let mut callers = vec![Vec::new()];
    let mut together: Vec<RoomSpan> = Vec::new();
    let mut reach = Some(Moment::from_seconds(i64::MIN));
    for found in spans {
        if reach.is_some_and(|reach| reach < found.span.start) {
            take(&mut callers, std::mem::take(&mut together), reach, since);
        }
        let last = last(&found);
        reach = reach.zip(last).map(|(reach, last)| reach.max(last));
        if together.is_empty() {
            reach = last;
        }
        together.push(found);
    }
    take(&mut callers, together, reach, since);
    callers
}

/// Takes spans that follow one another without a break, up to `reach`; `None`: they last.
fn take(
    callers: &mut Vec<Vec<RoomSpan>>,
    together: Vec<RoomSpan>,
    reach: Option<Moment>,
    since: Moment,
) {
    if reach.is_some_and(|reach| reach < since) {
        callers[0].extend(together);
        return;
    }
    // Until when each of them is in.
    let mut until: Vec<Option<Moment>> = Vec::new();
    for found in together {
        let is_free = |until: &Option<Moment>| until.is_some_and(|until| until <= found.span.start);
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
}

/// The last moment that belongs to a span for certain; `None` while it lasts.
fn last(found: &RoomSpan) -> Option<Moment> {
    match found.span.end {
        SpanEnd::Open { .. } => None,
        SpanEnd::At(end) => Some(end.max(found.span.start)),
        SpanEnd::Unknown | SpanEnd::Bare => Some(found.span.start),
    }
}
