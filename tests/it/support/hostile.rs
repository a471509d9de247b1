//! Names that try to be more than names: one list for every place in which a name is written.

/// More than 500 names, each told by what it aims at.
pub fn names() -> Vec<(String, String)> {
    let plain = ALONE.iter().map(|(what, name)| ((*what).to_owned(), (*name).to_owned()));
    let long = [
        ("length".to_owned(), "W".repeat(300)),
        ("marks upon marks".to_owned(), format!("Z{}", "\u{0351}".repeat(100))),
        ("length, all of it to be escaped".to_owned(), "<*_".repeat(100)),
    ];
    let dressed = CHAT.iter().flat_map(|(what, text)| {
        DRESSES.iter().map(move |dress| (format!("{what} in `{dress}`"), dress.replace('…', text)))
    });
    plain.chain(long).chain(dressed).collect()
}

/// What is tried on a page, in a table, in a file.
#[rustfmt::skip]
const ALONE: [(&str, &str); 21] = [
    ("an element", "<script>alert(1)</script>"),
    ("an image", "<img src=x onerror=alert(1)>"),
    ("a closing tag", "</bdi></td></table><h1>"),
    ("an attribute", "\" onmouseover=\"alert(1)"),
    ("an attribute, single quotes", "' onmouseover='alert(1)"),
    ("an entity", "&lt;b&gt;&amp;&#60;"),
    ("a template", "{{ 7 * 7 }}{% raw %}"),
    ("a row of the table", "Ada\",\"x\"\n\"Eve"),
    ("a comma", "Ada, Countess"),
    ("a formula", "=HYPERLINK(\"http://evil.example\")"),
    ("the end of a script", "</script><!--"),
    ("lines for JavaScript", "a\u{2028}b\u{2029}c"),
    ("the other direction", "\u{202e}gnp.exe"),
    ("isolated", "\u{2066}Ada\u{2069}\u{200f}"),
    ("Arabic", "محمد علي"),
    ("emoji", "👨\u{200d}👩\u{200d}👧 🏳\u{fe0f}\u{200d}🌈"),
    ("a path", "../../etc/passwd"),
    ("something not to be seen", "\u{200b}Gra\u{200b}ce"),
    ("no character of XML", "Ada\u{ffff}\u{fffe}"),
    ("a byte order mark", "\u{feff}Ada"),
    ("a placeholder of Mattermost's", "$MM_ATMENTION0$"),
];

/// What is tried in a chat, alone and in each of [`DRESSES`].
#[rustfmt::skip]
const CHAT: [(&str, &str); 54] = [
    ("everybody", "@all"), ("the channel", "@channel"), ("whoever is here", "@here"),
    ("everybody on Discord", "@everyone"), ("somebody", "@ada.lovelace"),
    ("the channel, in Slack's way", "<!channel>"), ("somebody, in Slack's way", "<@U012AB3CD>"),
    ("somebody on Discord", "<@123456789012345678>"), ("a role on Discord", "<@&1234567890>"),
    ("a channel on Discord", "<#123456789012345678>"), ("a time on Discord", "<t:1767637800:R>"),
    ("an emoji of Discord's", "<:ada:123456789012345678>"), ("a link of Slack's", "<https://evil.example|bank>"),
    ("a link", "[bank](https://evil.example)"), ("an image", "![x](https://evil.example/x.png)"),
    ("a reference", "[bank][1]"), ("an address", "https://evil.example/login"), ("www", "www.evil.example"),
    ("a bare address", "evil.example/login"), ("an invitation", "discord.gg/abcdef"),
    ("another scheme", "skype:ada"), ("a telephone", "tel:+1234567890"),
    ("an e-mail address", "ada@evil.example"), ("an autolink", "<https://evil.example>"),
    ("a hashtag", "#hashtag"), ("a channel", "~town-square"),
    ("an emoji", ":tada:"), ("half an emoji", ":tada"), ("the other half", "tada:"),
    ("a smile", ":)"), ("a wink", ";)"), ("a wink with a nose", ";-)"), ("a grin", "x-D"),
    ("a heart", "<3"), ("a broken heart", "</3"), ("tears", ":'("), ("one letter", ":p"),
    ("bold", "**bold**"), ("bold, otherwise", "__bold__"), ("italic", "*it*"), ("italic, otherwise", "_it_"),
    ("struck out", "~~gone~~"), ("struck out on Slack", "~gone~"), ("code", "`code`"), ("a fence", "```"),
    ("a spoiler", "||spoiler||"), ("a heading", "# heading"), ("a quotation", "> said"), ("a list", "- item"),
    ("a numbered list", "1. item"), ("a rule", "---"), ("a table", "| a | b |"), ("a formula", "$x^2$"),
    ("an escaped entity", "&#64;channel"),
];

/// What may stand around it.
const DRESSES: [&str; 10] =
    ["…", "Ada …", "… Ada", "(…)", "*…*", "_…_", "`…`", "\\…", "……", "[…](x)"];

#[test]
fn there_are_five_hundred_and_no_two_alike() {
    let names: std::collections::BTreeSet<_> = names().into_iter().map(|(_, name)| name).collect();
    assert!(names.len() >= 500, "{}", names.len());
}
