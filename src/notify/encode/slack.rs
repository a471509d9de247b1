//! Slack: <https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks/>.

use serde_json::{Value, json};

use super::attachment::{Limits, attachment};
use crate::notify::dialect::cut;
use crate::notify::post::{Post, Sheet};

/// The longest text is what Slack advises; it truncates at ten times as much.
const LIMITS: Limits = Limits { text: 4_000, part: 2_000 };

/// The body for an incoming webhook.
pub(super) fn hook(post: &Post) -> Value {
    let mut body = match post {
        Post::Line(text) => json!({ "text": cut(text, LIMITS.text) }),
        Post::Sheet(sheet) => json!({ "attachments": [with_markup(sheet)] }),
    };
    // The link to the dashboard needs no preview below each message.
    body["unfurl_links"] = json!(false);
    body["unfurl_media"] = json!(false);
    body
}

fn with_markup(sheet: &Sheet) -> Value {
    let mut attachment = attachment(sheet, &LIMITS);
    attachment["mrkdwn_in"] = json!(["text", "fields"]);
    attachment
}
