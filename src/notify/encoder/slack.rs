//! Slack: <https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks/>,
//! <https://docs.slack.dev/reference/methods/chat.postMessage> and `chat.update`.

use anyhow::Result;
use reqwest::header::{CONTENT_TYPE, HeaderValue};
use reqwest::{Method, Url};
use serde_json::{Value, json};

use super::api::{Api, HookUrl, Source, bearer, endpoint};
use super::attachment::{Limits, encode};
use super::markup::{self, Markup, shorten};
use super::post::{Attachment, Post};
use crate::notify::answer::{Answer, Outcome};
use crate::notify::request::Request;
use crate::types::Secret;

/// The maximum that Slack recommends; it truncates at ten times as much.
const LIMITS: Limits = Limits { text: 4_000, part: 2_000 };

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
        &markup::SLACK
    }

    fn create(&self, post: &Post, _: Source<'_>) -> Result<Request> {
        Ok(Request::post(self.0.url.clone(), &content(post)))
    }
}

/// Errors of the API after which a retry may succeed.
const TEMPORARY: [&str; 6] = [
    "ratelimited",
    "rate_limited",
    "internal_error",
    "fatal_error",
    "service_unavailable",
    "request_timeout",
];

/// How `chat.update` says that there is no such post.
const GONE: &str = "message_not_found";

/// A bot that writes to one channel.
pub(super) struct Bot {
    create: Url,
    update: Url,
    authorization: HeaderValue,
    token: Secret,
    channel: String,
}

impl Bot {
    /// A bot with this `token` that writes to `channel` (its id).
    pub(super) fn new(server: &str, token: &Secret, channel: &str) -> Result<Self> {
        Ok(Self {
            create: endpoint(server, "/api/chat.postMessage")?,
            update: endpoint(server, "/api/chat.update")?,
            authorization: bearer(token)?,
            token: token.clone(),
            channel: channel.to_owned(),
        })
    }

    /// Adds the token, and the character set, without which Slack answers with a warning.
    fn authorized(&self, request: Request) -> Request {
        let mut request = request.authorized(&self.authorization);
        let json = HeaderValue::from_static("application/json; charset=utf-8");
        request.headers.insert(CONTENT_TYPE, json);
        request
    }
}

impl Api for Bot {
    fn name(&self) -> &'static str {
        "bot"
    }

    fn remedy(&self) -> &'static str {
        "look at the bot's token, its channel and its scope `chat:write`, and invite it to the channel"
    }

    fn url(&self) -> &Url {
        &self.create
    }

    fn secrets(&self) -> Vec<&str> {
        vec![self.token.reveal()]
    }

    fn markup(&self) -> &'static Markup {
        &markup::SLACK
    }

    fn create(&self, post: &Post, _: Source<'_>) -> Result<Request> {
        let mut body = content(post);
        body["channel"] = json!(self.channel);
        Ok(self.authorized(Request::post(self.create.clone(), &body)))
    }

    fn edit(&self, id: &str, post: &Post) -> Option<Request> {
        let mut body = content(post);
        body["channel"] = json!(self.channel);
        body["ts"] = json!(id);
        if body["text"].is_null() {
            // An update without a text keeps the one of before, with its mention.
            body["text"] = json!("");
        }
        Some(self.authorized(Request::edit(Method::POST, self.update.clone(), &body)))
    }

    /// An error is a 200 with `ok: false`.
    fn outcome(&self, answer: &Answer) -> Outcome {
        if !answer.status.is_success() {
            return answer.by_status(None);
        }
        if answer.json["ok"] == true {
            return Outcome::Accepted(answer.text("ts"));
        }
        match answer.json["error"].as_str() {
            Some(error) if answer.is_edit && error == GONE => Outcome::Gone(answer.quoted.clone()),
            Some(error) if !TEMPORARY.contains(&error) => Outcome::Refused(answer.quoted.clone()),
            Some(_) | None => answer.retry_later(),
        }
    }
}

/// The content of a post.
fn content(post: &Post) -> Value {
    let mut body = match post {
        Post::Line(text) => json!({ "text": shorten(text, LIMITS.text) }),
        Post::Attachment(attachment) => json!({ "attachments": [with_markup(attachment)] }),
    };
    if let Some(mention) = post.mention() {
        body["text"] = json!(mention);
    }
    // No preview of the dashboard below each message.
    body["unfurl_links"] = json!(false);
    body["unfurl_media"] = json!(false);
    body
}

fn with_markup(post: &Attachment) -> Value {
    let mut attachment = encode(post, &LIMITS);
    if let Some(picture) = &post.picture {
        attachment["thumb_url"] = json!(picture);
    }
    attachment["mrkdwn_in"] = json!(["text", "fields"]);
    attachment
}
