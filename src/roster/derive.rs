//! Who is and was where at a moment: the spans of all meetings, person by person.
//!
//! Nothing here remembers an earlier answer.

use super::callers::list_callers;
use super::cast::{Cast, Shown};
use super::fold::Roster;
use super::frame::{Frame, RoomSpan};
use super::past::Departed;
use super::presence::{End, Person, Presence, Room};
use super::rules::Rules;
use super::spans::Span;
use super::visits::{self, Lasts};
use crate::moment::Moment;
use crate::zoom::Name;

/// How long visits are listed, and their facts kept in detail: 35 days, in seconds.
pub(super) const KEPT: i64 = 35 * 24 * 60 * 60;

impl Roster {
    /// Who is and was where, at `now`.
    ///
    /// Listed are the visits that lasted into the 35 days before `now`; Last Join and Last Left are
    /// known however long ago. Once something was [summed up](Self::sum_up), the
    /// answer holds for the rules and from the moment given then.
    pub fn presence(&self, rules: &Rules, now: Moment) -> Presence {
        let frame = Frame::new(self, rules, now);
        let mut cast = Cast::new(&self.words, rules);
        let departed = self.past.as_ref().map(|past| &past.people);
        for name in departed.into_iter().flat_map(|people| people.keys()) {
            cast.place(name);
        }
        let mut crowd = Crowd::new(cast.people().len(), rules.rooms.len());
        for meeting in self.meetings.values() {
            let stale_at = frame.stale_at(meeting);
            frame.find(meeting, &cast, |who, found| {
                crowd.add(who, found, stale_at);
            });
        }
        let mut people: Vec<_> = cast.people().iter().zip(crowd.spans).collect();
        people.sort_unstable_by_key(|(person, _)| person.name);
        let mut presence = Presence {
            nameless_present: crowd.nameless.iter().sum(),
            rooms: crowd.nameless.into_iter().map(empty_room).collect(),
            next_change: crowd.next_change.into_iter().chain(self.next_due()).min(),
            ..Presence::default()
        };
        presence.rooms.truncate(rules.rooms.len());
        let nothing = Departed::default();
        let since = now.plus(-KEPT);
        let mut any_callers = false;
        for (Shown { name, identity }, spans) in people {
            let past = departed.and_then(|people| people.get(&**identity)).unwrap_or(&nothing);
            match name.is_telephone_mask() {
                true => {
                    list_callers(&mut presence, &cast, name, spans, past, since);
                    any_callers = true;
                }
                false => list(&mut presence, name, spans, past, since),
            }
        }
        if any_callers {
            presence.sort();
        }
        presence
    }
}

/// What was found in all meetings together.
struct Crowd {
    /// For each person of the cast.
    spans: Vec<Vec<RoomSpan>>,
    /// For each room, connections that are present and nobody's.
    nameless: Vec<usize>,
    next_change: Option<Moment>,
}

impl Crowd {
    fn new(people: usize, rooms: usize) -> Self {
        Self { spans: vec![Vec::new(); people], nameless: vec![0; rooms.max(1)], next_change: None }
    }

    fn add(&mut self, who: Option<u32>, found: RoomSpan, stale_at: Option<Moment>) {
        let is_open = found.span.is_open();
        if is_open {
            self.next_change = self.next_change.into_iter().chain(stale_at).min();
        }
        match who {
            Some(who) => self.spans[who as usize].push(found),
            None => self.nameless[found.room as usize] += usize::from(is_open),
        }
    }
}

fn empty_room(nameless_present: usize) -> Room {
    Room { people: Vec::new(), nameless_present }
}

/// Lists one person, over all rooms and in each.
pub(super) fn list(
    presence: &mut Presence,
    name: &Name,
    mut spans: Vec<RoomSpan>,
    past: &Departed,
    since: Moment,
) {
    spans.extend(&past.loose);
    spans.sort_by_key(|found| visits::order(&found.span));
    let everywhere = spans.iter().map(|found| found.span);
    let everywhere = person(name, everywhere, past.everywhere, since);
    presence.people.extend(everywhere);
    for (place, room) in (0..).zip(&mut presence.rooms) {
        let here = spans.iter().filter(|found| found.room == place);
        let here = here.map(|found| found.span);
        let past = past.rooms.get(&place).copied().unwrap_or_default();
        room.people.extend(person(name, here, past, since));
    }
}

/// The person as of these spans, in order, and the past; `None` where there is nothing to show.
fn person(
    name: &Name,
    spans: impl Iterator<Item = Span>,
    past: Lasts,
    since: Moment,
) -> Option<Person> {
    let mut lasts = past;
    let mut visits = Vec::new();
    let (mut present_since, mut sharing_since) = (None, None);
    visits::join_up(spans, |stay| {
        lasts.add(&stay);
        if stay.visit.end == End::Open {
            present_since = stay.visit.start;
            sharing_since = stay.sharing_since;
        }
        if stay.reach.is_none_or(|reach| reach >= since) {
            visits.push(stay.visit);
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
