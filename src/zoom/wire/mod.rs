//! Zoom's JSON structure, and how it is parsed into events.
//!
//! Parsing is lenient: `""`, `null`, missing and a value of the wrong type all mean absent, and an id
//! may be text or a number. Every document is therefore *some* event, possibly one without facts.

pub(super) mod lenient;
mod topic;

use serde::Deserialize;

use crate::time::moment::Moment;
use crate::types::Name;
use crate::zoom::delivery::{OBSERVATION, OPERATOR};
use crate::zoom::event::{Bound, Event, Kind, Meeting, Participant};
use crate::zoom::surrogate;
use lenient::{Object, Text};

pub use topic::topic_of;

/// Keys that parsing an event needs. `participant_user_id` is not among them: it only identifies
/// accounts.
pub const NEEDED_KEYS: [&str; 20] = [
    "bind_participant_uuid",
    "bind_user_id",
    "by",
    "date_time",
    "end_time",
    "event",
    "event_ts",
    "id",
    "join_time",
    "leave_time",
    "object",
    "observed",
    "participant",
    "participant_uuid",
    "payload",
    "sharing_details",
    "start_time",
    "user_id",
    "user_name",
    "uuid",
];

/// Parses a stored document. `received_ms` is the time of receipt in milliseconds since the epoch, used
/// only if the document has no time.
pub fn understand(document: &str, received_ms: i64) -> Event {
    // A lone surrogate makes serde fail. It is rare, so look for it only then.
    let mended;
    let wire: Wire<'_> = match serde_json::from_str(document) {
        Ok(wire) => wire,
        Err(_) => {
            mended = surrogate::mended(document);
            serde_json::from_str(&mended).unwrap_or_default()
        }
    };
    let stamp_ms = wire.event_ts.millis().unwrap_or(received_ms);
    let WirePayload { object, observed } = wire.payload.0;
    let object = object.0;
    let kind = match wire.event.as_str() {
        OBSERVATION => observed_kind(&object.participant.0, &observed.0),
        event => kind(event),
    };
    Event {
        kind,
        at: fact_time(kind, &object).unwrap_or(Moment::from_millis(stamp_ms)),
        stamp_ms,
        meeting: meeting(&object),
        participant: participant(kind, object.participant.0),
    }
}

#[derive(Deserialize, Default)]
#[serde(default, bound(deserialize = "'de: 'a"))]
struct Wire<'a> {
    event: Text<'a>,
    event_ts: Text<'a>,
    payload: Object<WirePayload<'a>>,
}

#[derive(Deserialize, Default)]
#[serde(default, bound(deserialize = "'de: 'a"))]
struct WirePayload<'a> {
    object: Object<WireObject<'a>>,
    observed: Object<WireObserved<'a>>,
}

/// How we know, in an [observation](crate::zoom::observation).
#[derive(Deserialize, Default)]
#[serde(default, bound(deserialize = "'de: 'a"))]
struct WireObserved<'a> {
    by: Text<'a>,
}

#[derive(Deserialize, Default)]
#[serde(default, bound(deserialize = "'de: 'a"))]
struct WireObject<'a> {
    uuid: Text<'a>,
    id: Text<'a>,
    start_time: Text<'a>,
    end_time: Text<'a>,
    participant: Object<WireParticipant<'a>>,
}

#[derive(Deserialize, Default)]
#[serde(default, bound(deserialize = "'de: 'a"))]
struct WireParticipant<'a> {
    user_id: Text<'a>,
    participant_uuid: Text<'a>,
    user_name: Text<'a>,
    participant_user_id: Text<'a>,
    id: Text<'a>,
    bind_user_id: Text<'a>,
    bind_participant_uuid: Text<'a>,
    join_time: Text<'a>,
    leave_time: Text<'a>,
    date_time: Text<'a>,
    sharing_details: Object<WireSharing<'a>>,
}

#[derive(Deserialize, Default)]
#[serde(default, bound(deserialize = "'de: 'a"))]
struct WireSharing<'a> {
    date_time: Text<'a>,
}

fn kind(event: &str) -> Kind {
    let subject = event.strip_prefix("meeting.").or_else(|| event.strip_prefix("webinar."));
    match subject {
        Some("started") => Kind::Started,
        Some("ended") => Kind::Ended,
        Some("participant_joined") => Kind::Joined,
        Some("participant_left") => Kind::Left,
        Some("participant_joined_breakout_room") => Kind::BreakoutJoined,
        Some("participant_left_breakout_room") => Kind::BreakoutLeft,
        Some("participant_role_changed") => Kind::RoleChanged,
        Some("participant_bind") => Kind::Bound,
        Some("sharing_started") => Kind::SharingStarted,
        Some("sharing_ended") => Kind::SharingEnded,
        Some(
            "participant_joined_waiting_room"
            | "participant_put_in_waiting_room"
            | "participant_jbh_waiting",
        ) => Kind::WaitStarted,
        Some(
            "participant_left_waiting_room"
            | "participant_admitted"
            | "participant_jbh_waiting_left"
            | "participant_jbh_joined",
        ) => Kind::WaitEnded,
        _ => Kind::Other,
    }
}

/// An [observation](crate::zoom::observation) of a participant has one of the two times.
fn observed_kind(participant: &WireParticipant<'_>, observed: &WireObserved<'_>) -> Kind {
    if participant.leave_time.moment().is_some() {
        Kind::LeaveObserved
    } else if participant.join_time.moment().is_some() {
        Kind::JoinObserved
    } else if observed.by.as_str() == OPERATOR {
        Kind::Emptied
    } else {
        Kind::NotGoingOn
    }
}

/// The time of the fact. Every event has a `start_time`, and a leave may have a `join_time`, so each
/// kind reads only its own field.
fn fact_time(kind: Kind, object: &WireObject<'_>) -> Option<Moment> {
    let participant = &object.participant.0;
    match kind {
        Kind::Started => object.start_time.moment(),
        Kind::Ended => object.end_time.moment(),
        Kind::Joined | Kind::BreakoutJoined | Kind::JoinObserved => participant.join_time.moment(),
        Kind::Left | Kind::BreakoutLeft | Kind::LeaveObserved => participant.leave_time.moment(),
        Kind::SharingStarted | Kind::SharingEnded => {
            participant.sharing_details.0.date_time.moment()
        }
        Kind::RoleChanged | Kind::WaitStarted | Kind::WaitEnded => participant.date_time.moment(),
        // The moment of the question is in `event_ts`.
        Kind::NotGoingOn | Kind::Emptied => None,
        // A binding has one of the two.
        Kind::Bound | Kind::Other => {
            participant.date_time.moment().or_else(|| participant.join_time.moment())
        }
    }
}

fn meeting(object: &WireObject<'_>) -> Option<Meeting> {
    Some(Meeting { uuid: object.uuid.compact()?, number: object.id.compact() })
}

fn participant(kind: Kind, wire: WireParticipant<'_>) -> Option<Participant> {
    let zoom_user_ids = [&wire.participant_user_id, &wire.id];
    let participant = Participant {
        user_id: wire.user_id.compact(),
        connection: wire.participant_uuid.compact(),
        name: Name::clean(wire.user_name.as_str()),
        zoom_user_ids: zoom_user_ids.into_iter().filter_map(Text::compact).collect(),
        bound_to: if kind == Kind::Bound { bound(&wire) } else { None },
    };
    (participant != Participant::default()).then_some(participant)
}

fn bound(wire: &WireParticipant<'_>) -> Option<Bound> {
    let bound = Bound {
        user_id: wire.bind_user_id.compact(),
        connection: wire.bind_participant_uuid.compact(),
    };
    (bound.user_id.is_some() || bound.connection.is_some()).then_some(bound)
}

#[cfg(test)]
mod tests;
