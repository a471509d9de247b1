//! Escapes names, for each way in which a chat reads text.
//!
//! A name is hostile text: anything that people can type into Zoom. In a chat it must not mention
//! anybody, become a link, an emoji or a hashtag, or change the format of the rest.
//!
//! Where a chat has no escape, an invisible character (U+200B) separates what would act together:
//! `@` and the name after it, `:` and the name of an emoji. Line breaks, control characters and
//! characters that change the direction of writing become spaces.

use std::io::{self, Write};

/// Separates two characters invisibly: the zero width space.
const SEPARATOR: &str = "\u{200b}";

/// How long a name may be, in characters.
const MAX_NAME_LENGTH: usize = 64;

/// Replaces a name that has no visible character.
const NO_VISIBLE_NAME: &str = "—";

/// Escapes for Mattermost where it renders Markdown.
///
/// Mattermost rewrites `<!channel>` and `<url|text>` everywhere, so `<` is never sent. After
/// unescaping it still looks for mentions, hashtags, and emoticons such as `;)`, `x-D` and `<3`, so
/// a backslash alone is not enough for some characters.
pub(super) fn markdown(text: &str, output: &mut dyn Write) -> io::Result<()> {
    each(text, output, |before, c, output| match c {
        '&' => output.write_all(b"&amp;"),
        '<' => write!(output, "&lt;{SEPARATOR}"),
        '>' => output.write_all(b"&gt;"),
        '$' => output.write_all(b"&#36;"),
        '\\' => output.write_all(b"&#92;"),
        '@' | ':' | ';' => write!(output, "{c}{SEPARATOR}"),
        '#' | '~' => write!(output, "\\{c}{SEPARATOR}"),
        '-' if matches!(before, 'x' | 'X') => write!(output, "\\-{SEPARATOR}"),
        '`' | '*' | '_' | '{' | '}' | '[' | ']' | '(' | ')' | '+' | '-' | '.' | '!' | '|' => {
            write!(output, "\\{c}")
        }
        _ => write!(output, "{c}"),
    })
}

/// Escapes for Mattermost where it shows plain text, such as a linked title. Its server still
/// rewrites text between `<` and `>`.
pub(super) fn plain(text: &str, output: &mut dyn Write) -> io::Result<()> {
    each(text, output, |_, c, output| match c {
        '<' => output.write_all("‹".as_bytes()),
        '>' => output.write_all("›".as_bytes()),
        '@' | ':' | '#' | '~' => write!(output, "{c}{SEPARATOR}"),
        _ => write!(output, "{c}"),
    })
}

/// Escapes for Slack's own markup. It has escapes for `&`, `<` and `>` only, so characters that
/// would format the text are replaced by similar ones.
pub(super) fn mrkdwn(text: &str, output: &mut dyn Write) -> io::Result<()> {
    each(text, output, |_, c, output| match c {
        '&' => output.write_all(b"&amp;"),
        '<' => output.write_all(b"&lt;"),
        '>' => output.write_all(b"&gt;"),
        '*' => output.write_all("∗".as_bytes()),
        '_' => output.write_all("ˍ".as_bytes()),
        '~' => output.write_all("∼".as_bytes()),
        '`' => output.write_all("ˋ".as_bytes()),
        '@' | ':' | '#' | '.' => write!(output, "{c}{SEPARATOR}"),
        _ => write!(output, "{c}"),
    })
}

/// Escapes for Discord's Markdown, in which a backslash escapes all ASCII punctuation.
pub(super) fn discord(text: &str, output: &mut dyn Write) -> io::Result<()> {
    each(text, output, |_, c, output| match c {
        '@' | ':' | '#' | '<' => write!(output, "\\{c}{SEPARATOR}"),
        _ if c.is_ascii_punctuation() => write!(output, "\\{c}"),
        _ => write!(output, "{c}"),
    })
}

/// Escapes for Telegram's HTML. Telegram looks for mentions, hashtags, commands, addresses and
/// telephone numbers in what remains.
pub(super) fn html(text: &str, output: &mut dyn Write) -> io::Result<()> {
    each(text, output, |_, c, output| match c {
        '&' => output.write_all(b"&amp;"),
        '<' => output.write_all(b"&lt;"),
        '>' => output.write_all(b"&gt;"),
        '"' => output.write_all(b"&quot;"),
        '@' | '#' | '/' | '$' | '.' | ':' | '+' => write!(output, "{c}{SEPARATOR}"),
        _ => write!(output, "{c}"),
    })
}

/// Escapes for text whose reader is not known: it gets no escapes, and nothing in it acts as a
/// mention, an address, or a tag.
pub(super) fn inert(text: &str, output: &mut dyn Write) -> io::Result<()> {
    each(text, output, |_, c, output| match c {
        '<' => output.write_all("‹".as_bytes()),
        '>' => output.write_all("›".as_bytes()),
        '@' | ':' | '#' | '~' | '.' => write!(output, "{c}{SEPARATOR}"),
        _ => write!(output, "{c}"),
    })
}

/// Calls `write` with each character of `text` and the one before it.
fn each(
    text: &str,
    output: &mut dyn Write,
    write: impl Fn(char, char, &mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    let mut before = ' ';
    for c in text.chars() {
        let c = if is_disturbing(c) { ' ' } else { c };
        write(before, c, output)?;
        before = c;
    }
    Ok(())
}

/// Whether a character breaks lines, changes the direction of writing, or is another control
/// character.
pub(super) fn is_disturbing(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Shortens `name`, and puts it on one line, from left to right, with something to see. The
/// result is still hostile text, to be escaped where it is written.
pub(super) fn display_name(name: &str) -> String {
    let clean: String = name.chars().map(|c| if is_disturbing(c) { ' ' } else { c }).collect();
    let name = clean.split_whitespace().collect::<Vec<_>>().join(" ");
    if name.chars().all(is_invisible) {
        return NO_VISIBLE_NAME.to_owned();
    }
    if name.chars().count() <= MAX_NAME_LENGTH {
        return name;
    }
    let kept: String = name.chars().take(MAX_NAME_LENGTH - 1).collect();
    format!("{}…", kept.trim_end())
}

/// Whether a character shows nothing.
fn is_invisible(c: char) -> bool {
    c.is_whitespace()
        || matches!(
            c,
            '\u{ad}' | '\u{115f}' | '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{3164}' | '\u{feff}'
        )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    type Escaper = fn(&str, &mut dyn Write) -> io::Result<()>;

    fn escaped(escaper: Escaper, text: &str) -> String {
        let mut output = Vec::new();
        escaper(text, &mut output).expect("a vector takes everything");
        String::from_utf8(output).expect("escapers write UTF-8").replace(SEPARATOR, "¦")
    }

    #[test]
    fn a_name_is_text_in_each_chat() {
        #[rustfmt::skip]
        let cases = [
            // what is special       name                  Markdown                plain                 Slack                 Discord                       Telegram                        unknown
            ("plain",                "Ada Lovelace",       "Ada Lovelace",         "Ada Lovelace",       "Ada Lovelace",       "Ada Lovelace",               "Ada Lovelace",                 "Ada Lovelace"),
            ("letters of the world", "Zoë İpek 田中",        "Zoë İpek 田中",          "Zoë İpek 田中",        "Zoë İpek 田中",        "Zoë İpek 田中",                "Zoë İpek 田中",                  "Zoë İpek 田中"),
            ("a mention",            "@channel",           "@¦channel",            "@¦channel",          "@¦channel",          "\\@¦channel",                "@¦channel",                    "@¦channel"),
            ("a command of Slack's", "<!here>",            "&lt;¦\\!here&gt;",     "‹!here›",            "&lt;!here&gt;",      "\\<¦\\!here\\>",             "&lt;!here&gt;",                "‹!here›"),
            ("bold",                 "**Ada**",            "\\*\\*Ada\\*\\*",      "**Ada**",            "∗∗Ada∗∗",            "\\*\\*Ada\\*\\*",            "**Ada**",                      "**Ada**"),
            ("an emoji",             ":tada:",             ":¦tada:¦",             ":¦tada:¦",           ":¦tada:¦",           "\\:¦tada\\:¦",               ":¦tada:¦",                     ":¦tada:¦"),
            ("an emoticon",          ";) x-D <3",          ";¦\\) x\\-¦D &lt;¦3",  ";) x-D ‹3",          ";) x-D &lt;3",       "\\;\\) x\\-D \\<¦3",         ";) x-D &lt;3",                 ";) x-D ‹3"),
            ("an entity",            "&lt;",               "&amp;lt;¦",            "&lt;",               "&amp;lt;",           "\\&lt\\;",                   "&amp;lt;",                     "&lt;"),
            ("a formula",            "$x$ \\",             "&#36;x&#36; &#92;",    "$x$ \\",             "$x$ \\",             "\\$x\\$ \\\\",               "$¦x$¦ \\",                     "$x$ \\"),
            ("a hashtag",            "#ada ~town",         "\\#¦ada \\~¦town",     "#¦ada ~¦town",       "#¦ada ∼town",        "\\#¦ada \\~town",            "#¦ada ~town",                  "#¦ada ~¦town"),
            ("an address",           "www.a.example",      "www\\.a\\.example",    "www.a.example",      "www.¦a.¦example",    "www\\.a\\.example",          "www.¦a.¦example",              "www.¦a.¦example"),
            ("new lines",            "a\nb\u{2028}c\td",   "a b c d",              "a b c d",            "a b c d",            "a b c d",                    "a b c d",                      "a b c d"),
            ("the other direction",  "\u{202e}exe.gnp",    " exe\\.gnp",           " exe.gnp",           " exe.¦gnp",          " exe\\.gnp",                 " exe.¦gnp",                    " exe.¦gnp"),
            ("a command, a number",  "/start +49 \"Ada\"", "/start \\+49 \"Ada\"", "/start +49 \"Ada\"", "/start +49 \"Ada\"", "\\/start \\+49 \\\"Ada\\\"", "/¦start +¦49 &quot;Ada&quot;", "/start +49 \"Ada\""),
        ];
        for (what, name, on_mattermost, as_it_is, on_slack, on_discord, on_telegram, anywhere) in
            cases
        {
            assert_eq!(escaped(markdown, name), on_mattermost, "{what}: Markdown");
            assert_eq!(escaped(plain, name), as_it_is, "{what}: plain");
            assert_eq!(escaped(mrkdwn, name), on_slack, "{what}: Slack");
            assert_eq!(escaped(discord, name), on_discord, "{what}: Discord");
            assert_eq!(escaped(html, name), on_telegram, "{what}: Telegram");
            assert_eq!(escaped(inert, name), anywhere, "{what}: an unknown reader");
        }
    }

    #[test]
    fn a_name_is_shown_on_one_line_and_not_too_long() {
        let long = "W".repeat(64);
        let longer = "W".repeat(65);
        let cut = format!("{}…", "W".repeat(63));
        let space = format!("{} Byron", "W".repeat(62));
        let cut_at_space = format!("{}…", "W".repeat(62));
        #[rustfmt::skip]
        let cases = [
            // what is special          name                        shown
            ("plain",                   "Ada Lovelace",             "Ada Lovelace"),
            ("white space and lines",   " Ada\n\u{2028} Byron ",    "Ada Byron"),
            ("the other direction",     "\u{202e}Ada\u{2066}Byron", "Ada Byron"),
            ("a family",                "👨\u{200d}👩\u{200d}👧",   "👨\u{200d}👩\u{200d}👧"),
            ("just short enough",       &long,                      &long),
            ("too long",                &longer,                    &cut),
            ("cut behind a space",      &space,                     &cut_at_space),
            ("nothing to see",          "\u{200b}\u{feff}",         "—"),
            ("nothing but direction",   "\u{202e}",                 "—"),
        ];
        for (what, name, expected) in cases {
            assert_eq!(display_name(name), expected, "{what}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1000))]

        #[test]
        fn no_name_breaks_a_line_or_becomes_a_command(name in "\\PC{0,20}|[\\s<>|@:;#~x./$+-]{0,20}") {
            #[rustfmt::skip]
            let escapers: [(Escaper, &[char], &[char]); 6] = [
                // escaper  never written  never without a separator
                (markdown,  &['<', '>'],   &['@', ':', '~']),
                (plain,     &['<', '>'],   &['@', ':', '#', '~']),
                (mrkdwn,    &['<', '>'],   &['@', ':', '#', '.']),
                (discord,   &[],           &['@', ':', '#', '<']),
                (html,      &['<', '>'],   &['@', ':', '#', '.', '/', '$', '+']),
                (inert,     &['<', '>'],   &['@', ':', '#', '.', '~']),
            ];
            for (escaper, forbidden, separated) in escapers {
                let text = escaped(escaper, &name);
                prop_assert!(!text.contains(is_disturbing), "{}", text);
                prop_assert!(!text.contains(forbidden), "{}", text);
                let mut acts = text.match_indices(separated);
                prop_assert!(acts.all(|(at, sign)| text[at + sign.len()..].starts_with('¦')), "{}", text);
            }
        }
    }
}
