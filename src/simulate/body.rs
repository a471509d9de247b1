//! The bodies of deliveries, in the shapes that Zoom gives them (`zoom.md`, "Payloads").

use crate::time::moment::Moment;

use super::cast::Character;
use super::json::Object;
use super::plan::RoomPlan;
use super::scene::{IdForm, Order, Scene};

/// The account that all rooms of a story belong to.
const ACCOUNT: &str = "AbCdEfGhIjKlMnOpQrStUv";
/// Its host.
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
    pub character: &'a Character,
    pub name: &'a str,
    pub user_id: u64,
    pub connection: &'a str,
}

/// When an event was made, in milliseconds; some send it as a text.
#[derive(Debug, Clone, Copy)]
pub(super) enum Stamp {
    Number(i64),
    Text(i64),
}

/// Where and when a scene plays.
#[derive(Debug, Clone, Copy)]
pub(super) struct Setting<'a> {
    pub room: &'a RoomPlan,
    pub meeting: &'a Meeting,
    pub at: Moment,
    pub stamp: Stamp,
    pub id_form: IdForm,
}

/// The body that tells `scene`; of a meeting alone where there is no `guest`.
pub(super) fn write(scene: Scene<'_>, setting: &Setting<'_>, guest: Option<Guest<'_>>) -> String {
    let mut json = String::with_capacity(900);
    let payload = |o: &mut Object<'_>| {
        o.object("payload", |o| {
            o.text("account_id", ACCOUNT);
            o.object("object", |o| object(o, scene, setting, guest));
        });
    };
    Object::write(&mut json, |o| match scene.order() {
        Order::PayloadFirst => {
            payload(o);
            stamp(o, setting.stamp);
            o.text("event", scene.event());
        }
        Order::EventFirst => {
            o.text("event", scene.event());
            payload(o);
            stamp(o, setting.stamp);
        }
    });
    json
}

fn stamp(o: &mut Object<'_>, stamp: Stamp) {
    match stamp {
        Stamp::Number(ms) => o.number("event_ts", ms),
        Stamp::Text(ms) => o.digits("event_ts", ms),
    };
}

/// `payload.object`: in participant events the participant comes early, elsewhere last.
fn object(o: &mut Object<'_>, scene: Scene<'_>, setting: &Setting<'_>, guest: Option<Guest<'_>>) {
    o.text("uuid", &setting.meeting.uuid);
    if let (Scene::Chat { message }, Some(guest)) = (scene, guest) {
        id(o, scene, setting);
        return chat(o, message, setting.at, guest);
    }
    if let Some(guest) = guest {
        o.object("participant", |o| participant(o, scene, setting.at, guest));
    }
    if let Scene::JoinedBreakout(breakout) | Scene::LeftBreakout(breakout) = scene {
        o.text("breakout_room_uuid", breakout.uuid);
    }
    id(o, scene, setting);
    o.number("type", 2)
        .text("topic", &setting.room.topic)
        .text("host_id", HOST)
        .number("duration", 60)
        .text("start_time", &setting.meeting.start_time);
    if matches!(scene, Scene::Ended) {
        o.text("end_time", &setting.at.to_string());
    }
    o.text("timezone", "Europe/Istanbul");
}

fn id(o: &mut Object<'_>, scene: Scene<'_>, setting: &Setting<'_>) {
    let number = &setting.room.number;
    match (scene.id_form(setting.id_form), number.parse()) {
        (IdForm::Number, Ok(number)) => o.number("id", number),
        _ => o.text("id", number),
    };
}

/// `object.participant`, each kind of event with the fields it has.
fn participant(o: &mut Object<'_>, scene: Scene<'_>, at: Moment, guest: Guest<'_>) {
    let time = at.to_string();
    match scene {
        Scene::Left { reason, named } => {
            o.text("leave_time", &time).text("public_ip", &guest.character.public_ip);
            o.digits("user_id", guest.user_id as i64);
            if named {
                o.text("user_name", guest.name);
            }
            ids(o, guest).text("leave_reason", reason);
            o.text("private_ip", "192.0.2.1").text("participant_uuid", guest.connection);
        }
        Scene::Joined => {
            o.text("public_ip", &guest.character.public_ip);
            user(o, guest);
            ids(o, guest).text("join_time", &time);
            o.text("private_ip", "192.0.2.1").text("participant_uuid", guest.connection);
        }
        Scene::WaitingForHost | Scene::WaitingForHostOver | Scene::JoinedBeforeHost => {
            o.text("id", &guest.character.id).text("user_name", guest.name);
        }
        Scene::JoinedBreakout(breakout) | Scene::LeftBreakout(breakout) => {
            o.text("user_id", breakout.user_id).text("user_name", guest.name);
            o.digits("parent_user_id", guest.user_id as i64);
            ids(o, guest).text("participant_uuid", guest.connection);
            let left = matches!(scene, Scene::LeftBreakout(_));
            o.text(if left { "leave_time" } else { "join_time" }, &time);
        }
        Scene::SharingStarted | Scene::SharingEnded => {
            user(o, guest).text("id", &guest.character.id);
            o.object("sharing_details", |o| {
                o.text("content", "application").text("link_source", "").text("file_link", "");
                o.text("source", "").text("date_time", &time);
            });
        }
        Scene::CalloutRinging | Scene::CalloutAccepted => {
            o.text("invitee_name", guest.name).number("phone_number", 12_025_550_143);
            o.number("from_number", 12_025_550_100);
        }
        _ => {
            user(o, guest).text("date_time", &time);
            ids(o, guest).text("participant_uuid", guest.connection);
            particulars(o, scene);
        }
    }
}

/// What only one kind of event has, beside the fields common to those with a `date_time`.
fn particulars(o: &mut Object<'_>, scene: Scene<'_>) {
    match scene {
        Scene::RoleChanged { old, new } => {
            o.text("old_role", old).text("new_role", new);
        }
        Scene::Bound { bind_user_id } => {
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
        .text("participant_user_id", &guest.character.participant_user_id)
        .text("id", &guest.character.id)
        .text("email", &guest.character.email)
}

/// `object.chat_message`: private content, which Lookout never shows.
fn chat(o: &mut Object<'_>, message: &str, at: Moment, guest: Guest<'_>) {
    o.object("chat_message", |o| {
        o.text("date_time", &at.to_string())
            .digits("sender_session_id", guest.user_id as i64)
            .text("sender_name", guest.name)
            .text("sender_email", &guest.character.email)
            .text("sender_type", "guest")
            .text("recipient_type", "everyone")
            .text("message_content", message);
    });
}
