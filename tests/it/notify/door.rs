//! Who waits to be let in, and strangers, over real HTTP.

use super::harness::Harness;
use super::kinds::{carded, webhook, with_messages};
use crate::support::chat::Chat;
use crate::support::lookout::until;

/// What a target that watches the door has besides. The settings name Ada and Grace.
const WATCHES: &str = "names = \"all\"\nevents = [\"waiting\", \"stranger\"]\n[[people]]\nname = \"Ada\"\n[[people]]\nname = \"Grace\"\n";

#[test]
fn each_kind_of_target_hears_of_who_waits_and_of_strangers_and_of_nothing_else() {
    for (kind, chat, target) in with_messages() {
        let mut chats = Harness::new(&format!("{target}{WATCHES}"));
        chats.join("Ada");
        chats.wait("Grace");
        let posts = chat.wait_for_posts(1);
        let waiting = posts[0].body.to_string();
        assert!(waiting.contains("Grace is waiting to be let into"), "{kind}: {waiting}");
        chats.join("Grace");
        assert!(until(|| chats.has_announced("Grace")), "{kind}");
        chats.join("Mallory");
        let posts = chat.wait_for_posts(2);
        let stranger = posts[1].body.to_string();
        assert!(stranger.contains("Mallory came into"), "{kind}: {stranger}");
        assert!(stranger.contains("unknown here · 3 in now"), "{kind}: {stranger}");
        assert_eq!(posts.len(), 2, "{kind}: {posts:#?}");
    }
}

#[test]
fn a_card_shows_who_waits_and_who_is_a_stranger() {
    for it in carded() {
        let (kind, chat) = (it.kind, it.chat);
        let mut chats = Harness::new(&format!("{}{WATCHES}", it.target));
        chats.wait("Grace");
        chat.wait_for_posts(1);
        chats.join("Mallory");
        let posts = chat.wait_for_posts(3);
        let is_card = |post: &&crate::support::chat::Post| {
            let text = post.body.to_string();
            text.contains("Waiting")
                && text.contains("⏳ Grace")
                && text.contains("❔ unknown here")
        };
        assert_eq!(posts.iter().filter(is_card).count(), 1, "{kind}: {posts:#?}");
        chats.join("Grace");
        let shows_nobody = || chat.posts().iter().all(|post| !is_card(&post));
        assert!(until(shows_nobody), "{kind}: {:#?}", chat.posts());
    }
}

#[test]
fn a_webhook_gets_events_of_their_own() {
    let chat = Chat::webhook();
    let mut chats = Harness::new(&format!("{}{WATCHES}", webhook(&chat)));
    chats.wait("Grace");
    chat.wait_for_posts(1);
    chats.join("Mallory");
    let posts = chat.wait_for_posts(2);
    #[rustfmt::skip]
    let cases = [
        // event        joined       waiting     count
        ("waiting",     vec![],      vec!["Grace"], 0),
        ("stranger",    vec!["Mallory"], vec![], 1),
    ];
    for (post, (event, joined, waiting, count)) in posts.iter().zip(cases) {
        let body = &post.body;
        assert_eq!(body["event"], event, "{body}");
        assert_eq!(
            (&body["joined"], &body["waiting"]),
            (&joined.into(), &waiting.into()),
            "{body}"
        );
        assert_eq!(body["count"], count, "{body}");
    }
}
