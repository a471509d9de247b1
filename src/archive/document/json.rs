//! Converts BSON to JSON text.
//!
//! Only older documents have types that JSON lacks; they become their usual text.

use std::fmt::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use chrono::{DateTime, SecondsFormat};
use mongodb::bson;
use mongodb::bson::raw::{RawArray, RawBsonRef, RawDocument};

/// The text of a document without the keys in `except`.
pub fn object(document: &RawDocument, except: &[&str]) -> String {
    let mut text = String::with_capacity(document.as_bytes().len());
    text.push('{');
    let mut is_first = true;
    for element in document.iter_elements().flatten() {
        let key = element.key().as_str();
        let Ok(value) = element.value() else { continue };
        if except.contains(&key) {
            continue;
        }
        begin(&mut text, &mut is_first);
        quote(&mut text, key);
        text.push(':');
        match value {
            // The only time that Zoom writes as a number.
            RawBsonRef::DateTime(time) if key == "event_ts" => {
                push(&mut text, time.timestamp_millis());
            }
            value => write_value(&mut text, value),
        }
    }
    text.push('}');
    text
}

fn write_value(text: &mut String, value: RawBsonRef<'_>) {
    match value {
        RawBsonRef::Null | RawBsonRef::Undefined => text.push_str("null"),
        RawBsonRef::Boolean(value) => push(text, value),
        RawBsonRef::Int32(number) => push(text, number),
        RawBsonRef::Int64(number) => push(text, number),
        // Like JavaScript: a driver without integers stores 5 as 5.0.
        RawBsonRef::Double(number) if number.is_finite() => push(text, number),
        RawBsonRef::String(value) | RawBsonRef::Symbol(value) => quote(text, value),
        RawBsonRef::Document(document) => text.push_str(&object(document, &[])),
        RawBsonRef::Array(array) => write_array(text, array),
        RawBsonRef::DateTime(time) => quote(text, &rfc3339(time)),
        RawBsonRef::ObjectId(id) => quote(text, &id.to_hex()),
        RawBsonRef::Binary(binary) => quote(text, &BASE64.encode(binary.bytes)),
        RawBsonRef::Decimal128(number) => quote(text, &number.to_string()),
        other => quote(text, &format!("{other:?}")),
    }
}

fn write_array(text: &mut String, array: &RawArray) {
    text.push('[');
    let mut is_first = true;
    for value in array.into_iter().flatten() {
        begin(text, &mut is_first);
        write_value(text, value);
    }
    text.push(']');
}

/// Writes a comma, except before the first value.
fn begin(text: &mut String, is_first: &mut bool) {
    if !std::mem::take(is_first) {
        text.push(',');
    }
}

fn push(text: &mut String, value: impl std::fmt::Display) {
    write!(text, "{value}").expect("writing to a String cannot fail");
}

fn quote(text: &mut String, value: &str) {
    text.push_str(&serde_json::to_string(value).expect("any text can be written as JSON"));
}

fn rfc3339(time: bson::DateTime) -> String {
    let time = DateTime::from_timestamp_millis(time.timestamp_millis()).unwrap_or_default();
    time.to_rfc3339_opts(SecondsFormat::Millis, true)
}
