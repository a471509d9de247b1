//! Finds names in texts, in any notation.

use std::collections::BTreeSet;

use percent_encoding::percent_decode_str;
use unicode_normalization::UnicodeNormalization;

use crate::zoom::escapes::unescaped;
use crate::zoom::{Name, surrogate};

/// The most decoded forms of one text to examine.
const MAX_READINGS: usize = 12;

/// Whether `text` contains one of `names`, which are in compared form, even escaped.
pub(super) fn holds_any(text: &str, names: &BTreeSet<Name>) -> bool {
    let holds_any = |text: &str| {
        let Some(text) = Name::clean(text) else { return false };
        let text = text.comparable();
        names.iter().any(|name| holds(text.as_str(), name))
    };
    readings(text.nfc().collect()).iter().any(|text| holds_any(text))
}

/// Whether the whole `text` is one of `names`, which are in compared form, even escaped.
pub(super) fn is_any(text: &str, names: &BTreeSet<Name>) -> bool {
    let is_any = |text: &str| Name::clean(text).is_some_and(|it| names.contains(&*it.comparable()));
    is_any(text) || readings(text.nfc().collect()).iter().any(|text| is_any(text))
}

/// Whether `text` contains `name` as separate words: `Ada` is in `Ada's room`, not in `Adam`.
fn holds(text: &str, name: &Name) -> bool {
    let is_part = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    text.match_indices(name.as_str()).any(|(start, found)| {
        let (before, after) = (&text[..start], &text[start + found.len()..]);
        let begins_inside = is_part(before.chars().next_back()) && is_part(found.chars().next());
        let ends_inside = is_part(after.chars().next()) && is_part(found.chars().next_back());
        !begins_inside && !ends_inside
    })
}

/// Whether the value of `key` is an identifier, a time or a word of Zoom's, never personal text.
pub(super) fn is_identifier(key: &str) -> bool {
    let words = ["event", "event_ts", "id", "uuid", "type", "timezone"];
    words.contains(&key) || ["_id", "_uuid", "_time"].iter().any(|end| key.ends_with(end))
}

/// Whether the value of `key` is a name.
pub(super) fn is_name(key: &str) -> bool {
    key == "name" || key.ends_with("_name")
}

/// `bytes` as text, even if they are not UTF-8.
pub(super) fn text_of(bytes: &[u8]) -> String {
    surrogate::lossy_text_of(bytes).nfc().collect()
}

/// The forms that `text`, which is in NFC, may stand for: itself, and with the escapes of JSON and URLs
/// decoded, also nested ones.
pub(super) fn readings(text: String) -> Vec<String> {
    let mut readings = vec![text];
    let mut next = 0;
    while next < readings.len() && readings.len() < MAX_READINGS {
        for (sign, resolve) in RESOLUTIONS {
            if readings[next].contains(sign) {
                let resolved = resolve(&readings[next]).nfc().collect();
                if !readings.contains(&resolved) {
                    readings.push(resolved);
                }
            }
        }
        next += 1;
    }
    readings
}

/// Decodes one kind of escape.
type Resolve = fn(&str) -> String;

/// All decoders, each with the character that its escapes begin with.
const RESOLUTIONS: [(char, Resolve); 3] =
    [('\\', unescaped), ('%', without_percents), ('+', |text| text.replace('+', " "))];

/// `text` with the escapes of URLs, such as `%20`, decoded.
pub(crate) fn without_percents(text: &str) -> String {
    let bytes: Vec<u8> = percent_decode_str(text).collect();
    surrogate::lossy_text_of(&bytes)
}
