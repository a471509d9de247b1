//! Writes what the journal holds as a line of JSON.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use chrono::{DateTime, SecondsFormat};
use serde::Serialize;

use crate::journal::{Entry, Envelope, LOOKOUT, Quarantined};
use crate::zoom::json::Json;
use crate::zoom::surrogate;

/// Keys that have another meaning in a line: a document with one of them goes into `lookout.raw` as a
/// whole.
const RESERVED: [&str; 2] = [LOOKOUT, "_id"];

#[derive(Serialize)]
struct Lookout<'a> {
    key: String,
    received_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    raw: Option<String>,
}

/// The line of an event, without the line ending.
pub fn event(entry: &Entry) -> String {
    let mut lookout = lookout(entry.envelope());
    let document = entry.document.as_str();
    // Other readers of JSON refuse an unpaired surrogate.
    let readable = surrogate::mended(document);
    if matches!(readable, Cow::Owned(_)) || !is_plain(document) {
        lookout.raw = Some(BASE64.encode(document));
    }
    if is_plain(&readable) {
        return with_lookout(&readable, &lookout);
    }
    let event = Json::parse(document).ok();
    let event = event.as_ref().and_then(|json| json.get("event")).and_then(Json::as_str);
    let event =
        Json::Object(vec![("event".to_owned(), Json::Text(event.unwrap_or_default().to_owned()))]);
    with_lookout(&event.to_string(), &lookout)
}

/// The line of a quarantined delivery, without the line ending.
pub fn quarantined(delivery: &Quarantined) -> String {
    let mut lookout = lookout(delivery.envelope());
    lookout.raw = Some(BASE64.encode(&delivery.body));
    with_lookout("{}", &lookout)
}

fn lookout(Envelope { key, received_ms, request_id }: Envelope<'_>) -> Lookout<'_> {
    Lookout { key: key.to_string(), received_at: rfc3339(received_ms), request_id, raw: None }
}

/// Whether a line can hold the document as it is.
fn is_plain(document: &str) -> bool {
    // Most documents contain none of these texts, and need not be parsed.
    let suspicious = RESERVED.iter().any(|key| document.contains(&format!("\"{key}\"")));
    if !suspicious && !document.contains("$numberLong") {
        return true;
    }
    let Ok(json) = Json::parse(document) else { return false };
    let text_or_number = !matches!(json.get("event_ts"), Some(Json::Object(_)));
    text_or_number && RESERVED.iter().all(|key| json.get(key).is_none())
}

fn with_lookout(document: &str, lookout: &Lookout<'_>) -> String {
    let lookout = serde_json::to_string(lookout).expect("plain text can be written as JSON");
    let inner = document.strip_suffix('}').expect("a document is an object");
    let comma = if inner == "{" { "" } else { "," };
    format!("{inner}{comma}\"{LOOKOUT}\":{lookout}}}")
}

fn rfc3339(millis: i64) -> String {
    let time = DateTime::from_timestamp_millis(millis).unwrap_or_default();
    time.to_rfc3339_opts(SecondsFormat::Millis, true)
}
