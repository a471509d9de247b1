//! Names as text: an escaper for each way in which a chat reads what it is sent.
//!
//! A name may hold anything that people can type into Zoom. In a chat it must not call
//! anybody, become a link, an emoji or a hashtag, or change how the rest is written.
//!
//! Where a chat knows no escape, an invisible character (U+200B) parts what would act
//! together: `@` and the name behind it, `:` and the name of an emoji. Line breaks,
//! control characters and those that turn the direction of writing become spaces.

use std::io::{self, Write};

/// Parts two characters without a trace.
const APART: &str = "\u{200b}";

/// Mattermost, where it renders Markdown.
///
/// It rewrites `<!channel>` and `<url|text>` wherever they stand, so `<` is never sent.
/// After unescaping it still looks for mentions, hashtags, and emoticons such as `;)`,
/// `x-D` and `<3`, which is why a backslash alone is not enough for some characters.
pub(super) fn markdown(text: &str, output: &mut dyn Write) -> io::Result<()> {
    each(text, output, |before, c, output| match c {
        '&' => output.write_all(b"&amp;"),
        '<' => write!(output, "&lt;{APART}"),
        '>' => output.write_all(b"&gt;"),
        '$' => output.write_all(b"&#36;"),
        '\\' => output.write_all(b"&#92;"),
        '@' | ':' | ';' => write!(output, "{c}{APART}"),
        '#' | '~' => write!(output, "\\{c}{APART}"),
        '-' if matches!(before, 'x' | 'X') => write!(output, "\\-{APART}"),
        '`' | '*' | '_' | '{' | '}' | '[' | ']' | '(' | ')' | '+' | '-' | '.' | '!' | '|' => {
            write!(output, "\\{c}")
        }
        _ => write!(output, "{c}"),
    })
}

/// Mattermost, where it shows text as it is, such as a linked title. Its server still
/// rewrites what stands in `<` and `>`.
pub(super) fn plain(text: &str, output: &mut dyn Write) -> io::Result<()> {
    each(text, output, |_, c, output| match c {
        '<' => output.write_all("‹".as_bytes()),
        '>' => output.write_all("›".as_bytes()),
        '@' | ':' | '#' | '~' => write!(output, "{c}{APART}"),
        _ => write!(output, "{c}"),
    })
}

/// Slack's own markup, which has no escape but for `&`, `<` and `>`: what would format
/// the text becomes a character that looks alike.
pub(super) fn mrkdwn(text: &str, output: &mut dyn Write) -> io::Result<()> {
    each(text, output, |_, c, output| match c {
        '&' => output.write_all(b"&amp;"),
        '<' => output.write_all(b"&lt;"),
        '>' => output.write_all(b"&gt;"),
        '*' => output.write_all("∗".as_bytes()),
        '_' => output.write_all("ˍ".as_bytes()),
        '~' => output.write_all("∼".as_bytes()),
        '`' => output.write_all("ˋ".as_bytes()),
        '@' | ':' | '#' | '.' => write!(output, "{c}{APART}"),
        _ => write!(output, "{c}"),
    })
}

/// Discord's Markdown, in which a backslash escapes everything that is no letter, digit or space.
pub(super) fn discord(text: &str, output: &mut dyn Write) -> io::Result<()> {
    each(text, output, |_, c, output| match c {
        '@' | ':' | '#' | '<' => write!(output, "\\{c}{APART}"),
        _ if c.is_ascii_punctuation() => write!(output, "\\{c}"),
        _ => write!(output, "{c}"),
    })
}

/// Writes each character of `text`, told the one before it.
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

/// Breaks lines, turns the direction of writing, or can't be seen and does something.
pub(super) fn is_disturbing(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    type Escaper = fn(&str, &mut dyn Write) -> io::Result<()>;

    fn escaped(escaper: Escaper, text: &str) -> String {
        let mut output = Vec::new();
        escaper(text, &mut output).expect("a vector takes everything");
        String::from_utf8(output).expect("escapers write UTF-8").replace(APART, "¦")
    }

    #[test]
    fn each_chat_has_its_own_way_of_taking_a_name_for_text() {
        #[rustfmt::skip]
        let cases = [
            // what is special        name                  Markdown                  plain             Slack                    Discord
            ("plain",                 "Ada Lovelace",       "Ada Lovelace",           "Ada Lovelace",   "Ada Lovelace",          "Ada Lovelace"),
            ("letters of the world",  "Zoë İpek 田中",      "Zoë İpek 田中",           "Zoë İpek 田中",   "Zoë İpek 田中",          "Zoë İpek 田中"),
            ("a mention",             "@channel",           "@¦channel",              "@¦channel",      "@¦channel",             "\\@¦channel"),
            ("a command of Slack's",  "<!here>",            "&lt;¦\\!here&gt;",       "‹!here›",        "&lt;!here&gt;",         "\\<¦\\!here\\>"),
            ("bold",                  "**Ada**",            "\\*\\*Ada\\*\\*",        "**Ada**",        "∗∗Ada∗∗",               "\\*\\*Ada\\*\\*"),
            ("an emoji",              ":tada:",             ":¦tada:¦",               ":¦tada:¦",       ":¦tada:¦",              "\\:¦tada\\:¦"),
            ("an emoticon",           ";) x-D <3",          ";¦\\) x\\-¦D &lt;¦3",    ";) x-D ‹3",      ";) x-D &lt;3",          "\\;\\) x\\-D \\<¦3"),
            ("an entity",             "&lt;",               "&amp;lt;¦",              "&lt;",           "&amp;lt;",              "\\&lt\\;"),
            ("a formula",             "$x$ \\",             "&#36;x&#36; &#92;",      "$x$ \\",         "$x$ \\",                "\\$x\\$ \\\\"),
            ("a hashtag",             "#ada ~town",         "\\#¦ada \\~¦town",       "#¦ada ~¦town",   "#¦ada ∼town",           "\\#¦ada \\~town"),
            ("an address",            "www.a.example",      "www\\.a\\.example",      "www.a.example",  "www.¦a.¦example",       "www\\.a\\.example"),
            ("new lines",             "a\nb\u{2028}c\td",   "a b c d",                "a b c d",        "a b c d",               "a b c d"),
            ("the other direction",   "\u{202e}exe.gnp",    " exe\\.gnp",             " exe.gnp",       " exe.¦gnp",             " exe\\.gnp"),
        ];
        for (what, name, on_mattermost, as_it_is, on_slack, on_discord) in cases {
            assert_eq!(escaped(markdown, name), on_mattermost, "{what}: Markdown");
            assert_eq!(escaped(plain, name), as_it_is, "{what}: plain");
            assert_eq!(escaped(mrkdwn, name), on_slack, "{what}: Slack");
            assert_eq!(escaped(discord, name), on_discord, "{what}: Discord");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1000))]

        #[test]
        fn no_line_begins_and_no_command_is_sent_whatever_the_name(name in "\\PC{0,20}|[\\s<>|@:;#~x-]{0,20}") {
            for escaper in [markdown, plain, mrkdwn, discord] as [Escaper; 4] {
                prop_assert!(!escaped(escaper, &name).contains(is_disturbing));
            }
            for escaper in [markdown, plain, mrkdwn] as [Escaper; 3] {
                prop_assert!(!escaped(escaper, &name).contains(['<', '>']));
            }
        }
    }
}
