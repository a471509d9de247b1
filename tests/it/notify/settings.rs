//! Settings and templates that change while the notifier runs.

use std::fs;

use lookout::config::{Environment, parse};
use lookout::notify::outbox::Outbox;
use lookout::notify::status::target_statuses;

use super::cards::{bot, shows};
use super::harness::{Harness, hook};
use super::program::body;
use crate::support::Lookout;
use crate::support::chat::{Answer, Chat};
use crate::support::lookout::until;

/// Settings that publish `names`, with `targets`.
fn publishing(names: &str, targets: &str) -> String {
    format!("[privacy]\npublish = [{names}]\n{targets}")
}

/// Waits for `count` posts; returns their texts.
#[track_caller]
fn posted_texts(chat: &Chat, count: usize) -> Vec<String> {
    chat.wait_for_posts(count).iter().map(|post| post.body.to_string()).collect()
}

/// Waits until a message with `what` was sent, accepted or not.
#[track_caller]
fn was_tried(chat: &Chat, what: &str) {
    let tried = || chat.heard().iter().any(|heard| heard.json().to_string().contains(what));
    assert!(until(tried), "nobody tried to say `{what}`");
}

/// A chat that is down, with one message that names Ada and one that names Grace.
fn with_both_waiting() -> (Chat, Harness) {
    let chat = Chat::mattermost();
    let mut chats = Harness::new(&hook("mattermost", &chat.hook()));
    chat.always(Answer::Status(503));
    chats.join("Ada");
    was_tried(&chat, "Ada");
    chats.join("Grace");
    assert!(until(|| chats.metric("lookout_notify_backlog") == Some(2)), "both wait");
    (chat, chats)
}

#[test]
fn a_name_that_is_published_no_more_is_in_nothing_that_is_sent_from_then_on() {
    let (chat, mut chats) = with_both_waiting();
    chats.change(&publishing("\"Grace\"", &hook("mattermost", &chat.hook())));
    // The request in flight can't be recalled; the next one does not name her.
    was_tried(&chat, "Grace");
    chats.join("Edsger");
    chats.leave("Ada");
    chats.leave("Grace");
    chat.always(Answer::Usual);
    let texts = posted_texts(&chat, 2);
    assert!(texts.iter().all(|text| text.contains("Grace")), "{texts:#?}");
    assert!(!texts.concat().contains("Ada") && !texts.concat().contains("Edsger"), "{texts:#?}");
}

#[test]
fn it_leaves_messages_that_waited_while_nobody_ran() {
    let (chat, mut chats) = with_both_waiting();
    chats.stop();
    chats.change(&publishing("\"Grace\"", &hook("mattermost", &chat.hook())));
    chat.always(Answer::Usual);
    chats.start();
    let texts = posted_texts(&chat, 1);
    assert!(texts[0].contains("Grace joined · 1 in"), "nor is Ada counted: {texts:#?}");
    assert!(!texts[0].contains("Ada"), "{texts:#?}");
}

#[test]
fn hiding_somebody_is_no_leaving_and_showing_them_again_no_coming() {
    let chat = Chat::mattermost();
    let target = hook("mattermost", &chat.hook());
    let mut chats = Harness::new(&target);
    chats.join("Ada");
    posted_texts(&chat, 1);
    for publish in ["\"Grace\"", "\"*\"", "\"Grace\"", "\"Grace\", \"Ada\""] {
        chats.change(&publishing(publish, &target));
        let is_shown = publish != "\"Grace\"";
        assert!(until(|| chats.has_announced("Ada") == is_shown), "{publish} is not applied");
    }
    chats.join("Grace");
    let texts = posted_texts(&chat, 2);
    assert!(texts[1].contains("Grace") && !texts[1].contains("Ada"), "{texts:#?}");
    assert_eq!(chat.posts().len(), 2, "{:#?}", chat.posts());
}

#[test]
fn a_hidden_person_is_in_no_message_of_a_chat_that_names_everybody() {
    let chat = Chat::mattermost();
    let target = format!("{}names = \"all\"\n", hook("mattermost", &chat.hook()));
    let hiding = format!("[privacy]\npublish = [\"*\"]\nhide = [\"Ada\"]\n{target}");
    let mut chats = Harness::new(&target);
    chats.join("Ada");
    posted_texts(&chat, 1);
    chats.change(&hiding);
    assert!(until(|| !chats.has_announced_opening()), "the settings are not applied");
    chats.leave("Ada");
    chats.join("Ada");
    chats.join("Grace");
    let texts = posted_texts(&chat, 2);
    assert!(texts[1].contains("Grace") && !texts[1].contains("Ada"), "{texts:#?}");
    chats.leave("Grace");
    let texts = posted_texts(&chat, 3);
    assert!(!texts[2].contains("Ada"), "the room empties with Grace: {texts:#?}");
}

#[test]
fn others_who_are_counted_no_more_have_not_left() {
    let chat = Chat::mattermost();
    let target = hook("mattermost", &chat.hook());
    let counted =
        |others: &str| format!("[privacy]\npublish = [\"Grace\"]\nothers = \"{others}\"\n{target}");
    let mut chats = Harness::new(&target);
    chats.change(&counted("counted"));
    chats.join("Ada");
    posted_texts(&chat, 1);
    chats.change(&counted("hidden"));
    assert!(until(|| !chats.has_announced_opening()), "the settings are not applied");
    chats.join("Grace");
    let texts = posted_texts(&chat, 2);
    assert!(texts[1].contains("Grace"), "nothing was texts in between: {texts:#?}");
}

#[test]
fn a_card_lets_go_of_a_name_at_once() {
    let chat = Chat::mattermost();
    let mut chats = Harness::new(&bot(&chat));
    chats.join("Ada");
    chats.join("Grace");
    shows(&chat, 1, "Grace");
    chats.change(&publishing("\"Grace\"", &bot(&chat)));
    let is_gone = || !chat.posts()[0].body.to_string().contains("Ada");
    assert!(until(is_gone), "{:#?}", chat.posts());
    shows(&chat, 1, "Grace");
}

#[test]
fn a_card_that_is_refused_then_does_not_say_in_words_that_they_left() {
    let chat = Chat::mattermost();
    let target = format!("{}url = \"{}\"\n", bot(&chat), chat.hook());
    let mut chats = Harness::new(&target);
    chats.join("Ada");
    chats.join("Grace");
    shows(&chat, 1, "Grace");
    assert!(
        until(|| chats.metric("lookout_notify_backlog") == Some(0)),
        "it knows what stands there"
    );
    chat.next([Answer::Status(403)]);
    let heard = chat.heard().len();
    chats.change(&publishing("\"Grace\"", &target));
    chat.wait_for_requests(heard + 1);
    let refused = || chats.metric("lookout_notify_lost_total") == Some(1);
    assert!(until(refused), "the card is given up before anything else happens");
    chats.join("Edsger");
    chats.leave("Grace");
    let later = || chat.posts().len() > 1;
    assert!(until(later), "{:#?}", chat.posts());
    let posts = chat.posts();
    assert!(posts[1..].iter().all(|post| !post.body.to_string().contains("Ada")), "{posts:#?}");
}

#[test]
fn a_target_follows_its_new_settings() {
    let (lounge, quiet, new) = (Chat::mattermost(), Chat::slack(), Chat::discord());
    let all = |names: &str| format!("{}names = \"{names}\"\n", hook("mattermost", &lounge.hook()));
    let mut chats = Harness::new(&format!("{}{}", all("all"), hook("slack", &quiet.hook())));
    chats.join("Ada");
    for chat in [&lounge, &quiet] {
        chat.wait_for_posts(1);
    }
    // One target names fewer people, one is removed, and one is new.
    let targets = format!("{}{}", all("published"), hook("discord", &new.hook()));
    chats.change(&publishing("\"Grace\"", &targets));
    chats.wait_for_first_comparison();
    chats.join("Edsger");
    chats.join("Grace");
    for chat in [&lounge, &new] {
        let texts = posted_texts(chat, 1).concat();
        assert!(
            until(|| chat.posts().iter().any(|post| post.body.to_string().contains("Grace"))),
            "{texts}"
        );
        assert!(chat.posts().iter().all(|post| !post.body.to_string().contains("Edsger")));
    }
    assert_eq!(quiet.posts().len(), 1, "{:#?}", quiet.posts());
}

/// A template for joins and leaves.
fn moves(text: &str) -> String {
    format!("{{% component moves(joined) %}}{text}{{% endcomponent moves %}}")
}

#[test]
fn words_that_change_count_and_a_fault_in_them_does_not_hold_up_what_may_be_named() {
    let chat = Chat::mattermost();
    let target = hook("mattermost", &chat.hook());
    let mut chats = Harness::new(&target);
    chats.join("Zoe");
    chat.wait_for_posts(1);
    chats.write_template("messages/en.txt", &moves("🎉 {{ joined.names }}"));
    chats.change(&publishing("\"*\"", &target));
    chats.join("Ada");
    assert_eq!(chat.wait_for_posts(2)[1].text(), "🎉 Ada");
    chats.write_template("messages/en.txt", &moves("{{ jointed.names }}"));
    chats.change(&publishing("\"Grace\"", &target));
    chats.join("Edsger");
    chats.join("Grace");
    assert!(chat.wait_for_posts(3)[2].text().contains("Grace"), "{:#?}", chat.posts());
}

#[test]
fn words_that_are_broken_at_the_start_give_way_to_the_built_in_ones_until_they_are_mended() {
    let chat = Chat::mattermost();
    let target = hook("mattermost", &chat.hook());
    let mut chats = Harness::new(&target);
    chats.join("Zoe");
    chat.wait_for_posts(1);
    chats.stop();
    chats.write_template("messages/en.txt", &moves("{{ jointed.names }}"));
    chats.start();
    chats.join("Ada");
    assert!(chat.wait_for_posts(2)[1].text().contains("Ada joined"), "{:#?}", chat.posts());
    let warnings = chats.health.warnings();
    assert!(warnings[0].why.contains("`jointed`"), "{warnings:?}");
    chats.write_template("messages/en.txt", &moves("🎉 {{ joined.names }}"));
    chats.change(&publishing("\"*\"", &target));
    chats.join("Grace");
    assert_eq!(chat.wait_for_posts(3)[2].text(), "🎉 Grace");
    assert_eq!(chats.health.warnings(), []);
}

/// Somebody joins now.
fn store(lookout: &Lookout, name: &str) {
    fs::write(lookout.path("event.jsonl"), body("joined", name)).expect("written");
    lookout.ok(&["import", "event.jsonl"]);
}

/// Whether no message waits in the stored outbox.
fn nothing_waits(lookout: &Lookout) -> bool {
    let file = lookout.path("lookout.toml");
    let text = fs::read_to_string(&file).expect("it is there");
    let settings = parse(&text, &file, &Environment::default()).expect("they are valid");
    let runtime = tokio::runtime::Runtime::new().expect("it starts");
    let found = runtime.block_on(target_statuses(&settings, None));
    let waits = |outbox: Outbox| outbox.backlog().0 > 0;
    found.is_ok_and(|found| {
        !found.into_iter().flatten().any(|target| target.outbox.is_none_or(waits))
    })
}

/// Starts a program that sends messages.
type Start = fn(&mut Lookout);

#[test]
fn the_program_takes_up_its_settings_and_its_words_while_it_runs() {
    let programs: [(&str, Start); 2] =
        [("serve", |lookout| _ = lookout.serve()), ("notify", Lookout::notify)];
    for (what, start) in programs {
        let chat = Chat::mattermost();
        let targets = |names: &str| publishing(names, &hook("mattermost", &chat.hook()));
        let mut lookout = Lookout::with_settings(&targets("\"*\""));
        start(&mut lookout);
        lookout.wait_for_chats();
        chat.always(Answer::Status(503));
        store(&lookout, "Ada");
        was_tried(&chat, "Ada");

        let words = "{% component started_text(by) %}🎉 {{ by.names }}{% endcomponent started_text %}\
                     {% component moves(joined) %}🎉 {{ joined.names }}{% endcomponent moves %}";
        fs::create_dir_all(lookout.path("templates/messages")).expect("made");
        fs::write(lookout.path("templates/messages/en.txt"), words).expect("written");
        let file = lookout.path("lookout.toml");
        let settings = fs::read_to_string(&file).expect("it is there");
        fs::write(&file, settings.replace("\"*\"", "\"Grace\"")).expect("written");
        assert!(
            until(|| nothing_waits(&lookout)),
            "{what}: the message that names Ada goes on waiting"
        );
        store(&lookout, "Grace");
        // Requests go one at a time, so none that names Ada is in flight.
        was_tried(&chat, "Grace");
        chat.always(Answer::Usual);
        let texts = posted_texts(&chat, 1);
        assert!(texts[0].contains("🎉 Grace"), "{what}: {texts:#?}");
        assert!(!texts[0].contains("Ada"), "{what}: {texts:#?}");
        lookout.stop();
    }
}
