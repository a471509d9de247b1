//! Mattermost: <https://developers.mattermost.com/integrate/webhooks/incoming/>,
//! <https://developers.mattermost.com/integrate/reference/message-attachments/> and
//! <https://developers.mattermost.com/api-documentation/#/operations/CreatePost>.

use anyhow::Result;
use reqwest::header::HeaderValue;
use reqwest::{Method, Url};
use serde_json::{Value, json};

use super::api::{Api, HookUrl, Source, bearer, endpoint};
use super::attachment::{Limits, encode};
use super::markup::{self, Markup, shorten};
use super::post::Post;
use crate::notify::answer::{Answer, Outcome};
use crate::notify::request::Request;
use crate::types::Secret;

/// Mattermost splits a longer text anywhere, or refuses it. With the limit for the other parts the
/// body stays far below the 300,000 bytes that it accepts.
const LIMITS: Limits = Limits { text: 16_383, part: 4_000 };

/// An incoming webhook.
pub(super) struct Webhook(pub(super) HookUrl);

impl Api for Webhook {
    fn url(&self) -> &Url {
        &self.0.url
    }

    fn secrets(&self) -> Vec<&str> {
        self.0.secrets()
    }

    fn markup(&self) -> &'static Markup {
        &markup::MATTERMOST
    }

    fn create(&self, post: &Post, _: Source<'_>) -> Result<Request> {
        let mut body = match post {
            Post::Line(text) => json!({ "text": shorten(text, LIMITS.text) }),
            Post::Attachment(attachment) => json!({ "attachments": [encode(attachment, &LIMITS)] }),
        };
        if let Some(mention) = post.mention() {
            body["text"] = json!(mention);
        }
        Ok(Request::post(self.0.url.clone(), &body))
    }
}

/// A bot that writes to one channel.
pub(super) struct Bot {
    url: Url,
    authorization: HeaderValue,
    token: Secret,
    channel: String,
}

impl Bot {
    /// A bot with this `token` that writes to `channel` (its id) of `server`.
    pub(super) fn new(server: &str, token: &Secret, channel: &str) -> Result<Self> {
        Ok(Self {
            url: endpoint(server, "/api/v4/posts")?,
            authorization: bearer(token)?,
            token: token.clone(),
            channel: channel.to_owned(),
        })
    }
}

impl Api for Bot {
    fn name(&self) -> &'static str {
        "bot"
    }

    fn remedy(&self) -> &'static str {
        "look at the bot's token, its channel and its rights"
    }

    fn url(&self) -> &Url {
        &self.url
    }

    fn secrets(&self) -> Vec<&str> {
        vec![self.token.reveal()]
    }

    fn markup(&self) -> &'static Markup {
        &markup::MATTERMOST
    }

    fn create(&self, post: &Post, _: Source<'_>) -> Result<Request> {
        let mut body = content(post);
        body["channel_id"] = json!(self.channel);
        Ok(Request::post(self.url.clone(), &body).authorized(&self.authorization))
    }

    fn edit(&self, id: &str, post: &Post) -> Option<Request> {
        let mut url = self.url.clone();
        url.path_segments_mut().ok()?.extend([id, "patch"]);
        let request = Request::edit(Method::PUT, url, &content(post));
        Some(request.authorized(&self.authorization))
    }

    fn outcome(&self, answer: &Answer) -> Outcome {
        answer.by_status(answer.text("id"))
    }
}

/// The content of a post.
fn content(post: &Post) -> Value {
    match post {
        Post::Line(text) => json!({ "message": shorten(text, LIMITS.text), "props": {} }),
        Post::Attachment(attachment) => {
            json!({ "message": post.mention().unwrap_or_default(), "props": { "attachments": [encode(attachment, &LIMITS)] } })
        }
    }
}
