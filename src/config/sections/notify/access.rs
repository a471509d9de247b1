//! How a target is reached: the keys of each service.

use super::webhook;
use crate::config::access::{Access, Bot, Credential, Ntfy, Telegram};
use crate::config::notify::Chat;
use crate::config::section::Section;
use crate::config::sections::credential::{self, address, token};
use crate::config::url;

/// The length of an id in Mattermost.
const MATTERMOST_ID_LENGTH: usize = 26;

/// The server of Slack's API.
const SLACK: &str = "https://slack.com";

/// The server of Telegram's Bot API.
const TELEGRAM: &str = "https://api.telegram.org";

/// The public server of ntfy.
const NTFY: &str = "https://ntfy.sh";

/// The keys of all services, as typed.
struct Keys {
    url: Option<Credential>,
    bot_token: Option<Credential>,
    server: Option<String>,
    channel: Option<String>,
    chat: Option<String>,
    thread: Option<u32>,
    topic: Option<String>,
    token: Option<Credential>,
    priority: Option<u8>,
    tags: Vec<String>,
    webhook: webhook::Keys,
}

/// The preferred access, and perhaps one that replaces it. None if a key is missing or wrong.
pub(super) fn read(section: &mut Section<'_>, kind: Option<Chat>) -> Vec<Access> {
    let before = section.problem_count();
    let keys = Keys {
        url: credential::read(section, ["url", "url_file"], address),
        bot_token: credential::read(section, ["bot_token", "bot_token_file"], token),
        server: section.optional("server_url", url::server),
        channel: section.optional("channel_id", channel_id),
        chat: section.optional("chat", telegram_chat),
        thread: section.optional("thread", number),
        topic: section.optional("topic", topic),
        token: credential::read(section, ["token", "token_file"], token),
        priority: section.optional("priority", priority),
        tags: section.list("tags", &[], tag),
        webhook: webhook::keys(section),
    };
    let Some(kind) = kind.filter(|_| section.problem_count() == before) else { return Vec::new() };
    for (key, kinds) in keys.set() {
        if !kinds.contains(&kind) {
            section.conflict(key, foreign(key, kinds));
        }
    }
    if section.problem_count() > before {
        return Vec::new();
    }
    keys.access(section, kind)
}

impl Keys {
    /// The keys that have a value, and the services that they are for.
    fn set(&self) -> impl Iterator<Item = (&'static str, &'static [Chat])> {
        use Chat::{Discord, Mattermost, Ntfy, Slack, Telegram, Webhook};
        const HOOKS: &[Chat] = &[Mattermost, Slack, Discord, Webhook];
        const BOTS: &[Chat] = &[Mattermost, Slack, Telegram];
        let all = [
            ("url", self.url.is_some(), HOOKS),
            ("bot_token", self.bot_token.is_some(), BOTS),
            ("server_url", self.server.is_some(), &[Mattermost, Slack, Telegram, Ntfy]),
            ("channel_id", self.channel.is_some(), &[Mattermost, Slack]),
            ("chat", self.chat.is_some(), &[Telegram]),
            ("thread", self.thread.is_some(), &[Telegram]),
            ("topic", self.topic.is_some(), &[Ntfy]),
            ("token", self.token.is_some(), &[Ntfy]),
            ("priority", self.priority.is_some(), &[Ntfy]),
            ("tags", !self.tags.is_empty(), &[Ntfy]),
        ];
        let webhook = self.webhook.set().map(|key| (key, true, &[Webhook][..]));
        let all = all.into_iter().chain(webhook);
        all.filter(|(_, is_set, _)| *is_set).map(|(key, _, kinds)| (key, kinds))
    }

    fn access(self, section: &mut Section<'_>, kind: Chat) -> Vec<Access> {
        let Self { url, bot_token, server, channel, .. } = self;
        let (bot, hook) = match kind {
            Chat::Mattermost => {
                let bot = bot(section, bot_token, server, channel);
                (bot.map(Access::MattermostBot), url.map(Access::MattermostWebhook))
            }
            Chat::Slack => {
                let server = server.or_else(|| bot_token.is_some().then(|| SLACK.to_owned()));
                let bot = bot(section, bot_token, server, channel);
                (bot.map(Access::SlackBot), url.map(Access::SlackWebhook))
            }
            Chat::Discord => (None, url.map(Access::DiscordWebhook)),
            Chat::Telegram => {
                let server = server.unwrap_or_else(|| TELEGRAM.to_owned());
                let thread = self.thread;
                let bot = bot_token.zip(self.chat);
                let bot = bot.map(|(token, chat)| Telegram { token, server, chat, thread });
                (bot.map(Access::Telegram), None)
            }
            Chat::Ntfy => {
                let server = server.unwrap_or_else(|| NTFY.to_owned());
                let Self { token, priority, tags, .. } = self;
                let topic = self.topic.map(|topic| Ntfy { server, topic, token, priority, tags });
                (topic.map(Access::Ntfy), None)
            }
            Chat::Webhook => {
                let webhook = url.map(|url| self.webhook.access(url));
                (webhook.map(|webhook| Access::Webhook(Box::new(webhook))), None)
            }
        };
        bot.into_iter().chain(hook).collect()
    }
}

/// The bot, if there is one and its keys are complete.
fn bot(
    section: &mut Section<'_>,
    token: Option<Credential>,
    server: Option<String>,
    channel: Option<String>,
) -> Option<Bot> {
    match (token, server, channel) {
        (None, None, None) => None,
        (Some(token), Some(server), Some(channel)) => Some(Bot { token, server, channel }),
        _ => {
            let keys = ["bot_token", "bot_token_file", "server_url", "channel_id"];
            let first = keys.into_iter().find(|key| section.is_typed(key));
            section.conflict(
                first.unwrap_or("bot_token"),
                "a bot needs all of `bot_token_file` (or `bot_token`), `server_url` (only Mattermost) and `channel_id`",
            );
            None
        }
    }
}

/// Why a target of this kind can't be reached.
pub(super) fn missing(kind: Chat) -> &'static str {
    match kind {
        Chat::Mattermost | Chat::Slack | Chat::Discord => {
            "`notify` needs a `url` or a `url_file`: the address of an incoming webhook, which the chat shows when you make one"
        }
        Chat::Telegram => {
            "a target of Telegram needs `bot_token_file` (or `bot_token`), which @BotFather shows, and `chat`"
        }
        Chat::Ntfy => {
            "a target of ntfy needs a `topic`; whoever knows it can read along, so choose a long one"
        }
        Chat::Webhook => "`notify` needs a `url` or a `url_file`: where to send requests",
    }
}

/// Why a target of this kind has no card.
pub(super) fn no_card(kind: Chat) -> &'static str {
    match kind {
        Chat::Mattermost | Chat::Slack => {
            "an incoming webhook can't edit its posts, so there is no card; set `bot_token_file` and `channel_id`, or write `form = \"messages\"`"
        }
        _ => {
            "posts can't be edited there, so there is no card; remove the line, or write `form = \"messages\"`"
        }
    }
}

fn foreign(key: &str, kinds: &[Chat]) -> String {
    let kinds: Vec<_> = kinds.iter().map(|kind| format!("`{}`", kind.word())).collect();
    format!("`notify.{key}` is for the kinds {}; remove it, or change `kind`", kinds.join(", "))
}

fn channel_id(text: &str) -> Result<String, String> {
    let is_mattermost = text.len() == MATTERMOST_ID_LENGTH
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    let is_slack = text.starts_with(['C', 'G', 'D'])
        && (9..=20).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
    if is_mattermost || is_slack {
        return Ok(text.to_owned());
    }
    Err(format!(
        "`{text}` is not the id of a channel; Mattermost shows it under *View Info* in the channel's menu, {MATTERMOST_ID_LENGTH} letters and digits, Slack at the end of the channel's details, such as `C0123456789`"
    ))
}

fn telegram_chat(text: &str) -> Result<String, String> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let is_id = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let is_name = text.strip_prefix('@').is_some_and(|name| {
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    });
    if is_id || is_name {
        return Ok(text.to_owned());
    }
    Err(format!(
        "`{text}` is not a chat of Telegram; write its id, such as `-1001234567890`, or the name of a public channel, such as `@lounge`"
    ))
}

fn number(text: &str) -> Result<u32, String> {
    text.parse().map_err(|_| format!("`{text}` is not a number; write the id of the topic"))
}

fn topic(text: &str) -> Result<String, String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    if (1..=64).contains(&text.len()) && text.chars().all(plain) {
        return Ok(text.to_owned());
    }
    Err(format!("`{text}` is not a topic of ntfy; write up to 64 letters, digits, `-` and `_`"))
}

fn priority(text: &str) -> Result<u8, String> {
    let number = text.parse().ok().filter(|number| (1..=5).contains(number));
    number.ok_or_else(|| {
        format!("`{text}` is not a priority; write a number from 1 (silent) to 5 (urgent)")
    })
}

fn tag(text: &str) -> Result<String, String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '+');
    if !text.is_empty() && text.chars().all(plain) {
        return Ok(text.to_owned());
    }
    Err(format!("`{text}` is not a tag of ntfy; write a word such as `door` or `green_circle`"))
}
