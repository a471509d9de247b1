//! The bodies of deliveries, in the shapes that Zoom gives them (`zoom.md`, "Payloads").

use lookout::time::moment::Moment;

use super::event::{IdForm, Order, ZoomEvent};
use super::json::Object;
use super::participant::Participant;
use super::plan::RoomPlan;

/// The account that all rooms of a story belong to.
const ACCOUNT: &str = "AbCdEfGhIjKlMnOpQrStUv";
/// The host of all rooms.
const HOST: &str = "HoStHoStHoStHoStHoStHo";

/// One meeting instance of a room.
#[derive(Debug, Clone)]
pub(super) struct Meeting {
    pub uuid: String,
    pub start_time: String,
}

/// Somebody as the meeting sees them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Guest<'a> {
    pub participant: &'a Participant,
    pub name: &'a str,
    pub user_id: u64,
    pub connection: &'a str,
}

/// `event_ts`, in milliseconds; some events have it as a text.
#[derive(Debug, Clone, Copy)]
pub(super) enum Timestamp {
    Number(i64),
    Text(i64),
}

/// The fields that every event has.
#[derive(Debug, Clone, Copy)]
pub(super) struct Envelope<'a> {
    pub room: &'a RoomPlan,
    pub meeting: &'a Meeting,
    pub at: Moment,
    pub timestamp: Timestamp,
    pub id_form: IdForm,
}

/// The body of `event`. Without `guest` it is an event of the whole meeting.
pub(super) fn write(
    event: ZoomEvent<'_>,
    envelope: &Envelope<'_>,
    guest: Option<Guest<'_>>,
) -> String {
    let mut json = String::with_capacity(900);
    let payload = |o: &mut Object<'_>| {
        o.object("payload", |o| {
            o.text("account_id", ACCOUNT);
            o.object("object", |o| object(o, event, envelope, guest));
        });
    };
    Object::write(&mut json, |o| match event.order() {
        Order::PayloadFirst => {
            payload(o);
            event_ts(o, envelope.timestamp);
            o.text("event", event.name());
        }
        Order::EventFirst => {
            o.text("event", event.name());
            payload(o);
            event_ts(o, envelope.timestamp);
        }
    });
    json
}

fn event_ts(o: &mut Object<'_>, timestamp: Timestamp) {
    match timestamp {
        Timestamp::Number(ms) => o.number("event_ts", ms),
        Timestamp::Text(ms) => o.digits("event_ts", ms),
    };
}

/// `payload.object`: in participant events the participant comes early, elsewhere last.
fn object(
    o: &mut Object<'_>,
    event: ZoomEvent<'_>,
    envelope: &Envelope<'_>,
    guest: Option<Guest<'_>>,
) {
    o.text("uuid", &envelope.meeting.uuid);
    if let (ZoomEvent::Chat { message }, Some(guest)) = (event, guest) {
        id(o, event, envelope);
        return chat(o, message, envelope.at, guest);
    }
    if let Some(guest) = guest {
        o.object("participant", |o| participant(o, event, envelope.at, guest));
    }
    if let ZoomEvent::JoinedBreakout(breakout) | ZoomEvent::LeftBreakout(breakout) = event {
        o.text("breakout_room_uuid", breakout.uuid);
    }
    id(o, event, envelope);
    o.number("type", 2)
        .text("topic", &envelope.room.topic)
        .text("host_id", HOST)
        .number("duration", 60)
        .text("start_time", &envelope.meeting.start_time);
    if matches!(event, ZoomEvent::Ended) {
        o.text("end_time", &envelope.at.to_string());
    }
    o.text("timezone", "Europe/Istanbul");
}

fn id(o: &mut Object<'_>, event: ZoomEvent<'_>, envelope: &Envelope<'_>) {
    let number = &envelope.room.number;
    match (event.id_form(envelope.id_form), number.parse()) {
        (IdForm::Number, Ok(number)) => o.number("id", number),
        _ => o.text("id", number),
    };
}

/// `object.participant`, with the fields of each kind of event.
fn participant(o: &mut Object<'_>, event: ZoomEvent<'_>, at: Moment, guest: Guest<'_>) {
    let time = at.to_string();
    match event {
        ZoomEvent::Left { reason, has_name } => {
            o.text("leave_time", &time).text("public_ip", &guest.participant.public_ip);
            o.digits("user_id", guest.user_id as i64);
            if has_name {
                o.text("user_name", guest.name);
            }
            ids(o, guest).text("leave_reason", reason);
            o.text("private_ip", "192.0.2.1").text("participant_uuid", guest.connection);
        }
        ZoomEvent::Joined => {
            o.text("public_ip", &guest.participant.public_ip);
            user(o, guest);
            ids(o, guest).text("join_time", &time);
            o.text("private_ip", "192.0.2.1").text("participant_uuid", guest.connection);
        }
        ZoomEvent::WaitingForHost | ZoomEvent::WaitingForHostOver | ZoomEvent::JoinedBeforeHost => {
            o.text("id", &guest.participant.id).text("user_name", guest.name);
        }
        ZoomEvent::JoinedBreakout(breakout) | ZoomEvent::LeftBreakout(breakout) => {
            o.text("user_id", breakout.user_id).text("user_name", guest.name);
            o.digits("parent_user_id", guest.user_id as i64);
            ids(o, guest).text("participant_uuid", guest.connection);
            let left = matches!(event, ZoomEvent::LeftBreakout(_));
            o.text(if left { "leave_time" } else { "join_time" }, &time);
        }
        ZoomEvent::SharingStarted | ZoomEvent::SharingEnded => {
            user(o, guest).text("id", &guest.participant.id);
            o.object("sharing_details", |o| {
                o.text("content", "application").text("link_source", "").text("file_link", "");
                o.text("source", "").text("date_time", &time);
            });
        }
        ZoomEvent::CalloutRinging | ZoomEvent::CalloutAccepted => {
            o.text("invitee_name", guest.name).number("phone_number", 12_025_550_143);
            o.number("from_number", 12_025_550_100);
        }
        _ => {
            user(o, guest).text("date_time", &time);
            ids(o, guest).text("participant_uuid", guest.connection);
            special_fields(o, event);
        }
    }
}

/// Fields of single kinds of events, beside those that all events with a `date_time` have.
fn special_fields(o: &mut Object<'_>, event: ZoomEvent<'_>) {
    match event {
        ZoomEvent::RoleChanged { old, new } => {
            o.text("old_role", old).text("new_role", new);
        }
        ZoomEvent::Bound { bind_user_id } => {
            o.digits("bind_user_id", bind_user_id as i64).text("phone_number", "*******0143");
        }
        _ => {}
    }
}

fn user<'a, 'b>(o: &'a mut Object<'b>, guest: Guest<'_>) -> &'a mut Object<'b> {
    o.digits("user_id", guest.user_id as i64).text("user_name", guest.name)
}

fn ids<'a, 'b>(o: &'a mut Object<'b>, guest: Guest<'_>) -> &'a mut Object<'b> {
    o.text("registrant_id", "")
        .text("participant_user_id", &guest.participant.participant_user_id)
        .text("id", &guest.participant.id)
        .text("email", &guest.participant.email)
}

/// `object.chat_message`: private content that Lookout never shows.
fn chat(o: &mut Object<'_>, message: &str, at: Moment, guest: Guest<'_>) {
    o.object("chat_message", |o| {
        o.text("date_time", &at.to_string())
            .digits("sender_session_id", guest.user_id as i64)
            .text("sender_name", guest.name)
            .text("sender_email", &guest.participant.email)
            .text("sender_type", "guest")
            .text("recipient_type", "everyone")
            .text("message_content", message);
    });
}
