//! Discord: <https://discord.com/developers/docs/resources/webhook#execute-webhook> and
//! `#edit-webhook-message`.

use anyhow::Result;
use reqwest::{Method, Url};
use serde_json::{Value, json};

use super::api::{Api, HookUrl, Source};
use super::markup::{self, Markup, shorten};
use super::post::{Attachment, Field, Post, Width};
use crate::notify::answer::{Answer, Outcome};
use crate::notify::request::Request;

/// The maximum length of `content`, and of the text of an embed, which may have 6,000 characters
/// together with title and fields.
const MAX_TEXT: usize = 2_000;

/// The maximum length of the title of an embed.
const MAX_TITLE: usize = 256;

/// The maximum length of the name of a field.
const MAX_FIELD_NAME: usize = 100;

/// The maximum length of the value of a field that shares its line.
const MAX_HALF_FIELD: usize = 400;

/// The maximum length of the value of a field that has its own line.
const MAX_FULL_FIELD: usize = 1_024;

/// An invisible name of a field.
const EMPTY_NAME: &str = "\u{200b}";

/// Discord's flag for no link previews.
const SUPPRESS_EMBEDS: u32 = 1 << 2;

/// Asks Discord to answer with the post, once that is stored.
const WAIT: (&str, &str) = ("wait", "true");

/// A webhook, which can edit its own posts.
pub(super) struct Webhook(pub(super) HookUrl);

impl Api for Webhook {
    fn url(&self) -> &Url {
        &self.0.url
    }

    fn secrets(&self) -> Vec<&str> {
        self.0.secrets()
    }

    fn markup(&self) -> &'static Markup {
        &markup::DISCORD
    }

    fn create(&self, post: &Post, _: Source<'_>) -> Result<Request> {
        let mut url = self.0.url.clone();
        if !url.query_pairs().any(|(key, _)| key == WAIT.0) {
            url.query_pairs_mut().append_pair(WAIT.0, WAIT.1);
        }
        Ok(Request::post(url, &content(post)))
    }

    /// Keeps the query, which may name a thread.
    fn edit(&self, id: &str, post: &Post) -> Option<Request> {
        let mut url = self.0.url.clone();
        url.path_segments_mut().ok()?.pop_if_empty().extend(["messages", id]);
        Some(Request::edit(Method::PATCH, url, &content(post)))
    }

    fn outcome(&self, answer: &Answer) -> Outcome {
        answer.by_status(answer.text("id"))
    }
}

/// The content of a post. Its text mentions nobody but whom the settings mention.
fn content(post: &Post) -> Value {
    let mut body = match post {
        Post::Line(text) => json!({ "content": shorten(text, MAX_TEXT), "flags": SUPPRESS_EMBEDS }),
        Post::Attachment(attachment) => {
            // An edit without a content keeps the one of before, with its mention.
            json!({ "content": post.mention().unwrap_or_default(), "embeds": [embed(attachment)] })
        }
    };
    body["allowed_mentions"] = allowed(post.mention());
    body
}

/// Which mentions act.
fn allowed(mention: Option<&str>) -> Value {
    let id = |prefix: &str| mention?.strip_prefix(prefix)?.strip_suffix('>');
    match (mention, id("<@&"), id("<@")) {
        (None, ..) => json!({ "parse": [] }),
        (_, Some(role), _) => json!({ "parse": [], "roles": [role] }),
        (_, None, Some(person)) => json!({ "parse": [], "users": [person] }),
        // Discord calls both `@here` and `@everyone` so.
        (Some(_), None, None) => json!({ "parse": ["everyone"] }),
    }
}

fn embed(attachment: &Attachment) -> Value {
    let mut embed = json!({
        "color": attachment.colour as u32,
        "title": shorten(&attachment.title, MAX_TITLE),
        "description": shorten(&attachment.text, MAX_TEXT),
        "fields": attachment.fields.iter().map(field).collect::<Vec<Value>>(),
    });
    if let Some(link) = &attachment.link {
        embed["url"] = json!(link);
    }
    if let Some(picture) = &attachment.picture {
        embed["thumbnail"] = json!({ "url": picture });
    }
    embed
}

fn field(field: &Field) -> Value {
    let max = if field.width == Width::Half { MAX_HALF_FIELD } else { MAX_FULL_FIELD };
    // Discord refuses a field without a name, which an operator's template may have.
    let name = if field.title.is_empty() { EMPTY_NAME } else { &field.title };
    json!({
        "name": shorten(name, MAX_FIELD_NAME),
        "value": shorten(&field.value, max),
        "inline": field.width == Width::Half,
    })
}
