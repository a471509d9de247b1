//! Escapes texts for each [`Format`](super::format::Format) of files that are made from templates.
//!
//! Names are hostile text. In every format, a printed text stays text: it ends no string, field,
//! element or line, and is no link, command or formula.

use std::io::{self, Write};

use serde::Serialize;

/// Separates two characters invisibly (the zero width space), where a format has no escape that
/// outlives its reading: GitHub looks for addresses and emoji in the text that remains.
const SEPARATOR: &str = "\u{200b}";

/// Characters with which a cell begins that spreadsheets run as a formula.
const FORMULA: [char; 8] = ['=', '+', '-', '@', '＝', '＋', '－', '＠'];

/// Escapes `text` for HTML and XML, attributes included. Tera's own function writes byte by byte,
/// which would take a third of the time of a page of 10,000 people. It also keeps characters that
/// XML forbids even escaped; one of them would make a feed invalid.
pub(super) fn markup(text: &str, output: &mut dyn Write) -> io::Result<()> {
    let mut rest = text;
    while let Some((at, c)) = rest.char_indices().find(|&(_, c)| is_special(c)) {
        output.write_all(&rest.as_bytes()[..at])?;
        output.write_all(match c {
            '&' => b"&amp;",
            '<' => b"&lt;",
            '>' => b"&gt;",
            '"' => b"&quot;",
            '\'' => b"&#39;",
            _ => b"",
        })?;
        rest = &rest[at + c.len_utf8()..];
    }
    output.write_all(rest.as_bytes())
}

/// Whether `c` is HTML markup or no character of XML 1.0.
fn is_special(c: char) -> bool {
    match c {
        '&' | '<' | '>' | '"' | '\'' | '\u{fffe}' | '\u{ffff}' => true,
        '\t' | '\n' | '\r' => false,
        _ => c < ' ',
    }
}

/// Escapes for plain text, which may be shown in a terminal: it stays on its line, and moves no
/// cursor.
pub(super) fn text(text: &str, output: &mut dyn Write) -> io::Result<()> {
    each(text, output, |c, output| write!(output, "{c}"))
}

/// Escapes for Markdown, as GitHub and Jekyll's kramdown read it.
pub(super) fn markdown(text: &str, output: &mut dyn Write) -> io::Result<()> {
    each(text, output, |c, output| match c {
        '@' | ':' => write!(output, "{c}{SEPARATOR}"),
        '\\' | '`' | '*' | '_' | '[' | ']' | '(' | ')' | '#' | '+' | '-' | '.' | '!' | '|' => {
            write!(output, "\\{c}")
        }
        // kramdown knows no backslash before these. Jekyll runs `{% … %}` and `{{ … }}` before any
        // Markdown is read, whatever precedes them.
        '&' | '<' | '>' | '"' | '\'' | '~' | '$' | '=' | '^' | '/' | '{' | '}' | '%' => {
            write!(output, "&#{};", u32::from(c))
        }
        _ => write!(output, "{c}"),
    })
}

/// Escapes for the inside of a string of JSON, also of JSON inside HTML.
pub(super) fn json(text: &str, output: &mut dyn Write) -> io::Result<()> {
    let quoted = json_value(&text)?;
    output.write_all(&quoted.as_bytes()[1..quoted.len() - 1])
}

/// Writes a field of CSV, with its quotes. An apostrophe precedes what a spreadsheet may run as a
/// formula.
pub(super) fn csv(text: &str, output: &mut dyn Write) -> io::Result<()> {
    output.write_all(b"\"")?;
    if text.starts_with(FORMULA) {
        output.write_all(b"'")?;
    }
    each(text, output, |c, output| match c {
        '"' => output.write_all(b"\"\""),
        _ => write!(output, "{c}"),
    })?;
    output.write_all(b"\"")
}

/// Escapes for a text of iCalendar (RFC 5545, 3.3.11).
pub(super) fn calendar(text: &str, output: &mut dyn Write) -> io::Result<()> {
    each(text, output, |c, output| match c {
        '\\' | ';' | ',' => write!(output, "\\{c}"),
        _ => write!(output, "{c}"),
    })
}

/// `model` as JSON that is safe inside HTML, a `<script>` included.
///
/// # Errors
///
/// A key in `model` is no text.
pub(super) fn json_value(model: &impl Serialize) -> serde_json::Result<String> {
    serde_json::to_string(model).map(|text| html_safe(&text))
}

/// `text`, which is JSON, so that it is safe inside HTML.
pub(super) fn html_safe(text: &str) -> String {
    let mut safe = String::with_capacity(text.len() + 1);
    for c in text.chars() {
        match c {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                safe.push_str(&format!("\\u{:04x}", u32::from(c)));
            }
            _ => safe.push(c),
        }
    }
    safe
}

/// Calls `write` with each character of `text`; those that break lines or control a terminal become
/// spaces.
fn each(
    text: &str,
    output: &mut dyn Write,
    write: impl Fn(char, &mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    text.chars().try_for_each(|c| match c {
        '\u{2028}' | '\u{2029}' => write(' ', output),
        _ if c.is_control() => write(' ', output),
        _ => write(c, output),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tera::EscapeFn;

    use super::*;

    fn escaped(escape: EscapeFn, text: &str) -> String {
        let mut written = Vec::new();
        escape(text, &mut written).expect("memory can be written");
        String::from_utf8(written).expect("UTF-8 stays UTF-8")
    }

    #[test]
    fn each_format_has_its_own_escapes() {
        #[rustfmt::skip]
        let cases: [(&str, EscapeFn, &str, &str); 19] = [
            // what is special            format    text                    written
            ("markup",                    markup,   "<a b='c' d=\"e\">&",   "&lt;a b=&#39;c&#39; d=&quot;e&quot;&gt;&amp;"),
            ("white space",               markup,   "a\tb\nc\r",            "a\tb\nc\r"),
            ("control characters",        markup,   "a\u{0}b\u{1b}[31mc",   "ab[31mc"),
            ("no characters of XML",      markup,   "ğ\u{fffe}ş\u{ffff}é",  "ğşé"),
            ("a colour of a terminal",    text,     "a\u{1b}[31mb\u{9b}1m", "a [31mb 1m"),
            ("lines",                     text,     "a\nb\r\u{2028}c",      "a b  c"),
            ("marks",                     text,     "<b> & \"c\"",          "<b> & \"c\""),
            ("a link",                    markdown, "[a](b)",               "\\[a\\]\\(b\\)"),
            ("Jekyll's tags",             markdown, "{% raw %}{{ a }}",     "&#123;&#37; raw &#37;&#125;&#123;&#123; a &#125;&#125;"),
            ("an element",                markdown, "<b>&amp;",             "&#60;b&#62;&#38;amp;"),
            ("addresses",                 markdown, "a@b.c w:x",            "a@\u{200b}b\\.c w:\u{200b}x"),
            ("the end of a string",       json,     "a\"b\\c\n",            "a\\\"b\\\\c\\n"),
            ("the end of a script",       json,     "</script>\u{2028}",    "\\u003c/script\\u003e\\u2028"),
            ("the end of a field",        csv,      "a\",b",                "\"a\"\",b\""),
            ("a row",                     csv,      "a\nb",                 "\"a b\""),
            ("a formula",                 csv,      "=1+2",                 "\"'=1+2\""),
            ("nothing",                   csv,      "",                     "\"\""),
            ("a list",                    calendar, "a,b;c\\d",             "a\\,b\\;c\\\\d"),
            ("a property",                calendar, "a\r\nEND:VEVENT",      "a  END:VEVENT"),
        ];
        for (what, escape, text, expected) in cases {
            assert_eq!(escaped(escape, text), expected, "{what}");
        }
    }

    proptest! {
        #[test]
        fn what_is_read_back_is_the_text(text in "[^\\p{Cc}\u{2028}\u{2029}]{0,40}") {
            let in_json = format!("\"{}\"", escaped(json, &text));
            prop_assert_eq!(serde_json::from_str::<String>(&in_json).expect("it is JSON"), text.clone());

            let row = escaped(csv, &text);
            let mut reader = ::csv::ReaderBuilder::new().has_headers(false).from_reader(row.as_bytes());
            let cells: Vec<String> = reader.deserialize().next().expect("a row").expect("it is CSV");
            let apostrophe = if text.starts_with(FORMULA) { "'" } else { "" };
            prop_assert_eq!(cells, vec![format!("{apostrophe}{text}")]);

            let in_xml = format!("<a b=\"{0}\">{0}</a>", escaped(markup, &text));
            let xml = roxmltree::Document::parse(&in_xml).expect("it is XML");
            let kept: String = text.chars().filter(|c| !matches!(c, '\u{fffe}' | '\u{ffff}')).collect();
            prop_assert_eq!(xml.root_element().attribute("b").expect("it is there"), &kept);
        }
    }
}
