//! Documents of the archive: what the journal holds, as BSON, and back.
//!
//! A document is shaped as Zoom sent it, with one more entry, `lookout`. What a sender
//! wrote is converted literally: its `{"$oid": …}` is a sub-document like any other. Where
//! BSON can't hold the same keys, order and numbers, `lookout.raw` has the text itself, and
//! the rest is there to be looked at. Documents without `lookout` are those of an older
//! set-up, and count like any other. Pure.

mod bson;
mod json;

use mongodb::bson::error::Error;
use mongodb::bson::oid::ObjectId;
use mongodb::bson::raw::{RawBsonRef, RawDocument, RawDocumentBuf, cstr};
use mongodb::bson::spec::BinarySubtype;
use mongodb::bson::{self as mongo, Binary, Bson, DateTime};

use crate::forget::Forgetting;
use crate::journal::{Entry, Quarantined};
use crate::time::moment::Moment;
use crate::zoom::delivery::Document;
use crate::zoom::json::Json;
use crate::zoom::{self, Key};

/// Our own entry in a document.
const LOOKOUT: &str = "lookout";

/// Keys of an event that a document has another use for.
const TAKEN: [&str; 2] = ["_id", LOOKOUT];

/// A document longer than this is kept as its text alone: MongoDB's limit is 16 MiB.
const LONGEST: usize = 12 << 20;

/// What of an event a document shows beside its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// All that BSON can hold.
    AsSent,
    /// Nothing but its name, for a server that refuses the rest.
    RawOnly,
}

/// One document, read back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Archived {
    /// An event.
    Event(Entry),
    /// A delivery that could not be read.
    Quarantined(Quarantined),
}

/// The document of an event, without an `_id`.
pub fn event(entry: &Entry, shape: Shape) -> RawDocumentBuf {
    let json = Json::parse(&entry.document).unwrap_or(Json::Null);
    let mut lookout = lookout(entry.key, entry.received_ms, entry.request_id.as_deref());
    if shape == Shape::AsSent
        && let Json::Object(entries) = &json
        && let Some(converted) = bson::object(entries, &TAKEN)
        && converted.document.as_bytes().len() + entry.document.len() < LONGEST
    {
        if !converted.is_exact {
            lookout.append(cstr!("raw"), raw(entry.document.as_bytes()));
        }
        let mut document = converted.document;
        document.append(cstr!("lookout"), lookout);
        return document;
    }
    let mut document = RawDocumentBuf::new();
    let event = json.get("event").and_then(Json::as_str).unwrap_or_default();
    document.append(cstr!("event"), event);
    lookout.append(cstr!("raw"), raw(entry.document.as_bytes()));
    document.append(cstr!("lookout"), lookout);
    document
}

/// The document of a quarantined delivery, without an `_id`: only `lookout`.
pub fn quarantined(odd: &Quarantined) -> RawDocumentBuf {
    let mut lookout = lookout(odd.key, odd.received_ms, odd.request_id.as_deref());
    lookout.append(cstr!("raw"), raw(&odd.body));
    let mut document = RawDocumentBuf::new();
    document.append(cstr!("lookout"), lookout);
    document
}

/// Reads a document; `None` for one that is no event of anybody's.
pub fn read(document: &RawDocument) -> Option<Archived> {
    match Lookout::of(document) {
        Some(lookout) => lookout.archived(document),
        None => old(document).map(Archived::Event),
    }
}

/// What `lookout` says.
struct Lookout<'a> {
    key: Key,
    received_ms: i64,
    request_id: Option<&'a str>,
    raw: Option<&'a [u8]>,
    is_forgotten: bool,
}

impl<'a> Lookout<'a> {
    /// `None` also where it is not as we write it: then it is somebody else's.
    fn of(document: &'a RawDocument) -> Option<Self> {
        let lookout = document.get_document(LOOKOUT).ok()?;
        Some(Self {
            key: Key::from_hex(lookout.get_str("key").ok()?)?,
            received_ms: lookout.get_datetime("received_at").ok()?.timestamp_millis(),
            request_id: lookout.get_str("request_id").ok(),
            raw: lookout.get_binary("raw").ok().map(|raw| raw.bytes),
            is_forgotten: lookout.get_bool("forgotten").unwrap_or(false),
        })
    }

    fn archived(&self, document: &RawDocument) -> Option<Archived> {
        let Self { key, received_ms, request_id, raw, is_forgotten } = *self;
        if is_forgotten {
            return None;
        }
        let request_id = request_id.map(str::to_owned);
        let is_event = document.get_str("event").is_ok();
        if let (Some(body), false) = (raw, is_event) {
            let body = body.to_owned();
            return Some(Archived::Quarantined(Quarantined { key, received_ms, request_id, body }));
        }
        let document = match raw {
            Some(text) => std::str::from_utf8(text).ok()?.to_owned(),
            None => json::object(document, &TAKEN),
        };
        Some(Archived::Event(Entry { id: 0, key, received_ms, request_id, document }))
    }
}

/// What stays of a document that is forgotten: its key, so that it is not stored again.
pub fn forgotten(document: &RawDocument) -> RawDocumentBuf {
    let known = Lookout::of(document);
    let mut ours =
        known.map_or_else(RawDocumentBuf::new, |known| lookout(known.key, known.received_ms, None));
    ours.append(cstr!("forgotten"), true);
    let mut left = RawDocumentBuf::new();
    left.append(cstr!("lookout"), ours);
    left
}

/// A document of somebody else's event without what `forgetting` means; `text` is the event's
/// JSON, emptied already.
pub fn emptied(
    document: &RawDocument,
    text: &str,
    forgetting: &Forgetting,
) -> Result<RawDocumentBuf, Error> {
    let mut document = mongo::Document::try_from(document)?;
    for (key, value) in document.iter_mut().filter(|(key, _)| !TAKEN.contains(&key.as_str())) {
        empty(key, value, forgetting);
    }
    if let Ok(lookout) = document.get_document_mut(LOOKOUT)
        && lookout.contains_key("raw")
    {
        lookout.insert("raw", raw(text.as_bytes()));
    }
    RawDocumentBuf::try_from(&document)
}

fn empty(key: &str, value: &mut Bson, forgetting: &Forgetting) {
    match value {
        Bson::String(text) if forgetting.empties(key, text) => text.clear(),
        Bson::Array(items) => items.iter_mut().for_each(|item| empty(key, item, forgetting)),
        Bson::Document(entries) => {
            let name = |key| entries.get_str(key).unwrap_or_default();
            let is_theirs = forgetting.is_first_and_last(name("first_name"), name("last_name"));
            for (key, value) in entries.iter_mut() {
                if is_theirs { empty_all(value) } else { empty(key, value, forgetting) }
            }
        }
        _ => {}
    }
}

/// Empties all texts of what is about one person.
fn empty_all(value: &mut Bson) {
    match value {
        Bson::String(text) => text.clear(),
        Bson::Array(items) => items.iter_mut().for_each(empty_all),
        Bson::Document(entries) => entries.iter_mut().for_each(|(_, value)| empty_all(value)),
        _ => {}
    }
}

/// The time of the fact in a document, if it is an event.
pub fn fact_time(document: &RawDocument) -> Option<Moment> {
    match read(document)? {
        Archived::Event(entry) => Some(zoom::understand(&entry.document, entry.received_ms).at),
        Archived::Quarantined(_) => None,
    }
}

/// A document of the older set-up: its key is that of its JSON, and it was received when
/// its `_id` was made.
fn old(document: &RawDocument) -> Option<Entry> {
    document.get_str("event").ok()?;
    let text = json::object(document, &["_id"]);
    Document::new(Json::parse(&text).ok()?).ok()?;
    let received_ms = match document.get("_id") {
        Ok(Some(RawBsonRef::ObjectId(id))) => id.timestamp().timestamp_millis(),
        _ => 0,
    };
    let key = Key::of(text.as_bytes());
    Some(Entry { id: 0, key, received_ms, request_id: None, document: text })
}

fn lookout(key: Key, received_ms: i64, request_id: Option<&str>) -> RawDocumentBuf {
    let mut lookout = RawDocumentBuf::new();
    lookout.append(cstr!("key"), key.to_string());
    lookout.append(cstr!("received_at"), DateTime::from_millis(received_ms));
    if let Some(request_id) = request_id {
        lookout.append(cstr!("request_id"), request_id);
    }
    lookout
}

fn raw(bytes: &[u8]) -> Binary {
    Binary { subtype: BinarySubtype::Generic, bytes: bytes.to_owned() }
}

/// The `_id` of a document, if it is of the usual kind.
pub fn id(document: &RawDocument) -> Option<ObjectId> {
    document.get_object_id("_id").ok()
}

#[cfg(test)]
mod tests;
