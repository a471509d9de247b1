//! Slack: <https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks/>.

use serde_json::{Value, json};

use super::attachment::{Limits, encode};
use super::markup::shorten;
use super::post::{Attachment, Post};

/// The maximum that Slack recommends; it truncates at ten times as much.
const LIMITS: Limits = Limits { text: 4_000, part: 2_000 };

/// The body for an incoming webhook.
pub(super) fn webhook(post: &Post) -> Value {
    let mut body = match post {
        Post::Line(text) => json!({ "text": shorten(text, LIMITS.text) }),
        Post::Attachment(attachment) => json!({ "attachments": [with_markup(attachment)] }),
    };
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
