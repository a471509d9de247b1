//! A receiver of signed webhooks, of which there is no single one.

use std::time::Duration;

use serde_json::Value;

use super::{Heard, Post, Reply, seconds};

/// The path of the receiver.
pub(super) const HOOK: &str = "/in/s3cr3t-place-of-the-hook";

/// Does as `request` asks, and answers.
pub(super) fn answer(request: &Heard, posts: &mut Vec<Post>) -> Reply {
    if !request.path.starts_with(HOOK) {
        return Reply::new(404, "");
    }
    let text = || String::from_utf8_lossy(&request.body).into_owned();
    let body = serde_json::from_slice(&request.body).unwrap_or_else(|_| Value::from(text()));
    let id = request.header("webhook-id").unwrap_or_default().to_owned();
    posts.push(Post { id, body, edits: 0 });
    Reply::new(204, "")
}

pub(super) fn too_many(wait: Option<Duration>) -> Reply {
    let reply = Reply::new(429, "slower");
    match wait {
        Some(wait) => reply.header("retry-after", seconds(wait)),
        None => reply,
    }
}
