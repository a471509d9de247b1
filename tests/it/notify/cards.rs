//! Cards of each kind of target, over real HTTP.

use super::harness::Harness;
use super::kinds::{Carded, carded, mattermost_bot};
use super::program::{body, deliver, lookout};
use crate::support::chat::{Answer, Chat};
use crate::support::lookout::{now, until};

pub(super) fn bot(chat: &Chat) -> String {
    mattermost_bot(chat)
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
    for Carded { kind, chat, target, .. } in carded() {
        let rooms = "[[rooms]]\nmeeting_id = \"1\"\nname = \"Lounge\"\njoin_url = \"https://zoom.example/j/1\"\n";
        let mut chats = Harness::new(&format!("{target}{rooms}"));
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
        assert!(until(|| chat.posts()[0].edits >= 3), "{kind}");
        // The next opening gets a new card; within one second it would be the same opening.
        shows(&chat, 1, "Everybody has left");
        shows(&chat, 1, "https://zoom.example/j/1");
        let left = now();
        assert!(until(|| now() > left));
        chats.join("Barbara");
        shows(&chat, 2, "Barbara");
        assert!(chat.posts()[0].body.to_string().contains("Everybody has left"), "{kind}");
    }
}

#[test]
fn of_many_changes_during_an_outage_only_the_newest_is_shown() {
    for Carded { kind, chat, target, .. } in carded() {
        let mut chats = Harness::new(&target);
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
        let edits = chat.posts()[0].edits;
        assert!(edits <= 3, "no backlog of edits: {edits} of {kind}");
    }
}

#[test]
fn a_kill_neither_repeats_a_card_nor_loses_its_newest_content() {
    for Carded { kind, chat, target, .. } in carded() {
        let mut lookout = lookout(&target);
        lookout.serve();
        lookout.wait_for_chats();
        deliver(&lookout, &body("joined", "Ada"));
        shows(&chat, 1, "Ada");
        // A kill before the outcome is saved may repeat the post.
        lookout.wait_for_check(|said| said.contains("the last message was taken"));
        chat.always(Answer::Status(503));
        deliver(&lookout, &body("joined", "Grace"));
        lookout.kill();
        lookout.serve();
        let heard = chat.heard().len();
        chat.wait_for_requests(heard + 1);
        lookout.kill();
        chat.always(Answer::Usual);
        lookout.serve();
        shows(&chat, 1, "Grace");
        assert!(chat.posts()[0].edits >= 1, "{kind}");
        lookout.stop();
    }
}

#[test]
fn a_card_that_was_deleted_is_posted_anew() {
    for Carded { chat, target, deleted, .. } in carded() {
        let mut chats = Harness::new(&target);
        chats.join("Ada");
        shows(&chat, 1, "Ada");
        chat.next([deleted]);
        chats.join("Grace");
        shows(&chat, 2, "Grace");
    }
}

#[test]
fn a_target_that_may_not_edit_says_it_in_messages() {
    for Carded { chat, target, forbidden, .. } in carded() {
        for answer in forbidden {
            let posted = chat.posts().len();
            let mut chats = Harness::new(&target);
            chats.join("Ada");
            shows(&chat, posted + 1, "Ada");
            chat.next([*answer]);
            // What the card should have shown, and the next message.
            chats.join("Grace");
            shows(&chat, posted + 2, "Grace joined");
            chats.join("Edsger");
            shows(&chat, posted + 3, "Edsger joined");
            chats.leave("Ada");
            shows(&chat, posted + 4, "Ada left");
        }
    }
}

#[test]
fn a_card_that_may_not_be_closed_is_followed_by_a_message() {
    for Carded { kind, chat, target, forbidden, .. } in carded() {
        for answer in forbidden {
            let posted = chat.posts().len();
            let mut chats = Harness::new(&target);
            chats.join("Ada");
            shows(&chat, posted + 1, "Ada");
            chat.next([*answer]);
            chats.leave("Ada");
            shows(&chat, posted + 2, "Everybody has left");
            assert_eq!(chats.metric("lookout_notify_lost_total"), Some(1), "{kind}");
        }
    }
}

#[test]
fn an_edit_that_is_too_early_waits_as_long_as_the_service_says() {
    let wait = std::time::Duration::from_secs(1);
    for Carded { kind, chat, target, .. } in carded() {
        let mut chats = Harness::new(&target);
        chats.join("Ada");
        shows(&chat, 1, "Ada");
        let heard = chat.heard().len();
        chat.next([Answer::TooMany { retry_after: wait }]);
        chats.join("Grace");
        shows(&chat, 1, "Grace");
        let heard = chat.heard().split_off(heard);
        let waited = heard[1].at.duration_since(heard[0].at);
        assert!(waited >= wait - wait / 20, "{kind}: {waited:?}");
    }
}

#[test]
fn an_edit_that_changes_nothing_is_a_success_to_telegram() {
    let carded = carded().into_iter().find(|it| it.kind == "telegram");
    let Carded { chat, target, .. } = carded.expect("it has cards");
    let mut chats = Harness::new(&target);
    chats.join("Ada");
    shows(&chat, 1, "Ada");
    // It did as asked, but the answer is lost.
    chat.next([Answer::DoneThenCloses]);
    chats.join("Grace");
    shows(&chat, 1, "Grace");
    // Sent again, it changes nothing.
    chat.wait_for_requests(3);
    chats.join("Edsger");
    shows(&chat, 1, "Edsger");
    assert_eq!(chats.metric("lookout_notify_lost_total"), None);
}

#[test]
fn an_error_in_a_200_of_slack_is_an_error() {
    let slack = || carded().into_iter().find(|it| it.kind == "slack").expect("it has cards");
    #[rustfmt::skip]
    let cases = [
        // what is special          answer                              is sent again
        ("too often",               Answer::Error("ratelimited"),       true),
        ("a fault",                 Answer::Error("internal_error"),    true),
        ("no such channel",         Answer::Error("channel_not_found"), false),
        ("no such token",           Answer::Error("invalid_auth"),      false),
    ];
    for (what, answer, is_sent_again) in cases {
        let Carded { chat, target, .. } = slack();
        let mut chats = Harness::new(&format!("{target}form = \"messages\"\n"));
        chat.next([answer]);
        chats.join("Ada");
        chat.wait_for_requests(1);
        chats.join("Grace");
        let posts = chat.wait_for_posts(if is_sent_again { 2 } else { 1 });
        assert!(posts.last().expect("a post").text().contains("Grace"), "{what}: {posts:#?}");
        let lost = chats.metric("lookout_notify_lost_total");
        assert_eq!(lost, (!is_sent_again).then_some(1), "{what}");
    }
}

#[test]
fn a_card_in_progress_is_closed_when_the_settings_ask_for_messages() {
    let carded = carded().into_iter().find(|it| it.kind == "discord");
    let Carded { chat, target, .. } = carded.expect("it has cards");
    let mut chats = Harness::new(&target);
    chats.join("Ada");
    shows(&chat, 1, "Ada");
    chats.change(&format!("[privacy]\npublish = [\"*\"]\n{target}form = \"messages\"\n"));
    chats.leave("Ada");
    shows(&chat, 1, "Everybody has left");
    let left = now();
    assert!(until(|| now() > left));
    chats.join("Grace");
    shows(&chat, 2, "Grace");
    chats.join("Barbara");
    shows(&chat, 3, "Barbara");
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
