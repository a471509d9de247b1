//! Encodes messages and cards as the requests that each service accepts.
//!
//! [`post`] renders the text with [`templates`], in the [`markup`] of the service, with names
//! [escaped](escape); then the module of the service makes a request of it, as [`api`] demands.

mod api;
mod attachment;
mod discord;
mod escape;
mod html;
mod markup;
mod mattermost;
mod ntfy;
mod post;
mod samples;
mod slack;
mod telegram;
mod templates;
#[cfg(test)]
mod tests;
mod webhook;

use std::fmt;
use std::sync::Arc;

use anyhow::{Context, Result};
use reqwest::Url;

use self::api::{Api, HookUrl};
use self::post::{Post, Renderer};
pub use self::webhook::WebhookSettings;
use crate::config::access::{Ntfy, Telegram};
use crate::config::{Settings, Site};
use crate::notify::answer::{Answer, Outcome};
use crate::notify::attempt::Attempt;
use crate::notify::message::{Card, CardState, Message, MessageKind};
use crate::notify::request::Request;
use crate::types::Secret;

/// One way to reach one service. Its `Debug` output shows no secret.
#[derive(Clone)]
pub struct Service(Arc<dyn Api>);

/// The texts of messages that the language of `site` lacks, so that they are English.
pub fn missing_messages(site: &Site) -> Vec<String> {
    templates::missing(&markup::MATTERMOST, site)
}

/// Encodes messages for one target; its templates are compiled.
#[derive(Clone)]
pub struct Encoder {
    service: Service,
    renderer: Renderer,
    /// Whom the post that a room opens mentions.
    mention: Option<String>,
}

impl Encoder {
    /// Loads the templates of the language in the settings, and encodes a sample of each kind, so
    /// that a broken template is found now.
    ///
    /// # Errors
    ///
    /// A template can't be read or is broken; the error shows file, line, column and the line
    /// itself.
    pub fn load(service: Service, settings: &Settings) -> Result<Self> {
        let renderer = Renderer::load(service.0.markup(), settings)?;
        let encoder = Self { service, renderer, mention: None };
        for (number, message) in (0..).zip(samples::messages()) {
            let attempt = Attempt::new("sample", number, samples::OPENED, samples::OPENED);
            encoder.message(&message, &attempt)?;
        }
        for card in samples::cards() {
            encoder.renderer.card(&card)?;
        }
        Ok(encoder)
    }

    /// An encoder that uses the built-in templates only.
    pub fn builtin(service: Service, settings: &Settings) -> Self {
        let renderer = Renderer::builtin(service.0.markup(), settings);
        Self { service, renderer, mention: None }
    }

    /// Mentions somebody, in the syntax of the service, in the post that a room opens.
    #[must_use]
    pub fn mentioning(self, mention: Option<String>) -> Self {
        Self { mention, ..self }
    }

    /// The request that posts a message.
    ///
    /// # Errors
    ///
    /// A template uses a variable that does not exist.
    pub fn message(&self, message: &Message, attempt: &Attempt) -> Result<Request> {
        let mut post = self.renderer.message(message)?;
        if let (Post::Attachment(attachment), MessageKind::Started { .. }) =
            (&mut post, &message.kind)
        {
            attachment.mention.clone_from(&self.mention);
        }
        self.service.0.create(&post, Some((message, attempt)))
    }

    /// The request that posts a card.
    ///
    /// # Errors
    ///
    /// As for [`Encoder::message`].
    pub fn card(&self, card: &Card) -> Result<Request> {
        let mut attachment = self.renderer.card(card)?;
        if matches!(card.state, CardState::Open { .. }) {
            attachment.mention.clone_from(&self.mention);
        }
        self.service.0.create(&Post::Attachment(attachment), None)
    }

    /// The request that posts a card again, because its post was deleted. The first post has
    /// mentioned whom the settings mention.
    ///
    /// # Errors
    ///
    /// As for [`Encoder::message`].
    pub fn replacement(&self, card: &Card) -> Result<Request> {
        let post = Post::Attachment(self.renderer.card(card)?);
        self.service.0.create(&post, None)
    }

    /// The request that replaces the content of the post `id`.
    ///
    /// # Errors
    ///
    /// As for [`Encoder::message`]; or the service can't edit.
    pub fn edit(&self, card: &Card, id: &str) -> Result<Request> {
        let post = Post::Attachment(self.renderer.card(card)?);
        self.service.0.edit(id, &post).context("the service edits no posts")
    }

    /// The service that receives the requests.
    pub fn service(&self) -> &Service {
        &self.service
    }
}

/// The services: one line each.
impl Service {
    /// An incoming webhook of Mattermost.
    pub fn mattermost_webhook(address: &Secret) -> Result<Self> {
        Ok(Self(Arc::new(mattermost::Webhook(HookUrl::parse(address)?))))
    }

    /// A bot of Mattermost, which writes to `channel` (its id).
    pub fn mattermost_bot(server: &str, token: &Secret, channel: &str) -> Result<Self> {
        Ok(Self(Arc::new(mattermost::Bot::new(server, token, channel)?)))
    }

    /// An incoming webhook of Slack.
    pub fn slack_webhook(address: &Secret) -> Result<Self> {
        Ok(Self(Arc::new(slack::Webhook(HookUrl::parse(address)?))))
    }

    /// A bot of Slack, which writes to `channel` (its id).
    pub fn slack_bot(server: &str, token: &Secret, channel: &str) -> Result<Self> {
        Ok(Self(Arc::new(slack::Bot::new(server, token, channel)?)))
    }

    /// A webhook of Discord.
    pub fn discord_webhook(address: &Secret) -> Result<Self> {
        Ok(Self(Arc::new(discord::Webhook(HookUrl::parse(address)?))))
    }
}

/// Services with more settings.
impl Service {
    /// A bot of Telegram.
    pub fn telegram(settings: &Telegram, token: &Secret) -> Result<Self> {
        let Telegram { server, chat, thread, .. } = settings;
        Ok(Self(Arc::new(telegram::Bot::new(server, token, chat, *thread)?)))
    }

    /// A topic of ntfy.
    pub fn ntfy(settings: &Ntfy, token: Option<&Secret>) -> Result<Self> {
        let Ntfy { server, topic, priority, tags, .. } = settings;
        Ok(Self(Arc::new(ntfy::Topic::new(server, topic, token, *priority, tags)?)))
    }

    /// Any URL.
    pub fn webhook(settings: &WebhookSettings<'_>) -> Result<Self> {
        Ok(Self(Arc::new(webhook::Webhook::new(settings)?)))
    }
}

impl Service {
    /// What it is called: a webhook or a bot.
    pub fn name(&self) -> &'static str {
        self.0.name()
    }

    /// What to do if it refuses everything.
    pub fn remedy(&self) -> &'static str {
        self.0.remedy()
    }

    /// Where requests go. May be a secret.
    pub fn url(&self) -> &Url {
        self.0.url()
    }

    /// What must never be quoted from a response.
    pub fn secrets(&self) -> Vec<&str> {
        self.0.secrets()
    }

    /// What an answer means.
    pub fn outcome(&self, answer: &Answer) -> Outcome {
        self.0.outcome(answer)
    }
}

impl fmt::Debug for Encoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Encoder({:?})", self.service)
    }
}

impl fmt::Debug for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Service({} at {})", self.name(), self.url().host_str().unwrap_or_default())
    }
}
