//! Slack: an incoming webhook, and as much of the Web API as a card needs.

use std::time::Duration;

use serde_json::{Value, json};

use super::{Heard, Post, Reply, seconds};

/// The path of the hook.
pub(super) const HOOK: &str = "/services/T00000000/B00000000/s3cr3ts3cr3ts3cr3ts3cr3t";

/// The bot's token.
pub const SLACK_TOKEN: &str = "xoxb-17653672481-19874698323-pdFZKVeTuE8sk7oOcHrzqqgy";

/// The only channel the bot is in.
pub const SLACK_CHANNEL: &str = "C0123456789";

/// Longer is truncated by Slack.
const MAX_TEXT: usize = 40_000;

/// Does as `request` asks, and answers.
pub(super) fn answer(request: &Heard, posts: &mut Vec<Post>) -> Reply {
    if let Some(method) = request.path.strip_prefix("/api/") {
        return api(request, method, posts);
    }
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

fn api(request: &Heard, method: &str, posts: &mut Vec<Post>) -> Reply {
    if request.header("authorization") != Some(&format!("Bearer {SLACK_TOKEN}")) {
        return error("invalid_auth");
    }
    let Ok(body) = serde_json::from_slice::<Value>(&request.body) else {
        return error("invalid_json");
    };
    if body["channel"] != SLACK_CHANNEL {
        return error("channel_not_found");
    }
    let is_empty = |key: &str| body[key].as_str().is_none_or(str::is_empty);
    if is_empty("text") && body["attachments"].as_array().is_none_or(Vec::is_empty) {
        return error("no_text");
    }
    let ts = match method {
        "chat.postMessage" => {
            let ts = format!("1767637800.{:06}", posts.len());
            posts.push(Post { id: ts.clone(), body, edits: 0 });
            ts
        }
        "chat.update" => {
            let ts = body["ts"].as_str().unwrap_or_default().to_owned();
            let Some(post) = posts.iter_mut().find(|post| post.id == ts) else {
                return error("message_not_found");
            };
            (post.body, post.edits) = (body, post.edits + 1);
            ts
        }
        _ => return error("unknown_method"),
    };
    json_reply(&json!({ "ok": true, "channel": SLACK_CHANNEL, "ts": ts }))
}

/// An error of the Web API, which is a 200.
pub(super) fn error(error: &str) -> Reply {
    json_reply(&json!({ "ok": false, "error": error }))
}

fn json_reply(body: &Value) -> Reply {
    Reply::new(200, body.to_string()).header("content-type", "application/json")
}

pub(super) fn too_many(wait: Option<Duration>) -> Reply {
    let reply = Reply::new(429, "rate_limited");
    match wait {
        Some(wait) => reply.header("retry-after", seconds(wait)),
        None => reply,
    }
}
