//! Mattermost: <https://developers.mattermost.com/integrate/webhooks/incoming/> and
//! <https://developers.mattermost.com/integrate/reference/message-attachments/>.

use serde_json::{Value, json};

use super::attachment::{Limits, encode};
use super::markup::shorten;
use super::post::Post;

/// Mattermost splits a longer text anywhere, or refuses it. With the limit for the other parts the
/// body stays far below the 300,000 bytes that it accepts.
const LIMITS: Limits = Limits { text: 16_383, part: 4_000 };

/// The body for an incoming webhook.
pub(super) fn webhook(post: &Post) -> Value {
    match post {
        Post::Line(text) => json!({ "text": shorten(text, LIMITS.text) }),
        Post::Attachment(attachment) => json!({ "attachments": [encode(attachment, &LIMITS)] }),
    }
}

/// The body for a new post in `channel`.
pub(super) fn bot(post: &Post, channel: &str) -> Value {
    let mut body = patch(post);
    body["channel_id"] = json!(channel);
    body
}

/// The body that replaces the content of a post.
pub(super) fn patch(post: &Post) -> Value {
    match post {
        Post::Line(text) => json!({ "message": shorten(text, LIMITS.text), "props": {} }),
        Post::Attachment(attachment) => {
            json!({ "message": "", "props": { "attachments": [encode(attachment, &LIMITS)] } })
        }
    }
}
