//! Discord: <https://discord.com/developers/docs/resources/webhook#execute-webhook>.

use serde_json::{Value, json};

use crate::notify::dialect::cut;
use crate::notify::post::{Field, Post, Sheet, Width};

/// The longest `content`; also for the text of an embed, which with title and fields may
/// have 6,000 characters.
const TEXT: usize = 2_000;

/// The longest title of an embed.
const TITLE: usize = 256;

/// The longest name of a field.
const NAME: usize = 100;

/// The longest value of a field that shares its line.
const HALF: usize = 400;

/// The longest value of a field that has a line to itself.
const FULL: usize = 1_024;

/// A name that can't be seen.
const NO_NAME: &str = "\u{200b}";

/// No preview of links: Discord's flag `SUPPRESS_EMBEDS`.
const NO_PREVIEW: u32 = 1 << 2;

/// The body for a webhook. It mentions nobody, whatever its text.
pub(super) fn hook(post: &Post) -> Value {
    let mut body = match post {
        Post::Line(text) => json!({ "content": cut(text, TEXT), "flags": NO_PREVIEW }),
        Post::Sheet(sheet) => json!({ "embeds": [embed(sheet)] }),
    };
    body["allowed_mentions"] = json!({ "parse": [] });
    body
}

fn embed(sheet: &Sheet) -> Value {
    let mut embed = json!({
        "color": sheet.colour as u32,
        "title": cut(&sheet.title, TITLE),
        "description": cut(&sheet.text, TEXT),
        "fields": sheet.fields.iter().map(field).collect::<Vec<Value>>(),
    });
    if let Some(link) = &sheet.link {
        embed["url"] = json!(link);
    }
    embed
}

fn field(field: &Field) -> Value {
    let most = if field.width == Width::Half { HALF } else { FULL };
    // Discord refuses a field without a name, even if an operator's template wants none.
    let name = if field.title.is_empty() { NO_NAME } else { &field.title };
    json!({
        "name": cut(name, NAME),
        "value": cut(&field.value, most),
        "inline": field.width == Width::Half,
    })
}
