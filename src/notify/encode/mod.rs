//! Messages as each service wants them.

mod attachment;
mod discord;
mod mattermost;
mod slack;

use anyhow::Result;
use serde_json::Value;

use super::dialect::{self, Dialect};
use super::message::{Card, Message};
use super::post::Post;
use super::samples;
use super::writing::Writer;
use crate::config::Settings;

/// What is sent: the JSON of one request, as `application/json`.
pub type Body = Vec<u8>;

/// Who is written to, and in which form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Service {
    /// An incoming webhook of Mattermost.
    MattermostHook,
    /// `POST /api/v4/posts` of Mattermost, into this channel (its id).
    MattermostBot {
        /// The channel's id.
        channel: String,
    },
    /// An incoming webhook of Slack.
    Slack,
    /// A webhook of Discord.
    Discord,
}

/// Writes messages for one target; its templates are compiled.
#[derive(Clone)]
pub struct Encoder {
    service: Service,
    writer: Writer,
}

impl Encoder {
    /// Loads the templates of the language in the settings, and writes a sample of
    /// each kind, so that a fault is found now and not when somebody comes.
    ///
    /// # Errors
    ///
    /// A template that can't be read or has a fault; the error shows file, line,
    /// column and the line itself.
    pub fn load(service: Service, settings: &Settings) -> Result<Self> {
        let writer = Writer::load(service.dialect(), &settings.site)?;
        let encoder = Self { service, writer };
        for message in samples::messages() {
            encoder.message(&message)?;
        }
        for card in samples::cards() {
            encoder.card(&card)?;
        }
        Ok(encoder)
    }

    /// An encoder that uses the built-in templates, whatever the operator's say.
    pub fn builtin(service: Service, settings: &Settings) -> Self {
        let writer = Writer::builtin(service.dialect(), &settings.site);
        Self { service, writer }
    }

    /// Writes `message`.
    ///
    /// # Errors
    ///
    /// A template that asks for what is not there.
    pub fn message(&self, message: &Message) -> Result<Body> {
        Ok(self.body(&self.writer.message(message)?))
    }

    /// Writes `card` as a new post. Only a bot can edit it later; to a hook it is one more message.
    ///
    /// # Errors
    ///
    /// As for [`Encoder::message`].
    pub fn card(&self, card: &Card) -> Result<Body> {
        Ok(self.body(&Post::Sheet(self.writer.card(card)?)))
    }

    /// Writes `card` for `PUT /api/v4/posts/{id}/patch`, in place of what was posted.
    ///
    /// # Errors
    ///
    /// As for [`Encoder::message`].
    pub fn edit(&self, card: &Card) -> Result<Body> {
        let post = Post::Sheet(self.writer.card(card)?);
        Ok(bytes(&mattermost::patch(&post)))
    }

    fn body(&self, post: &Post) -> Body {
        bytes(&match &self.service {
            Service::MattermostHook => mattermost::hook(post),
            Service::MattermostBot { channel } => mattermost::bot(post, channel),
            Service::Slack => slack::hook(post),
            Service::Discord => discord::hook(post),
        })
    }
}

impl Service {
    fn dialect(&self) -> &'static Dialect {
        match self {
            Self::MattermostHook | Self::MattermostBot { .. } => &dialect::MATTERMOST,
            Self::Slack => &dialect::SLACK,
            Self::Discord => &dialect::DISCORD,
        }
    }
}

fn bytes(body: &Value) -> Body {
    body.to_string().into_bytes()
}
