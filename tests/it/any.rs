//! Whatever comes in: the properties of `tests/fuzz`, with some hundreds of invented inputs each,
//! and with every input that once broke one of them.
//!
//! `PROPTEST_CASES=10000 cargo test --test it any::` invents more of them, and `tests/fuzz.sh` goes
//! on from there, with as many as there is time for.

use std::fs;
use std::path::Path;

use proptest::prelude::*;

use crate::odd_bodies::odd_bodies;
use crate::properties::{cells, chat, delivery, page, settings};
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
    for (what, body) in files("deliveries") {
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
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

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
}
