//! Mattermost: an incoming webhook, and as much of the bot API as a card needs.

use std::time::Duration;

use serde_json::{Value, json};

use super::{Heard, Post, Reply, seconds};

/// The path of the hook.
pub(super) const HOOK: &str = "/hooks/x3k1ybtm7pdbxp8nqzs1nqfrue";

/// The bot's token.
pub const TOKEN: &str = "b0t7ok3nb0t7ok3nb0t7ok3nb0";

/// The only channel the bot may write to.
pub const CHANNEL: &str = "4xp9fdt3d7n9xjqk1eqwsxc8ny";

/// Longer is split into several messages, or refused by the API.
const MAX_TEXT: usize = 16_383;

/// Longer is 413.
const MAX_BODY: usize = 300_000;

/// Does as `request` asks, and answers.
pub(super) fn answer(request: &Heard, posts: &mut Vec<Post>) -> Reply {
    if request.body.len() > MAX_BODY {
        return refusal(413, "http: request body too large");
    }
    match request.path.strip_prefix("/api/v4/") {
        Some(path) => api(request, path, posts),
        None => hook(request, posts),
    }
}

fn hook(request: &Heard, posts: &mut Vec<Post>) -> Reply {
    if request.method != "POST" || request.path != HOOK {
        return refusal(400, "Invalid webhook.");
    }
    let Ok(body) = serde_json::from_slice::<Value>(&request.body) else {
        return refusal(400, "Unable to parse incoming data.");
    };
    let text = body["text"].as_str().unwrap_or_default();
    if text.is_empty() && body["attachments"].as_array().is_none_or(Vec::is_empty) {
        return refusal(400, "No text specified.");
    }
    let letters: Vec<char> = text.chars().collect();
    let parts: Vec<String> = letters.chunks(MAX_TEXT).map(|part| part.iter().collect()).collect();
    let mut bodies = vec![body.clone()];
    for part in parts.iter().skip(1) {
        bodies[0]["text"] = json!(parts[0]);
        bodies.push(json!({ "text": part }));
    }
    posts.extend(bodies.into_iter().map(|body| Post { id: String::new(), body, edits: 0 }));
    Reply::new(200, "ok").header("content-type", "text/plain")
}

fn api(request: &Heard, path: &str, posts: &mut Vec<Post>) -> Reply {
    if request.header("authorization") != Some(&format!("Bearer {TOKEN}")) {
        return refusal(401, "Invalid or expired session, please login again.");
    }
    let Ok(body) = serde_json::from_slice::<Value>(&request.body) else {
        return refusal(400, "Invalid or missing post in request body.");
    };
    if body["message"].as_str().is_some_and(|text| text.chars().count() > MAX_TEXT) {
        return refusal(400, "Post Message property is longer than the maximum.");
    }
    let edited = path.strip_prefix("posts/").and_then(|path| path.strip_suffix("/patch"));
    match (request.method.as_str(), edited) {
        ("POST", None) if path == "posts" => create(body, posts),
        ("PUT", Some(id)) => patch(id, &body, posts),
        _ => refusal(404, "Sorry, we could not find the page."),
    }
}

fn create(body: Value, posts: &mut Vec<Post>) -> Reply {
    if body["channel_id"] != CHANNEL {
        return refusal(403, "You do not have the appropriate permissions.");
    }
    let attachments = body["props"]["attachments"].as_array();
    if body["message"].as_str().unwrap_or_default().is_empty()
        && attachments.is_none_or(Vec::is_empty)
    {
        return refusal(400, "Invalid or missing post in request body.");
    }
    let id = format!("p{:025}", posts.len());
    posts.push(Post { id: id.clone(), body: body.clone(), edits: 0 });
    let mut post = body;
    post["id"] = json!(id);
    Reply::new(201, post.to_string()).header("content-type", "application/json")
}

fn patch(id: &str, body: &Value, posts: &mut [Post]) -> Reply {
    let Some(post) = posts.iter_mut().find(|post| post.id == id) else {
        return refusal(404, "Unable to get the post.");
    };
    for key in ["message", "props"] {
        if let Some(value) = body.get(key) {
            post.body[key] = value.clone();
        }
    }
    post.edits += 1;
    let mut whole = post.body.clone();
    whole["id"] = json!(id);
    Reply::new(200, whole.to_string()).header("content-type", "application/json")
}

/// An error as Mattermost writes one.
pub(super) fn refusal(status: u16, message: &str) -> Reply {
    let body = json!({
        "id": "api.context.invalid_param.app_error",
        "message": message,
        "detailed_error": "",
        "request_id": "9mfq5nogu3bfdnwu9cscbqd4ra",
        "status_code": status,
    });
    Reply::new(status, body.to_string()).header("content-type", "application/json")
}

pub(super) fn too_many(wait: Option<Duration>) -> Reply {
    let reply = Reply::new(429, "limit exceeded\n").header("x-ratelimit-limit", 101);
    match wait {
        Some(wait) => reply
            .header("x-ratelimit-remaining", 0)
            .header("x-ratelimit-reset", seconds(wait))
            .header("retry-after", seconds(wait)),
        None => reply,
    }
}
