//! The JSON of attachments, which Slack and Mattermost share.
//!
//! Pictures are not part of it: Mattermost's pages load them from the site themselves, and the
//! site's `Cross-Origin-Resource-Policy` refuses that.

use serde_json::{Value, json};

use super::markup::shorten;
use super::post::{Attachment, Field, Width};

/// The maximum lengths of the parts of an attachment.
pub(super) struct Limits {
    /// The text.
    pub(super) text: usize,
    /// Every other part.
    pub(super) part: usize,
}

pub(super) fn encode(attachment: &Attachment, limits: &Limits) -> Value {
    let mut json = json!({
        "color": format!("#{:06X}", attachment.colour as u32),
        "fallback": shorten(&attachment.fallback, limits.part),
        "title": shorten(&attachment.title, limits.part),
        "text": shorten(&attachment.text, limits.text),
        "fields": attachment.fields.iter().map(|f| field(f, limits)).collect::<Vec<Value>>(),
    });
    if let Some(link) = &attachment.link {
        json["title_link"] = json!(link);
    }
    json
}

fn field(field: &Field, limits: &Limits) -> Value {
    json!({
        "title": shorten(&field.title, limits.part),
        "value": shorten(&field.value, limits.part),
        "short": field.width == Width::Half,
    })
}
