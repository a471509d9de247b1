//! Discord: a webhook, which edits its own messages.

use std::time::Duration;

use serde_json::{Value, json};

use super::{Heard, Post, Reply, seconds};

/// The path of the hook.
pub(super) const HOOK: &str = "/api/webhooks/100000000000000001/t0k3n-of-the-hook";

/// The longest parts of an embed.
const EMBED: [(&str, usize); 2] = [("title", 256), ("description", 4_096)];

/// Does as `request` asks, and answers.
pub(super) fn answer(request: &Heard, posts: &mut Vec<Post>) -> Reply {
    let (path, query) = request.path.split_once('?').unwrap_or((&request.path, ""));
    let edited = path.strip_prefix(&format!("{HOOK}/messages/"));
    let is_known = match request.method.as_str() {
        "POST" => path == HOOK,
        "PATCH" => edited.is_some(),
        _ => false,
    };
    if !is_known {
        return refusal(404, 10_015, "Unknown Webhook");
    }
    let Ok(body) = serde_json::from_slice::<Value>(&request.body) else {
        return refusal(400, 50_109, "The request body contains invalid JSON.");
    };
    let content = body["content"].as_str().unwrap_or_default();
    if content.is_empty() && body["embeds"].as_array().is_none_or(Vec::is_empty) {
        return refusal(400, 50_006, "Cannot send an empty message");
    }
    if length(content) > 2_000 || !embeds(&body).all(fits) {
        return refusal(400, 50_035, "Invalid Form Body");
    }
    if let Some(id) = edited {
        let Some(post) = posts.iter_mut().find(|post| post.id == id) else {
            return refusal(404, 10_008, "Unknown Message");
        };
        (post.body, post.edits) = (body, post.edits + 1);
        return shown(id);
    }
    let id = format!("1{:018}", posts.len());
    posts.push(Post { id: id.clone(), body, edits: 0 });
    // Without `wait`, nothing comes back, and the message may not even be stored.
    if query.split('&').any(|pair| pair == "wait=true") { shown(&id) } else { Reply::new(204, "") }
}

fn shown(id: &str) -> Reply {
    let body = json!({ "id": id, "type": 0 }).to_string();
    Reply::new(200, body).header("content-type", "application/json")
}

fn embeds(body: &Value) -> impl Iterator<Item = &Value> {
    body["embeds"].as_array().into_iter().flatten()
}

fn fits(embed: &Value) -> bool {
    let text = |value: &Value| length(value.as_str().unwrap_or_default());
    let fields: Vec<&Value> = embed["fields"].as_array().into_iter().flatten().collect();
    let fields_fit = fields.iter().all(|field| {
        let (name, value) = (text(&field["name"]), text(&field["value"]));
        (1..=256).contains(&name) && (1..=1_024).contains(&value)
    });
    let all = EMBED.iter().map(|(key, _)| text(&embed[*key])).sum::<usize>()
        + fields.iter().map(|field| text(&field["name"]) + text(&field["value"])).sum::<usize>();
    let parts_fit = EMBED.iter().all(|(key, most)| text(&embed[*key]) <= *most);
    fields_fit && parts_fit && fields.len() <= 25 && all <= 6_000
}

/// As JavaScript counts, which is never too little.
fn length(text: &str) -> usize {
    text.encode_utf16().count()
}

/// An error as Discord writes one.
pub(super) fn refusal(status: u16, code: u32, message: &str) -> Reply {
    let body = json!({ "message": message, "code": code });
    Reply::new(status, body.to_string()).header("content-type", "application/json")
}

pub(super) fn too_many(wait: Option<Duration>) -> Reply {
    let mut body = json!({ "message": "You are being rate limited.", "global": false });
    let Some(wait) = wait else {
        return Reply::new(429, body.to_string()).header("content-type", "application/json");
    };
    // The body is exact, the header whole seconds.
    body["retry_after"] = json!(wait.as_secs_f64());
    Reply::new(429, body.to_string())
        .header("content-type", "application/json")
        .header("retry-after", seconds(wait))
        .header("x-ratelimit-reset-after", wait.as_secs_f64())
}
