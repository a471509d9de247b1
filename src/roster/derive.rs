//! Who is and was where at a moment: the sessions of meetings, person by person.
//!
//! Nothing here remembers an earlier answer.

use super::callers::list_callers;
use super::cast::{Cast, Shown};
use super::frame::{Frame, Newest, RoomSpan};
use super::meeting::Outline;
use super::presence::{End, Person, Presence, Room};
use super::rules::Rules;
use super::spans::{Sessions, Span};
use super::visits::{self, Lasts};
use super::words::Words;
use crate::time::moment::Moment;
use crate::zoom::Name;

/// How long visits are listed: 35 days, in seconds.
pub(crate) const LISTED: i64 = 35 * 24 * 60 * 60;

/// The sessions of meetings, gathered by person.
pub(crate) struct Gathered<'a> {
    frame: Frame<'a>,
    cast: Cast<'a>,
    now: Moment,
    /// For each person of the cast.
    spans: Vec<Vec<RoomSpan>>,
    /// For each room, connections that are present and nobody's.
    nameless: Vec<usize>,
    next_change: Option<Moment>,
}

impl<'a> Gathered<'a> {
    /// Nobody's sessions yet. `words` are those that sessions refer to.
    pub(crate) fn new(words: &'a Words, rules: &'a Rules, now: Moment, newest: &'a Newest) -> Self {
        let cast = Cast::new(words, rules);
        Self {
            frame: Frame::new(rules, now, newest),
            spans: vec![Vec::new(); cast.people().len()],
            cast,
            now,
            nameless: vec![0; rules.rooms.len().max(1)],
            next_change: None,
        }
    }

    /// Adds the sessions of a meeting. One in none of the rooms has none.
    pub(crate) fn add<'s>(
        &mut self,
        meeting: &Outline,
        sessions: impl IntoIterator<Item = &'s Sessions>,
    ) {
        let Some((room, bounds)) = self.frame.room_and_bounds(meeting) else { return };
        for Sessions { who, spans } in sessions {
            let who = self.cast.who(who);
            for span in spans {
                self.add_span(who, RoomSpan { room, span: bounds.close(*span) }, bounds.stale_at);
            }
        }
    }

    fn add_span(&mut self, who: Option<u32>, found: RoomSpan, stale_at: Option<Moment>) {
        let is_open = found.span.is_open();
        if is_open {
            self.next_change = self.next_change.into_iter().chain(stale_at).min();
        }
        match who {
            Some(who) => self.spans[who as usize].push(found),
            None => self.nameless[found.room as usize] += usize::from(is_open),
        }
    }

    /// Who is who.
    pub(crate) fn cast(&self) -> &Cast<'a> {
        &self.cast
    }

    /// Which rooms meetings are in.
    pub(crate) fn frame(&self) -> &Frame<'a> {
        &self.frame
    }

    /// The spans of the person at `place` of the cast, to which older ones may be added.
    pub(crate) fn spans_mut(&mut self, place: u32) -> &mut Vec<RoomSpan> {
        &mut self.spans[place as usize]
    }

    /// Who is and was where. Listed are the visits that lasted into the 35 days before now; Last
    /// Join and Last Left are known as far as all spans up to these were gathered. `next_due` is
    /// when the next event that came before its time counts.
    pub(crate) fn presence(self, next_due: Option<Moment>) -> Presence {
        let Self { cast, spans, nameless, now, next_change, frame } = self;
        let mut people: Vec<_> = cast.people().iter().zip(spans).collect();
        people.sort_unstable_by_key(|(person, _)| person.name);
        let mut presence = Presence {
            nameless_present: nameless.iter().sum(),
            rooms: nameless.into_iter().map(empty_room).collect(),
            next_change: next_change.into_iter().chain(next_due).min(),
            ..Presence::default()
        };
        presence.rooms.truncate(frame.rooms_shown());
        let since = now.plus(-LISTED);
        let mut any_callers = false;
        for (Shown { name, .. }, spans) in people {
            match name.is_telephone_mask() {
                true => {
                    list_callers(&mut presence, &cast, name, spans, since);
                    any_callers = true;
                }
                false => list(&mut presence, name, spans, since),
            }
        }
        if any_callers {
            presence.sort();
        }
        presence
    }
}

fn empty_room(nameless_present: usize) -> Room {
    Room { people: Vec::new(), nameless_present }
}

/// Lists one person, over all rooms and in each.
pub(super) fn list(presence: &mut Presence, name: &Name, mut spans: Vec<RoomSpan>, since: Moment) {
    spans.sort_by_key(|found| visits::order(&found.span));
    let everywhere = spans.iter().map(|found| found.span);
    presence.people.extend(person(name, everywhere, since));
    for (place, room) in (0..).zip(&mut presence.rooms) {
        let here = spans.iter().filter(|found| found.room == place);
        room.people.extend(person(name, here.map(|found| found.span), since));
    }
}

/// The person as of these spans, in order; `None` where there is nothing to show.
fn person(name: &Name, spans: impl Iterator<Item = Span>, since: Moment) -> Option<Person> {
    let mut lasts = Lasts::default();
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
