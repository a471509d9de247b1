//! Attachments, which Slack invented and Mattermost took over.

use serde_json::{Value, json};

use crate::notify::dialect::cut;
use crate::notify::post::{Field, Sheet, Width};

/// The longest parts of an attachment.
pub(super) struct Limits {
    /// Its text.
    pub(super) text: usize,
    /// Every other part.
    pub(super) part: usize,
}

pub(super) fn attachment(sheet: &Sheet, limits: &Limits) -> Value {
    let mut attachment = json!({
        "color": format!("#{:06X}", sheet.colour as u32),
        "fallback": cut(&sheet.fallback, limits.part),
        "title": cut(&sheet.title, limits.part),
        "text": cut(&sheet.text, limits.text),
        "fields": sheet.fields.iter().map(|f| field(f, limits)).collect::<Vec<Value>>(),
    });
    if let Some(link) = &sheet.link {
        attachment["title_link"] = json!(link);
    }
    attachment
}

fn field(field: &Field, limits: &Limits) -> Value {
    json!({
        "title": cut(&field.title, limits.part),
        "value": cut(&field.value, limits.part),
        "short": field.width == Width::Half,
    })
}
