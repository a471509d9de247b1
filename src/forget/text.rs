//! Where in a text a name stands.

use unicode_normalization::UnicodeNormalization;

use crate::zoom::Name;

/// Whether `text` holds `name` as words of its own: `Ada` is in `Ada's room`, not in `Adam`.
pub(super) fn holds(text: &str, name: &Name) -> bool {
    let Some(text) = Name::clean(text) else { return false };
    let text = text.as_str();
    let is_part = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    text.match_indices(name.as_str()).any(|(start, found)| {
        let (before, after) = (&text[..start], &text[start + found.len()..]);
        let begins_inside = is_part(before.chars().next_back()) && is_part(found.chars().next());
        let ends_inside = is_part(after.chars().next()) && is_part(found.chars().next_back());
        !begins_inside && !ends_inside
    })
}

/// Whether what `key` leads to is an identifier, a time or Zoom's own word, never a person's.
pub(super) fn is_identifier(key: &str) -> bool {
    let words = ["event", "event_ts", "id", "uuid", "type", "timezone"];
    words.contains(&key) || ["_id", "_uuid", "_time"].iter().any(|end| key.ends_with(end))
}

/// Whether what `key` leads to is somebody's name as a whole.
pub(super) fn is_name(key: &str) -> bool {
    key == "name" || key.ends_with("_name")
}

/// `text` with JSON's escapes resolved, as far as they are whole, in NFC.
pub(super) fn unescaped(text: &str) -> String {
    let mut units = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if ["\\n", "\\r", "\\t", "\\b", "\\f"].iter().any(|escape| rest.starts_with(escape)) {
            units.push(u16::from(b' '));
            rest = &rest[2..];
            continue;
        }
        let escape = rest.strip_prefix("\\u").and_then(|rest| rest.get(..4));
        match escape.and_then(|digits| u16::from_str_radix(digits, 16).ok()) {
            Some(unit) => {
                units.push(unit);
                rest = &rest[6..];
            }
            None => {
                units.extend(c.encode_utf16(&mut [0; 2]).iter());
                rest = &rest[c.len_utf8()..];
            }
        }
    }
    String::from_utf16_lossy(&units).nfc().collect()
}
