//! Whatever comes in: the properties of `tests/fuzz`, with some hundreds of invented inputs each,
//! and with every input that once broke one of them.
//!
//! `PROPTEST_CASES=10000 cargo test --test it any::` invents more of them, and `tests/fuzz/run.sh` goes
//! on from there, with as many as there is time for.

use std::fs;
use std::path::Path;

use proptest::prelude::*;

use crate::odd_bodies::odd_bodies;
use crate::properties::{
    cells, chat, checkpoint, delivery, forgetting, head, import, page, settings,
};
use crate::support::hostile;

/// The files below `folder`, in a fixed order.
fn files(folder: &str) -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(folder);
    let files = walkdir::WalkDir::new(folder).sort_by_file_name().into_iter();
    let files = files.map(|entry| entry.expect("it can be read"));
    let files = files.filter(|entry| entry.file_type().is_file());
    let named = |path: &Path| (path.display().to_string(), fs::read(path).expect("it can be read"));
    files.map(|file| named(file.path())).collect()
}

/// Runs the property on one of the inputs and names it where it does not hold.
#[track_caller]
fn holds(what: &str, property: impl Fn() + std::panic::UnwindSafe) {
    let outcome = std::panic::catch_unwind(property);
    assert!(outcome.is_ok(), "{what}");
}

#[test]
fn every_recorded_and_every_odd_body_is_kept_and_understood() {
    for (what, body) in files("fixtures/deliveries") {
        holds(&what, || delivery::is_kept_and_understood(&body));
    }
    for odd in odd_bodies() {
        holds(odd.what, || delivery::is_kept_and_understood(&odd.bytes));
    }
}

#[test]
fn every_hostile_name_is_text_everywhere() {
    for (what, name) in hostile::names() {
        holds(&what, || cells::are_rows_of_text(&[&name]));
        holds(&what, || chat::does_nothing(&name));
    }
    for (what, name) in hostile::names().into_iter().step_by(7) {
        holds(&what, || page::shows_names_as_text(&name));
    }
}

#[test]
fn what_once_broke_a_property_breaks_it_no_more() {
    for (path, input) in files("fuzz/found") {
        let text = String::from_utf8_lossy(&input);
        let target = Path::new(&path).parent().and_then(Path::file_name).expect("in a folder");
        holds(&path, || match target.to_str() {
            Some("delivery") => delivery::is_kept_and_understood(&input),
            Some("settings") => settings::are_judged_in_secrecy(&text),
            Some("cells") => cells::are_rows_of_text(&text.split('\n').collect::<Vec<_>>()),
            Some("page") => page::shows_names_as_text(&text),
            Some("chat") => chat::does_nothing(&text),
            Some("checkpoint") => checkpoint::is_read_or_ignored(&input),
            Some("forgetting") => forgetting::leaves_nothing(&text),
            Some("head") => head::is_answered_or_closed(&input),
            Some("import") => import::is_taken_or_refused(&text),
            _ => panic!("no target is called so"),
        });
    }
}

/// Any text, or one in which what some reader acts upon is frequent.
fn names() -> impl Strategy<Value = String> {
    let marked = "[\\[\\]<>@|:;#~*_`\\\\!$&\"'(){},.x/=-]{0,12}";
    let telling = "(Ada|<b>|</bdi>|&lt;|&#x3c;|<!--|-->|\\{\\{|@all|:tada:|\u{202e}|\u{200b}|\u{85}|\r|\n| ){0,8}";
    prop_oneof![any::<String>(), marked, telling]
}

/// Bodies that are nearly what Zoom sends.
fn bodies() -> impl Strategy<Value = Vec<u8>> {
    let event = "meeting\\.(participant_(joined|left)|ended|sharing_started)";
    let value = "(-?[0-9]{1,20}|[0-9]\\.[0-9]e-?[0-9]{1,3}|\"[^\\p{C}\"\\\\]{0,6}\"|null|true|\\[\\]|\\{\\}|\\[[0-9]\\])";
    let stamp = "(\"20[0-9]{2}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:00:00Z\"|-?[0-9]{1,19}|null)";
    let parts = (event, value, value, value, stamp, stamp);
    let built = parts.prop_map(|(event, id, user, name, stamp, time)| {
        format!(
            r#"{{"event":"{event}","event_ts":{stamp},"payload":{{"object":{{"uuid":"m","id":{id},"participant":{{"user_id":{user},"user_name":{name},"join_time":{time},"leave_time":{time}}}}}}}}}"#
        )
        .into_bytes()
    });
    prop_oneof![built, prop::collection::vec(any::<u8>(), 0..64)]
}

/// Lines that are nearly what `export` and `mongoexport` write.
fn lines() -> impl Strategy<Value = String> {
    let id = r#"(\{"\$oid":"[0-9a-f]{23,25}"\}|"[a-z]{0,3}"|1|null)"#;
    let date = r#"(\{"\$date":("2026-0[1-9]-01T00:00:00Z"|\{"\$numberLong":"-?[0-9]{1,20}"\}|1)\}|"2026-01-01T00:00:00\.5\+01:00"|null)"#;
    let stamp = r#"(-?[0-9]{1,20}|\{"\$numberLong":"[0-9]{1,20}"\}|"[0-9]{1,3}")"#;
    let raw = r#"("[A-Za-z0-9+/]{0,9}={0,2}"|\{"\$binary":\{"base64":"eyI=","subType":"00"\}\})"#;
    let ours = (any::<[u8; 32]>(), date, raw, stamp).prop_map(|(key, date, raw, stamp)| {
        let key: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
        let lookout = format!(r#""lookout":{{"key":"{key}","received_at":{date}"#);
        [
            format!(r#"{{{lookout},"raw":{raw}}}}}"#),
            format!(r#"{{"event":"a","event_ts":{stamp},{lookout},"request_id":"r"}}}}"#),
        ]
    });
    let ours = (ours, any::<bool>()).prop_map(|(lines, second)| lines[usize::from(second)].clone());
    let exported = (id, stamp, "[^\\p{C}\"\\\\]{0,6}").prop_map(|(id, stamp, event)| {
        format!(r#"{{"_id":{id},"event":"{event}","event_ts":{stamp},"x":[0.10,1e400,{{}}]}}"#)
    });
    prop_oneof![ours, exported, any::<String>()]
}

/// A name, and below it a document that may hold it, in one spelling or another.
fn forgotten() -> impl Strategy<Value = String> {
    let name = prop_oneof!["[A-Z][a-z]{1,3}( [A-Z][a-z]{1,3})?", names()];
    let name = name.prop_filter("one line", |name| !name.contains('\n'));
    let key = "(user_name|name|first_name|last_name|topic|text|file_name|url|id|registrant_id)";
    let spelled = |name: &str, how: usize| match how {
        0 => name.to_owned(),
        1 => name.to_uppercase(),
        2 => name.replace(' ', "%20"),
        3 => name.replace(' ', "_") + ".mp4",
        4 => name.chars().map(|c| format!("{c}\u{200b}")).collect(),
        _ => format!("{name}'s room"),
    };
    let texts = prop::collection::vec((key, 0..6_usize), 1..4);
    (name, texts, any::<bool>()).prop_map(move |(name, texts, in_object)| {
        let mut participant = serde_json::Map::from_iter([("user_id".to_owned(), "1".into())]);
        for (key, how) in texts {
            participant.insert(key, spelled(&name, how).into());
        }
        let participant = serde_json::Value::from(participant);
        let object = match in_object {
            true => participant,
            false => serde_json::json!({ "uuid": "m", "id": "1", "participant": participant }),
        };
        let event = "meeting.participant_joined";
        let body = serde_json::json!({ "event": event, "payload": { "object": object } });
        format!("{name}\n{body}")
    })
}

/// Heads that are nearly those of requests, and whatever else may come.
fn heads() -> impl Strategy<Value = Vec<u8>> {
    let method = "(POST|GET|HEAD|PUT|PRI|CONNECT|[A-Z]{1,9}|)";
    let target = "(/webhooks/zoom/?|/|\\*|http://a/|[!-~]{0,9})";
    let header = "(content-length: [0-9]{1,20}|transfer-encoding: (chunked|gzip, chunked)|expect: 100-continue|connection: (upgrade|close)|upgrade: h2c|x-zm-signature: v0=[0-9a-f]{64}|x-zm-request-timestamp: [0-9]{1,20}|[!-~]{0,9}: ?[ -~]{0,9})";
    let end = "(\r\n|\n|\r|)";
    let headers = prop::collection::vec((header, end), 0..5);
    let request = (method, target, "(1\\.[0-9]|2\\.0|[ -~]{0,3})", headers, end, "[ -~\r\n]{0,20}");
    let request = request.prop_map(|(method, target, version, headers, end, body)| {
        let headers: String = headers.into_iter().map(|(header, end)| header + &end).collect();
        format!("{method} {target} HTTP/{version}\r\n{headers}{end}\r\n{body}").into_bytes()
    });
    prop_oneof![request, prop::collection::vec(any::<u8>(), 0..64)]
}

/// Bytes of checkpoints with some of them changed, cut off or added.
fn checkpoints() -> impl Strategy<Value = Vec<u8>> {
    let kept =
        files("fixtures/versions").into_iter().filter(|(path, _)| path.ends_with(".checkpoint"));
    let kept: Vec<Vec<u8>> = kept.map(|(_, bytes)| bytes).collect();
    let changes = prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4);
    (prop::sample::select(kept), changes, any::<prop::sample::Index>(), any::<bool>()).prop_map(
        |(mut bytes, changes, end, is_cut)| {
            for (place, byte) in changes {
                let place = place.index(bytes.len());
                bytes[place] = byte;
            }
            if is_cut {
                bytes.truncate(end.index(bytes.len()));
            }
            // With a checksum of our own, its beginning counts from behind the old one.
            bytes.split_off(bytes.len().min(16))
        },
    )
}

/// Lines that are right together, whichever of them there are.
const RIGHT: [&str; 13] = [
    "site.path = '/room/'",
    "site.base_url = 'https://example.org'",
    "site.time_zone = \"Europe/Istanbul\"",
    "site.language = 'tr'",
    "csv.copies = ['a.csv', '/srv/b.csv']",
    "zoom.tolerance = '10m'",
    "zoom.max_body = \"2MiB\"",
    "journal.keep = '40d'",
    "privacy.publish = ['Ada', \"Zo\u{eb}\"]",
    "privacy.others = 'counted'",
    "presence.stale_after = '6h'",
    "rooms = [{ meeting_id = '123 456', name = 'Tea Room' }]",
    "people = [{ name = 'Ada', aliases = [\"ada's\"], zoom_user_ids = ['u'] }]",
];

/// Settings that are right, or lines of such in any order with slips of the finger.
fn typed() -> impl Strategy<Value = String> {
    let value = "(\"[a-z/.:0-9]{0,9}\"|'\\*'|true|-?[0-9]{1,20}|\\[\\]|\\[\\[|\"\"\"|=)";
    let key = "(title|path|base_url|listen|tolerance|max_body|keep|publish|others|slug|[a-z]{1,5})";
    let section = "\\[{1,2}(site|csv|zoom|journal|privacy|admin|archive|rooms|people)\\]{1,2}";
    let line = prop_oneof![
        (key, value).prop_map(|(key, value)| format!("{key} = {value}")),
        section.prop_map(|section| section),
    ];
    let slips = prop::collection::vec(line, 0..8).prop_map(|lines| lines.join("\n"));
    let right = (prop::sample::subsequence(RIGHT.to_vec(), 0..RIGHT.len()), "[^'\\p{C}]{1,9}")
        .prop_map(|(lines, title)| format!("site.title = '{title}'\n{}", lines.join("\n")));
    prop_oneof![slips, right]
}

proptest! {
    #[test]
    fn any_body_is_kept_and_understood(body in bodies()) {
        delivery::is_kept_and_understood(&body);
    }

    #[test]
    fn any_settings_are_judged_in_secrecy(text in typed()) {
        settings::are_judged_in_secrecy(&text);
    }

    #[test]
    fn any_names_are_rows_of_text(names in prop::collection::vec(names(), 0..4)) {
        cells::are_rows_of_text(&names.iter().map(String::as_str).collect::<Vec<_>>());
    }

    #[test]
    fn any_name_does_nothing_in_a_chat(name in names()) {
        chat::does_nothing(&name);
    }

    #[test]
    fn any_name_is_text_on_every_page(name in names()) {
        page::shows_names_as_text(&name);
    }

    #[test]
    fn any_line_is_imported_or_refused(line in lines()) {
        import::is_taken_or_refused(&line);
    }

    #[test]
    fn any_checkpoint_is_read_or_ignored(bytes in checkpoints()) {
        checkpoint::is_read_or_ignored(&bytes);
    }

    #[test]
    fn any_head_is_answered_or_the_connection_closed(bytes in heads()) {
        head::is_answered_or_closed(&bytes);
    }

    #[test]
    fn whatever_somebody_is_called_forgetting_leaves_nothing(text in forgotten()) {
        forgetting::leaves_nothing(&text);
    }
}
