//! A bot's cards, over real HTTP.

use super::harness::Harness;
use crate::support::chat::{Answer, CHANNEL, Chat, TOKEN};
use crate::support::lookout::{now, until};

pub(super) fn bot(chat: &Chat) -> String {
    format!(
        "[[notify]]\nkind = \"mattermost\"\nbot_token = \"{TOKEN}\"\nserver_url = \"{}\"\nchannel_id = \"{CHANNEL}\"\n",
        chat.server_url()
    )
}

fn with_hook(chat: &Chat) -> String {
    format!("{}url = \"{}\"\n", bot(chat), chat.hook())
}

/// Waits until the last of `count` posts contains `what`.
#[track_caller]
pub(super) fn shows(chat: &Chat, count: usize, what: &str) {
    let shows = || {
        let posts = chat.posts();
        posts.len() == count && posts[count - 1].body.to_string().contains(what)
    };
    assert!(until(shows), "`{what}` is not the last of {count}: {:#?}", chat.posts());
}

#[test]
fn a_card_is_posted_edited_in_place_and_closed() {
    let chat = Chat::mattermost();
    let mut chats = Harness::new(&bot(&chat));
    chats.join("Ada");
    shows(&chat, 1, "Ada");
    chats.join("Grace");
    shows(&chat, 1, "Grace");
    // A restart continues with the same card.
    chats.stop();
    chats.event("joined", "Edsger");
    chats.start();
    chats.send_snapshot();
    shows(&chat, 1, "Edsger");
    for name in ["Ada", "Grace", "Edsger"] {
        chats.leave(name);
    }
    assert!(until(|| chat.posts()[0].edits >= 3));
    // The next opening gets a new card; within one second it would be the same opening.
    shows(&chat, 1, "Everybody has left");
    let left = now();
    assert!(until(|| now() > left));
    chats.join("Barbara");
    shows(&chat, 2, "Barbara");
}

#[test]
fn of_many_changes_during_an_outage_only_the_newest_is_shown() {
    let chat = Chat::mattermost();
    let mut chats = Harness::new(&bot(&chat));
    chats.join("Ada");
    shows(&chat, 1, "Ada");
    chat.always(Answer::Status(503));
    for n in 0..30 {
        chats.join(&format!("Guest{n}"));
    }
    // The first of these may be an edit that was in flight.
    let heard = chat.heard().len();
    chat.wait_for_requests(heard + 3);
    chat.always(Answer::Usual);
    shows(&chat, 1, "Guest9");
    assert!(chat.posts()[0].edits <= 3, "no backlog of edits: {}", chat.posts()[0].edits);
}

#[test]
fn a_card_that_was_deleted_is_posted_anew() {
    let chat = Chat::mattermost();
    let mut chats = Harness::new(&bot(&chat));
    chats.join("Ada");
    shows(&chat, 1, "Ada");
    chat.next([Answer::Status(404)]);
    chats.join("Grace");
    shows(&chat, 2, "Grace");
}

#[test]
fn a_bot_that_may_not_edit_says_it_in_messages() {
    let chat = Chat::mattermost();
    let mut chats = Harness::new(&bot(&chat));
    chats.join("Ada");
    shows(&chat, 1, "Ada");
    chat.next([Answer::Status(403)]);
    // What the card should have shown, and the next message.
    chats.join("Grace");
    shows(&chat, 2, "Grace");
    chats.join("Edsger");
    shows(&chat, 3, "Edsger");
    chats.leave("Ada");
    shows(&chat, 4, "Ada");
    assert!(chat.heard().iter().all(|heard| heard.path.starts_with("/api/")));
}

#[test]
fn a_bot_that_is_refused_gives_way_to_the_webhook() {
    let chat = Chat::mattermost();
    let mut chats = Harness::new(&with_hook(&chat));
    chat.next([Answer::Status(401)]);
    chats.join("Ada");
    shows(&chat, 1, "Ada");
    chats.join("Grace");
    shows(&chat, 2, "Grace");
    let by_hook = chat.heard().iter().filter(|heard| heard.path.starts_with("/hooks/")).count();
    assert_eq!(by_hook, 2);
    drop(chats);
    // Without a webhook, the message is lost, and that is logged.
    let chat = Chat::mattermost();
    let mut chats = Harness::new(&bot(&chat));
    chat.always(Answer::Status(401));
    chats.join("Ada");
    let lost = "lookout_notify_lost_total{target=\"1\",kind=\"mattermost\",reason=\"refused\"}";
    assert!(until(|| chats.metric(lost) == Some(2)), "{}", chats.health.metrics());
}
