//! ntfy: publishing as JSON.

use std::time::Duration;

use serde_json::{Value, json};

use super::{Heard, Post, Reply, seconds};

/// The only topic that the token may write to.
pub const TOPIC: &str = "lounge-7Hq2mVw9";

/// The access token.
pub const NTFY_TOKEN: &str = "tk_AgQdq7mVBoFD37zQVN29RhuMzNIz2";

/// A longer message becomes an attachment.
const MAX_MESSAGE: usize = 4_096;

/// Does as `request` asks, and answers.
pub(super) fn answer(request: &Heard, posts: &mut Vec<Post>) -> Reply {
    if request.header("authorization") != Some(&format!("Bearer {NTFY_TOKEN}")) {
        return refusal(401, 40_101, "unauthorized");
    }
    if request.method != "POST" || request.path != "/" {
        return refusal(404, 40_401, "page not found");
    }
    if request.body.len() > 2 * MAX_MESSAGE {
        return refusal(413, 41_302, "JSON body too large");
    }
    let Ok(mut body) = serde_json::from_slice::<Value>(&request.body) else {
        return refusal(400, 40_024, "invalid request: request body must be valid JSON");
    };
    if body["topic"] != TOPIC {
        return refusal(403, 40_301, "forbidden");
    }
    if !body["priority"].is_null() && !(1..=5).contains(&body["priority"].as_i64().unwrap_or(0)) {
        return refusal(400, 40_007, "invalid priority parameter");
    }
    if body["message"].as_str().is_some_and(|text| text.len() > MAX_MESSAGE) {
        body["attachment"] = json!({ "name": "attachment.txt" });
    }
    let id = format!("m{:011}", posts.len());
    posts.push(Post { id: String::new(), body, edits: 0 });
    let reply = json!({ "id": id, "event": "message", "topic": TOPIC });
    Reply::new(200, reply.to_string()).header("content-type", "application/json")
}

/// An error as ntfy writes one.
pub(super) fn refusal(status: u16, code: u32, error: &str) -> Reply {
    let body = json!({ "code": code, "http": status, "error": error });
    Reply::new(status, body.to_string()).header("content-type", "application/json")
}

/// ntfy does not say when to come again; a proxy before it may.
pub(super) fn too_many(wait: Option<Duration>) -> Reply {
    let reply = refusal(429, 42_901, "limit reached: too many requests");
    match wait {
        Some(wait) => reply.header("retry-after", seconds(wait)),
        None => reply,
    }
}
