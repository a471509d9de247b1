//! How each chat wants its text: escaped, linked, bold, and not too long.

use tera::EscapeFn;

use super::escape;

/// The way of one chat.
#[derive(Clone, Copy)]
pub(super) struct Dialect {
    /// Escapes where the chat understands markup.
    pub(super) marked: EscapeFn,
    /// Escapes where it shows text as it is.
    pub(super) plain: EscapeFn,
    /// Makes a link of a text, which is escaped, and an address.
    pub(super) link: fn(&str, &str) -> String,
    /// Makes a text bold, which is escaped.
    pub(super) bold: fn(&str) -> String,
}

pub(super) const MATTERMOST: Dialect = Dialect {
    marked: escape::markdown,
    plain: escape::plain,
    link: markdown_link,
    bold: markdown_bold,
};

/// Slack escapes `&`, `<` and `>` wherever there is text.
pub(super) const SLACK: Dialect = Dialect {
    marked: escape::mrkdwn,
    plain: escape::mrkdwn,
    link: |text, address| format!("<{}|{text}>", percent(address).replace('&', "&amp;")),
    bold: |text| format!("*{text}*"),
};

/// Discord renders Markdown in titles and in the names of fields, too.
pub(super) const DISCORD: Dialect = Dialect {
    marked: escape::discord,
    plain: escape::discord,
    link: markdown_link,
    bold: markdown_bold,
};

fn markdown_link(text: &str, address: &str) -> String {
    format!("[{text}]({})", percent(address))
}

fn markdown_bold(text: &str) -> String {
    format!("**{text}**")
}

/// `address` without the characters that would end a link before its time.
fn percent(address: &str) -> String {
    let mut safe = String::with_capacity(address.len());
    for c in address.chars() {
        match c {
            '(' | ')' | '[' | ']' | '<' | '>' | '|' | '\\' | '"' | '\'' | '`' => {
                safe.push_str(&format!("%{:02X}", u32::from(c)));
            }
            _ if c.is_whitespace() || escape::is_disturbing(c) => {}
            _ => safe.push(c),
        }
    }
    safe
}

/// Cuts `text` to at most `most` characters, counted as JavaScript does, which is never
/// too few. It is cut between words where there are any, and never inside of an escape,
/// an entity or a link.
pub(super) fn cut(text: &str, most: usize) -> String {
    if length(text) <= most {
        return text.to_owned();
    }
    let mut left = most.saturating_sub(1);
    let mut end = 0;
    let mut last_space = None;
    while let Some(piece) = piece(&text[end..]) {
        let Some(rest) = left.checked_sub(length(piece)) else { break };
        if piece.starts_with(char::is_whitespace) {
            last_space = Some(end);
        }
        left = rest;
        end += piece.len();
    }
    // A word of half the text is no word: then the cut goes through it.
    let end = last_space.filter(|space| *space > end / 2).unwrap_or(end);
    format!("{}…", text[..end].trim_end())
}

/// How long `text` is to JavaScript.
fn length(text: &str) -> usize {
    text.encode_utf16().count()
}

/// The first part of `text` that can't be cut.
fn piece(text: &str) -> Option<&str> {
    let first = text.chars().next()?;
    let whole = match first {
        '\\' => text[1..].chars().next().map(|escaped| 1 + escaped.len_utf8()),
        '&' => text.find(';').filter(|at| *at < 10).map(|at| at + 1),
        '<' => text.find('>').map(|at| at + 1),
        '[' => link_end(text),
        _ => None,
    };
    Some(&text[..whole.unwrap_or(first.len_utf8())])
}

/// Where `[text](address)` at the beginning of `text` ends.
fn link_end(text: &str) -> Option<usize> {
    let middle = text.find("](")?;
    let end = text[middle..].find(')')?;
    Some(middle + end + 1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_long_text_is_cut_where_it_does_no_harm() {
        #[rustfmt::skip]
        let cases = [
            // what is special         text                        most  cut
            ("short enough",           "Ada and Grace",            13,   "Ada and Grace"),
            ("between words",          "Ada and Grace",            11,   "Ada and…"),
            ("one word",               "Wolfeschlegelstein",       10,   "Wolfeschl…"),
            ("no word at its end",     "Al Wolfeschlegelstein",    10,   "Al Wolfes…"),
            ("an escape",              "Ada\\*Grace",              5,    "Ada…"),
            ("an entity",              "Ada&amp;Grace",            8,    "Ada…"),
            ("an ampersand",           "Ada & Grace",              6,    "Ada…"),
            ("a link",                 "in [the room](https://x)", 12,   "in…"),
            ("a link of Slack's",      "in <https://x|the room>",  12,   "in…"),
            ("two units of JavaScript","🟢🟢🟢",                    5,    "🟢🟢…"),
        ];
        for (what, text, most, expected) in cases {
            assert_eq!(cut(text, most), expected, "{what}");
            assert!(length(expected) <= most, "{what}");
        }
    }

    #[test]
    fn an_address_stays_within_its_link() {
        #[rustfmt::skip]
        let cases = [
            // what is special   address                            Markdown                                      Slack
            ("plain",            "https://a.example/lounge/",       "[it](https://a.example/lounge/)",            "<https://a.example/lounge/|it>"),
            ("a query",          "https://z.example/j/1?pwd=a&b=c", "[it](https://z.example/j/1?pwd=a&b=c)",      "<https://z.example/j/1?pwd=a&amp;b=c|it>"),
            ("brackets",         "https://z.example/(a)|<b>_c_",    "[it](https://z.example/%28a%29%7C%3Cb%3E_c_)", "<https://z.example/%28a%29%7C%3Cb%3E_c_|it>"),
            ("space",            "https://z.example/a b\u{202e}",   "[it](https://z.example/ab)",                 "<https://z.example/ab|it>"),
        ];
        for (what, address, markdown, slack) in cases {
            assert_eq!((MATTERMOST.link)("it", address), markdown, "{what}");
            assert_eq!((SLACK.link)("it", address), slack, "{what}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1000))]

        #[test]
        fn a_cut_text_is_whole_pieces_of_the_text(
            name in "[<>&*_@:;#~x$. a-c🟢\\\\]{0,60}", most in 1..80_usize
        ) {
            let mut text = Vec::new();
            escape::markdown(&name, &mut text).expect("a vector takes everything");
            let text = format!("👋 {}", String::from_utf8(text).expect("escapers write UTF-8"));
            let cut = cut(&text, most);
            prop_assert!(length(&cut) <= most);
            let kept = cut.strip_suffix('…').unwrap_or(&cut);
            let mut ends = vec![0];
            while let Some(piece) = piece(&text[ends[ends.len() - 1]..]) {
                ends.push(ends[ends.len() - 1] + piece.len());
            }
            prop_assert!(text.starts_with(kept));
            prop_assert!(ends.contains(&kept.len()), "{kept}");
        }
    }
}
