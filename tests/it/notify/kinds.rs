//! The settings of each kind of target, for its double.

use super::harness::hook;
use crate::support::chat::ntfy::{NTFY_TOKEN, TOPIC};
use crate::support::chat::slack::{SLACK_CHANNEL, SLACK_TOKEN};
use crate::support::chat::telegram::{TELEGRAM_CHAT, TELEGRAM_TOKEN};
use crate::support::chat::{Answer, CHANNEL, Chat, TOKEN};

/// The key of the signatures of [`webhook`].
pub const KEY: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo=";

/// A kind of target that gets a card.
pub struct Carded {
    pub kind: &'static str,
    pub chat: Chat,
    pub target: String,
    /// The answer to an edit of a post that somebody deleted.
    pub deleted: Answer,
    /// The answers to an edit that is not allowed, now or any more.
    pub forbidden: &'static [Answer],
}

/// Every kind of target that gets a card.
pub fn carded() -> Vec<Carded> {
    let make = |kind, chat: Chat, target: fn(&Chat) -> String, deleted, forbidden| {
        let target = target(&chat);
        Carded { kind, chat, target, deleted, forbidden }
    };
    let (gone, forbidden) = (Answer::Status(404), &[Answer::Status(403)][..]);
    vec![
        make("mattermost", Chat::mattermost(), mattermost_bot, gone, forbidden),
        make(
            "slack",
            Chat::slack(),
            slack_bot,
            Answer::Error("message_not_found"),
            &[Answer::Error("cant_update_message"), Answer::Error("edit_window_closed")],
        ),
        make("discord", Chat::discord(), discord, gone, forbidden),
        make(
            "telegram",
            Chat::telegram(),
            telegram,
            Answer::Error("Bad Request: message to edit not found"),
            &[Answer::Status(403), Answer::Error("Bad Request: message can't be edited")],
        ),
    ]
}

/// Every kind of target, with messages.
pub fn with_messages() -> Vec<(&'static str, Chat, String)> {
    let make = |kind, chat: Chat, target: fn(&Chat) -> String| {
        let target = target(&chat);
        (kind, chat, target)
    };
    let messages = "form = \"messages\"\n";
    let bots = [
        make("slack", Chat::slack(), slack_bot),
        make("telegram", Chat::telegram(), telegram),
        make("discord", Chat::discord(), discord),
    ];
    let bots = bots.map(|(kind, chat, target)| (kind, chat, target + messages));
    let others = [
        make("mattermost", Chat::mattermost(), |chat| hook("mattermost", &chat.hook())),
        make("slack", Chat::slack(), |chat| hook("slack", &chat.hook())),
        make("ntfy", Chat::ntfy(), ntfy),
        make("webhook", Chat::webhook(), webhook),
    ];
    bots.into_iter().chain(others).collect()
}

/// Every kind of target, with a card where it can have one.
pub fn all() -> Vec<(&'static str, Chat, String)> {
    let carded = carded().into_iter().map(|it| (it.kind, it.chat, it.target));
    let (ntfy_chat, webhook_chat) = (Chat::ntfy(), Chat::webhook());
    let (to_ntfy, to_webhook) = (ntfy(&ntfy_chat), webhook(&webhook_chat));
    let others = [("ntfy", ntfy_chat, to_ntfy), ("webhook", webhook_chat, to_webhook)];
    carded.chain(others).collect()
}

pub fn mattermost_bot(chat: &Chat) -> String {
    let server = chat.server_url();
    format!(
        "[[notify]]\nkind = \"mattermost\"\nbot_token = \"{TOKEN}\"\nserver_url = \"{server}\"\nchannel_id = \"{CHANNEL}\"\n"
    )
}

pub fn slack_bot(chat: &Chat) -> String {
    let server = chat.server_url();
    format!(
        "[[notify]]\nkind = \"slack\"\nbot_token = \"{SLACK_TOKEN}\"\nserver_url = \"{server}\"\nchannel_id = \"{SLACK_CHANNEL}\"\n"
    )
}

pub fn discord(chat: &Chat) -> String {
    hook("discord", &chat.hook()).replace("form = \"messages\"\n", "")
}

pub fn telegram(chat: &Chat) -> String {
    let server = chat.server_url();
    format!(
        "[[notify]]\nkind = \"telegram\"\nbot_token = \"{TELEGRAM_TOKEN}\"\nserver_url = \"{server}\"\nchat = \"{TELEGRAM_CHAT}\"\n"
    )
}

pub fn ntfy(chat: &Chat) -> String {
    let server = chat.server_url();
    format!(
        "[[notify]]\nkind = \"ntfy\"\ntoken = \"{NTFY_TOKEN}\"\nserver_url = \"{server}\"\ntopic = \"{TOPIC}\"\npriority = 4\ntags = [\"door\"]\n"
    )
}

pub fn webhook(chat: &Chat) -> String {
    format!("{}secret = \"{KEY}\"\n", hook("webhook", &chat.hook()))
}
