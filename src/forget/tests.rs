use super::*;

fn name(text: &str) -> Name {
    Name::clean(text).expect("a name")
}

fn event(kind: &str, participant: &str) -> String {
    format!(
        r#"{{"event":"meeting.{kind}","payload":{{"object":{{"uuid":"m","topic":"Tea","participant":{{{participant}}}}}}}}}"#
    )
}

/// Forgets Ada, after learning from all of `events`.
fn forgetting(events: &[String], people: &[Person]) -> Forgetting {
    let mut forgetting = Forgetting::new(&name("Ada"), people);
    while events.iter().any(|event| forgetting.learn(event)) {}
    forgetting
}

#[test]
fn what_is_theirs_goes_and_what_is_others_stays() {
    let join =
        event("participant_joined", r#""user_id":"1","participant_uuid":"C","user_name":"Ada""#);
    let people = [Person {
        name: name("Ada"),
        aliases: vec![name("Ada's phone")],
        zoom_user_ids: vec!["z1".to_owned()],
    }];
    let forgetting = forgetting(std::slice::from_ref(&join), &people);
    #[rustfmt::skip]
    let cases = [
        // what is special                  participant                                                          goes
        ("her join",                        r#""user_id":"1","participant_uuid":"C","user_name":"Ada""#,         true),
        ("white space around the name",     r#""user_id":"7","user_name":" Ada ""#,                              true),
        ("an alias",                        r#""user_id":"7","user_name":"Ada's phone""#,                        true),
        ("her account, another name",       r#""user_id":"7","user_name":"Guest","participant_user_id":"z1""#,   true),
        ("a leave without a name",          r#""user_id":"1""#,                                                  true),
        ("another leg of the connection",   r#""user_id":"2","participant_uuid":"C","user_name":"""#,            true),
        ("renamed on that connection",      r#""user_id":"2","participant_uuid":"C","user_name":"Countess""#,    true),
        ("somebody else",                   r#""user_id":"3","user_name":"Bram""#,                               false),
        ("a longer name",                   r#""user_id":"3","user_name":"Ada Byron""#,                          false),
        ("another case",                    r#""user_id":"3","user_name":"ada""#,                                false),
        ("nobody",                          r#""user_id":"3""#,                                                  false),
    ];
    for (what, participant, goes) in cases {
        let verdict = forgetting.judge(&event("participant_left", participant));
        assert_eq!(verdict == Verdict::Goes, goes, "{what}: {verdict:?}");
    }
}

#[test]
fn a_connection_is_followed_through_its_legs_and_its_other_names_are_told() {
    let events = [
        event("sharing_ended", r#""user_id":"2""#),
        event("participant_joined", r#""user_id":"2","participant_uuid":"C","user_name":"Guest""#),
        event("participant_joined", r#""user_id":"1","participant_uuid":"C","user_name":"Ada""#),
    ];
    let forgetting = forgetting(&events, &[]);
    for event in &events {
        assert_eq!(forgetting.judge(event), Verdict::Goes, "{event}");
    }
    let others: Vec<_> = forgetting.other_names().map(Name::as_str).collect();
    assert_eq!(others, ["Guest"]);
    let elsewhere = events[0].replace(r#""uuid":"m""#, r#""uuid":"n""#);
    assert_eq!(forgetting.judge(&elsewhere), Verdict::Stays, "an id counts within its meeting");
}

#[test]
fn the_name_in_others_events_is_emptied() {
    let forgetting = Forgetting::new(&name("Zoë"), &[]);
    #[rustfmt::skip]
    let cases = [
        // what is special             before                                         after
        ("a topic",                    r#"{"event":"x","topic":"Zoë's Zoom Meeting"}"#, Some(r#"{"event":"x","topic":""}"#)),
        ("the name in parts",          "{\"topic\":\"by Zoe\u{308}\"}",                Some(r#"{"topic":""}"#)),
        ("escaped",                    r#"{"topic":"by Zo\u00eb"}"#,                  Some(r#"{"topic":""}"#)),
        ("a list of names",            r#"{"user_name":["Zoë","Bram"]}"#,             Some(r#"{"user_name":["","Bram"]}"#)),
        ("who did it",                 r#"{"operator":"Zoë","n":1.50}"#,              Some(r#"{"operator":"","n":1.50}"#)),
        ("part of another name",       r#"{"sender_name":"Zoë Byron"}"#,              None),
        ("part of a word",             r#"{"topic":"Zoëtrope"}"#,                     None),
        ("an identifier",              r#"{"uuid":"Zoë","event":"Zoë"}"#,             None),
    ];
    for (what, before, after) in cases {
        let expected = after.map_or(Verdict::Stays, |after| Verdict::Changes(after.to_owned()));
        assert_eq!(forgetting.judge(before), expected, "{what}");
    }
}

#[test]
fn bytes_that_nobody_can_read_are_searched_however_the_name_is_spelt() {
    let forgetting = Forgetting::new(&name("Zoë 🌻"), &[]);
    #[rustfmt::skip]
    let cases: [(&str, &[u8], bool); 5] = [
        // what is special       bytes                                    found
        ("as it is",             "{\"user_name\":\"Zoë 🌻\"".as_bytes(),  true),
        ("beside bad UTF-8",     b"\xff Zo\xc3\xab \xf0\x9f\x8c\xbb \xff", true),
        ("escaped",              br#""Zo\u00eb \ud83c\udf3b""#,            true),
        ("half an escape",       br#""Zo\u00eb \ud83c"#,                   false),
        ("nothing",              b"",                                     false),
    ];
    for (what, bytes, found) in cases {
        assert_eq!(forgetting.is_in(bytes), found, "{what}");
    }
}
