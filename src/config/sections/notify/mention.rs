//! Whom a message that a room opens mentions, in the syntax of each service.

use crate::config::notify::Chat;
use crate::config::section::Section;

/// The mention as the service reads it; `None` after a problem was reported.
pub(super) fn read(section: &mut Section<'_>, kind: Chat, typed: &str) -> Option<String> {
    let (mention, examples) = match kind {
        Chat::Mattermost => (word(typed, ".-_"), "`@here`, `@channel` or `@ada`"),
        Chat::Slack => {
            (slack(typed), "`@here`, `@channel`, `<@U0123456789>` or `<!subteam^S0123456789>`")
        }
        Chat::Discord => {
            (discord(typed), "`@here`, `@everyone`, `<@123>` for a person or `<@&123>` for a role")
        }
        Chat::Telegram => (word(typed, "_"), "`@ada`"),
        Chat::Ntfy | Chat::Webhook => {
            section.conflict("mention", "`notify.mention` is for chats; remove it");
            return None;
        }
    };
    if mention.is_none() {
        section.conflict(
            "mention",
            format!("`notify.mention`: `{typed}` mentions nobody there; write {examples}"),
        );
    }
    mention
}

/// `@` and a name.
fn word(typed: &str, punctuation: &str) -> Option<String> {
    let name = typed.strip_prefix('@')?;
    let is_plain = |c: char| c.is_ascii_alphanumeric() || punctuation.contains(c);
    (!name.is_empty() && name.chars().all(is_plain)).then(|| typed.to_owned())
}

fn slack(typed: &str) -> Option<String> {
    match typed {
        "@here" | "@channel" | "@everyone" => Some(format!("<!{}>", &typed[1..])),
        _ => {
            let is_id = |id: &str| !id.is_empty() && id.bytes().all(|b| b.is_ascii_alphanumeric());
            let inner = typed.strip_prefix('<')?.strip_suffix('>')?;
            let id = inner.strip_prefix('@').or_else(|| inner.strip_prefix("!subteam^"))?;
            is_id(id).then(|| typed.to_owned())
        }
    }
}

fn discord(typed: &str) -> Option<String> {
    if matches!(typed, "@here" | "@everyone") {
        return Some(typed.to_owned());
    }
    let id = typed.strip_prefix("<@")?.strip_suffix('>')?;
    let id = id.strip_prefix('&').unwrap_or(id);
    (!id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit())).then(|| typed.to_owned())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::config::{Environment, parse};

    #[test]
    fn a_mention_has_the_syntax_of_its_service() {
        #[rustfmt::skip]
        let cases = [
            // what is special        kind          access                                          typed          mention
            ("everybody online",      "mattermost", "url = 'http://a/b'",                           "@here",       Some("@here")),
            ("somebody",              "mattermost", "url = 'http://a/b'",                           "@ada.l",      Some("@ada.l")),
            ("a word",                "mattermost", "url = 'http://a/b'",                           "here",        None),
            ("everybody online",      "slack",      "url = 'http://a/b'",                           "@here",       Some("<!here>")),
            ("somebody",              "slack",      "url = 'http://a/b'",                           "<@U012>",     Some("<@U012>")),
            ("a group",               "slack",      "url = 'http://a/b'",                           "<!subteam^S1>", Some("<!subteam^S1>")),
            ("a link",                "slack",      "url = 'http://a/b'",                           "<http://x>",  None),
            ("everybody",             "discord",    "url = 'http://a/b'",                           "@everyone",   Some("@everyone")),
            ("a role",                "discord",    "url = 'http://a/b'",                           "<@&12>",      Some("<@&12>")),
            ("a channel",             "discord",    "url = 'http://a/b'",                           "<#12>",       None),
            ("somebody",              "telegram",   "bot_token = 'a:b'\nchat = '1'",                "@ada_l",      Some("@ada_l")),
            ("everybody",             "ntfy",       "topic = 'a'",                                  "@here",       None),
        ];
        for (what, kind, access, typed, mention) in cases {
            let text = format!("[[notify]]\nkind = '{kind}'\n{access}\nmention = '{typed}'\n");
            let settings = parse(&text, Path::new("lookout.toml"), &Environment::default());
            let found = settings.ok().and_then(|settings| settings.notify[0].mention.clone());
            assert_eq!(found.as_deref(), mention, "{what} of {kind}");
        }
    }
}
