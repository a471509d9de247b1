//! One line of JSON from what the journal holds.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use chrono::{DateTime, SecondsFormat};
use serde::Serialize;

use super::LOOKOUT;
use crate::journal::{Entry, Quarantined};
use crate::zoom::Key;
use crate::zoom::json::Json;
use crate::zoom::surrogate;

/// Keys of a document that a line has another use for: such a document goes into
/// `lookout.raw` as a whole.
const OURS: [&str; 2] = [LOOKOUT, "_id"];

#[derive(Serialize)]
struct Lookout<'a> {
    key: String,
    received_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    raw: Option<String>,
}

/// The line of an event, without a line end.
pub fn event(entry: &Entry) -> String {
    let mut lookout = lookout(entry.key, entry.received_ms, entry.request_id.as_deref());
    let document = entry.document.as_str();
    // Other readers of JSON refuse half a character.
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

/// The line of a quarantined delivery, without a line end.
pub fn quarantined(odd: &Quarantined) -> String {
    let mut lookout = lookout(odd.key, odd.received_ms, odd.request_id.as_deref());
    lookout.raw = Some(BASE64.encode(&odd.body));
    with_lookout("{}", &lookout)
}

fn lookout(key: Key, received_ms: i64, request_id: Option<&str>) -> Lookout<'_> {
    Lookout { key: key.to_string(), received_at: rfc3339(received_ms), request_id, raw: None }
}

/// Whether the line can hold the document as it is.
fn is_plain(document: &str) -> bool {
    // Most documents hold none of the texts below at all, and need not be parsed.
    let suspicious = OURS.iter().any(|key| document.contains(&format!("\"{key}\"")));
    if !suspicious && !document.contains("$numberLong") {
        return true;
    }
    let Ok(json) = Json::parse(document) else { return false };
    let text_or_number = !matches!(json.get("event_ts"), Some(Json::Object(_)));
    text_or_number && OURS.iter().all(|key| json.get(key).is_none())
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
