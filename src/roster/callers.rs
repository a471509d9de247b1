//! Callers with equal masked numbers.
//!
//! If numbers are not stored, every caller whose number ends in 43 has the name `•••••••••43`. Two
//! who are in at the same time are two people, but nothing tells which of them called earlier.
//! Each further caller who was in at the same time is therefore listed with an ordinal, as long as
//! the visit is listed. After that, they count as one.

use super::context::RoomSpan;
use super::listing::{VISITS_LISTED_S, list};
use super::presence::Presence;
use super::resolver::PersonResolver;
use super::spans::SpanEnd;
use super::visits;
use crate::time::moment::Moment;
use crate::zoom::Name;

/// Lists all callers with the masked number `name`.
pub(super) fn list_callers(
    presence: &mut Presence,
    resolver: &PersonResolver<'_>,
    name: &Name,
    mut spans: Vec<RoomSpan>,
    since: Moment,
) {
    sort(&mut spans);
    let CallerSplit { callers, split_until } = split(spans, since);
    let merged_at = split_until.map(|last| last.plus(VISITS_LISTED_S + 1));
    presence.next_change = presence.next_change.into_iter().chain(merged_at).min();
    for (numbered, spans) in caller_names(name, resolver).zip(callers) {
        list(presence, &numbered, spans, since);
    }
}

/// The spans of the first of several callers with one masked number. All spans that ended before
/// `since` are of that caller.
pub(crate) fn first_caller(mut spans: Vec<RoomSpan>, since: Moment) -> Vec<RoomSpan> {
    sort(&mut spans);
    split(spans, since).callers.swap_remove(0)
}

/// Sorts spans into an order that does not depend on the order of arrival: the ordinals follow it.
fn sort(spans: &mut [RoomSpan]) {
    spans.sort_unstable_by_key(|found| (visits::span_order(&found.span), found.span, found.room));
}

/// The names of the callers with the masked number `name`: the number itself, then with ordinals,
/// without the names that people have.
pub(super) fn caller_names(
    name: &Name,
    resolver: &PersonResolver<'_>,
) -> impl Iterator<Item = Name> {
    let numbered =
        move |ordinal| Name::clean(&format!("{name} ({ordinal})")).expect("it has digits");
    let further = (2..).map(numbered).filter(|numbered| !resolver.has(numbered));
    std::iter::once(name.clone()).chain(further)
}

/// Splits the spans of one masked number, in order and without a gap between them, by caller.
pub(super) fn split_all(spans: Vec<RoomSpan>) -> Vec<Vec<RoomSpan>> {
    split(spans, Moment::from_seconds(i64::MIN)).callers
}

/// The spans of one masked number, split by caller.
struct CallerSplit {
    /// The spans of each caller, in order.
    callers: Vec<Vec<RoomSpan>>,
    /// When the first group of simultaneous callers was over.
    split_until: Option<Moment>,
}

/// Splits the spans of callers who were in at the same time. Spans that ended before `since` all
/// belong to the first caller.
fn split(spans: Vec<RoomSpan>, since: Moment) -> CallerSplit {
    let mut split = CallerSplit { callers: vec![Vec::new()], split_until: None };
    let mut together: Vec<RoomSpan> = Vec::new();
    let mut reach = Some(Moment::from_seconds(i64::MIN));
    for found in spans {
        if reach.is_some_and(|reach| reach < found.span.start) {
            split.assign(std::mem::take(&mut together), reach, since);
        }
        let last = last(&found);
        reach = reach.zip(last).map(|(reach, last)| reach.max(last));
        if together.is_empty() {
            reach = last;
        }
        together.push(found);
    }
    split.assign(together, reach, since);
    split
}

impl CallerSplit {
    /// Assigns spans without a gap between them to callers. They end at `reach`; `None`: some are
    /// open.
    fn assign(&mut self, together: Vec<RoomSpan>, reach: Option<Moment>, since: Moment) {
        let callers = &mut self.callers;
        if reach.is_some_and(|reach| reach < since) {
            callers[0].extend(together);
            return;
        }
        // Until when each caller is in; `None`: still in.
        let mut until: Vec<Option<Moment>> = Vec::new();
        for found in together {
            let is_free =
                |until: &Option<Moment>| until.is_some_and(|until| until <= found.span.start);
            // An unmatched leave could be of any caller: assign it to the first.
            let caller = match found.span.end {
                SpanEnd::UnmatchedLeave => 0,
                _ => until.iter().position(is_free).unwrap_or(until.len()),
            };
            until.resize(until.len().max(caller + 1), Some(found.span.start));
            callers.resize_with(callers.len().max(caller + 1), Vec::new);
            if found.span.end != SpanEnd::UnmatchedLeave {
                until[caller] = last(&found);
            }
            callers[caller].push(found);
        }
        if until.len() > 1 {
            self.split_until = self.split_until.into_iter().chain(reach).min();
        }
    }
}

/// The last moment that certainly belongs to a span; `None` while it is open.
pub(super) fn last(found: &RoomSpan) -> Option<Moment> {
    match found.span.end {
        SpanEnd::Open { .. } => None,
        SpanEnd::At(end) => Some(end.max(found.span.start)),
        SpanEnd::Unknown | SpanEnd::UnmatchedLeave => Some(found.span.start),
    }
}
