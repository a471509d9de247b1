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
    let forgetting = forgetting(std::slice::from_ref(&join), &[]);
    #[rustfmt::skip]
    let cases = [
        // what is special                  participant                                                          goes
        ("her join",                        r#""user_id":"1","participant_uuid":"C","user_name":"Ada""#,         true),
        ("white space around the name",     r#""user_id":"7","user_name":" Ada ""#,                              true),
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
fn an_entry_with_accounts_means_those_and_its_display_name_and_one_without_its_aliases() {
    let person = |display_name, ids: &[&str]| Person {
        name: name(display_name),
        aliases: vec![name("Ada's phone"), name("A. L.")],
        zoom_user_ids: ids.iter().map(|&id| id.to_owned()).collect(),
    };
    let (with, without) = (person("Ada", &["z1"]), person("Ada", &[]));
    let phone = r#""user_id":"7","user_name":"Ada's phone""#;
    let account = r#""user_id":"7","user_name":"Guest","participant_user_id":"z1""#;
    #[rustfmt::skip]
    let cases = [
        // what is special                       entry     forgotten      participant                               goes
        ("the display name",                     &with,    "Ada",         r#""user_id":"7","user_name":"Ada""#,     true),
        ("an account",                           &with,    "Ada",         account,                                  true),
        ("a guest by an alias, accounts given",  &with,    "Ada",         phone,                                    false),
        ("a guest by an alias, none given",      &without, "Ada",         phone,                                    true),
        ("the alias itself, accounts given",     &with,    "Ada's phone", phone,                                    true),
        ("… does not reach the account",         &with,    "Ada's phone", account,                                  false),
        ("… nor the display name",               &with,    "Ada's phone", r#""user_id":"7","user_name":"Ada""#,     false),
        ("the alias itself, none given",         &without, "Ada's phone", r#""user_id":"7","user_name":"A. L.""#,   true),
    ];
    for (what, entry, forgotten, participant, goes) in cases {
        let forgetting = Forgetting::new(&name(forgotten), std::slice::from_ref(entry));
        let verdict = forgetting.judge(&event("participant_joined", participant));
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
fn a_telephone_goes_with_the_person_it_was_bound_to_and_not_the_other_way_round() {
    let events = [
        event(
            "participant_joined",
            r#""user_id":"7","participant_uuid":"P","user_name":"12025550143""#,
        ),
        event(
            "participant_bind",
            r#""user_id":"7","participant_uuid":"P","user_name":"12025550143","bind_user_id":"1""#,
        ),
        event("participant_left", r#""user_id":"7","participant_uuid":"P""#),
        event("participant_joined", r#""user_id":"1","participant_uuid":"C","user_name":"Ada""#),
    ];
    #[rustfmt::skip]
    let cases = [
        // forgotten     goes
        ("Ada",          [true, true, true, true]),
        ("12025550143",  [true, true, true, false]),
    ];
    for (forgotten, goes) in cases {
        let mut forgetting = Forgetting::new(&name(forgotten), &[]);
        while events.iter().any(|event| forgetting.learn(event)) {}
        let verdicts = events.each_ref().map(|event| forgetting.judge(event) == Verdict::Goes);
        assert_eq!(verdicts, goes, "{forgotten}");
    }
}

#[test]
fn what_nobody_can_see_hides_no_name() {
    let forgetting = Forgetting::new(&name("Ada ❤"), &[]);
    let theirs =
        event("participant_joined", "\"user_id\":\"1\",\"user_name\":\"A\u{200b}da ❤\u{fe0f}\"");
    assert_eq!(forgetting.judge(&theirs), Verdict::Goes);
    let topic = Verdict::Changes(r#"{"event":"x","topic":""}"#.to_owned());
    assert_eq!(forgetting.judge("{\"event\":\"x\",\"topic\":\"of Ada\u{2060} ❤\u{fe0f}\"}"), topic);
    assert!(forgetting.is_in("Ada ❤\u{fe0f}\u{ff}".as_bytes()));
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
        ("in an address",              r#"{"join_url":"https://a.org/w?uname=Zo%C3%AB&pwd=1"}"#, Some(r#"{"join_url":""}"#)),
        ("with a sign before it",      r#"{"link":"https://a.org/?q=of+Zo%c3%ab"}"#,   Some(r#"{"link":""}"#)),
        ("JSON within a text",         r#"{"a":"{\"n\":\"Zo\\u00eb\"}"}"#,            Some(r#"{"a":""}"#)),
        ("both",                       r#"{"a":"{\"n\":\"Zo\\u0025C3%AB\"}"}"#,         Some(r#"{"a":""}"#)),
        ("a whole name, escaped",      r#"{"sender_name":"Zo%C3%AB"}"#,               Some(r#"{"sender_name":""}"#)),
        ("percents of another kind",   r#"{"topic":"100% Zo%C3","a":"%zz"}"#,         None),
    ];
    for (what, before, after) in cases {
        let expected = after.map_or(Verdict::Stays, |after| Verdict::Changes(after.to_owned()));
        assert_eq!(forgetting.judge(before), expected, "{what}");
    }
}

#[test]
fn half_a_character_in_another_ones_event_does_not_hide_the_name() {
    let forgetting = Forgetting::new(&name("Ada"), &[]);
    let before = r#"{"event":"x","topic":"Ada and \ud83e","operator":"Bram \ud83e"}"#;
    let after = r#"{"event":"x","topic":"","operator":"Bram \ud83e"}"#;
    assert_eq!(forgetting.judge(before), Verdict::Changes(after.to_owned()));
    let half = Forgetting::new(&name("Bram \u{fffd}"), &[]);
    let theirs = event("participant_joined", r#""user_id":"1","user_name":"Bram \ud83e""#);
    assert_eq!(half.judge(&theirs), Verdict::Goes);
}

#[test]
fn bytes_that_nobody_can_read_are_searched_however_the_name_is_spelt() {
    let within = r#"{"text":"{\"user_name\":\"Ada \\\"Queen\\\" \\u0042\"}""#;
    #[rustfmt::skip]
    let cases: [(&str, &str, &[u8], bool); 16] = [
        // what is special       name               bytes                                      found
        ("as it is",             "Zoë 🌻",          "{\"user_name\":\"Zoë 🌻\"".as_bytes(),    true),
        ("beside bad UTF-8",     "Zoë 🌻",          b"\xff Zo\xc3\xab \xf0\x9f\x8c\xbb \xff", true),
        ("beside it, in CESU-8", "Zoë 🌻",          b"\xff Zo\xc3\xab \xed\xa0\xbc\xed\xbc\xbb", true),
        ("in parts",             "Zoë 🌻",          "Zoe\u{308} 🌻".as_bytes(),                true),
        ("escaped",              "Zoë 🌻",          br#""Zo\u00eb \ud83c\udf3b""#,             true),
        ("half an escape",       "Zoë 🌻",          br#""Zo\u00eb \ud83c""#,                   false),
        ("half a character",     "Zoë \u{fffd}",    br#""Zo\u00eb \ud83c""#,                   true),
        ("quotation marks",      r#"A "Q" B"#,      br#""A \"Q\" B""#,                         true),
        ("as a number",          r#"A "Q" B"#,      br#""A \u0022Q\u0022 B""#,                 true),
        ("not escaped",          r#"A "Q" B"#,      br#"A "Q" B"#,                             true),
        ("a backslash",          r"A \ B",          br#""A \\ B""#,                             true),
        ("not escaped either",   r"A \n B",         br"A \n B",                                true),
        ("a slash",              "A/B",             br#""A\/B""#,                              true),
        ("JSON within JSON",     r#"Ada "Queen" B"#, within.as_bytes(),                        true),
        ("an escaped backslash", "A\u{42}",         br#""A\\u0042""#,                           true),
        ("nothing",              "Zoë 🌻",          b"",                                       false),
    ];
    for (what, forgotten, bytes, found) in cases {
        let forgetting = Forgetting::new(&name(forgotten), &[]);
        assert_eq!(forgetting.is_in(bytes), found, "{what}");
    }
}

#[test]
fn whoever_registered_with_the_name_in_two_parts_is_forgotten() {
    let forgetting = Forgetting::new(&name("Ada Byron"), &[]);
    let in_object =
        |object: &str| format!(r#"{{"event":"x","payload":{{"object":{{{object}}}}}}}"#);
    #[rustfmt::skip]
    let cases = [
        // what is special        object                                                                  instead
        ("a registration",        r#""registrant":{"id":"1","first_name":"Ada","last_name":"Byron"}"#,     None),
        ("last name first",       r#""registrant":{"last_name":"Ada","first_name":"Byron"}"#,              None),
        ("white space",           r#""registrant":{"first_name":" Ada ","last_name":"Byron\u200b"}"#,      None),
        ("one of several",        r#""list":[{"first_name":"Ada","last_name":"Byron","email":"a@b.org","n":1},{"first_name":"Bram"}]"#,
                                  Some(r#""list":[{"first_name":"","last_name":"","email":"","n":1},{"first_name":"Bram"}]"#)),
        ("all of it in one",      r#""registrant":{"first_name":"Ada Byron","last_name":""}"#,             None),
        ("somebody else",         r#""registrant":{"first_name":"Ada","last_name":"Lovelace"}"#,           Some(r#""registrant":{"first_name":"Ada","last_name":"Lovelace"}"#)),
    ];
    for (what, object, instead) in cases {
        let document = in_object(object);
        let expected = match instead {
            None => Verdict::Goes,
            Some(same) if same == object => Verdict::Stays,
            Some(instead) => Verdict::Changes(in_object(instead)),
        };
        assert_eq!(forgetting.judge(&document), expected, "{what}");
    }
}

#[test]
fn what_is_near_to_the_name_is_told_with_what_forgets_it() {
    #[rustfmt::skip]
    let cases = [
        // what is special       forgotten      entry                                                       near
        ("a longer form",        "Ada Byron",   r#""user_name":"Ada Byron (she/her)""#,                     Some("Ada Byron (she/her)")),
        ("a device",             "Ada Byron",   r#""user_name":"Ada Byron - iPhone""#,                      Some("Ada Byron - iPhone")),
        ("another case",         "Ada Byron",   r#""user_name":"ada BYRON""#,                               Some("ada BYRON")),
        ("turned round",         "Ada Byron",   r#""user_name":"Byron, Ada""#,                              Some("Byron, Ada")),
        ("a word between",       "Ada Byron",   r#""user_name":"Ada K. Byron""#,                            Some("Ada K. Byron")),
        ("without accents",      "Zoë Ünal",    r#""user_name":"Zoe Unal""#,                                Some("Zoe Unal")),
        ("with some",            "Zoe Isik",    r#""user_name":"Zoë Işık""#,                                Some("Zoë Işık")),
        ("a single name",        "Ada",         r#""user_name":"Ada Lovelace""#,                            Some("Ada Lovelace")),
        ("a file",               "Ada Byron",   r#""file_name":"Ada_Byron.mp4""#,                           Some("Ada_Byron.mp4")),
        ("words of a text",      "Ada Byron",   r#""topic":"Tea with ada byron, at 5""#,                    Some("ada byron")),
        ("a file in an address", "Ada Byron",   r#""link":"https://a.org/x/Ada_Byron.mp4?a=1""#,            Some("Ada_Byron")),
        ("joined",               "Ada Byron",   r#""topic":"see AdaByron2.mp4""#,                           Some("AdaByron2")),
        ("an address",           "Ada Byron",   r#""contact":"byron.ada@example.org""#,                     Some("byron.ada")),
        ("escaped",              "Ada Byron",   r#""link":"https://a.org/?n=ADA%20Byron""#,                 Some("ADA Byron")),
        ("in two parts",         "Ada Byron",   r#""first_name":"ada","last_name":"byron""#,                Some("ada byron")),
        ("a part of a word",     "Ada",         r#""topic":"Canada""#,                                      None),
        ("a part of the name",   "Ada Byron",   r#""user_name":"Ada Lovelace","topic":"Byron""#,            None),
        ("an identifier",        "Ada Byron",   r#""uuid":"ada byron","host_id":"AdaByron""#,               None),
        ("nothing but signs",    "🌻",           r#""user_name":"🌻🌻""#,                                     None),
    ];
    for (what, forgotten, entry, expected) in cases {
        let document = format!(r#"{{"event":"x","payload":{{{entry}}}}}"#);
        let forgetting = Forgetting::new(&name(forgotten), &[]);
        assert_eq!(forgetting.judge(&document), Verdict::Stays, "{what}");
        let mut near = BTreeSet::new();
        forgetting.near(&document, &mut near);
        let found: Vec<_> = near.iter().map(Name::as_str).collect();
        assert_eq!(found, expected.into_iter().collect::<Vec<_>>(), "{what}");
        // To forget that takes it away.
        for name in near {
            let forgetting = Forgetting::new(&name, &[]);
            assert_ne!(forgetting.judge(&document), Verdict::Stays, "{what}");
            assert!(
                forgetting.is_in(document.as_bytes()) || entry.contains("first_name"),
                "{what}"
            );
        }
    }
}
