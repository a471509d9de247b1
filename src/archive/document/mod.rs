//! Documents of the archive: converts what the journal holds to BSON and back.
//!
//! A document has the shape that Zoom sent, and one more entry, `lookout`. The conversion is literal:
//! a sender's `{"$oid": …}` is a sub-document like any other. If BSON can't hold the same keys, order
//! and numbers, `lookout.raw` has the text itself, and the rest is only for readers. Documents
//! without `lookout` are those of an older set-up, and count as events as well. Pure.

mod bson;
mod json;

use mongodb::bson::error::Error;
use mongodb::bson::oid::ObjectId;
use mongodb::bson::raw::{RawBsonRef, RawDocument, RawDocumentBuf, cstr};
use mongodb::bson::spec::BinarySubtype;
use mongodb::bson::{self as mongo, Binary, Bson, DateTime};

use crate::forget::Forgetting;
use crate::journal::{Entry, Envelope, LOOKOUT, Quarantined};
use crate::time::moment::Moment;
use crate::zoom::delivery::Document;
use crate::zoom::json::Json;
use crate::zoom::{self, Key};

/// Keys of an event that have another meaning in a document.
const RESERVED: [&str; 2] = ["_id", LOOKOUT];

/// The most bytes of a document and its text; beyond, only the text is stored. MongoDB's limit is 16 MiB.
const MAX_BYTES: usize = 12 << 20;

/// What of an event a document shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// All that BSON can hold.
    AsSent,
    /// Its name, and the text in `lookout.raw`, for a server that refuses the rest.
    RawOnly,
}

/// A document that was read.
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
    let mut lookout = lookout(entry.envelope());
    if shape == Shape::AsSent
        && let Json::Object(entries) = &json
        && let Some(converted) = bson::object(entries, &RESERVED)
        && converted.document.as_bytes().len() + entry.document.len() < MAX_BYTES
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
pub fn quarantined(delivery: &Quarantined) -> RawDocumentBuf {
    let mut lookout = lookout(delivery.envelope());
    lookout.append(cstr!("raw"), raw(&delivery.body));
    let mut document = RawDocumentBuf::new();
    document.append(cstr!("lookout"), lookout);
    document
}

/// Reads a document; `None` if it is neither an event nor a quarantined delivery.
pub fn read(document: &RawDocument) -> Option<Archived> {
    match Lookout::of(document) {
        Some(lookout) => lookout.archived(document),
        None => old(document).map(Archived::Event),
    }
}

/// The content of `lookout`.
struct Lookout<'a> {
    envelope: Envelope<'a>,
    raw: Option<&'a [u8]>,
    is_forgotten: bool,
}

impl<'a> Lookout<'a> {
    /// `None` as well if another program wrote it in a different shape.
    fn of(document: &'a RawDocument) -> Option<Self> {
        let lookout = document.get_document(LOOKOUT).ok()?;
        let envelope = Envelope {
            key: Key::from_hex(lookout.get_str("key").ok()?)?,
            received_ms: lookout.get_datetime("received_at").ok()?.timestamp_millis(),
            request_id: lookout.get_str("request_id").ok(),
        };
        Some(Self {
            envelope,
            raw: lookout.get_binary("raw").ok().map(|raw| raw.bytes),
            is_forgotten: lookout.get_bool("forgotten").unwrap_or(false),
        })
    }

    fn archived(&self, document: &RawDocument) -> Option<Archived> {
        let Self { envelope, raw, is_forgotten } = *self;
        let Envelope { key, received_ms, request_id } = envelope;
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
            None => json::object(document, &RESERVED),
        };
        Some(Archived::Event(Entry { id: 0, key, received_ms, request_id, document }))
    }
}

/// What is left of an erased document: its key, so that it is not stored again.
pub fn forgotten(document: &RawDocument) -> RawDocumentBuf {
    let known = Lookout::of(document);
    let mut ours = known.map_or_else(RawDocumentBuf::new, |known| {
        lookout(Envelope { request_id: None, ..known.envelope })
    });
    ours.append(cstr!("forgotten"), true);
    let mut left = RawDocumentBuf::new();
    left.append(cstr!("lookout"), ours);
    left
}

/// A document of another person's event, without the texts that hold the name. `text` is the event's JSON
/// after the same change.
pub fn emptied(
    document: &RawDocument,
    text: &str,
    forgetting: &Forgetting,
) -> Result<RawDocumentBuf, Error> {
    let mut document = mongo::Document::try_from(document)?;
    for (key, value) in document.iter_mut().filter(|(key, _)| !RESERVED.contains(&key.as_str())) {
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

/// Empties all texts: they are about the person.
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

/// Reads a document of the older set-up: its key is the hash of its JSON, and it was received when its
/// `_id` was created.
fn old(document: &RawDocument) -> Option<Entry> {
    document.get_str("event").ok()?;
    let text = json::object(document, &["_id"]);
    Document::of_others(Json::parse(&text).ok()?).ok()?;
    let received_ms = match document.get("_id") {
        Ok(Some(RawBsonRef::ObjectId(id))) => id.timestamp().timestamp_millis(),
        _ => 0,
    };
    let key = Key::of(text.as_bytes());
    Some(Entry { id: 0, key, received_ms, request_id: None, document: text })
}

fn lookout(Envelope { key, received_ms, request_id }: Envelope<'_>) -> RawDocumentBuf {
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

/// The `_id` of a document, if it is an ObjectId.
pub fn id(document: &RawDocument) -> Option<ObjectId> {
    document.get_object_id("_id").ok()
}

#[cfg(test)]
mod tests;
