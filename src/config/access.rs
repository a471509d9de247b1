//! How a target of `[[notify]]` is reached.

use std::path::PathBuf;

use crate::types::Secret;

/// One way to reach a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Access {
    /// An incoming webhook of Mattermost; its address is a secret.
    MattermostWebhook(Credential),
    /// A bot of Mattermost.
    MattermostBot(Bot),
    /// An incoming webhook of Slack.
    SlackWebhook(Credential),
    /// A bot of Slack.
    SlackBot(Bot),
    /// A webhook of Discord.
    DiscordWebhook(Credential),
    /// A bot of Telegram.
    Telegram(Telegram),
    /// A topic of ntfy.
    Ntfy(Ntfy),
    /// Any URL.
    Webhook(Box<Webhook>),
}

impl Access {
    /// Whether posts can be edited, so that a card is possible.
    pub fn can_edit(&self) -> bool {
        match self {
            Self::MattermostBot(_)
            | Self::SlackBot(_)
            | Self::DiscordWebhook(_)
            | Self::Telegram(_) => true,
            Self::MattermostWebhook(_)
            | Self::SlackWebhook(_)
            | Self::Ntfy(_)
            | Self::Webhook(_) => false,
        }
    }
}

/// A bot and its channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bot {
    /// Its access token.
    pub token: Credential,
    /// The server, such as `https://chat.example.org`, without a slash at the end.
    pub server: String,
    /// The id of the channel.
    pub channel: String,
}

/// A bot of Telegram and its chat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Telegram {
    /// Its token, which is part of each URL.
    pub token: Credential,
    /// The server of the Bot API, without a slash at the end.
    pub server: String,
    /// The id of the chat, or the public name of a channel, such as `@lounge`.
    pub chat: String,
    /// The id of the topic in a forum.
    pub thread: Option<u32>,
}

/// A topic of ntfy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ntfy {
    /// The server, without a slash at the end.
    pub server: String,
    /// The topic.
    pub topic: String,
    /// An access token, if the topic is protected.
    pub token: Option<Credential>,
    /// From 1, silent, to 5, urgent.
    pub priority: Option<u8>,
    /// Tags, some of which are shown as emojis.
    pub tags: Vec<String>,
}

/// A URL that accepts requests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Webhook {
    /// The URL, in which `{id}` stands for the id of the message.
    pub url: Credential,
    /// The method.
    pub method: String,
    /// Headers, one a line, such as `X-Room: lounge`.
    pub headers: Vec<Credential>,
    /// The template of the body; empty for JSON with everything.
    pub body: String,
    /// The status codes that mean that a message was delivered.
    pub success: Vec<Statuses>,
    /// The key of the signature, in bytes as base64.
    pub secret: Option<Credential>,
}

/// A range of status codes, the last one included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Statuses {
    /// The first.
    pub first: u16,
    /// The last.
    pub last: u16,
}

/// A secret of a target. An unreadable one is not an error yet: only the user who sends has to be able
/// to read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Credential {
    /// It is known.
    Known(Secret),
    /// Its file can't be used by this user.
    Unusable {
        /// The file.
        path: PathBuf,
        /// What is wrong with it, without its content.
        why: String,
    },
}

impl Credential {
    /// The secret, else what is wrong with its file.
    pub fn get(&self) -> Result<&Secret, String> {
        match self {
            Self::Known(secret) => Ok(secret),
            Self::Unusable { path, why } => Err(format!("`{}`: {why}", path.display())),
        }
    }
}
