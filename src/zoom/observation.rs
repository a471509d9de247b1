//! Documents of our own: what Zoom's API answered, or the operator said, about a meeting. Pure.
//!
//! Rule 17 of the [roster](crate::roster). They are stored, shipped, exported and forgotten as Zoom's
//! events are, so a replay or another machine gives the same site. Each holds the question, and states
//! one fact. Equal answers make equal bytes, so an answer that is asked for twice is stored once.
//!
//! Zoom can't send one: [`Document::read`](crate::zoom::delivery::Document::read) refuses the name.

use crate::time::moment::Moment;
use crate::zoom::Meeting;
use crate::zoom::api::Stay;
use crate::zoom::delivery::{Document, OBSERVATION, OPERATOR};
use crate::zoom::json::Json;

/// States that `meeting` was not going on when `question` was asked. The moment is part of the bytes, so
/// store it only if it changes something.
pub fn not_going_on(meeting: &Meeting, asked_ms: i64, question: &str, answer: &str) -> Document {
    let observed = object([("question", text(question)), ("answer", text(answer))]);
    document(asked_ms, about(meeting), observed)
}

/// States that nobody was in `meeting` any more, as the operator said by the command `question`.
pub fn emptied(meeting: &Meeting, over_ms: i64, question: &str) -> Document {
    let observed = [("by", OPERATOR), ("question", question), ("answer", "over")];
    document(over_ms, about(meeting), object(observed.map(|(key, value)| (key, text(value)))))
}

/// States when one leg joined and when it left, as far as the answer to `question` says. Other things in
/// the answer, such as addresses, are left out.
pub fn of_stay(meeting: &Meeting, stay: &Stay, question: &str) -> Vec<Document> {
    let times = [("join_time", stay.joined), ("leave_time", stay.left)];
    let facts = times.into_iter().filter_map(|(key, at)| Some((key, at?)));
    let document = |(key, at): (&str, Moment)| {
        let ids = [
            ("user_id", stay.user_id.as_deref()),
            ("participant_uuid", stay.connection.as_deref()),
            ("participant_user_id", stay.zoom_user_id.as_deref()),
            ("user_name", stay.name.as_ref().map(|name| name.as_str())),
        ];
        let known = ids.into_iter().filter_map(|(key, value)| Some((key, text(value?))));
        let participant = object(known.chain([(key, text(&at.to_rfc3339()))]));
        let mut about = about(meeting);
        about.push(("participant", participant));
        document(at.seconds() * 1000, about, object([("question", text(question))]))
    };
    facts.map(document).collect()
}

fn about(meeting: &Meeting) -> Vec<(&'static str, Json)> {
    let number = meeting.number.iter().map(|number| ("id", text(number)));
    number.chain([("uuid", text(&meeting.uuid))]).collect()
}

fn document(stamp_ms: i64, about: Vec<(&str, Json)>, observed: Json) -> Document {
    let payload = object([("object", object(about)), ("observed", observed)]);
    let stamp = Json::Number(stamp_ms.to_string().into());
    let json = object([("event", text(OBSERVATION)), ("event_ts", stamp), ("payload", payload)]);
    Document::new(json).expect("it has an event")
}

fn object<'a>(entries: impl IntoIterator<Item = (&'a str, Json)>) -> Json {
    Json::Object(entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
}

fn text(text: &str) -> Json {
    Json::Text(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::Name;
    use crate::zoom::{Kind, Redaction, understand};

    fn at(text: &str) -> Moment {
        Moment::parse_rfc3339(text).expect("RFC 3339")
    }

    fn meeting() -> Meeting {
        Meeting { uuid: "m==".into(), number: Some("111".into()) }
    }

    fn ada() -> Stay {
        Stay {
            user_id: Some("7".to_owned()),
            connection: Some("C1".to_owned()),
            zoom_user_id: Some("z1".to_owned()),
            name: Name::clean("Ada"),
            joined: Some(at("2026-01-05T20:00:00Z")),
            left: Some(at("2026-01-05T21:00:00Z")),
        }
    }

    #[test]
    fn a_document_holds_question_and_answer() {
        let document =
            not_going_on(&meeting(), 1_767_643_200_250, "GET /v2/meetings/111", "waiting");
        assert_eq!(
            document.json().to_string(),
            r#"{"event":"lookout.observed","event_ts":1767643200250,"payload":{"object":{"id":"111","uuid":"m=="},"observed":{"question":"GET /v2/meetings/111","answer":"waiting"}}}"#
        );
        assert_eq!(
            emptied(&meeting(), 1_767_643_200_250, "lookout end").json().to_string(),
            r#"{"event":"lookout.observed","event_ts":1767643200250,"payload":{"object":{"id":"111","uuid":"m=="},"observed":{"by":"operator","question":"lookout end","answer":"over"}}}"#
        );
        let texts = of_stay(&meeting(), &ada(), "GET /v2/x").into_iter();
        let texts: Vec<_> = texts.map(|document| document.json().to_string()).collect();
        assert_eq!(
            texts,
            [
                r#"{"event":"lookout.observed","event_ts":1767643200000,"payload":{"object":{"id":"111","uuid":"m==","participant":{"user_id":"7","participant_uuid":"C1","participant_user_id":"z1","user_name":"Ada","join_time":"2026-01-05T20:00:00Z"}},"observed":{"question":"GET /v2/x"}}}"#,
                r#"{"event":"lookout.observed","event_ts":1767646800000,"payload":{"object":{"id":"111","uuid":"m==","participant":{"user_id":"7","participant_uuid":"C1","participant_user_id":"z1","user_name":"Ada","leave_time":"2026-01-05T21:00:00Z"}},"observed":{"question":"GET /v2/x"}}}"#,
            ]
        );
    }

    #[test]
    fn a_document_is_understood_as_the_fact_that_it_states() {
        let asked_ms = 1_767_643_200_250;
        let mut documents = of_stay(&meeting(), &ada(), "x");
        documents.push(not_going_on(&meeting(), asked_ms, "x", "waiting"));
        documents.push(emptied(&meeting(), asked_ms, "lookout end"));
        let kinds = [Kind::JoinObserved, Kind::LeaveObserved, Kind::NotGoingOn, Kind::Emptied];
        let asked = Some(Moment::from_millis(asked_ms));
        let times = [ada().joined, ada().left, asked, asked];
        for ((document, kind), time) in documents.into_iter().zip(kinds).zip(times) {
            let event = understand(&document.into_stored(&Redaction::default()), 0);
            assert_eq!((event.kind, Some(event.at)), (kind, time));
            assert_eq!(event.meeting, Some(meeting()));
            let names = event.participant.map(|who| (who.user_id, who.connection, who.name));
            let ada = (Some("7".into()), Some("C1".into()), Name::clean("Ada"));
            assert_eq!(names, kind.makes_meeting_seen().then_some(ada));
        }
    }

    #[test]
    fn somebody_who_is_still_in_has_not_left() {
        let still_in = Stay { left: None, ..ada() };
        assert_eq!(of_stay(&meeting(), &still_in, "x"), of_stay(&meeting(), &ada(), "x")[..1]);
    }
}
