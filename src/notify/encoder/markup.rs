//! The markup of each chat: how to escape, link, embolden and shorten text.

use tera::EscapeFn;

use super::escape;

/// The markup of one chat.
#[derive(Clone, Copy)]
pub(super) struct Markup {
    /// Escapes text where the chat renders markup.
    pub(super) marked: EscapeFn,
    /// Escapes text where the chat shows plain text.
    pub(super) plain: EscapeFn,
    /// Makes a link from escaped text and a URL.
    pub(super) link: fn(&str, &str) -> String,
    /// Makes escaped text bold.
    pub(super) bold: fn(&str) -> String,
}

pub(super) const MATTERMOST: Markup = Markup {
    marked: escape::markdown,
    plain: escape::plain,
    link: markdown_link,
    bold: markdown_bold,
};

/// Slack unescapes `&`, `<` and `>` in all texts.
pub(super) const SLACK: Markup = Markup {
    marked: escape::mrkdwn,
    plain: escape::mrkdwn,
    link: |text, address| format!("<{}|{text}>", percent_encode(address).replace('&', "&amp;")),
    bold: |text| format!("*{text}*"),
};

/// Discord renders Markdown in titles and field names, too.
pub(super) const DISCORD: Markup = Markup {
    marked: escape::discord,
    plain: escape::discord,
    link: markdown_link,
    bold: markdown_bold,
};

/// Telegram's HTML.
pub(super) const TELEGRAM: Markup = Markup {
    marked: escape::html,
    plain: escape::html,
    link: |text, address| {
        format!("<a href=\"{}\">{text}</a>", percent_encode(address).replace('&', "&amp;"))
    },
    bold: |text| format!("<b>{text}</b>"),
};

/// Text without markup, in which links have no address.
pub(super) const PLAIN: Markup = Markup {
    marked: escape::inert,
    plain: escape::inert,
    link: |text, _| text.to_owned(),
    bold: |text| text.to_owned(),
};

fn markdown_link(text: &str, address: &str) -> String {
    format!("[{text}]({})", percent_encode(address))
}

fn markdown_bold(text: &str) -> String {
    format!("**{text}**")
}

/// Encodes or removes the characters of `address` that would end a link early.
fn percent_encode(address: &str) -> String {
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

/// Shortens `text` to at most `max` UTF-16 units, as JavaScript counts, which no service counts
/// more strictly. Cuts between words if there are any, and never inside an escape, an entity or a
/// link.
pub(super) fn shorten(text: &str, max: usize) -> String {
    shorten_by(length, text, max)
}

/// Shortens `text` to at most `max` bytes in the same way.
pub(super) fn shorten_bytes(text: &str, max: usize) -> String {
    shorten_by(str::len, text, max)
}

fn shorten_by(length: fn(&str) -> usize, text: &str, max: usize) -> String {
    if length(text) <= max {
        return text.to_owned();
    }
    let mut left = max.saturating_sub(length("…"));
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
    // A word longer than half the text is cut.
    let end = last_space.filter(|space| *space > end / 2).unwrap_or(end);
    format!("{}…", text[..end].trim_end())
}

/// The length of `text` in UTF-16 units.
fn length(text: &str) -> usize {
    text.encode_utf16().count()
}

/// The first part of `text` that must not be cut.
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

/// The end of `[text](address)` at the start of `text`.
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
    fn a_long_text_is_cut_between_pieces() {
        #[rustfmt::skip]
        let cases = [
            // what is special         text                        max   shortened
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
        for (what, text, max, expected) in cases {
            assert_eq!(shorten(text, max), expected, "{what}");
            assert!(length(expected) <= max, "{what}");
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
        fn a_shortened_text_consists_of_whole_pieces(
            name in "[<>&*_@:;#~x$. a-c🟢\\\\]{0,60}", max in 1..80_usize
        ) {
            let mut text = Vec::new();
            escape::markdown(&name, &mut text).expect("a vector takes everything");
            let text = format!("👋 {}", String::from_utf8(text).expect("escapers write UTF-8"));
            let short = shorten(&text, max);
            prop_assert!(length(&short) <= max);
            let start = short.strip_suffix('…').unwrap_or(&short);
            let mut ends = vec![0];
            while let Some(piece) = piece(&text[ends[ends.len() - 1]..]) {
                ends.push(ends[ends.len() - 1] + piece.len());
            }
            prop_assert!(text.starts_with(start));
            prop_assert!(ends.contains(&start.len()), "{start}");
        }
    }
}
