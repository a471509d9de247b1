//! ntfy: <https://docs.ntfy.sh/publish/#publish-as-json>.
//!
//! Everything is in the JSON of the body, so that no name gets into a header.

use anyhow::Result;
use reqwest::Url;
use reqwest::header::HeaderValue;
use serde_json::{Value, json};

use super::api::{Api, Source, bearer, endpoint};
use super::markup::{self, Markup, shorten_bytes};
use super::post::{Attachment, Post};
use crate::notify::request::Request;
use crate::types::Secret;

/// A message of more than 4,096 bytes becomes an attached file, and the whole body may have twice
/// as much.
const MAX_MESSAGE: usize = 3_500;

/// The maximum length of the title, in bytes.
const MAX_TITLE: usize = 250;

/// The maximum length of the label of a button, in bytes.
const MAX_LABEL: usize = 60;

/// The longest URL that is sent; the body would be too long otherwise.
const MAX_URL: usize = 1_500;

/// The field that becomes a button.
const JOIN: &str = "join";

/// A topic.
pub(super) struct Topic {
    url: Url,
    topic: String,
    authorization: Option<HeaderValue>,
    token: Option<Secret>,
    priority: Option<u8>,
    tags: Vec<String>,
}

impl Topic {
    /// A topic of `server`.
    pub(super) fn new(
        server: &str,
        topic: &str,
        token: Option<&Secret>,
        priority: Option<u8>,
        tags: &[String],
    ) -> Result<Self> {
        Ok(Self {
            url: endpoint(server, "/")?,
            topic: topic.to_owned(),
            authorization: token.map(bearer).transpose()?,
            token: token.cloned(),
            priority,
            tags: tags.to_vec(),
        })
    }

    fn body(&self, post: &Post, source: Source<'_>) -> Value {
        let mut body = json!({ "topic": self.topic });
        match post {
            Post::Line(text) => body["message"] = json!(shorten_bytes(text, MAX_MESSAGE)),
            Post::Attachment(attachment) => {
                body["title"] = json!(shorten_bytes(&attachment.title, MAX_TITLE));
                body["message"] = json!(shorten_bytes(&text(attachment), MAX_MESSAGE));
            }
        }
        if let Some(priority) = self.priority {
            body["priority"] = json!(priority);
        }
        if !self.tags.is_empty() {
            body["tags"] = json!(self.tags);
        }
        let room = source.map(|(message, _)| &message.room);
        let fits = |url: &&String| url.len() <= MAX_URL;
        if let Some(url) = room.and_then(|room| room.dashboard.as_ref()).filter(fits) {
            body["click"] = json!(url);
        }
        if let (Some(url), Some(label)) =
            (room.and_then(|room| room.join.as_ref()).filter(fits), join_label(post))
        {
            let label = shorten_bytes(label, MAX_LABEL);
            body["actions"] = json!([{ "action": "view", "label": label, "url": url }]);
        }
        body
    }
}

impl Api for Topic {
    fn name(&self) -> &'static str {
        "topic"
    }

    fn remedy(&self) -> &'static str {
        "look at the topic, the token and its rights"
    }

    fn url(&self) -> &Url {
        &self.url
    }

    fn secrets(&self) -> Vec<&str> {
        self.token.iter().map(Secret::reveal).chain([self.topic.as_str()]).collect()
    }

    fn markup(&self) -> &'static Markup {
        &markup::PLAIN
    }

    fn create(&self, post: &Post, source: Source<'_>) -> Result<Request> {
        let request = Request::post(self.url.clone(), &self.body(post, source));
        Ok(match &self.authorization {
            Some(authorization) => request.authorized(authorization),
            None => request,
        })
    }
}

/// The text and the fields, a line each.
fn text(attachment: &Attachment) -> String {
    let fields = attachment.fields.iter().filter(|field| field.name != JOIN);
    let fields = fields.map(|field| format!("{}: {}", field.title, field.value));
    let lines: Vec<_> = std::iter::once(attachment.text.clone()).chain(fields).collect();
    lines.join("\n").trim().to_owned()
}

fn join_label(post: &Post) -> Option<&str> {
    let Post::Attachment(attachment) = post else { return None };
    let field = attachment.fields.iter().find(|field| field.name == JOIN)?;
    Some(&field.value)
}
