//! Bodies of deliveries, from the wire to the roster and to the archive.

use lookout::archive::Archived;
use lookout::archive::document::{self, Shape};
use lookout::dashboard::Dashboard;
use lookout::journal::{Content, Entry, Quarantined, Record};
use lookout::jsonl;
use lookout::roster::{Roster, Rules};
use lookout::store::{LastVisitUpdate, Position, Store};
use lookout::zoom::delivery::{Document, Odd, Reading};
use lookout::zoom::json::{Json, Unreadable};
use lookout::zoom::{Key, Redaction, surrogate, understand};
use serde_json::Value;

use super::sample;

/// When every body arrives, in milliseconds.
const RECEIVED_MS: i64 = 1_767_636_000_123;

/// A body is stored as it means, or quarantined for a reason that holds; either way it is
/// exported and archived so that it comes back, and whatever it says makes a page.
pub fn is_kept_and_understood(body: &[u8]) {
    match Reading::of(body) {
        Reading::Document(document) => {
            let stored = document.into_stored(&Redaction::default());
            means_the_same(body, &stored);
            loses_what_is_dropped(body);
            is_folded(&stored);
        }
        Reading::Quarantined(odd) => is_odd(body, odd),
    }
    comes_back(body);
}

/// What is stored is read as what came, by somebody else's eyes too.
fn means_the_same(body: &[u8], stored: &str) {
    let again = Document::read(stored.as_bytes()).expect("what is stored can be read");
    assert_eq!(
        again.into_stored(&Redaction::default()),
        stored,
        "it is stored otherwise the second time"
    );
    // Others cannot read half a character, and no bytes but those of UTF-8.
    let Ok(text) = std::str::from_utf8(body) else { return };
    let mend = |text| surrogate::mended(text).into_owned();
    let sent = serde_json::from_str::<Value>(&mend(text)).ok();
    let stored = &mend(stored);
    assert_eq!(serde_json::from_str(stored).ok(), sent, "it means something else: {stored}");
}

fn loses_what_is_dropped(body: &[u8]) {
    let dropped = ["email".to_owned(), "user_name".to_owned()];
    let document = Document::read(body).expect("it was read before");
    let redaction = Redaction { keys: dropped.to_vec(), ..Redaction::default() };
    let stored = document.into_stored(&redaction);
    let json = Json::parse(&stored).expect("what is stored is JSON");
    assert!(!has_any(&json, &dropped), "a dropped key is stored: {stored}");
}

fn has_any(json: &Json, keys: &[String]) -> bool {
    match json {
        Json::List(items) => items.iter().any(|item| has_any(item, keys)),
        Json::Object(entries) => {
            entries.iter().any(|(key, value)| keys.contains(key) || has_any(value, keys))
        }
        _ => false,
    }
}

/// Nothing is quarantined that could have been read.
fn is_odd(body: &[u8], odd: Odd) {
    let holds = match (odd, serde_json::from_slice::<Value>(body)) {
        (Odd::NotUtf8, _) => std::str::from_utf8(body).is_err(),
        // Other readers refuse numbers that are too large, and what is deeper than 127 levels.
        (_, Err(_)) => true,
        (Odd::Unreadable(Unreadable::Syntax), Ok(_)) => false,
        (Odd::Unreadable(Unreadable::TooDeep), Ok(value)) => depth(&value) > 32,
        // Of equal keys the last one stays.
        (Odd::Unreadable(Unreadable::DuplicateKey), Ok(value)) => {
            keys(&value) < body.iter().filter(|byte| **byte == b':').count()
        }
        (Odd::NoEvent, Ok(value)) => !value["event"].is_string(),
        (Odd::Ours, Ok(value)) => value["event"] == "lookout.observed",
    };
    assert!(holds, "quarantined as {odd:?}");
}

fn depth(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Value::Object(entries) => 1 + entries.values().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}

fn keys(value: &Value) -> usize {
    match value {
        Value::Array(items) => items.iter().map(keys).sum(),
        Value::Object(entries) => entries.len() + entries.values().map(keys).sum::<usize>(),
        _ => 0,
    }
}

/// The fold takes it once, the store keeps it, and a page can be made of it.
fn is_folded(stored: &str) {
    let event = understand(stored, RECEIVED_MS);
    let rules = Rules { stale_after: 12 * 60 * 60, ..Rules::default() };
    let mut roster = Roster::new();
    for _ in 0..2 {
        roster.apply(&event);
    }
    let mut once = Roster::new();
    once.apply(&event);
    let presence = once.presence(&rules, sample::NOW);
    assert_eq!(roster.presence(&rules, sample::NOW), presence, "twice is not once");
    let mut store = Store::in_memory().expect("there is memory");
    store.take_in(1, &event.clone().into(), event.at).expect("it is taken in");
    store.commit(&Position::default(), LastVisitUpdate::Now).expect("it is kept");
    let then = store.presence_as_of(&rules, event.at).expect("it is read");
    assert_eq!(then, once.presence(&rules, event.at), "as of then, it was another one");
    let kept = store.presence(&rules, sample::NOW).expect("it is read");
    assert_eq!(kept, presence, "the store answers otherwise");
    drop(Dashboard::new(&presence, &sample::settings(), sample::NOW));
}

/// `export | import` and the archive give back what was stored.
fn comes_back(body: &[u8]) {
    let (key, request_id) = (Key::of(body), Some("r".to_owned()));
    let content = Content::of(body, RECEIVED_MS, &Redaction::default());
    let (line, archived, expected) = match content.clone() {
        Content::Event { document: text, .. } => {
            let received_ms = RECEIVED_MS;
            let entry =
                Entry { id: 0, key, received_ms, request_id: request_id.clone(), document: text };
            let archived = document::event(&entry, Shape::AsSent);
            (jsonl::event(&entry), archived, Archived::Event(entry))
        }
        Content::Quarantined(body) => {
            let request_id = request_id.clone();
            let odd = Quarantined { key, received_ms: RECEIVED_MS, request_id, body };
            let archived = document::quarantined(&odd);
            (jsonl::quarantined(&odd), archived, Archived::Quarantined(odd))
        }
    };
    let record = Record { key, received_ms: RECEIVED_MS, request_id, content };
    assert_eq!(
        jsonl::read(&line, 0, &Redaction::default()).expect("our own line"),
        record,
        "exported: {line}"
    );
    assert_eq!(document::read(&archived), Some(expected), "archived: {archived:?}");
}
