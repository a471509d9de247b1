use super::*;

const RECEIVED_MS: i64 = 1_785_000_000_999;

fn at(text: &str) -> Moment {
    Moment::parse_rfc3339(text).expect("RFC 3339")
}

fn name(text: &str) -> Option<Name> {
    Name::clean(text)
}

#[test]
fn a_leave_is_understood_whole() {
    let document = r#"{"payload":{"account_id":"A","object":{"uuid":"de+I/J1==","participant":{
        "leave_time":"2026-07-30T00:01:25Z","user_id":"123","user_name":" Guest ","participant_user_id":"",
        "id":"z1","participant_uuid":"7382","leave_reason":"x"},"id":86084701483,"topic":"Room",
        "start_time":"2026-07-29T23:55:56Z"}},"event_ts":1785369686564,"event":"meeting.participant_left"}"#;
    assert_eq!(
        understand(document, RECEIVED_MS),
        Event {
            kind: Kind::Left,
            at: at("2026-07-30T00:01:25Z"),
            stamp_ms: 1_785_369_686_564,
            meeting: Some(Meeting { uuid: "de+I/J1==".into(), number: Some("86084701483".into()) }),
            participant: Some(Participant {
                user_id: Some("123".into()),
                connection: Some("7382".into()),
                name: name("Guest"),
                zoom_user_ids: vec!["z1".into()],
                bound_to: None,
            }),
        }
    );
}

#[test]
fn each_kind_takes_its_own_time() {
    let object = r#""start_time":"2026-01-01T01:00:00Z","end_time":"2026-01-01T02:00:00Z","participant":{
        "join_time":"2026-01-01T03:00:00Z","leave_time":"2026-01-01T04:00:00Z",
        "date_time":"2026-01-01T05:00:00Z","sharing_details":{"date_time":"2026-01-01T06:00:00Z"}}"#;
    #[rustfmt::skip]
    let cases = [
        // event                                    hour
        ("meeting.started",                          1),
        ("webinar.ended",                            2),
        ("meeting.participant_joined",               3),
        ("meeting.participant_left",                 4),
        ("meeting.participant_joined_breakout_room", 3),
        ("meeting.participant_left_breakout_room",   4),
        ("meeting.participant_role_changed",         5),
        ("meeting.participant_admitted",             5),
        ("meeting.participant_joined_waiting_room",  5),
        ("meeting.participant_bind",                 5),
        ("meeting.sharing_started",                  6),
        ("meeting.sharing_ended",                    6),
    ];
    for (event, hour) in cases {
        let document =
            format!(r#"{{"event":"{event}","event_ts":0,"payload":{{"object":{{{object}}}}}}}"#);
        let expected = at(&format!("2026-01-01T{hour:02}:00:00Z"));
        assert_eq!(understand(&document, RECEIVED_MS).at, expected, "{event}");
    }
}

#[test]
fn waiting_rooms_and_waiting_for_the_host_are_one_kind_of_waiting() {
    #[rustfmt::skip]
    let cases = [
        // subject                           kind
        ("participant_joined_waiting_room",  Kind::WaitStarted),
        ("participant_put_in_waiting_room",  Kind::WaitStarted),
        ("participant_jbh_waiting",          Kind::WaitStarted),
        ("participant_left_waiting_room",    Kind::WaitEnded),
        ("participant_admitted",             Kind::WaitEnded),
        ("participant_jbh_waiting_left",     Kind::WaitEnded),
        ("participant_jbh_joined",           Kind::WaitEnded),
    ];
    for (subject, kind) in cases {
        for prefix in ["meeting", "webinar"] {
            let event = understand(&format!(r#"{{"event":"{prefix}.{subject}"}}"#), RECEIVED_MS);
            assert_eq!(event.kind, kind, "{prefix}.{subject}");
        }
    }
}

#[test]
fn without_a_time_of_its_own_the_stamp_holds() {
    #[rustfmt::skip]
    let cases = [
        // what is special             document                                                          second
        ("event_ts",                   r#"{"event":"meeting.ended","event_ts":5999}"#,                   5),
        ("event_ts as text",           r#"{"event":"meeting.ended","event_ts":"5999"}"#,                 5),
        ("no event_ts: the receipt",   r#"{"event":"app_deauthorized"}"#,                                1_785_000_000),
        ("event_ts of another kind",   r#"{"event":"meeting.ended","event_ts":[5]}"#,                    1_785_000_000),
        ("an end that is no time",     r#"{"event":"meeting.ended","event_ts":5999,"payload":{"object":{"end_time":"soon"}}}"#, 5),
        ("start_time of another kind", r#"{"event":"meeting.ended","event_ts":5999,"payload":{"object":{"start_time":"2026-01-01T00:00:00Z"}}}"#, 5),
        ("join_time in a leave",       r#"{"event":"meeting.participant_left","event_ts":5999,"payload":{"object":{"participant":{"join_time":"2026-01-01T00:00:00Z"}}}}"#, 5),
    ];
    for (what, document, second) in cases {
        let event = understand(document, RECEIVED_MS);
        assert_eq!(event.at, Moment::from_seconds(second), "{what}");
    }
}

#[test]
fn any_shape_is_understood_as_some_event() {
    #[rustfmt::skip]
    let cases = [
        // what is special             document
        ("payload is text",            r#"{"event":"meeting.ended","payload":"x"}"#),
        ("payload is a list",          r#"{"event":"meeting.ended","payload":[{}]}"#),
        ("object is a number",         r#"{"event":"meeting.ended","payload":{"object":1.5}}"#),
        ("participant is true",        r#"{"event":"meeting.ended","payload":{"object":{"participant":true}}}"#),
        ("all null",                   r#"{"event":"meeting.ended","payload":null,"event_ts":null}"#),
        ("ids are objects",            r#"{"event":"meeting.ended","payload":{"object":{"uuid":{"a":[1]},"id":[[]]}}}"#),
        ("empty texts",                r#"{"event":"meeting.ended","payload":{"object":{"uuid":"","participant":{"user_id":"","user_name":" "}}}}"#),
    ];
    for (what, document) in cases {
        let event = understand(document, RECEIVED_MS);
        assert_eq!(
            (event.kind, event.meeting, event.participant),
            (Kind::Ended, None, None),
            "{what}"
        );
    }
}

#[test]
fn half_a_character_spoils_nothing_but_itself() {
    let document = include_str!("../../../tests/fixtures/cases/half-an-emoji.json");
    let event = understand(document, RECEIVED_MS);
    assert_eq!((event.kind, event.at), (Kind::Joined, at("2026-09-21T14:13:20Z")));
    assert_eq!(
        event.participant.and_then(|participant| participant.name),
        name("Flamingo \u{fffd}")
    );
}

#[test]
fn without_any_of_the_needed_keys_something_is_not_understood() {
    let kinds = [
        r#"{"event":"meeting.participant_joined","event_ts":1,"payload":{"object":{"uuid":"m","id":"1","participant":{"user_id":"2","participant_uuid":"c","user_name":"Ada","join_time":"2026-01-05T20:00:00Z"}}}}"#,
        r#"{"event":"meeting.participant_left","payload":{"object":{"participant":{"leave_time":"2026-01-05T20:00:00Z"}}}}"#,
        r#"{"event":"meeting.participant_bind","payload":{"object":{"participant":{"bind_user_id":"1","bind_participant_uuid":"c"}}}}"#,
        r#"{"event":"meeting.started","payload":{"object":{"start_time":"2026-01-05T20:00:00Z"}}}"#,
        r#"{"event":"meeting.ended","payload":{"object":{"end_time":"2026-01-05T20:00:00Z"}}}"#,
        r#"{"event":"meeting.sharing_started","payload":{"object":{"participant":{"sharing_details":{"date_time":"2026-01-05T20:00:00Z"}}}}}"#,
        r#"{"event":"lookout.observed","payload":{"observed":{"by":"operator"}}}"#,
    ];
    for key in NEEDED_KEYS {
        let is_needed = kinds.iter().any(|document| {
            let without = document.replace(&format!("\"{key}\":"), "\"dropped\":");
            understand(&without, 0) != understand(document, 0)
        });
        assert!(is_needed, "{key}");
    }
}
