//! The characters that a secret may have.
//!
//! A secret with a stray character in it makes Lookout refuse every delivery. So such a character
//! is an error that says where it is and of which kind, never what the secret is.

use crate::types::secret::is_margin;

/// The position and kind of the first character of `text`, margins apart, that `fits` does not allow:
/// `character 5 is a quotation mark`. The line is named if it is not the first.
pub(super) fn invalid_character(text: &str, fits: impl Fn(char) -> bool) -> Option<String> {
    let end = text.trim_end_matches(is_margin).len();
    let start = text.len() - text.trim_start_matches(is_margin).len();
    let inside = text.char_indices().filter(|(at, _)| (start..end).contains(at));
    let (at, c) = inside.into_iter().find(|(_, c)| !fits(*c))?;
    let before = &text[..at];
    let line = before.matches('\n').count() + 1;
    let in_line = before.rsplit('\n').next().unwrap_or_default();
    // Editors do not count a byte order mark.
    let column = in_line.chars().filter(|c| *c != '\u{feff}').count() + 1;
    let place = match line {
        1 => format!("character {column}"),
        line => format!("character {column} of line {line}"),
    };
    Some(format!("{place} is {}", kind(c)))
}

const QUOTATION_MARK: &str = "a quotation mark";
const INVISIBLE: &str = "invisible";

/// The kind of a character, not the character itself: it may be part of the secret.
fn kind(c: char) -> &'static str {
    match c {
        '"' | '\'' | '`' | '‘' | '’' | '“' | '”' | '„' | '«' | '»' => QUOTATION_MARK,
        '\n' => "a line break",
        c if c.is_whitespace() => "white space",
        c if c.is_control() => "a control character",
        '\u{ad}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' => INVISIBLE,
        '\u{2060}'..='\u{2064}' | '\u{2066}'..='\u{2069}' | '\u{feff}' => INVISIBLE,
        c if !c.is_ascii() => "not an ASCII character",
        _ => "a character that does not occur in one",
    }
}

/// Whether `c` is a character that can be seen.
pub(super) fn is_visible(c: char) -> bool {
    kind(c) != INVISIBLE
}

/// Whether a token may contain `c`: printable ASCII without quotation marks.
pub(super) fn is_of_token(c: char) -> bool {
    c.is_ascii_graphic() && kind(c) != QUOTATION_MARK
}

/// Whether an address may contain `c`: not white space, an invisible character, a quotation mark, or a
/// character that has to be percent-encoded.
pub(super) fn is_of_address(c: char) -> bool {
    let is_blank = c.is_whitespace() || c.is_control() || !is_visible(c);
    !is_blank && kind(c) != QUOTATION_MARK && !"<>\\^{|}".contains(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_invalid_character_is_described_by_position_and_kind() {
        #[rustfmt::skip]
        let cases = [
            // what is special         text                       said
            ("nothing is",             " hush\r\n",               None),
            ("a byte order mark",      "\u{feff}hush",            None),
            ("quotes",                 "\"hush\"",                Some("character 1 is a quotation mark")),
            ("behind a mark",          "\u{feff}'hush'",          Some("character 1 is a quotation mark")),
            ("behind white space",     "  ‘hush’",                Some("character 3 is a quotation mark")),
            ("zero-width space first", "\u{200b}hush",            Some("character 1 is invisible")),
            ("zero-width space last",  "hush\u{200b}\n",          Some("character 5 is invisible")),
            ("a mark in between",      "hu\u{feff}sh",            Some("character 3 is invisible")),
            ("direction marks",        "\u{202a}hush\u{202c}",    Some("character 1 is invisible")),
            ("a space in between",     "hu sh",                   Some("character 3 is white space")),
            ("two lines",              "hush\nhush",              Some("character 5 is a line break")),
            ("NUL at the end",         "hush\0",                  Some("character 5 is a control character")),
            ("a letter of Cyrillic",   "hu\u{455}h",              Some("character 3 is not an ASCII character")),
        ];
        for (what, text, said) in cases {
            assert_eq!(invalid_character(text, is_of_token).as_deref(), said, "{what}");
        }
        let ascii_only = |c: char| c.is_ascii() || is_margin(c);
        assert_eq!(
            invalid_character("hush\n\n  hush\u{200b}", ascii_only).as_deref(),
            Some("character 7 of line 3 is invisible")
        );
    }
}
