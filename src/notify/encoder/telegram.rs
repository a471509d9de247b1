//! Telegram: <https://core.telegram.org/bots/api#sendmessage> and `editMessageText`.

use std::time::Duration;

use anyhow::Result;
use reqwest::{Method, Url};
use serde_json::{Value, json};

use super::api::{Api, Source, endpoint};
use super::html::well_formed;
use super::markup::{self, Markup, shorten};
use super::post::{Attachment, Post};
use crate::notify::answer::{Answer, Outcome};
use crate::notify::request::Request;
use crate::types::Secret;

/// The maximum length of a text; Telegram counts it without tags.
const MAX_TEXT: usize = 4_096;

/// How Telegram says that there is no such post.
const GONE: [&str; 2] = ["message to edit not found", "MESSAGE_ID_INVALID"];

/// How Telegram says that a post has the wanted content already.
const NOT_MODIFIED: &str = "message is not modified";

/// A bot that writes to one chat.
pub(super) struct Bot {
    send: Url,
    edit: Url,
    token: Secret,
    chat: Value,
    thread: Option<u32>,
}

impl Bot {
    /// A bot with this `token` that writes to `chat` (an id or `@name`), there in the topic `thread`.
    ///
    /// # Errors
    ///
    /// The server has no usable address; the error does not quote the token.
    pub(super) fn new(
        server: &str,
        token: &Secret,
        chat: &str,
        thread: Option<u32>,
    ) -> Result<Self> {
        let method = |name: &str| endpoint(server, &format!("/bot{}/{name}", token.reveal()));
        let id = chat.parse::<i64>().map(Value::from);
        Ok(Self {
            send: method("sendMessage")?,
            edit: method("editMessageText")?,
            token: token.clone(),
            chat: id.unwrap_or_else(|_| Value::from(chat)),
            thread,
        })
    }

    fn body(&self, post: &Post) -> Value {
        json!({
            "chat_id": self.chat,
            "text": well_formed(&shorten(&text(post), MAX_TEXT)),
            "parse_mode": "HTML",
            "link_preview_options": { "is_disabled": true },
        })
    }
}

impl Api for Bot {
    fn name(&self) -> &'static str {
        "bot"
    }

    fn remedy(&self) -> &'static str {
        "look at the bot's token, and whether it may write to the chat"
    }

    fn url(&self) -> &Url {
        &self.send
    }

    fn secrets(&self) -> Vec<&str> {
        vec![self.token.reveal()]
    }

    fn markup(&self) -> &'static Markup {
        &markup::TELEGRAM
    }

    fn create(&self, post: &Post, _: Source<'_>) -> Result<Request> {
        let mut body = self.body(post);
        if let Some(thread) = self.thread {
            body["message_thread_id"] = json!(thread);
        }
        Ok(Request::post(self.send.clone(), &body))
    }

    fn edit(&self, id: &str, post: &Post) -> Option<Request> {
        let mut body = self.body(post);
        body["message_id"] = json!(id.parse::<i64>().ok()?);
        Some(Request::edit(Method::POST, self.edit.clone(), &body))
    }

    fn outcome(&self, answer: &Answer) -> Outcome {
        let json = &answer.json;
        let says = |text: &str| json["description"].as_str().is_some_and(|it| it.contains(text));
        if answer.status.is_success() {
            let id = json["result"]["message_id"].as_i64().map(|id| id.to_string());
            let is_ok = json["ok"] == true;
            return if is_ok { Outcome::Accepted(id) } else { answer.retry_later() };
        }
        if answer.is_edit && says(NOT_MODIFIED) {
            return Outcome::Accepted(None);
        }
        if answer.is_edit && GONE.iter().any(|text| says(text)) {
            return Outcome::Gone(answer.quoted.clone());
        }
        let wait = json["parameters"]["retry_after"].as_u64().map(Duration::from_secs);
        let retry_after = wait.or(answer.retry_after);
        Answer { retry_after, ..answer.clone() }.by_status(None)
    }
}

/// The whole post as HTML.
fn text(post: &Post) -> String {
    match post {
        Post::Line(text) => text.clone(),
        Post::Attachment(attachment) => html(attachment),
    }
}

fn html(attachment: &Attachment) -> String {
    let Attachment { mention, title, link, text, fields, .. } = attachment;
    let title = (markup::TELEGRAM.bold)(&shorten(title, 256));
    let title = match link {
        Some(link) => (markup::TELEGRAM.link)(&title, link),
        None => title,
    };
    let fields = fields.iter().map(|field| format!("{}: {}", field.title, field.value));
    let lines = mention.iter().cloned().chain([title, text.clone()]).chain(fields);
    lines.filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
}
