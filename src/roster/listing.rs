//! Lists a person with the visits and times that follow from their spans.

use super::context::RoomSpan;
use super::presence::{End, Person, Presence};
use super::spans::Span;
use super::visits::{self, LastTimes};
use crate::time::moment::Moment;
use crate::zoom::Name;

/// How long visits are listed: 35 days, in seconds.
pub(crate) const VISITS_LISTED_S: i64 = 35 * 24 * 60 * 60;

/// Lists one person, over all rooms and in each.
pub(super) fn list(presence: &mut Presence, name: &Name, mut spans: Vec<RoomSpan>, since: Moment) {
    spans.sort_by_key(|found| visits::span_order(&found.span));
    presence.people.extend(person(name, spans.iter().map(|found| found.span), since));
    for (index, room) in (0..).zip(&mut presence.rooms) {
        let here = spans.iter().filter(|found| found.room == index);
        room.people.extend(person(name, here.map(|found| found.span), since));
    }
}

/// The person with these ordered spans; `None` if there is nothing to show.
fn person(name: &Name, spans: impl Iterator<Item = Span>, since: Moment) -> Option<Person> {
    let mut lasts = LastTimes::default();
    let mut visits = Vec::new();
    let (mut present_since, mut sharing_since) = (None, None);
    visits::merge_spans(spans, |derived| {
        lasts.add(&derived);
        if derived.visit.end == End::Open {
            present_since = derived.visit.start;
            sharing_since = derived.sharing_since;
        }
        if derived.reach.is_none_or(|reach| reach >= since) {
            visits.push(derived.visit);
        }
    });
    lasts.join.or(lasts.left)?;
    Some(Person {
        name: name.clone(),
        visits,
        last_join: lasts.join,
        last_left: lasts.left,
        present_since,
        sharing_since,
    })
}
