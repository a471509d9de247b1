//! A display name, cleaned so that equal-looking names are equal.
//!
//! Cleaning is not escaping: a name stays hostile text, and every output has an
//! escaper of its own.

use std::borrow::Cow;
use std::fmt;

use compact_str::CompactString;
use serde::{Deserialize, Serialize};
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

/// A display name without control characters, in NFC, with white space collapsed
/// and trimmed (`presence.md`, "Names"). Never empty.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Name(CompactString);

impl Name {
    /// Cleans `text`; `None` where nothing is left.
    pub fn clean(text: &str) -> Option<Self> {
        if is_clean_ascii(text) {
            return Some(Self(text.into()));
        }
        let kept = match text.contains(char::is_control) {
            true => Cow::Owned(text.chars().filter(|c| !c.is_control()).collect()),
            false => Cow::Borrowed(text),
        };
        // To compose what is composed would be a fifth of a replay.
        let normal = match is_nfc_quick(kept.chars()) {
            IsNormalized::Yes => kept,
            IsNormalized::No | IsNormalized::Maybe => Cow::Owned(kept.nfc().collect()),
        };
        let mut words = normal.split_whitespace();
        let mut name = CompactString::from(words.next()?);
        for word in words {
            name.push(' ');
            name.push_str(word);
        }
        Some(Self(name))
    }

    /// The cleaned text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The quick way for most names: nothing to clean, nothing to compose.
fn is_clean_ascii(text: &str) -> bool {
    let bytes = text.as_bytes();
    let inner = bytes.iter().all(|b| (0x20..0x7f).contains(b));
    inner
        && !bytes.is_empty()
        && bytes[0] != b' '
        && bytes[bytes.len() - 1] != b' '
        && !text.contains("  ")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_are_cleaned_before_they_are_compared() {
        #[rustfmt::skip]
        let cases = [
            // what is special              text                 name
            ("plain",                       "Ada",               Some("Ada")),
            ("white space around and in",   "  Ada \t\n Byron ", Some("Ada Byron")),
            ("only white space",            " \u{a0} ",          None),
            ("empty",                       "",                  None),
            ("control characters go",       "A\u{0}d\u{7f}a\u{85}", Some("Ada")),
            ("decomposed becomes composed", "Zoe\u{308}",        Some("Zo\u{eb}")),
            ("markup is text",              "<b>Ada</b>",        Some("<b>Ada</b>")),
            ("a tab is a control character, and dropped", "A\tB", Some("AB")),
        ];
        for (what, text, expected) in cases {
            let name = Name::clean(text);
            assert_eq!(name.as_ref().map(Name::as_str), expected, "{what}");
        }
    }

    proptest! {
        #[test]
        fn a_clean_name_is_normal_and_cleaning_it_changes_nothing(
            text in prop_oneof![any::<String>(), "[a \t\u{0}\u{a0}e\u{301}\u{327}\u{e9}\u{1100}\u{1161}\u{11a8}\u{212b}]{0,12}"],
        ) {
            let without_controls: String = text.chars().filter(|c| !c.is_control()).collect();
            let normal: String = without_controls.nfc().collect();
            let expected = normal.split_whitespace().collect::<Vec<_>>().join(" ");
            let name = Name::clean(&text);
            let cleaned = name.as_ref().map_or("", Name::as_str);
            prop_assert_eq!(cleaned, expected);
            prop_assert_eq!(Name::clean(cleaned), name);
        }
    }
}
