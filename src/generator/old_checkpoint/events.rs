//! The facts of a checkpoint, as events from which the same facts follow.

use compact_str::{CompactString, format_compact};

use super::format::{
    Body, Id, Identity, Leg, LegId, Past, Roster, Span, SpanEnd, Step, StoredMeeting, Texts,
};
use crate::time::moment::Moment;
use crate::zoom::{Bound, Event, Kind, Meeting, Name, Participant};

/// The number of rooms without one.
const NO_NUMBER: &str = "lookout";

/// Makes events of all facts in `roster`.
pub(super) fn events_of(roster: Roster) -> Vec<Event> {
    let mut events: Vec<Event> = roster.future.into_iter().collect();
    for (uuid, meeting) in roster.meetings {
        let maker = EventMaker { texts: &roster.texts, uuid: uuid.into(), number: None };
        maker.meeting(meeting, &mut events);
    }
    if let Some(past) = roster.past {
        past_visits(past, &roster.texts, &mut events);
    }
    events
}

/// Makes the events of one meeting.
struct EventMaker<'a> {
    texts: &'a Texts,
    uuid: CompactString,
    number: Option<CompactString>,
}

impl EventMaker<'_> {
    fn meeting(self, meeting: StoredMeeting, events: &mut Vec<Event>) {
        let StoredMeeting { number, seen, known, body } = meeting;
        if let Some((at, number)) = number {
            let maker = EventMaker { number: Some(number), uuid: self.uuid.clone(), ..self };
            events.push(maker.event(Kind::Bound, at, None));
        }
        for at in seen.into_iter().flat_map(|(first, last)| [first, last]) {
            events.push(self.event(Kind::RoleChanged, at, None));
        }
        let facts = match body {
            Body::Open(facts) => facts,
            Body::Packed(_, bytes) => match postcard::from_bytes(&bytes) {
                Ok(facts) => facts,
                // The checksum of the checkpoint was right, so this never happens.
                Err(_) => return,
            },
        };
        events.extend(facts.ended.iter().map(|at| self.event(Kind::Ended, *at, None)));
        for (id, leg) in &facts.legs {
            self.leg(id, leg, &facts.connections, known.0, events);
        }
        for (id, identity) in &facts.connections {
            let connection = Some(id.text());
            let who = Participant { connection, ..Participant::default() };
            self.identity(&who, identity, known.0, events);
        }
    }

    fn leg(
        &self,
        id: &LegId,
        leg: &Leg,
        connections: &[(Id, Identity)],
        since: Moment,
        events: &mut Vec<Event>,
    ) {
        let mut who = Participant::default();
        match id {
            LegId::User(id) => who.user_id = Some(id.text()),
            LegId::Connection(id) => who.connection = Some(id.text()),
            LegId::Named(name) => {
                let sighting = leg.own.as_ref().and_then(|own| own.sighting);
                who.name = self.name(sighting.map_or(*name, |(_, _, spelling)| spelling));
            }
        }
        if let Some(own) = &leg.own {
            self.identity(&who, own, since, events);
        }
        let connection = leg.connection.and_then(|(_, place)| connections.get(place as usize));
        if let Some((id, _)) = connection {
            who.connection = Some(id.text());
        }
        for (at, step) in &leg.marks {
            let kind = match step {
                Step::Join => Kind::Joined,
                Step::StartSharing => Kind::SharingStarted,
                Step::StopSharing => Kind::SharingEnded,
                Step::Leave => Kind::Left,
            };
            events.push(self.event(kind, *at, Some(who.clone())));
        }
    }

    fn identity(
        &self,
        who: &Participant,
        identity: &Identity,
        since: Moment,
        events: &mut Vec<Event>,
    ) {
        let ids = identity.zoom_user_ids.iter();
        let zoom_user_ids: Vec<_> = ids.filter_map(|id| self.zoom_user_id(*id)).collect();
        let (at, stamp_ms, name) = match identity.sighting {
            Some((at, stamp_ms, name)) => (at, stamp_ms, self.name(name)),
            None => (since, since.seconds() * 1000, None),
        };
        if name.is_some() || !zoom_user_ids.is_empty() {
            let participant = Participant { name, zoom_user_ids, ..who.clone() };
            events.push(Event { stamp_ms, ..self.event(Kind::Other, at, Some(participant)) });
        }
        if let Some((at, to)) = &identity.bound {
            let bound_to = match to {
                LegId::User(id) => Bound { user_id: Some(id.text()), connection: None },
                LegId::Connection(id) => Bound { user_id: None, connection: Some(id.text()) },
                LegId::Named(_) => return,
            };
            let participant = Participant { bound_to: Some(bound_to), ..who.clone() };
            events.push(self.event(Kind::Bound, *at, Some(participant)));
        }
    }

    fn event(&self, kind: Kind, at: Moment, participant: Option<Participant>) -> Event {
        let meeting = Meeting { uuid: self.uuid.clone(), number: self.number.clone() };
        Event {
            kind,
            at,
            stamp_ms: at.seconds().saturating_mul(1000),
            meeting: Some(meeting),
            participant,
        }
    }

    fn name(&self, index: u32) -> Option<Name> {
        self.texts.names.get(index.checked_sub(1)? as usize).cloned()
    }

    fn zoom_user_id(&self, index: u32) -> Option<CompactString> {
        self.texts.zoom_user_ids.get(index.checked_sub(1)? as usize).cloned()
    }

    fn span(&self, name: &Name, span: Span, events: &mut Vec<Event>) {
        let connection = Some(CompactString::from("1"));
        let name = Some(name.clone());
        let who = Participant { connection, name, ..Participant::default() };
        let mut add = |kind, at| events.push(self.event(kind, at, Some(who.clone())));
        match span.end {
            SpanEnd::At(end) => {
                add(Kind::Joined, span.start);
                add(Kind::Left, end);
            }
            SpanEnd::Bare => add(Kind::Left, span.start),
            SpanEnd::Open { .. } | SpanEnd::Unknown => {
                add(Kind::Joined, span.start);
                // A newer meeting with the same number means that this one ended, at an unknown time.
                let uuid = format_compact!("{}.over", self.uuid);
                let newer = EventMaker { uuid, number: self.number.clone(), texts: self.texts };
                events.push(newer.event(Kind::Started, span.start.plus(1), None));
            }
        }
    }
}

/// Makes events of the visits of long ago, each in a meeting of its own.
fn past_visits(past: Past, texts: &Texts, events: &mut Vec<Event>) {
    let spellings = texts.latest_spellings();
    let mut count = 0;
    for (name, person) in past.people {
        let name = spellings.get(&name).map_or(name, |(_, spelling)| (*spelling).clone());
        let last_visits = person.rooms.iter().flat_map(|(room, (join, left))| {
            spans_of(*join, *left).into_iter().map(|span| (*room, span))
        });
        for (room, span) in last_visits.chain(person.loose) {
            count += 1;
            let uuid = format_compact!("lookout.past.{count}");
            let number = past.room_numbers.get(room as usize).cloned();
            let number = Some(number.unwrap_or_else(|| NO_NUMBER.into()));
            EventMaker { texts, uuid, number }.span(&name, span, events);
        }
    }
}

/// Spans with this Last Join and Last Left.
fn spans_of(join: Option<Moment>, left: Option<Moment>) -> Vec<Span> {
    let bare = |at| Span { start: at, end: SpanEnd::Bare };
    match (join, left) {
        (Some(start), Some(end)) if start <= end => vec![Span { start, end: SpanEnd::At(end) }],
        (join, left) => {
            let unknown = join.map(|start| Span { start, end: SpanEnd::Unknown });
            unknown.into_iter().chain(left.map(bare)).collect()
        }
    }
}
