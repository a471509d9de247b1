//! Slack: an incoming webhook.

use std::time::Duration;

use serde_json::Value;

use super::{Heard, Post, Reply, seconds};

/// The path of the hook.
pub(super) const HOOK: &str = "/services/T00000000/B00000000/s3cr3ts3cr3ts3cr3ts3cr3t";

/// Longer is truncated by Slack.
const MAX_TEXT: usize = 40_000;

/// Does as `request` asks, and answers.
pub(super) fn answer(request: &Heard, posts: &mut Vec<Post>) -> Reply {
    if request.method != "POST" || request.path != HOOK {
        return Reply::new(404, "no_service");
    }
    let Ok(mut body) = serde_json::from_slice::<Value>(&request.body) else {
        return Reply::new(400, "invalid_payload");
    };
    let text = body["text"].as_str().unwrap_or_default().to_owned();
    if text.is_empty() && body["attachments"].as_array().is_none_or(Vec::is_empty) {
        return Reply::new(400, "no_text");
    }
    if text.chars().count() > MAX_TEXT {
        body["text"] = text.chars().take(MAX_TEXT).collect::<String>().into();
    }
    posts.push(Post { id: String::new(), body, edits: 0 });
    Reply::new(200, "ok").header("content-type", "text/html")
}

pub(super) fn too_many(wait: Option<Duration>) -> Reply {
    let reply = Reply::new(429, "rate_limited");
    match wait {
        Some(wait) => reply.header("retry-after", seconds(wait)),
        None => reply,
    }
}
