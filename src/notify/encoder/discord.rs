//! Discord: <https://discord.com/developers/docs/resources/webhook#execute-webhook>.

use serde_json::{Value, json};

use super::markup::shorten;
use super::post::{Attachment, Field, Post, Width};

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

/// The body for a webhook. Its text never mentions anybody.
pub(super) fn webhook(post: &Post) -> Value {
    let mut body = match post {
        Post::Line(text) => json!({ "content": shorten(text, MAX_TEXT), "flags": SUPPRESS_EMBEDS }),
        Post::Attachment(attachment) => json!({ "embeds": [embed(attachment)] }),
    };
    body["allowed_mentions"] = json!({ "parse": [] });
    body
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
