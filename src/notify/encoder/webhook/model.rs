//! What the body of a webhook may contain. The guide documents it.

use serde::Serialize;

use crate::notify::attempt::Attempt;
use crate::notify::encoder::escape::display_name;
use crate::notify::encoder::post::Post;
use crate::notify::message::{Message, MessageKind};
use crate::time::moment::Moment;
use crate::zoom::Name;

/// The variables of the template, and the keys of the built-in JSON.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Model {
    /// The id of the message, the same over all attempts.
    id: String,
    /// `joined`, `left`, `started`, `ended`, `sharing`, `waiting`, `stranger` or `test`.
    event: &'static str,
    /// The name of the room; null if all meetings are one room.
    room: Option<String>,
    /// Who joined.
    joined: Vec<String>,
    /// Who left.
    left: Vec<String>,
    /// Who began to wait to be let in.
    waiting: Vec<String>,
    /// How many people are in the room.
    count: usize,
    /// Who is in the room, as far as they may be named.
    members: Vec<String>,
    /// The message as one line of text.
    text: String,
    /// The URL of the room's page; null without `site.base_url`.
    url: Option<String>,
    /// The URL to join; null if the settings have none.
    join: Option<String>,
    /// When it happened, in RFC 3339.
    at: String,
}

impl Model {
    /// The model of `message`, which was rendered as `post`.
    pub(super) fn new(message: &Message, attempt: &Attempt, post: &Post) -> Self {
        let Message { room, kind, members } = message;
        let mut model = Self {
            id: attempt.id.clone(),
            event: "test",
            room: room.name.as_deref().map(display_name),
            joined: Vec::new(),
            left: Vec::new(),
            waiting: Vec::new(),
            count: members.names.len() + members.others,
            members: names(&members.names),
            text: text(post),
            url: room.dashboard.clone(),
            join: room.join.clone(),
            at: attempt.queued_at.to_string(),
        };
        match kind {
            MessageKind::Moves { joined, left, inside } => {
                model.event = if joined.is_empty() { "left" } else { "joined" };
                (model.joined, model.left, model.count) = (names(joined), names(left), *inside);
            }
            MessageKind::Sharing { .. } => model.event = "sharing",
            MessageKind::Started { at, by, inside } => {
                (model.event, model.at) = ("started", at.to_string());
                (model.joined, model.count) = (names(by), *inside);
            }
            MessageKind::Ended(summary) => {
                (model.event, model.at) = ("ended", summary.until.to_string());
            }
            MessageKind::Waiting(waiting) => {
                (model.event, model.waiting) = ("waiting", names(&waiting.names));
            }
            MessageKind::Stranger { joined, inside } => {
                model.event = "stranger";
                (model.joined, model.count) = (names(joined), *inside);
            }
            MessageKind::Test => {}
        }
        model
    }
}

fn names(names: &[Name]) -> Vec<String> {
    names.iter().map(|name| display_name(name.as_str())).collect()
}

/// The text of `post` on one line.
fn text(post: &Post) -> String {
    let text = match post {
        Post::Line(text) => text,
        Post::Attachment(attachment) => &attachment.fallback,
    };
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Models with everything and with next to nothing, whose names would break most formats.
pub(super) fn samples() -> [Model; 2] {
    let name = || "Ada \"\\<&>'".to_owned();
    let empty = Model {
        id: "msg_sample".to_owned(),
        event: "ended",
        room: None,
        joined: Vec::new(),
        left: Vec::new(),
        waiting: Vec::new(),
        count: 0,
        members: Vec::new(),
        text: "🌙 The room is empty again".to_owned(),
        url: None,
        join: None,
        at: Moment::from_seconds(1_767_637_800).to_string(),
    };
    let full = Model {
        event: "joined",
        room: Some(name()),
        joined: vec![name(), name()],
        left: vec![name()],
        waiting: vec![name()],
        count: 2,
        members: vec![name(), name()],
        text: name(),
        url: Some("https://example.org/lookout/".to_owned()),
        join: Some("https://example.org/join".to_owned()),
        ..empty.clone()
    };
    [empty, full]
}
