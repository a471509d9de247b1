//! Compact storage of Zoom's identifiers, which are compared as text.
//!
//! A roster holds hundreds of thousands of identifiers. Nearly all are decimal numbers or
//! upper-case UUIDs, which fit into a few bytes inside the enum. Anything else is stored as text.
//! Every text has exactly one form.

use std::cmp::Ordering;
use std::fmt;

use serde::{Deserialize, Serialize};

/// An opaque identifier.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) enum Id {
    /// A decimal number that prints as it was read.
    Number(u64),
    /// Such as `73823734-9301-A7E5-36F4-684DEEF79FE5`.
    Uuid([u8; 16]),
    /// Anything else.
    Text(Box<str>),
}

/// Where a UUID has its hyphens.
const HYPHENS: [usize; 4] = [8, 13, 18, 23];
/// Where each of its bytes begins.
const DIGITS: [usize; 16] = [0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34];

/// The value of each upper-case hexadecimal digit, 16 for any other byte. A table avoids branches,
/// which the processor mispredicts for random digits; every event parses an id.
const HEX: [u8; 256] = {
    let mut values = [16; 256];
    let mut value = 0;
    while value < 16 {
        values[b"0123456789ABCDEF"[value as usize] as usize] = value;
        value += 1;
    }
    values
};

impl Id {
    /// Parses any text.
    pub(super) fn new(text: &str) -> Self {
        number(text)
            .map(Self::Number)
            .or_else(|| uuid(text).map(Self::Uuid))
            .unwrap_or_else(|| Self::Text(text.into()))
    }

    /// Compares as text, the order of Zoom's identifiers everywhere.
    pub(super) fn cmp_text(&self, other: &Self) -> Ordering {
        self.to_string().cmp(&other.to_string())
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write!(f, "{number}"),
            Self::Uuid(bytes) => {
                for (i, byte) in bytes.iter().enumerate() {
                    if matches!(i, 4 | 6 | 8 | 10) {
                        f.write_str("-")?;
                    }
                    write!(f, "{byte:02X}")?;
                }
                Ok(())
            }
            Self::Text(text) => f.write_str(text),
        }
    }
}

fn number(text: &str) -> Option<u64> {
    let canonical = matches!(text.as_bytes(), [b'0'] | [b'1'..=b'9', ..])
        && text.bytes().all(|byte| byte.is_ascii_digit());
    canonical.then(|| text.parse().ok()).flatten()
}

fn uuid(text: &str) -> Option<[u8; 16]> {
    let text: &[u8; 36] = text.as_bytes().try_into().ok()?;
    if HYPHENS.iter().any(|&at| text[at] != b'-') {
        return None;
    }
    let mut bytes = [0; 16];
    let mut all = 0;
    for (byte, at) in bytes.iter_mut().zip(DIGITS) {
        let (high, low) = (HEX[usize::from(text[at])], HEX[usize::from(text[at + 1])]);
        all |= high | low;
        *byte = high << 4 | low;
    }
    (all < 16).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn usual_identifiers_are_small_and_all_print_as_they_came() {
        #[rustfmt::skip]
        let cases = [
            // what is special         text                                    small
            ("a user_id",              "16778240",                             true),
            ("zero",                   "0",                                    true),
            ("the largest",            "18446744073709551615",                 true),
            ("one too large",          "18446744073709551616",                 false),
            ("a leading zero",         "01",                                   false),
            ("a sign",                 "+1",                                   false),
            ("a UUID",                 "73823734-9301-A7E5-36F4-684DEEF79FE5", true),
            ("a UUID in lower case",   "73823734-9301-a7e5-36f4-684deef79fe5", false),
            ("a hyphen out of place",  "738237349-301-A7E5-36F4-684DEEF79FE5", false),
            ("older: Base64",          "de+IDqR9f3hhT9D8/NA/J1==",             false),
            ("empty",                  "",                                     false),
        ];
        for (what, text, small) in cases {
            let id = Id::new(text);
            assert_eq!(id.to_string(), text, "{what}");
            assert_eq!(!matches!(id, Id::Text(_)), small, "{what}");
        }
    }

    #[test]
    fn numbers_are_ordered_as_text() {
        assert_eq!(Id::new("10").cmp_text(&Id::new("9")), Ordering::Less);
    }

    proptest! {
        #[test]
        fn an_identifier_prints_as_it_came(text in "[0-9]{0,21}|[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-Fa]{12}|\\PC{0,40}") {
            prop_assert_eq!(Id::new(&text).to_string(), text);
        }
    }
}
