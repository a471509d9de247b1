//! Hostile text in quotation marks: one line that no terminal acts on, and a TOML string.

use std::fmt::Write;

/// `text` as a basic string of TOML. Quotation marks, backslashes and what cannot be seen are escaped.
pub(super) fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            c if is_unseen(c) => {
                write!(quoted, "\\U{:08X}", u32::from(c)).expect("a String takes anything");
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// Whether a terminal acts on `c`, or shows nothing that could be told from a space.
pub(super) fn is_unseen(c: char) -> bool {
    let turns = matches!(c, '\u{200e}' | '\u{200f}' | '\u{61c}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    c.is_control() || turns || (c.is_whitespace() && c != ' ')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_quoted_text_is_one_harmless_line() {
        #[rustfmt::skip]
        let cases = [
            // what is special        text                 quoted
            ("a name",                "Zoë Castellanos",   "\"Zoë Castellanos\""),
            ("a quotation mark",      "\"Quilla\" \\",     r#""\"Quilla\" \\""#),
            ("a terminal's escape",   "\u{1b}[2J",         r#""\U0000001B[2J""#),
            ("the same in one char",  "\u{9b}2J",          r#""\U0000009B2J""#),
            ("a line break",          "a\nb\u{2028}",      r#""a\U0000000Ab\U00002028""#),
            ("another direction",     "\u{202e}adA",       r#""\U0000202EadA""#),
        ];
        for (what, text, expected) in cases {
            assert_eq!(quoted(text), expected, "{what}");
        }
    }

    proptest! {
        #[test]
        fn toml_reads_what_was_quoted(text in any::<String>()) {
            let line = quoted(&text);
            prop_assert!(!line.contains(char::is_control));
            let table: toml::Table = format!("text = {line}").parse().expect("it is TOML");
            prop_assert_eq!(table["text"].as_str(), Some(&*text));
        }
    }
}
