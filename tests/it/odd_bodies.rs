//! Genuine bodies that no sane sender makes: stored as they are or quarantined, never refused.
//!
//! Zoom's deliveries pass through JSON, SQLite, BSON and a site; each of these
//! bodies breaks one of them if it is taken at its word.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use lookout::config::Settings;
use lookout::zoom::Key;
use lookout::zoom::delivery::{Document, Reading};
use lookout::zoom::json::Json;

use crate::support::Lookout;

/// Somebody joins whose name ends in half an emoji.
pub const HALF_AN_EMOJI: &[u8] = include_bytes!("../fixtures/cases/half-an-emoji.json");

/// A body, and what becomes of it.
#[derive(Debug, Clone)]
pub struct OddBody {
    /// What is odd.
    pub what: &'static str,
    /// The exact bytes.
    pub bytes: Vec<u8>,
    /// Whether it is quarantined; else it is an event and comes back with the same keys, order and numbers.
    pub quarantined: bool,
}

/// All of them, the large ones made here.
pub fn odd_bodies() -> Vec<OddBody> {
    let (quarantined, event) = (true, false);
    #[rustfmt::skip]
    let small: [(&str, &[u8], bool); 45] = [
        // what is odd                  body                                                           quarantined?
        ("nothing",                     b"",                                                            quarantined),
        ("white space",                 b" \r\n",                                                       quarantined),
        ("not JSON",                    b"payload=%7B%7D&event=meeting.started",                        quarantined),
        ("half of it",                  br#"{"event":"meeting.started","payl"#,                         quarantined),
        ("two of them",                 br#"{"event":"a"}{"event":"b"}"#,                               quarantined),
        ("a trailing comma",            br#"{"event":"a",}"#,                                           quarantined),
        ("a byte order mark",           b"\xef\xbb\xbf{\"event\":\"a\"}",                               quarantined),
        ("an array",                    br#"[{"event":"meeting.started"}]"#,                            quarantined),
        ("a text",                      br#""meeting.started""#,                                        quarantined),
        ("null",                        b"null",                                                        quarantined),
        ("no event",                    br#"{"event_ts":1785369686564,"payload":{}}"#,                  quarantined),
        ("an event that is a number",   br#"{"event":7}"#,                                              quarantined),
        ("an event that is null",       br#"{"event":null}"#,                                           quarantined),
        ("an event that is an object",  br#"{"event":{"event":"a"}}"#,                                  quarantined),
        ("bad UTF-8 in a name",         b"{\"event\":\"a\",\"user_name\":\"Jos\xe9\"}",                 quarantined),
        ("bad UTF-8 in a key",          b"{\"event\":\"a\",\"\xff\":1}",                                quarantined),
        ("half a character in a key",   br#"{"event":"a","\ud83c":1}"#,                                 quarantined),
        ("a surrogate outside a text",  b"{\"event\":\"a\",\xed\xa0\x80}",                            quarantined),
        ("a raw control character",     b"{\"event\":\"a\",\"x\":\"\x01\"}",                            quarantined),
        ("not a number",                br#"{"event":"a","x":NaN}"#,                                    quarantined),
        ("a number with leading zero",  br#"{"event":"a","x":01}"#,                                     quarantined),
        ("the event twice",             br#"{"event":"a","event":"b"}"#,                                quarantined),
        ("the event twice, escaped",    br#"{"event":"a","\u0065vent":"a"}"#,                           quarantined),
        ("a key twice, deep",           br#"{"event":"a","payload":{"x":[{"id":1,"id":1}]}}"#,          quarantined),
        ("the empty key twice",         br#"{"event":"a","":1,"":2}"#,                                  quarantined),
        ("a surrogate in UTF-8",        b"{\"event\":\"a\",\"x\":\"\xed\xa0\x80\"}",                    event),
        ("a character as two of them",  b"{\"event\":\"a\",\"x\":\"\xed\xa0\xbc\xed\xbc\xbb\"}",        event),
        ("a lone surrogate, escaped",   br#"{"event":"a","x":"\ud83c"}"#,                               event),
        ("surrogates the wrong way",    br#"{"event":"a","x":"\udf3b\ud83c"}"#,                         event),
        ("half an emoji",               HALF_AN_EMOJI,                                                  event),
        ("an empty event",              br#"{"event":""}"#,                                             event),
        ("keys that differ by case",    br#"{"event":"a","Event":"b"}"#,                                event),
        ("the empty key",               br#"{"event":"a","":{"":null}}"#,                               event),
        ("a NUL in a key",              br#"{"event":"a","payload":{"a\u0000b":1}}"#,                   event),
        ("a NUL in a name",             br#"{"event":"a","payload":{"user_name":"A\u0000da"}}"#,        event),
        ("dotted keys",                 br#"{"event":"a","payload":{"a.b":{"c.d.":1},".":2}}"#,         event),
        ("keys with a dollar",          br#"{"event":"a","$set":{"x":1},"payload":{"$":1,"$$now":2}}"#, event),
        ("what looks like an ObjectId", br#"{"event":"a","_id":{"$oid":"zz"},"x":{"$oid":"65f2a0c1d2e3f4a5b6c7d8e9"}}"#, event),
        ("what looks like a date",      br#"{"event":"a","event_ts":{"$date":"soon"},"x":{"$numberLong":"7"}}"#, event),
        ("numbers too large",           br#"{"event":"a","x":[1e400,-1e400,12345678901234567890123,18446744073709551616]}"#, event),
        ("numbers too fine",            br#"{"event":"a","x":[0.1000000000000000055,1e-400,1.0,1.50,100E-2]}"#, event),
        ("minus nought",                br#"{"event":"a","x":[-0,-0.0,0e0]}"#,                          event),
        ("keys of serde's own",         br#"{"event":"a","x":{"$serde_json::private::Number":"1"},"y":{"$serde_json::private::RawValue":"1"}}"#, event),
        ("keys of Lookout's own",       br#"{"event":"a","lookout":{"key":"00","raw":"AA=="},"_id":1}"#, event),
        ("hostile text",                br#"{"event":"<script>alert(1)</script>","payload":{"object":{"uuid":"../../etc/passwd","participant":{"user_name":"=cmd|' /C calc'!A0\u202e"}}}}"#, event),
    ];
    let small = small.map(|(what, bytes, quarantined)| OddBody {
        what,
        bytes: bytes.to_vec(),
        quarantined,
    });
    small.into_iter().chain(large()).collect()
}

fn large() -> [OddBody; 7] {
    [
        OddBody { what: "32 levels of arrays", bytes: nested("[", "]", 31), quarantined: false },
        OddBody { what: "33 levels of arrays", bytes: nested("[", "]", 32), quarantined: true },
        OddBody {
            what: "33 levels of objects",
            bytes: nested(r#"{"x":"#, "}", 32),
            quarantined: true,
        },
        OddBody {
            what: "100,000 levels of arrays",
            bytes: nested("[", "]", 100_000),
            quarantined: true,
        },
        OddBody {
            what: "100,000 levels of objects",
            bytes: nested(r#"{"x":"#, "}", 100_000),
            quarantined: true,
        },
        OddBody {
            what: "100,000 levels, never closed",
            bytes: nested("[", "", 100_000),
            quarantined: true,
        },
        OddBody { what: "a name of 1,000,000 letters", bytes: long_name(), quarantined: false },
    ]
}

/// An event that holds so many levels beside its own.
fn nested(open: &str, close: &str, levels: usize) -> Vec<u8> {
    let (open, close) = (open.repeat(levels), close.repeat(levels));
    format!(r#"{{"event":"a","x":{open}0{close}}}"#).into_bytes()
}

fn long_name() -> Vec<u8> {
    let name = "ğ".repeat(500_000);
    format!(r#"{{"event":"a","payload":{{"object":{{"participant":{{"user_name":"{name}"}}}}}}}}"#)
        .into_bytes()
}

#[test]
fn odd_bodies_are_read_or_quarantined_as_listed() {
    for OddBody { what, bytes, quarantined } in odd_bodies() {
        let reading = Reading::of(&bytes);
        assert_eq!(
            matches!(reading, Reading::Quarantined(_)),
            quarantined,
            "{what}: {reading:.200?}"
        );
    }
}

#[test]
fn odd_bodies_are_taken_and_come_back_as_they_were() {
    let mut lookout = Lookout::new();
    lookout.serve();
    let odd = odd_bodies();
    for OddBody { what, bytes, .. } in &odd {
        assert_eq!(lookout.deliver(bytes).status, 204, "{what}");
    }
    let exported = lookout.ok(&["export"]) + &lookout.ok(&["export", "--quarantined"]);
    for OddBody { what, bytes, quarantined } in &odd {
        let key = Key::of(bytes).to_string();
        let line = exported.lines().find(|line| line.contains(&key)).expect(what);
        assert_eq!(&restored(line), &stored(bytes, *quarantined), "{what}");
    }
}

#[test]
fn half_an_emoji_spoils_nothing_but_itself_also_in_a_copy() {
    let mut lookout = Lookout::new();
    lookout.serve();
    assert_eq!(lookout.deliver(HALF_AN_EMOJI).status, 204);
    let csv = "_data/zoom-room-dashboard.csv";
    let table = lookout.wait_for(csv, |csv| csv.contains("Flamingo \u{fffd}"));
    assert!(table.contains("\"2026-09-21-14:13:20\""), "{table}");

    let exported = lookout.ok(&["export"]);
    assert!(
        exported.contains("Flamingo \u{fffd}"),
        "other readers of JSON can read it: {exported}"
    );
    let other = Lookout::new();
    std::fs::write(other.path("events.jsonl"), &exported).expect("written");
    other.ok(&["import", "events.jsonl"]);
    assert_eq!(other.ok(&["export"]), exported);
    other.ok(&["build"]);
    assert_eq!(other.csv(), table);

    other.ok(&["forget", "--yes", "Flamingo \u{fffd}"]);
    assert_eq!(other.ok(&["export"]), "");
}

#[test]
fn what_an_older_version_could_not_read_is_an_event_after_an_upgrade() {
    let csv = "_data/zoom-room-dashboard.csv";
    for command in ["serve", "build", "import"] {
        let mut lookout = Lookout::new();
        lookout.serve();
        assert_eq!(lookout.deliver(HALF_AN_EMOJI).status, 204);
        lookout.stop();
        let exported = lookout.ok(&["export"]);
        quarantine_as_before(&lookout);
        assert_eq!(lookout.ok(&["export", "--quarantined"]).lines().count(), 1, "{command}");
        match command {
            "serve" => drop(lookout.serve()),
            "build" => drop(lookout.ok(&["build"])),
            _ => {
                std::fs::write(lookout.path("none.jsonl"), "").expect("written");
                lookout.ok(&["import", "none.jsonl"]);
                lookout.ok(&["build"]);
            }
        }
        lookout.wait_for(csv, |csv| csv.contains("Flamingo \u{fffd}"));
        assert_eq!(lookout.ok(&["export", "--quarantined"]), "", "{command}");
        assert_eq!(lookout.ok(&["export"]), exported, "{command}");
    }
}

/// Puts the one event of the journal into quarantine, as an older version did, and removes what
/// the newer one made of it.
pub fn quarantine_as_before(lookout: &Lookout) {
    let journal = rusqlite::Connection::open(lookout.path("data/lookout.db")).expect("it opens");
    let quarantine = "INSERT INTO quarantine (received_ms, key, request_id, body)
                      SELECT received_ms, key, request_id, ?1 FROM events";
    assert_eq!(journal.execute(quarantine, [HALF_AN_EMOJI]).expect("moved"), 1);
    journal.execute("DELETE FROM events", []).expect("removed");
    drop(std::fs::remove_file(lookout.path("data/lookout.presence")));
    drop(std::fs::remove_dir_all(lookout.path("site")));
}

#[test]
fn dropped_fields_are_nowhere_on_disk_also_where_nobody_can_read_the_delivery() {
    let (number, address) = ("12025550143", "ada@example.org");
    #[rustfmt::skip]
    let odd = [
        // what is odd             body
        ("a key twice",            format!(r#"{{"event":"a","event":"b","email":"{address}","private_ip":"192.0.2.77"}}"#).into_bytes()),
        ("cut off",                format!(r#"{{"event":"a","user_name":"Ada {number}","phone_number":"{number}","e\u006dail":"{address}"#).into_bytes()),
        ("too deep",               format!(r#"{}{{"host_email":"{address}","public_ip":"192.0.2.77"}}{}"#, "[".repeat(40), "]".repeat(40)).into_bytes()),
        ("bad UTF-8",              [br#"{"event":"a","x":""#.as_slice(), b"\xff", format!(r#"","email":["{address}"]}}"#).as_bytes()].concat()),
        ("bad in a dropped field", [br#"{"event":"a","email":""#.as_slice(), b"\xff", format!(r#"{address}"}}"#).as_bytes()].concat()),
    ];
    let mut lookout = Lookout::new();
    lookout.serve();
    for (what, body) in &odd {
        assert_eq!(lookout.deliver(body).status, 204, "{what}");
    }
    assert_eq!(lookout.ok(&["export", "--quarantined"]).lines().count(), 4);
    assert_eq!(lookout.exported_lines(&[]).len(), 1, "only what was dropped had spoiled it");
    lookout.ok(&["backup", "backup.db"]);
    lookout.stop();
    for file in walkdir::WalkDir::new(lookout.dir.path()).into_iter().filter_map(Result::ok) {
        let bytes = std::fs::read(file.path()).unwrap_or_default();
        for dropped in [number, address, "192.0.2.77"] {
            let holds = bytes.windows(dropped.len()).any(|window| window == dropped.as_bytes());
            assert!(!holds, "{dropped} is in {}", file.path().display());
        }
    }
}

/// What the journal keeps of a body: the same keys, order and numbers, or the very bytes.
fn stored(bytes: &[u8], quarantined: bool) -> Vec<u8> {
    let defaults = Settings::default().redaction();
    match quarantined {
        // None of them has a dropped field.
        true => bytes.to_vec(),
        false => {
            Document::read(bytes).expect("events can be read").into_stored(&defaults).into_bytes()
        }
    }
}

/// The body in a line of `export`.
fn restored(line: &str) -> Vec<u8> {
    let Ok(Json::Object(mut entries)) = Json::parse(line) else { panic!("not an object: {line}") };
    let place = entries.iter().position(|(key, _)| key == "lookout").expect("it is there");
    let (_, lookout) = entries.remove(place);
    match lookout.get("raw").and_then(Json::as_str) {
        Some(raw) => BASE64.decode(raw).expect("it is base64"),
        None => Json::Object(entries).to_string().into_bytes(),
    }
}
