//! What arrived, in words. Pure.

use serde_json::Value;

use super::counters::Counted;
use super::next::Missing;
use crate::commands::check::Finding;
use crate::commands::standing::{Shown, Standing};
use crate::config::Settings;
use crate::zoom::{Event, Kind};

/// Explains what a running Lookout counted.
pub(super) fn counted(counted: &Counted, settings: &Settings) -> Finding {
    match counted {
        Counted::Away(address) => Finding::problem(
            "lookout",
            format!(
                "no Lookout answers at `admin.listen` ({address}); start it: `sudo systemctl start lookout`"
            ),
        ),
        Counted::Back => Finding::ok("lookout", "runs now"),
        Counted::Challenge => Finding::ok(
            "validated",
            "a challenge was answered: if you pressed *Validate*, Zoom shows it as validated; press *Save*",
        ),
        Counted::Mismatch => Finding::problem(
            "secret",
            "a delivery came that another secret signed, so it was refused; copy the Secret Token of the Zoom \
             app that sends here (Features, Access) into `zoom.secret_token`, then \
             `sudo systemctl restart lookout`",
        ),
        Counted::Unsigned => Finding::warning(
            "unsigned",
            "a request came without Zoom's signature, so it was refused; Zoom signs everything, so it was \
             somebody else, or a web server on the way drops `x-zm-signature`",
        ),
        Counted::WrongTime(why) => Finding::problem(
            "clock",
            format!("{why} (`timedatectl` shows it); Zoom sends the delivery again"),
        ),
        Counted::Repeated => Finding::ok(
            "repeated",
            "an event came once more; it was stored before, and counts once",
        ),
        Counted::Unavailable(label) => Finding::problem(
            "refused",
            format!(
                "a delivery could not be stored (`{label}`), so Zoom sends it again in 5 minutes; the log says \
                 why: `journalctl -u lookout`"
            ),
        ),
        Counted::Refused(label) if label == "too_long" => Finding::warning(
            "refused",
            format!(
                "a delivery was longer than `zoom.max_body` ({} bytes), so it was refused",
                settings.zoom.max_body
            ),
        ),
        Counted::Refused(label) => Finding::warning(
            "refused",
            format!("a request was refused (`{label}`); Zoom sends nothing of that kind"),
        ),
    }
}

/// Explains a delivery that nobody can read.
pub(super) fn quarantined() -> Finding {
    Finding::warning(
        "odd",
        "a genuine delivery could not be read, and was kept; look at it with `lookout export --quarantined`",
    )
}

/// Explains that somebody joined, and what is missing until the page shows it.
pub(super) fn joined(event: &Event, settings: &Settings) -> (Finding, Vec<Missing>) {
    let participant = event.participant.as_ref();
    let named = participant.and_then(|participant| Some((participant, participant.name.as_ref()?)));
    let (place, missing) = place(event, settings);
    let mut missing = Vec::from_iter(missing);
    let Some((participant, name)) = named else {
        missing.push(Missing::Name);
        let text = format!("somebody without a name came into {place}, and is not on the page");
        return (Finding::problem("joined", text), missing);
    };
    let standing = Standing::of(name, &participant.zoom_user_ids, settings);
    let person = standing.entry.map_or(name, |entry| &entry.name);
    missing.extend(match standing.shown {
        Shown::Published => None,
        Shown::Hidden => Some(Missing::Hidden(person.clone())),
        Shown::Unpublished => Some(Missing::Published(person.clone())),
        Shown::WithoutAccount => Some(Missing::Account(person.clone())),
    });
    let as_whom =
        if person == name { String::new() } else { format!(" (`{person}` in `[[people]]`)") };
    let came = format!("`{name}`{as_whom} came into {place}");
    let finding = match missing.as_slice() {
        [] => Finding::ok("joined", format!("{came}, and is on the page")),
        _ => Finding::problem("joined", format!("{came}, and is not on the page")),
    };
    (finding, missing)
}

/// The room or meeting, in words, and what is missing until the page shows who is in it.
fn place(event: &Event, settings: &Settings) -> (String, Option<Missing>) {
    let number = event.meeting.as_ref().and_then(|meeting| meeting.number.as_deref());
    let room = settings.rooms.iter().find(|room| Some(room.meeting_id.as_str()) == number);
    let are_all_shown = settings.rooms.is_empty();
    match (room, number) {
        (Some(room), _) => (format!("`{}`", room.name), None),
        (None, Some(number)) if are_all_shown => (format!("meeting {number}"), None),
        (None, Some(number)) => (
            format!("meeting {number}, which is not in `[[rooms]]`"),
            Some(Missing::Room(number.to_owned())),
        ),
        (None, None) => {
            ("a meeting without a number".to_owned(), (!are_all_shown).then_some(Missing::Number))
        }
    }
}

/// Explains every other event; `event_name` is Zoom's word for it.
pub(super) fn other(event: &Event, event_name: Option<&str>) -> Finding {
    let number = event.meeting.as_ref().and_then(|meeting| meeting.number.as_deref());
    let meeting = number.map_or("a meeting".to_owned(), |number| format!("meeting {number}"));
    let name = event.participant.as_ref().and_then(|participant| participant.name.as_ref());
    let who = name.map_or("somebody".to_owned(), |name| format!("`{name}`"));
    match event.kind {
        Kind::Started => Finding::ok("started", format!("{meeting} began; now join it")),
        Kind::Ended => Finding::ok("ended", format!("{meeting} is over")),
        Kind::Left => Finding::ok("left", format!("{who} left {meeting}")),
        Kind::SharingStarted | Kind::SharingEnded => {
            Finding::ok("sharing", format!("{who} began or stopped sharing in {meeting}"))
        }
        Kind::WaitStarted => {
            Finding::ok("waiting", format!("{who} waits to be let into {meeting}"))
        }
        Kind::WaitEnded => Finding::ok("waiting", format!("{who} no longer waits for {meeting}")),
        Kind::JoinObserved | Kind::LeaveObserved | Kind::NotGoingOn | Kind::Emptied => {
            let text =
                format!("Zoom's API, or `lookout end`, told what no event said of {meeting}");
            Finding::ok("learnt", text)
        }
        _ => {
            let event_name = event_name.unwrap_or("an event without a name");
            let text = format!("`{event_name}` came; it is stored, and shows nothing on the page");
            Finding::ok("other", text)
        }
    }
}

/// Zoom's word for the event in `document`.
pub(super) fn event_name(document: &str) -> Option<String> {
    let document: Value = serde_json::from_str(document).ok()?;
    document["event"].as_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::next::Seen;
    use super::*;
    use crate::config::{Environment, parse};
    use crate::zoom::understand;

    const ROOM: &str = "[[rooms]]\nmeeting_id = '81234567890'\nname = 'Lounge'\n";
    const ADA: &str = "[[people]]\nname = 'Ada Lovelace'\naliases = ['Ada']\n[privacy]\npublish = ['Ada Lovelace']\n";
    const GRACE: &str = "[[people]]\nname = 'Grace'\nzoom_user_ids = ['acc-1']\n[privacy]\npublish = ['Grace', 'Ada']\n";

    fn settings(text: &str) -> Settings {
        parse(text, Path::new("lookout.toml"), &Environment::default()).expect("valid")
    }

    fn document(event: &str, participant: &str) -> String {
        format!(
            r#"{{"event":"meeting.{event}","payload":{{"object":{{"uuid":"u","id":"81234567890","participant":{{{participant}}}}}}}}}"#
        )
    }

    #[test]
    fn each_join_is_explained_with_what_to_set_next() {
        let ada = r#""user_id":"1","user_name":"Ada""#;
        #[rustfmt::skip]
        let cases = [
            // what is special           settings                                          participant
            ("everybody appears",        "[privacy]\npublish = ['*']\n".to_owned(),         ada),
            ("in a room",                format!("{ROOM}[privacy]\npublish = ['Ada']\n"),   ada),
            ("by an alias",              format!("{ROOM}{ADA}"),                            ada),
            ("nobody appears",           ROOM.to_owned(),                                   ada),
            ("an alias is not published", ADA.replace("'Ada Lovelace']", "'Bob']"),         ada),
            ("hidden",                   "[privacy]\npublish = ['*']\nhide = ['Ada']\n".to_owned(), ada),
            ("in another meeting",       format!("{}{ADA}", ROOM.replace("81234567890", "1")), ada),
            ("a name with quotes",       String::new(),                                     r#""user_name":"Ada \"the\" \u001b[1mByron""#),
            ("with the account",         GRACE.to_owned(),                                  r#""user_name":"G. H.","participant_user_id":"acc-1""#),
            ("without the account",      GRACE.to_owned(),                                  r#""user_name":"Grace""#),
            ("hidden, without it",       format!("{GRACE}hide = ['Grace']\n"),              r#""user_name":"Grace""#),
            ("an account before a name", format!("[[people]]\nname = 'Ada'\n{GRACE}"),      r#""user_name":"Ada","participant_user_id":"acc-1""#),
            ("a caller",                 String::new(),                                     r#""user_name":"12025550143""#),
            ("a caller whose mask is published", "[privacy]\npublish = ['•••••••••43']\n".to_owned(), r#""user_name":"12025550143""#),
            ("no name",                  String::new(),                                     r#""user_id":"1""#),
        ];
        let mut said = String::new();
        for (what, text, participant) in cases {
            let settings = settings(&text);
            let event = understand(&document("participant_joined", participant), 0);
            let (finding, missing) = joined(&event, &settings);
            let mut seen = Seen::default();
            seen.kinds.extend([Kind::Started, Kind::Ended, Kind::Joined, Kind::Left]);
            seen.join(missing);
            said += &format!("{what}:\n{finding}\n");
            for step in seen.next_steps(&settings) {
                said += &format!("{step}\n");
            }
        }
        insta::assert_snapshot!(said);
    }

    #[test]
    fn a_meeting_without_a_number_is_in_no_room() {
        let document = r#"{"event":"meeting.participant_joined","payload":{"object":{"uuid":"u","participant":{"user_name":"Ada"}}}}"#;
        let everybody = "[privacy]\npublish = ['*']\n";
        #[rustfmt::skip]
        let cases = [
            // what is special         settings                       missing
            ("all meetings are shown", everybody.to_owned(),          vec![]),
            ("only rooms are",         format!("{everybody}{ROOM}"),  vec![Missing::Number]),
        ];
        for (what, text, expected) in cases {
            let (finding, missing) = joined(&understand(document, 0), &settings(&text));
            assert_eq!(missing, expected, "{what}: {finding}");
        }
    }

    #[test]
    fn each_other_arrival_is_explained() {
        let settings = settings("");
        let refused = |label: &str| Counted::Refused(label.to_owned());
        let counts = [
            Counted::Away("127.0.0.1:8788".parse().expect("an address")),
            Counted::Back,
            Counted::Challenge,
            Counted::Mismatch,
            Counted::Unsigned,
            Counted::WrongTime("its time is too far from our clock".to_owned()),
            Counted::Repeated,
            Counted::Unavailable("not_stored".to_owned()),
            refused("too_long"),
            refused("dishonest_challenge"),
        ];
        let lines = counts.iter().map(|count| counted(count, &settings));
        let events = [
            ("started", ""),
            ("ended", ""),
            ("participant_left", r#""user_id":"1","user_name":"Ada""#),
            ("participant_left", r#""user_id":"1""#),
            ("sharing_started", r#""user_id":"1","user_name":"Ada""#),
            ("participant_jbh_waiting", r#""user_name":"Ada""#),
            ("participant_admitted", r#""user_id":"1","user_name":"Ada""#),
            ("chat_message_sent", ""),
        ];
        let events = events.map(|(name, participant)| {
            let document = document(name, participant);
            other(&understand(&document, 0), event_name(&document).as_deref())
        });
        let observation =
            r#"{"event":"lookout.observed","payload":{"object":{"uuid":"u","id":"81234567890"}}}"#;
        let others = ["{}", observation].map(|document| other(&understand(document, 0), None));
        let said = lines.chain(events).chain([quarantined()]).chain(others);
        let said: String = said.map(|line| format!("{line}\n")).collect();
        insta::assert_snapshot!(said);
    }
}
