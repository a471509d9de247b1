//! Mattermost: <https://developers.mattermost.com/integrate/webhooks/incoming/> and
//! <https://developers.mattermost.com/integrate/reference/message-attachments/>.

use serde_json::{Value, json};

use super::attachment::{Limits, attachment};
use crate::notify::dialect::cut;
use crate::notify::post::Post;

/// Mattermost splits a longer text bluntly, or refuses it; the other parts are such that
/// the body stays far below the 300,000 bytes that it takes.
const LIMITS: Limits = Limits { text: 16_383, part: 4_000 };

/// The body for an incoming webhook.
pub(super) fn hook(post: &Post) -> Value {
    match post {
        Post::Line(text) => json!({ "text": cut(text, LIMITS.text) }),
        Post::Sheet(sheet) => json!({ "attachments": [attachment(sheet, &LIMITS)] }),
    }
}

/// The body for a new post in `channel`.
pub(super) fn bot(post: &Post, channel: &str) -> Value {
    let mut body = patch(post);
    body["channel_id"] = json!(channel);
    body
}

/// The body that replaces what a post says.
pub(super) fn patch(post: &Post) -> Value {
    match post {
        Post::Line(text) => json!({ "message": cut(text, LIMITS.text), "props": {} }),
        Post::Sheet(sheet) => {
            json!({ "message": "", "props": { "attachments": [attachment(sheet, &LIMITS)] } })
        }
    }
}
