//! Where in a text a name stands.

use std::collections::BTreeSet;

use unicode_normalization::UnicodeNormalization;

use crate::zoom::escapes::unescaped;
use crate::zoom::{Name, surrogate};

/// How often escapes are resolved in one another.
const READINGS: usize = 4;

/// Whether `text` holds one of `names`, which are as they are compared.
pub(super) fn holds_any(text: &str, names: &BTreeSet<Name>) -> bool {
    let Some(text) = Name::clean(text) else { return false };
    let text = text.comparable();
    names.iter().any(|name| holds(text.as_str(), name))
}

/// Whether `text` holds `name` as words of its own: `Ada` is in `Ada's room`, not in `Adam`.
fn holds(text: &str, name: &Name) -> bool {
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

/// The texts that `bytes` may mean: as they are, and with JSON's escapes resolved, also those of
/// JSON within a text of JSON.
pub(super) fn readings(bytes: &[u8]) -> impl Iterator<Item = String> {
    let text: String = surrogate::lossy_text_of(bytes).nfc().collect();
    let resolved = |text: &String| Some(unescaped(text).nfc().collect::<String>()).filter(|resolved| resolved != text);
    std::iter::successors(Some(text), resolved).take(READINGS)
}
