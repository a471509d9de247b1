//! Of whom a target hears, and whom it mentions.

use serde_json::json;

use super::harness::{Harness, hook};
use super::kinds::{Carded, carded, mattermost_bot, telegram, webhook};
use crate::support::chat::Chat;
use crate::support::lookout::until;

#[test]
fn only_these_people_are_named_and_the_others_are_counted() {
    let chat = Chat::mattermost();
    let target = format!("{}people = [\"Ada\", \"Grace\"]\n", hook("mattermost", &chat.hook()));
    let mut chats = Harness::new(&target);
    for name in ["Edsger", "Barbara", "Ada"] {
        chats.join(name);
    }
    // The room opens when the first of them comes in.
    chat.wait_for_posts(1);
    chats.join("Linus");
    chats.join("Grace");
    let posts = chat.wait_for_posts(2);
    assert!(posts[0].body.to_string().contains("Ada came in · 3 inside"), "{posts:#?}");
    assert!(posts[1].text().contains("Grace joined · 5 in"), "{posts:#?}");
    chats.leave("Barbara");
    chats.leave("Ada");
    chat.wait_for_posts(3);
    chats.leave("Grace");
    let posts = chat.wait_for_posts(4);
    let ended = posts[3].body.to_string();
    assert!(ended.contains("👥 Ada and Grace") && ended.contains("5 people"), "{posts:#?}");
    for name in ["Edsger", "Barbara", "Linus"] {
        assert!(
            !posts.iter().any(|post| post.body.to_string().contains(name)),
            "{name}: {posts:#?}"
        );
    }
}

#[test]
fn a_card_names_only_these_people() {
    let chat = Chat::telegram();
    let mut chats = Harness::new(&format!("{}people = [\"Ada\"]\n", telegram(&chat)));
    chats.join("Edsger");
    chats.join("Ada");
    let text = chat.wait_for_posts(1)[0].text().to_owned();
    assert!(text.contains("2 in now") && text.contains("Ada"), "{text}");
    assert!(text.contains("At the most: 2 people"), "{text}");
    assert!(!text.contains("Edsger"), "{text}");
}

#[test]
fn a_webhook_counts_the_others_to_the_end() {
    let chat = Chat::webhook();
    let mut chats = Harness::new(&format!("{}people = [\"Ada\"]\n", webhook(&chat)));
    chats.join("Edsger");
    chats.join("Ada");
    chat.wait_for_posts(1);
    chats.leave("Ada");
    let body = chat.wait_for_posts(2).remove(1).body;
    let said = (&body["event"], &body["count"], &body["members"]);
    assert_eq!(said, (&json!("ended"), &json!(1), &json!([])), "{body}");
}

#[test]
fn only_the_post_that_a_room_opens_mentions_somebody() {
    #[rustfmt::skip]
    let sent = [
        ("mattermost", "@here", "\"@here\""),
        ("slack",      "@here", "\"<!here>\""),
        ("discord",    "@here", "\"parse\":[\"everyone\"]},\"content\":\"@here\""),
        ("telegram",   "@ada_l", "\"@ada_l\\n"),
    ];
    for (Carded { kind, chat, target, deleted, forbidden }, (of, mention, expected)) in
        carded().into_iter().zip(sent)
    {
        assert_eq!(kind, of);
        let mut chats = Harness::new(&format!("{target}mention = \"{mention}\"\n"));
        chats.join("@here");
        let posted = chat.wait_for_requests(1)[0].json().to_string();
        assert_eq!(posted.matches(expected).count(), 1, "{kind}: {posted}");
        chats.join("Grace");
        chat.wait_for_requests(2);
        // Somebody deletes the card, so it is posted anew.
        chat.next([deleted]);
        chats.join("Edsger");
        chat.wait_for_requests(4);
        // Once more; then cards are refused, and a message says what changed.
        chat.next([deleted, forbidden[0]]);
        chats.join("Barbara");
        let heard = chat.wait_for_requests(7);
        let sent: Vec<_> = heard.iter().map(|heard| heard.json().to_string()).collect();
        for text in &sent[1..] {
            assert!(!text.contains(expected), "{kind}: {text}");
        }
        assert!(sent[6].contains("Barbara joined"), "{kind}: {}", sent[6]);
        for text in &sent {
            let ours = text.replace(expected, "");
            let acts = ours.contains("@here") || ours.contains("<!here>");
            assert!(!acts, "the name is inert to {kind}: {ours}");
        }
    }
}

#[test]
fn who_hears_only_of_the_first_hears_of_no_join() {
    let chat = Chat::mattermost();
    let target = format!("{}only_first = true\n", hook("mattermost", &chat.hook()));
    let mut chats = Harness::new(&target);
    chats.join("Ada");
    chat.wait_for_posts(1);
    for name in ["Grace", "Edsger"] {
        chats.join(name);
    }
    assert!(until(|| chats.has_announced("Edsger")));
    for name in ["Grace", "Ada", "Edsger"] {
        chats.leave(name);
    }
    let posts = chat.wait_for_posts(2);
    assert_eq!(posts.len(), 2, "{posts:#?}");
    assert!(posts[0].body.to_string().contains("Ada came in"), "{posts:#?}");
    assert!(posts[1].body.to_string().contains("Everybody has left"), "{posts:#?}");
}

#[test]
fn a_bot_may_send_messages_instead_of_a_card() {
    let chat = Chat::mattermost();
    let mut chats = Harness::new(&format!("{}form = \"messages\"\n", mattermost_bot(&chat)));
    chats.join("Ada");
    chat.wait_for_posts(1);
    chats.join("Grace");
    let posts = chat.wait_for_posts(2);
    assert!(posts[1].text().contains("Grace joined"), "{posts:#?}");
    assert!(posts.iter().all(|post| post.edits == 0), "{posts:#?}");
}
