//! The JSON Schema of `lookout.toml`, for editors that complete keys and mark mistakes.
//!
//! It has the keys that the reader requests, with what the commented file says of each. It accepts
//! all values that the reader accepts, and more: what a text must look like, only the reader knows.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::commented::commented_sections;
use super::key::{Key, Kind};
use super::load::keys;
use super::unknown::is_list;

/// The dialect of the schema.
const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";

/// The schema of the settings file.
pub fn schema() -> Value {
    let comments: BTreeMap<_, _> =
        commented_sections().into_iter().map(|section| (section.name, section)).collect();
    let mut root = section_schema(&[], "The settings of Lookout.", &BTreeMap::new());
    let keys = keys();
    for of_section in keys.chunk_by(|one, other| one.section == other.section) {
        let name = of_section[0].section;
        let comment = comments.get(name);
        let meanings = comment.into_iter().flat_map(|section| &section.keys);
        let meanings = meanings.map(|key| (key.name, key.comment.as_str())).collect();
        let about = comment.map_or("", |section| section.comment.as_str());
        let section = section_schema(of_section, about, &meanings);
        let section = match is_list(name) {
            true => json!({ "type": "array", "items": section }),
            false => section,
        };
        insert(&mut root, name, section);
    }
    root["$schema"] = DIALECT.into();
    root["title"] = "lookout.toml".into();
    root
}

/// The schema of a section with `keys`, whose `meanings` are by name.
fn section_schema(keys: &[Key], about: &str, meanings: &BTreeMap<&str, &str>) -> Value {
    let property = |key: &Key| {
        let meaning = meanings.get(key.name).copied().unwrap_or_default();
        (key.name.to_owned(), key_schema(key, meaning))
    };
    let properties: Map<String, Value> = keys.iter().map(property).collect();
    let required: Vec<_> =
        keys.iter().filter(|key| key.default.is_none()).map(|key| key.name).collect();
    let mut schema = json!({
        "type": "object",
        "properties": properties,
        "additionalProperties": false,
    });
    if !about.is_empty() {
        schema["description"] = about.into();
    }
    if !required.is_empty() {
        schema["required"] = required.into();
    }
    schema
}

fn key_schema(key: &Key, meaning: &str) -> Value {
    // Numbers and truth values may be typed with or without quotes.
    let text = json!({ "type": ["string", "number", "boolean"] });
    let list = json!({ "type": "array", "items": text });
    let mut schema = match key.kind {
        Kind::Text => text,
        Kind::Flag => json!({ "enum": [true, false, "true", "false"] }),
        Kind::List => list,
        Kind::TextOrList => json!({ "anyOf": [text, list] }),
    };
    if !meaning.is_empty() {
        schema["description"] = meaning.into();
    }
    let default = key.default.as_deref().and_then(|text| text.parse::<toml::Value>().ok());
    if let Some(Ok(default)) = default.map(serde_json::to_value) {
        schema["default"] = default;
    }
    schema
}

/// Adds the section `name`, such as `site` or `zoom.api`, to `root`.
fn insert(root: &mut Value, name: &str, section: Value) {
    let (parent, last) = match name.rsplit_once('.') {
        Some((above, last)) => (&mut root["properties"][above], last),
        None => (root, name),
    };
    parent["properties"][last] = section;
}
