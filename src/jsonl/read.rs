//! Reads one line of JSON into a record for the journal.
//!
//! It accepts three kinds of lines, in any mixture: our own, with a `lookout`; those of `mongoexport`, with
//! an `_id`; and deliveries as Zoom sent them. It understands MongoDB's notation of types (`$oid`, `$date`,
//! `$numberLong`, `$binary`) only in `_id`, `event_ts` and `lookout`: elsewhere it is the sender's own
//! text.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use chrono::{DateTime, Datelike};

use crate::journal::{Content, LOOKOUT, Record};
use crate::zoom::delivery::{Document, Odd};
use crate::zoom::json::{Json, Unreadable};
use crate::zoom::{Key, Redaction};

/// Why a line was rejected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Rejected {
    /// Not one JSON value.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    /// JSON, but no event.
    #[error("not an object with a text `event`, and no `lookout.raw` either")]
    NoEvent,
    /// It names itself as an event of our own, without the `lookout` that `export` writes.
    #[error(
        "`lookout.observed` is an event of Lookout's own, and this line is not as `export` writes it"
    )]
    Forged,
    /// A `lookout` in another form than `export` writes.
    #[error("its `lookout.{0}` is not as `export` writes it")]
    Lookout(&'static str),
}

/// Reads one line. `now_ms` is the time of receipt if the line has none; `redaction` removes what must not
/// be stored.
pub fn read(line: &str, now_ms: i64, redaction: &Redaction) -> Result<Record, Rejected> {
    let mut json = Json::parse(line)?;
    let Json::Object(entries) = &mut json else { return Err(Rejected::NoEvent) };
    let mut take = |name: &str| {
        let place = entries.iter().position(|(key, _)| key == name)?;
        Some(entries.remove(place).1)
    };
    let (id, lookout) = (take("_id"), take(LOOKOUT));
    if let Some(lookout) = lookout {
        return ours(json, &lookout, redaction);
    }
    resolve_event_ts(&mut json);
    let received_ms = received(id.as_ref(), &json).unwrap_or(now_ms);
    let key = match id {
        Some(_) => Key::of(json.to_string().as_bytes()),
        None => Key::of(line.as_bytes()),
    };
    let document = Document::of_others(json).map_err(|odd| match odd {
        Odd::Ours => Rejected::Forged,
        _ => Rejected::NoEvent,
    })?;
    let content = Content::event(document, received_ms, redaction);
    Ok(Record { key, received_ms, request_id: None, content })
}

/// Reads a line with a `lookout`; the rest of the line is the document.
fn ours(mut json: Json, lookout: &Json, redaction: &Redaction) -> Result<Record, Rejected> {
    let text = |name| lookout.get(name).and_then(Json::as_str);
    let key = text("key").and_then(Key::from_hex).ok_or(Rejected::Lookout("key"))?;
    let received_ms = lookout.get("received_at").and_then(millis).filter(|&ms| is_writable(ms));
    let received_ms = received_ms.ok_or(Rejected::Lookout("received_at"))?;
    let request_id = text("request_id").map(str::to_owned);
    let content = match lookout.get("raw") {
        Some(raw) => {
            let raw = bytes(raw).ok_or(Rejected::Lookout("raw"))?;
            // A newer version may understand what was quarantined.
            Content::of(&raw, received_ms, redaction)
        }
        None => {
            resolve_event_ts(&mut json);
            let document = Document::new(json).map_err(|_: Odd| Rejected::NoEvent)?;
            Content::event(document, received_ms, redaction)
        }
    };
    Ok(Record { key, received_ms, request_id, content })
}

/// Replaces `{"$numberLong": "1"}` in `event_ts` by `1`.
fn resolve_event_ts(json: &mut Json) {
    let Json::Object(entries) = json else { return };
    let Some((_, event_ts)) = entries.iter_mut().find(|(key, _)| key == "event_ts") else { return };
    if let Some(number) = long(event_ts) {
        *event_ts = Json::Number(number.to_string().into());
    }
}

/// When a line without `lookout` was received: an ObjectId begins with the second of its creation; else
/// the event's own time, if an export can write it.
fn received(id: Option<&Json>, json: &Json) -> Option<i64> {
    let oid = id.and_then(|id| id.get("$oid")).and_then(Json::as_str);
    let second = oid.and_then(|oid| i64::from_str_radix(oid.get(..8)?, 16).ok());
    second
        .map(|second| second * 1000)
        .or_else(|| match json.get("event_ts")? {
            Json::Number(digits) => digits.parse().ok(),
            Json::Text(digits) => digits.parse().ok(),
            _ => None,
        })
        .filter(|&received_ms| is_writable(received_ms))
}

/// Whether a time has a year of four digits, as RFC 3339 requires.
fn is_writable(ms: i64) -> bool {
    DateTime::from_timestamp_millis(ms).is_some_and(|time| (0..=9999).contains(&time.year()))
}

fn long(json: &Json) -> Option<i64> {
    json.get("$numberLong")?.as_str()?.parse().ok()
}

/// Reads RFC 3339 text, `{"$date": "…"}`, or `{"$date": {"$numberLong": "…"}}`.
fn millis(json: &Json) -> Option<i64> {
    let date = json.get("$date").unwrap_or(json);
    match date {
        Json::Text(text) => Some(DateTime::parse_from_rfc3339(text).ok()?.timestamp_millis()),
        other => long(other),
    }
}

/// Reads base64 text, or `{"$binary": {"base64": "…"}}`.
fn bytes(json: &Json) -> Option<Vec<u8>> {
    let binary = json.get("$binary").and_then(|binary| binary.get("base64"));
    BASE64.decode(binary.unwrap_or(json).as_str()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::moment::Moment;

    const NOW_MS: i64 = 1_800_000_000_000;

    fn document(record: &Record) -> &str {
        match &record.content {
            Content::Event { document, .. } => document,
            Content::Quarantined(_) => "quarantined",
        }
    }

    #[test]
    fn lines_of_every_origin_are_read() {
        let key = "ab".repeat(32);
        let ours = format!(
            r#"{{"event":"x","lookout":{{"key":"{key}","received_at":"2026-01-01T00:00:00.250Z"}}}}"#
        );
        let compass = format!(
            r#"{{"_id":{{"$oid":"65"}},"event":"x","event_ts":{{"$numberLong":"5"}},"lookout":{{"key":"{key}","received_at":{{"$date":"2026-01-01T00:00:00.250Z"}}}}}}"#
        );
        #[rustfmt::skip]
        let cases = [
            // what is special        line                                                                   document                         received_ms
            ("as Zoom sent it",       r#"{"event":"x","event_ts":7000}"#,                                    r#"{"event":"x","event_ts":7000}"#, 7000),
            ("event_ts is text",      r#"{"event":"x","event_ts":"7000"}"#,                                  r#"{"event":"x","event_ts":"7000"}"#, 7000),
            ("of the year 10000",     r#"{"event":"x","event_ts":253402310000000}"#,                         r#"{"event":"x","event_ts":253402310000000}"#, NOW_MS),
            ("without any time",      r#"{"event":"x"}"#,                                                    r#"{"event":"x"}"#,              NOW_MS),
            ("mongoexport",           r#"{"_id":{"$oid":"653300000000000000000000"},"event":"x","event_ts":{"$numberLong":"7000"}}"#, r#"{"event":"x","event_ts":7000}"#, 0x6533_0000 * 1000),
            ("an `_id` of text",      r#"{"_id":"a","event":"x","event_ts":7000}"#,                          r#"{"event":"x","event_ts":7000}"#, 7000),
            ("`$` deeper down stays", r#"{"_id":1,"event":"x","event_ts":1,"payload":{"$numberLong":"2"}}"#, r#"{"event":"x","event_ts":1,"payload":{"$numberLong":"2"}}"#, 1),
            ("ours",                  &ours,                                                                 r#"{"event":"x"}"#,              1_767_225_600_250),
            ("ours, from MongoDB",    &compass,                                                              r#"{"event":"x","event_ts":5}"#, 1_767_225_600_250),
        ];
        for (what, line, expected, received_ms) in cases {
            let record = read(line, NOW_MS, &Redaction::default()).expect(what);
            assert_eq!((document(&record), record.received_ms), (expected, received_ms), "{what}");
        }
    }

    #[test]
    fn the_key_is_that_of_the_body_whatever_wraps_it() {
        let body = r#"{"event":"x","event_ts":5}"#;
        let key = Key::of(body.as_bytes());
        assert_eq!(read(body, NOW_MS, &Redaction::default()).expect("an event").key, key);
        let exported = r#"{"_id":{"$oid":"65"},"event":"x","event_ts":{"$numberLong":"5"}}"#;
        assert_eq!(read(exported, NOW_MS, &Redaction::default()).expect("an event").key, key);
    }

    #[test]
    fn dropped_fields_are_dropped_and_the_fact_keeps_its_time() {
        let line = r#"{"event":"meeting.ended","event_ts":1,"payload":{"object":{"end_time":"2026-01-01T00:00:09Z","host_email":"a@example.org"}}}"#;
        let redaction = Redaction { keys: vec!["host_email".to_owned()], ..Redaction::default() };
        let record = read(line, NOW_MS, &redaction).expect("an event");
        assert!(!document(&record).contains("host_email"));
        let Content::Event { at, .. } = record.content else { panic!("an event") };
        assert_eq!(at, Moment::from_seconds(1_767_225_609));
    }

    #[test]
    #[rustfmt::skip]
    fn rejected_lines_say_why() {
        let key = "ab".repeat(32);
        let year_10000 = format!(
            r#"{{"event":"x","lookout":{{"key":"{key}","received_at":{{"$date":{{"$numberLong":"253402310000000"}}}}}}}}"#
        );
        let cases = [
            // what is special      line                                      why
            ("of the year 10000",   year_10000.as_str(),                            Rejected::Lookout("received_at")),
            ("cut off",             r#"{"event":"#,                           Rejected::Unreadable(Unreadable::Syntax)),
            ("not an object",       "[]",                                     Rejected::NoEvent),
            ("no event",            "{}",                                     Rejected::NoEvent),
            ("a lookout of 1",      r#"{"event":"x","lookout":1}"#,           Rejected::Lookout("key")),
            ("ours without ours",   r#"{"event":"lookout.observed"}"#,        Rejected::Forged),
            ("the same, exported",  r#"{"_id":{"$oid":"65"},"event":"lookout.observed"}"#, Rejected::Forged),
            ("a short key",         r#"{"event":"x","lookout":{"key":"ab"}}"#, Rejected::Lookout("key")),
        ];
        for (what, line, why) in cases {
            assert_eq!(read(line, NOW_MS, &Redaction::default()), Err(why), "{what}");
        }
    }
}
