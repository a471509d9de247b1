//! Telegram: as much of the Bot API as a card needs.

use std::time::Duration;

use serde_json::{Value, json};

use super::{Heard, Post, Reply, seconds};

/// The bot's token, which is part of each path.
pub const TELEGRAM_TOKEN: &str = "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw";

/// The only chat the bot may write to.
pub const TELEGRAM_CHAT: i64 = -1_001_234_567_890;

/// Longer is refused, counted without tags.
const MAX_TEXT: usize = 4_096;

/// Does as `request` asks, and answers.
pub(super) fn answer(request: &Heard, posts: &mut Vec<Post>) -> Reply {
    let Some(method) = request.path.strip_prefix(&format!("/bot{TELEGRAM_TOKEN}/")) else {
        return refusal(401, "Unauthorized");
    };
    let Ok(body) = serde_json::from_slice::<Value>(&request.body) else {
        return refusal(400, "Bad Request: can't parse JSON");
    };
    if body["chat_id"] != TELEGRAM_CHAT {
        return refusal(400, "Bad Request: chat not found");
    }
    let text = body["text"].as_str().unwrap_or_default();
    let plain = match without_tags(text) {
        Ok(plain) => plain,
        Err(why) => return refusal(400, &format!("Bad Request: can't parse entities: {why}")),
    };
    if plain.trim().is_empty() {
        return refusal(400, "Bad Request: message text is empty");
    }
    if plain.encode_utf16().count() > MAX_TEXT {
        return refusal(400, "Bad Request: message is too long");
    }
    match method {
        "sendMessage" => send(body, posts),
        "editMessageText" => edit(&body, posts),
        _ => refusal(404, "Not Found"),
    }
}

fn send(body: Value, posts: &mut Vec<Post>) -> Reply {
    let id = posts.len() + 1;
    posts.push(Post { id: id.to_string(), body, edits: 0 });
    accepted(id)
}

fn edit(body: &Value, posts: &mut [Post]) -> Reply {
    let id = body["message_id"].as_i64().map(|id| id.to_string()).unwrap_or_default();
    let Some(post) = posts.iter_mut().find(|post| post.id == id) else {
        return refusal(400, "Bad Request: message to edit not found");
    };
    if post.body["text"] == body["text"] {
        return refusal(
            400,
            "Bad Request: message is not modified: specified new message content and reply markup are exactly the same",
        );
    }
    post.body["text"] = body["text"].clone();
    post.edits += 1;
    accepted(id.parse().expect("ids are numbers"))
}

fn accepted(id: usize) -> Reply {
    let body = json!({ "ok": true, "result": { "message_id": id } });
    Reply::new(200, body.to_string()).header("content-type", "application/json")
}

/// The text as it is shown, or what is wrong with its tags.
pub fn without_tags(html: &str) -> Result<String, String> {
    let (mut plain, mut open, mut rest) = (String::new(), Vec::new(), html);
    while let Some(at) = rest.find('<') {
        plain += &rest[..at];
        let end = rest[at..].find('>').ok_or("an unclosed tag")?;
        let tag = &rest[at + 1..at + end];
        match tag.strip_prefix('/') {
            Some(name) if open.pop() == Some(name) => {}
            Some(name) => return Err(format!("unexpected end tag `{name}`")),
            None if tag == "b" => open.push("b"),
            None if tag.starts_with("a href=\"") && tag.ends_with('"') => open.push("a"),
            None => return Err(format!("unsupported start tag `{tag}`")),
        }
        rest = &rest[at + end + 1..];
    }
    plain += rest;
    match open.pop() {
        Some(tag) => Err(format!("can't find end tag of `{tag}`")),
        None if plain.contains('>') => Err("a stray `>`".to_owned()),
        None => {
            let entities = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&amp;", "&")];
            let known = |text: &str| entities.iter().any(|(entity, _)| text.starts_with(entity));
            if plain.match_indices('&').any(|(at, _)| !known(&plain[at..])) {
                return Err("an unknown entity".to_owned());
            }
            Ok(entities.iter().fold(plain, |text, (entity, c)| text.replace(entity, c)))
        }
    }
}

/// An error as Telegram writes one.
pub(super) fn refusal(status: u16, description: &str) -> Reply {
    let body = json!({ "ok": false, "error_code": status, "description": description });
    Reply::new(status, body.to_string()).header("content-type", "application/json")
}

pub(super) fn too_many(wait: Option<Duration>) -> Reply {
    let mut body = json!({ "ok": false, "error_code": 429, "description": "Too Many Requests" });
    if let Some(wait) = wait {
        body["parameters"] = json!({ "retry_after": seconds(wait) });
    }
    Reply::new(429, body.to_string()).header("content-type", "application/json")
}
