//! Lone surrogates: one half of a UTF-16 surrogate pair.
//!
//! Clients cut names after a number of UTF-16 units, so a name may end in half an emoji. JSON can
//! contain that half as an escape (`\ud83e`), and some encoders write it as three bytes (CESU-8), but
//! Rust strings can't hold it. [`text_of`] turns a body into text in which each half is an escape.
//! [`mended`] replaces such an escape by U+FFFD, for parsers.

use std::borrow::Cow;

/// The length of an escape such as `\ud83e`.
const ESCAPE: usize = 6;

/// The length of a surrogate in CESU-8.
const ENCODED: usize = 3;

/// `body` as text. A surrogate pair in CESU-8 becomes its character, a lone surrogate its escape.
/// `None` if `body` has any other invalid UTF-8.
pub fn text_of(body: &[u8]) -> Option<Cow<'_, str>> {
    if let Ok(text) = std::str::from_utf8(body) {
        return Some(Cow::Borrowed(text));
    }
    let mut text = String::with_capacity(body.len());
    let mut rest = body;
    loop {
        let (valid, invalid) = split_at_invalid(rest);
        text.push_str(valid);
        if invalid.is_empty() {
            return Some(Cow::Owned(text));
        }
        let unit = encoded_unit(invalid)?;
        rest = &invalid[ENCODED..];
        if let Some(c) = encoded_unit(rest).and_then(|low| joined(unit, low)) {
            text.push(c);
            rest = &rest[ENCODED..];
        } else if ends_in_backslash(&text) {
            // The backslash would escape that of the new escape.
            return None;
        } else {
            text.push_str(&format!("\\u{unit:04x}"));
        }
    }
}

/// The JSON `text` with U+FFFD instead of each escape of a lone surrogate; borrowed if there is none.
pub fn mended(text: &str) -> Cow<'_, str> {
    let bytes = text.as_bytes();
    let mut mended = String::new();
    let (mut copied, mut next) = (0, 0);
    while let Some(found) = bytes[next.min(bytes.len())..].iter().position(|byte| *byte == b'\\') {
        let at = next + found;
        next = match escaped_unit(bytes, at) {
            // Another escape: skip the character after its backslash.
            None => at + 2,
            Some(unit) if !is_surrogate(unit) => at + ESCAPE,
            Some(high)
                if escaped_unit(bytes, at + ESCAPE)
                    .is_some_and(|low| joined(high, low).is_some()) =>
            {
                at + 2 * ESCAPE
            }
            Some(_) => {
                mended.push_str(&text[copied..at]);
                mended.push(char::REPLACEMENT_CHARACTER);
                copied = at + ESCAPE;
                copied
            }
        };
    }
    if copied == 0 {
        return Cow::Borrowed(text);
    }
    mended.push_str(&text[copied..]);
    Cow::Owned(mended)
}

/// Any `body` as text: like [`text_of`], but with U+FFFD instead of lone surrogates and other invalid
/// bytes.
pub fn lossy_text_of(body: &[u8]) -> String {
    let mut text = String::with_capacity(body.len());
    let mut rest = body;
    loop {
        let (valid, invalid) = split_at_invalid(rest);
        text.push_str(valid);
        if invalid.is_empty() {
            return text;
        }
        let unit = encoded_unit(invalid);
        let pair = unit.zip(invalid.get(ENCODED..).and_then(encoded_unit));
        let (c, length) = match pair.and_then(|(high, low)| joined(high, low)) {
            Some(c) => (c, 2 * ENCODED),
            None => (char::REPLACEMENT_CHARACTER, unit.map_or(1, |_| ENCODED)),
        };
        text.push(c);
        rest = &invalid[length..];
    }
}

/// The longest valid prefix of `bytes`, and the rest.
fn split_at_invalid(bytes: &[u8]) -> (&str, &[u8]) {
    match std::str::from_utf8(bytes) {
        Ok(text) => (text, &[]),
        Err(error) => {
            let (valid, invalid) = bytes.split_at(error.valid_up_to());
            (std::str::from_utf8(valid).expect("it is valid up to there"), invalid)
        }
    }
}

/// The surrogate in CESU-8 at the start of `bytes`.
fn encoded_unit(bytes: &[u8]) -> Option<u16> {
    match bytes {
        [0xed, second @ 0xa0..=0xbf, third @ 0x80..=0xbf, ..] => {
            Some(0xd000 | u16::from(second & 0x3f) << 6 | u16::from(third & 0x3f))
        }
        _ => None,
    }
}

/// The unit of the escape at `at`, such as `\ud83e`.
fn escaped_unit(bytes: &[u8], at: usize) -> Option<u16> {
    let digits = bytes.get(at..at + ESCAPE)?.strip_prefix(b"\\u")?;
    let digit =
        |byte: &u8| char::from(*byte).to_digit(16).and_then(|digit| u16::try_from(digit).ok());
    digits.iter().try_fold(0, |unit, byte| Some(unit << 4 | digit(byte)?))
}

fn is_surrogate(unit: u16) -> bool {
    (0xd800..=0xdfff).contains(&unit)
}

/// The character of a surrogate pair; `None` if it is no pair.
fn joined(high: u16, low: u16) -> Option<char> {
    if !is_surrogate(high) {
        return None;
    }
    char::decode_utf16([high, low]).next()?.ok()
}

/// Whether `text` ends in a backslash that is not escaped itself.
fn ends_in_backslash(text: &str) -> bool {
    text.bytes().rev().take_while(|byte| *byte == b'\\').count() % 2 == 1
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn halves_of_characters_in_three_bytes_become_text() {
        #[rustfmt::skip]
        let cases: [(&str, &[u8], Option<&str>); 10] = [
            // what is special           body                                    text
            ("valid",                    "\"Zoë 🦩\"".as_bytes(),                Some("\"Zoë 🦩\"")),
            ("a pair",                   b"\"\xed\xa0\xbe\xed\xb6\xa9\"",        Some("\"🦩\"")),
            ("the first half",           b"\"\xed\xa0\xbe\"",                    Some("\"\\ud83e\"")),
            ("the second half",          b"\"\xed\xb6\xa9\"",                    Some("\"\\udda9\"")),
            ("the wrong way round",      b"\"\xed\xb6\xa9\xed\xa0\xbe\"",        Some("\"\\udda9\\ud83e\"")),
            ("a half before a pair",     b"\xed\xa0\xbe\xed\xa0\xbe\xed\xb6\xa9", Some("\\ud83e🦩")),
            ("cut within a half",        b"\"\xed\xa0",                          None),
            ("another invalid byte too", b"\xed\xa0\xbe\xff",                    None),
            ("behind a backslash",       b"\"\\\xed\xa0\xbe\"",                  None),
            ("behind an escaped one",    b"\"\\\\\xed\xa0\xbe\"",                Some("\"\\\\\\ud83e\"")),
        ];
        for (what, body, text) in cases {
            assert_eq!(text_of(body).as_deref(), text, "{what}");
        }
    }

    #[test]
    fn what_is_invalid_besides_spoils_no_pair() {
        let body = b"\xff Zo\xc3\xab \xed\xa0\xbe\xed\xb6\xa9 \xed\xa0\xbe \xed\xa0";
        assert_eq!(lossy_text_of(body), "\u{fffd} Zoë 🦩 \u{fffd} \u{fffd}\u{fffd}");
    }

    #[test]
    fn only_lone_surrogates_are_replaced() {
        #[rustfmt::skip]
        let cases = [
            // what is special           text                    mended
            ("nothing to do",            r#""Zoë \n 🦩""#,       None),
            ("a pair",                   r#""\ud83e\udda9""#,    None),
            ("the first half",           r#""a\uD83Eb""#,        Some("\"a\u{fffd}b\"")),
            ("the second half",          r#""\udda9""#,          Some("\"\u{fffd}\"")),
            ("the wrong way round",      r#""\udda9\ud83e""#,    Some("\"\u{fffd}\u{fffd}\"")),
            ("a half before a pair",     r#""\ud83e\ud83e\udda9""#, Some("\"\u{fffd}\\ud83e\\udda9\"")),
            ("two halves apart",         r#""\ud83e \udda9""#,   Some("\"\u{fffd} \u{fffd}\"")),
            ("an escaped backslash",     r#""\\ud83e""#,         None),
            ("two, then a half",         r#""\\\ud83e""#,        Some("\"\\\\\u{fffd}\"")),
            ("another character",        r#""\u0041\ud7ff""#,    None),
            ("no escape at all",         r#""\u+83e""#,          None),
            ("cut off",                  r#""\ud83"#,            None),
            ("a backslash at the end",   "\\",                   None),
        ];
        for (what, text, expected) in cases {
            let got = mended(text);
            assert_eq!(&*got, expected.unwrap_or(text), "{what}");
            assert_eq!(matches!(got, Cow::Borrowed(_)), expected.is_none(), "{what}");
        }
    }

    proptest! {
        #[test]
        fn texts_that_json_can_hold_are_not_touched(text in any::<String>()) {
            let json = serde_json::to_string(&text).expect("any text can be written");
            prop_assert_eq!(mended(&json), Cow::Borrowed(&json));
            prop_assert_eq!(text_of(text.as_bytes()), Some(Cow::Borrowed(&*text)));
        }

        #[test]
        fn utf_16_of_any_kind_is_read_as_others_read_it(
            units in prop::collection::vec(prop_oneof![any::<u16>(), 0xd7f0..0xe010_u16], 0..12),
        ) {
            let expected = String::from_utf16_lossy(&units);
            let escaped: String = units.iter().map(|unit| format!("\\u{unit:04x}")).collect();
            let read: String = serde_json::from_str(&mended(&format!("\"{escaped}\""))).expect("JSON");
            prop_assert_eq!(&read, &expected);
            let encoded = units.iter().flat_map(|unit| in_three_bytes(*unit)).collect::<Vec<_>>();
            let text = text_of(&encoded).expect("nothing else is wrong with it");
            // Escapes are meant for a JSON text: nothing else in it may need one.
            let quoted = format!("\"{text}\"");
            if !units.iter().any(|unit| *unit < 0x20 || [0x22, 0x5c].contains(unit)) {
                let read: String = serde_json::from_str(&mended(&quoted)).expect("JSON");
                prop_assert_eq!(read, expected);
            }
        }
    }

    /// A unit as CESU-8 has it, whatever it is.
    fn in_three_bytes(unit: u16) -> Vec<u8> {
        match char::from_u32(unit.into()) {
            Some(c) => c.to_string().into_bytes(),
            None => {
                let [high, low] = [unit >> 6 & 0x3f, unit & 0x3f].map(|bits| bits as u8);
                vec![0xed, 0x80 | high, 0x80 | low]
            }
        }
    }
}
