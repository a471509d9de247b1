use mongodb::bson::{Bson, doc};
use proptest::prelude::*;

use super::*;
use crate::forget::Verdict;
use crate::zoom::Name;

const RECEIVED_MS: i64 = 1_785_369_686_564;

fn entry(document: &str) -> Entry {
    Entry {
        id: 0,
        key: Key::of(document.as_bytes()),
        received_ms: RECEIVED_MS,
        request_id: Some("r".to_owned()),
        document: document.to_owned(),
    }
}

fn decoded(document: &RawDocument) -> mongodb::bson::Document {
    document.try_into().expect("well-formed")
}

fn encoded(document: mongodb::bson::Document) -> RawDocumentBuf {
    RawDocumentBuf::try_from(&document).expect("well-formed")
}

#[test]
fn a_document_is_shaped_as_zoom_sent_it() {
    let text = r#"{"event":"meeting.started","event_ts":5,"payload":{"object":{"id":"1","type":2,"big":1785369686564}}}"#;
    let document = event(&entry(text), Shape::AsSent);
    let expected = doc! {
        "event": "meeting.started",
        "event_ts": 5_i64,
        "payload": { "object": { "id": "1", "type": 2_i32, "big": 1_785_369_686_564_i64 } },
        "lookout": {
            "key": Key::of(text.as_bytes()).to_string(),
            "received_at": DateTime::from_millis(RECEIVED_MS),
            "request_id": "r",
        },
    };
    assert_eq!(decoded(&document), expected);
}

#[test]
fn what_a_sender_wrote_comes_back_and_raw_is_there_only_where_it_must_be() {
    let long = format!(r#"{{"event":"x","a":"{}"}}"#, "a".repeat(MAX_BYTES));
    #[rustfmt::skip]
    let cases = [
        // what is special            text                                               raw
        ("as Zoom does it",           r#"{"payload":{"a":[1,"b",null,true]},"event":"x"}"#, false),
        ("its own `$oid`",            r#"{"event":"x","payload":{"$oid":"zz"}}"#,         false),
        ("its own `$date`",           r#"{"event":"x","event_ts":{"$date":{"$numberLong":"1"}}}"#, false),
        ("keys with dots and `$`",    r#"{"event":"x","a.b":1,"$set":{"":{}}}"#,          false),
        ("the largest number",        r#"{"event":"x","n":9223372036854775807}"#,         false),
        ("a fraction",                r#"{"event":"x","n":[1.5,-0.25,1e-7]}"#,            true),
        ("a plain fraction",          r#"{"event":"x","n":[1.5,-0.25]}"#,                 false),
        ("minus nothing",             r#"{"event":"x","n":-0}"#,                          false),
        ("one too large",             r#"{"event":"x","n":18446744073709551615}"#,        true),
        ("digits beyond a double",    r#"{"event":"x","n":0.1000000000000000055}"#,       true),
        ("beyond all numbers",        r#"{"event":"x","n":1E400}"#,                       true),
        ("an odd event_ts",           r#"{"event":"x","event_ts":1.0}"#,                  true),
        ("a NUL in a key",            r#"{"event":"x","a\u0000b":1}"#,                    true),
        ("a NUL further down",        r#"{"event":"x","a":[{"\u0000":1}]}"#,              true),
        ("a NUL in a text",           r#"{"event":"x","a":"\u0000"}"#,                    false),
        ("half a character",          r#"{"event":"x","a":"b\ud83e"}"#,                   true),
        ("its own `_id`",             r#"{"_id":1,"event":"x"}"#,                         true),
        ("its own `lookout`",         r#"{"event":"x","lookout":{"key":"no"},"b":1}"#,    true),
        ("too long for a document",   &long,                                              true),
        ("without its event",         "{}",                                               false),
    ];
    for (what, text, has_raw) in cases {
        let entry = entry(text);
        for shape in [Shape::AsSent, Shape::RawOnly] {
            let document = event(&entry, shape);
            let raw = document.get_document(LOOKOUT).expect("ours").get("raw").expect("valid");
            assert_eq!(raw.is_some(), has_raw || shape == Shape::RawOnly, "{what}");
            assert_eq!(read(&document), Some(Archived::Event(entry.clone())), "{what}");
        }
    }
}

#[test]
fn quarantined_bytes_come_back() {
    let odd = Quarantined {
        key: Key::of(b"\xff"),
        received_ms: RECEIVED_MS,
        request_id: None,
        body: b"\xff".to_vec(),
    };
    let document = quarantined(&odd);
    assert_eq!(document.iter().count(), 1, "it has only `lookout`");
    assert_eq!(read(&document), Some(Archived::Quarantined(odd)));
}

#[test]
fn documents_of_the_older_set_up_are_events() {
    let id = ObjectId::parse_str("653300000000000000000000").expect("an id");
    #[rustfmt::skip]
    let cases = [
        // what is special             stored                                            text
        ("as PHP stored it",           doc! {"event": "x", "event_ts": 7_000_i64},       Some(r#"{"event":"x","event_ts":7000}"#)),
        ("numbers as doubles",         doc! {"event": "x", "event_ts": 7_000_f64, "a": 1.5}, Some(r#"{"event":"x","event_ts":7000,"a":1.5}"#)),
        ("a time of BSON's own",       doc! {"event": "x", "event_ts": DateTime::from_millis(7_000)}, Some(r#"{"event":"x","event_ts":7000}"#)),
        ("such a time elsewhere",      doc! {"event": "x", "a": DateTime::from_millis(0)}, Some(r#"{"event":"x","a":"1970-01-01T00:00:00.000Z"}"#)),
        ("somebody else's `lookout`",  doc! {"event": "x", "lookout": 1},                Some(r#"{"event":"x","lookout":1}"#)),
        ("no event",                   doc! {"visits": 1},                               None),
        ("no number either",           doc! {"event": "x", "n": f64::NAN, "u": Bson::Undefined}, Some(r#"{"event":"x","n":"Double(NaN)","u":null}"#)),
    ];
    for (what, mut stored, text) in cases {
        stored.insert("_id", id);
        let read = read(&encoded(stored));
        let expected = text.map(|text| {
            Archived::Event(Entry {
                request_id: None,
                received_ms: 0x6533_0000 * 1000,
                ..entry(text)
            })
        });
        assert_eq!(read, expected, "{what}");
    }
}

/// JSON of any shape, without equal keys.
fn any_json() -> impl Strategy<Value = Json> {
    let number = prop_oneof![
        any::<i64>().prop_map(|n| n.to_string()),
        any::<f64>().prop_filter("a number", |n| n.is_finite()).prop_map(|n| format!("{n:e}")),
        any::<f64>().prop_filter("a number", |n| n.is_finite()).prop_map(|n| n.to_string()),
    ];
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::Bool),
        number.prop_map(|digits| Json::Number(digits.into())),
        any::<String>().prop_map(Json::Text),
    ];
    leaf.prop_recursive(4, 24, 6, |inner| {
        let key = prop_oneof!["[$.a-c\\x00]{0,3}", any::<String>()];
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..6).prop_map(Json::List),
            proptest::collection::btree_map(key, inner, 0..6)
                .prop_map(|entries| Json::Object(entries.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn any_event_comes_back_as_it_was(payload in any_json(), extra in any_json()) {
        let json = Json::Object(vec![
            ("payload".to_owned(), payload),
            ("event".to_owned(), Json::Text("x".to_owned())),
            ("extra".to_owned(), extra),
        ]);
        let entry = entry(&json.to_string());
        for shape in [Shape::AsSent, Shape::RawOnly] {
            let read = read(&event(&entry, shape));
            prop_assert_eq!(read, Some(Archived::Event(entry.clone())));
        }
    }

    #[test]
    fn no_document_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        if let Ok(document) = RawDocument::from_bytes(&bytes) {
            drop(read(document));
        }
    }
}

#[test]
fn an_archived_event_says_what_it_said_in_the_journal() {
    let text = r#"{"event":"meeting.participant_joined","event_ts":1785369686564,"payload":{"object":{"uuid":"a==","id":86084701483,"participant":{"user_id":"1","user_name":"Ada","join_time":"2026-07-30T00:01:25Z"}}}}"#;
    let Some(Archived::Event(read)) = read(&event(&entry(text), Shape::AsSent)) else {
        panic!("an event");
    };
    assert_eq!(
        zoom::understand(&read.document, read.received_ms),
        zoom::understand(text, RECEIVED_MS)
    );
}

#[test]
fn what_is_forgotten_leaves_its_key_and_what_is_others_leaves_the_name() {
    let text = r#"{"event":"x","event_ts":1,"payload":{"a":["Ada","Bram"],"n":1.50}}"#;
    let entry = Entry {
        id: 0,
        key: Key::of(text.as_bytes()),
        received_ms: 5,
        request_id: Some("r".to_owned()),
        document: text.to_owned(),
    };
    let there = event(&entry, Shape::AsSent);
    let forgotten = forgotten(&there);
    assert_eq!(read(&forgotten), None);
    let lookout = forgotten.get_document("lookout").expect("it is ours");
    assert_eq!(lookout.get_str("key").ok(), Some(entry.key.to_string().as_str()));

    let without = text.replace("Ada", "");
    let forgetting = Forgetting::new(&Name::clean("Ada").expect("a name"), &[]);
    let emptied = emptied(&there, &without, &forgetting).expect("it is BSON");
    let expected = Entry { document: without, ..entry };
    assert_eq!(read(&emptied), Some(Archived::Event(expected)));
    assert!(!emptied.as_bytes().windows(3).any(|bytes| bytes == b"Ada"));
}

#[test]
fn whoever_registered_with_a_forgotten_name_leaves_nothing_in_a_list() {
    let list = |theirs: &str| {
        format!(
            r#"{{"event":"x","list":[{theirs},{{"first_name":"Bram","last_name":"Byron","email":"b@b.org"}}]}}"#
        )
    };
    let text = list(r#"{"first_name":"Ada","last_name":"Byron","more":["a@b.org"],"n":1}"#);
    let without = list(r#"{"first_name":"","last_name":"","more":[""],"n":1}"#);
    let entry = Entry {
        id: 0,
        key: Key::of(text.as_bytes()),
        received_ms: 5,
        request_id: None,
        document: text.clone(),
    };
    let forgetting = Forgetting::new(&Name::clean("Ada Byron").expect("a name"), &[]);
    assert_eq!(forgetting.judge(&text), Verdict::Changes(without.clone()));
    let emptied = emptied(&event(&entry, Shape::AsSent), &without, &forgetting);
    let expected = Entry { document: without, ..entry };
    assert_eq!(read(&emptied.expect("it is BSON")), Some(Archived::Event(expected)));
}

#[test]
fn a_document_of_ours_counts_only_as_we_wrote_it() {
    let text = r#"{"event":"lookout.observed","event_ts":5,"payload":{"object":{"uuid":"m"}}}"#;
    let ours = entry(text);
    assert_eq!(read(&event(&ours, Shape::AsSent)), Some(Archived::Event(ours)));
    let forged = doc! { "event": "lookout.observed", "event_ts": 5_i64 };
    assert_eq!(read(&encoded(forged)), None);
}
