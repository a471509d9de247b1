//! A JSON tree that keeps the order of keys and the digits of numbers.
//!
//! `serde_json::Value` would round numbers, keep the last of two equal keys and treat some keys
//! specially. This tree is therefore built from raw slices, level by level, up to [`MAX_DEPTH`]:
//! deeper bodies are quarantined.

use std::fmt;

use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::zoom::surrogate;

/// The maximum depth of a readable body. Zoom's have 5 levels.
pub const MAX_DEPTH: usize = 32;

/// A JSON value. Numbers are their text, objects are lists of entries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Json {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number, as written.
    Number(Box<str>),
    /// Text, unescaped.
    Text(String),
    /// Text with lone surrogates, which a Rust string can't hold.
    Torn {
        /// The text with U+FFFD instead of each lone surrogate.
        text: String,
        /// The text as written, with quotes.
        raw: Box<str>,
    },
    /// `[…]`
    List(Vec<Json>),
    /// `{…}`, in the order written, without equal keys.
    Object(Vec<(String, Json)>),
}

/// Why a text is not JSON that Lookout reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// Not JSON, or with a lone surrogate in a key.
    #[error("not JSON")]
    Syntax,
    /// Two equal keys in one object.
    #[error("an object has the same key twice")]
    DuplicateKey,
    /// Deeper than [`MAX_DEPTH`].
    #[error("more than 32 levels deep")]
    TooDeep,
}

impl Json {
    /// Reads `text`.
    pub fn parse(text: &str) -> Result<Self, Unreadable> {
        let raw: &RawValue = serde_json::from_str(text).map_err(|_| Unreadable::Syntax)?;
        read(raw, MAX_DEPTH)
    }

    /// The value of `key`, if this is an object that has it.
    pub fn get(&self, key: &str) -> Option<&Self> {
        let Self::Object(entries) = self else {
            return None;
        };
        entries.iter().find(|(k, _)| k == key).map(|(_, value)| value)
    }

    /// The text, if this is text.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Text(text) | Self::Torn { text, .. } => Some(text),
            _ => None,
        }
    }

    /// Removes the entries named in `keys` at any depth.
    pub fn remove_keys(&mut self, keys: &[String]) {
        match self {
            Self::List(items) => items.iter_mut().for_each(|item| item.remove_keys(keys)),
            Self::Object(entries) => {
                entries.retain(|(key, _)| !keys.contains(key));
                entries.iter_mut().for_each(|(_, value)| value.remove_keys(keys));
            }
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::Text(_) | Self::Torn { .. } => {}
        }
    }
}

/// Writes compact JSON.
impl fmt::Display for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(value) => write!(f, "{value}"),
            Self::Number(digits) => f.write_str(digits),
            Self::Text(text) => f.write_str(&quoted(text)),
            Self::Torn { raw, .. } => f.write_str(raw),
            Self::List(items) => {
                f.write_str("[")?;
                for (i, item) in items.iter().enumerate() {
                    write!(f, "{}{item}", if i > 0 { "," } else { "" })?;
                }
                f.write_str("]")
            }
            Self::Object(entries) => {
                f.write_str("{")?;
                for (i, (key, value)) in entries.iter().enumerate() {
                    write!(f, "{}{}:{value}", if i > 0 { "," } else { "" }, quoted(key))?;
                }
                f.write_str("}")
            }
        }
    }
}

fn quoted(text: &str) -> String {
    serde_json::to_string(text).expect("any text can be written as JSON")
}

fn read(raw: &RawValue, levels: usize) -> Result<Json, Unreadable> {
    let text = raw.get();
    Ok(match text.as_bytes().first() {
        Some(b'{') => object(raw, levels)?,
        Some(b'[') => list(raw, levels)?,
        Some(b'"') => match serde_json::from_str(text) {
            Ok(text) => Json::Text(text),
            Err(_) => torn(text)?,
        },
        Some(b'n') => Json::Null,
        Some(b't') => Json::Bool(true),
        Some(b'f') => Json::Bool(false),
        _ => Json::Number(text.into()),
    })
}

/// A text that only half characters keep from being read.
fn torn(raw: &str) -> Result<Json, Unreadable> {
    let text = serde_json::from_str(&surrogate::mended(raw)).map_err(|_| Unreadable::Syntax)?;
    Ok(Json::Torn { text, raw: raw.into() })
}

fn list(raw: &RawValue, levels: usize) -> Result<Json, Unreadable> {
    let levels = levels.checked_sub(1).ok_or(Unreadable::TooDeep)?;
    let items = raw.deserialize_seq(Items).map_err(|_| Unreadable::Syntax)?;
    let items: Result<_, _> = items.into_iter().map(|item| read(item, levels)).collect();
    Ok(Json::List(items?))
}

fn object(raw: &RawValue, levels: usize) -> Result<Json, Unreadable> {
    let levels = levels.checked_sub(1).ok_or(Unreadable::TooDeep)?;
    let entries = raw.deserialize_map(Entries).map_err(|_| Unreadable::Syntax)?;
    refuse_equal_keys(&entries)?;
    let read_entry = |(key, value): (String, &RawValue)| Ok((key, read(value, levels)?));
    let entries: Result<_, _> = entries.into_iter().map(read_entry).collect();
    Ok(Json::Object(entries?))
}

fn refuse_equal_keys(entries: &[(String, &RawValue)]) -> Result<(), Unreadable> {
    let mut keys: Vec<&str> = entries.iter().map(|(key, _)| key.as_str()).collect();
    keys.sort_unstable();
    if keys.windows(2).any(|pair| pair[0] == pair[1]) {
        return Err(Unreadable::DuplicateKey);
    }
    Ok(())
}

struct Items;

impl<'de> Visitor<'de> for Items {
    type Value = Vec<&'de RawValue>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element()? {
            items.push(item);
        }
        Ok(items)
    }
}

struct Entries;

impl<'de> Visitor<'de> for Entries {
    type Value = Vec<(String, &'de RawValue)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        Ok(entries)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nested(levels: usize) -> String {
        format!("{}{}", "[".repeat(levels), "]".repeat(levels))
    }

    #[test]
    fn keys_order_and_digits_stay_as_they_came() {
        #[rustfmt::skip]
        let cases = [
            // what is special        text
            ("order of keys",         r#"{"z":1,"a":2,"m":[{"y":null,"b":true}]}"#),
            ("digits",                r#"[1.0,1E400,-0,0.1000000000000000055,12345678901234567890123]"#),
            ("serde's own keys",      r#"{"$serde_json::private::Number":"1"}"#),
            ("MongoDB's own keys",    r#"{"$oid":"zz","a.b":{"$numberLong":"x"}}"#),
            ("escapes that matter",   r#"{"a\"b":"\\ \n \u0000"}"#),
            ("as deep as allowed",    &nested(MAX_DEPTH)),
            ("just a text",           r#""a""#),
        ];
        for (what, text) in cases {
            let json = Json::parse(text).expect(what);
            assert_eq!(json.to_string(), text, "{what}");
        }
    }

    #[test]
    fn what_cannot_be_read_says_why() {
        let deep = nested(MAX_DEPTH + 1);
        let very_deep = nested(100_000);
        #[rustfmt::skip]
        let cases = [
            // what is special              text                       why
            ("cut off",                     r#"{"a":1"#,               Unreadable::Syntax),
            ("something behind",            "{} {}",                   Unreadable::Syntax),
            ("nothing",                     "",                        Unreadable::Syntax),
            ("half a pair in a key",        r#"{"\ud800":1}"#,         Unreadable::Syntax),
            ("the same key twice",          r#"{"a":1,"a":1}"#,        Unreadable::DuplicateKey),
            ("the same key, spelt anew",    r#"[{"a":1,"\u0061":1}]"#, Unreadable::DuplicateKey),
            ("one level too deep",          &deep,                     Unreadable::TooDeep),
            ("as deep as bodies can be",    &very_deep,                Unreadable::TooDeep),
        ];
        for (what, text, why) in cases {
            assert_eq!(Json::parse(text), Err(why), "{what}");
        }
    }

    #[test]
    fn half_characters_are_read_as_replacement_characters_and_written_as_they_came() {
        #[rustfmt::skip]
        let cases = [
            // what is special          text                       read
            ("the first half",          r#""Flamingo \ud83e""#,    "Flamingo \u{fffd}"),
            ("the second half",         r#""\uDDA9""#,             "\u{fffd}"),
            ("the wrong way round",     r#""\udda9\ud83e""#,       "\u{fffd}\u{fffd}"),
            ("other escapes beside it", r#""\"\u00eb\n\ud83e""#,   "\"\u{eb}\n\u{fffd}"),
        ];
        for (what, text, read) in cases {
            let json = Json::parse(text).expect(what);
            assert_eq!((json.as_str(), json.to_string().as_str()), (Some(read), text), "{what}");
        }
    }

    #[test]
    fn keys_are_removed_at_any_depth() {
        let mut json = Json::parse(r#"{"email":1,"a":[{"email":{"b":2},"c":3}]}"#).expect("JSON");
        json.remove_keys(&["email".to_owned()]);
        assert_eq!(json.to_string(), r#"{"a":[{"c":3}]}"#);
    }
}
