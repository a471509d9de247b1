//! Settings and words that change while chats are told.

use std::fs;

use lookout::config::{Environment, parse};
use lookout::notify::kept::Kept;
use lookout::notify::survey::survey;

use super::cards::{bot, shows};
use super::program::body;
use super::stage::{Stage, hook};
use crate::support::Lookout;
use crate::support::chat::{Answer, Chat};
use crate::support::lookout::until;

/// `names` as `privacy.publish` has them, and `targets`.
fn publishing(names: &str, targets: &str) -> String {
    format!("[privacy]\npublish = [{names}]\n{targets}")
}

/// Waits for `count` posts; what all of them say.
#[track_caller]
fn said(chat: &Chat, count: usize) -> Vec<String> {
    chat.wait_for_posts(count).iter().map(|post| post.body.to_string()).collect()
}

/// Waits until a message was sent that says `what`, taken or not.
#[track_caller]
fn was_tried(chat: &Chat, what: &str) {
    let tried = || chat.heard().iter().any(|heard| heard.json().to_string().contains(what));
    assert!(until(tried), "nobody tried to say `{what}`");
}

/// A chat that is down, and messages that wait, of which one names Ada and one Grace.
fn with_both_waiting() -> (Chat, Stage) {
    let chat = Chat::mattermost();
    let mut stage = Stage::new(&hook("mattermost", &chat.hook()));
    chat.always(Answer::Status(503));
    stage.join("Ada");
    was_tried(&chat, "Ada");
    stage.join("Grace");
    assert!(until(|| stage.metric("lookout_notify_backlog") == Some(2)), "both wait");
    (chat, stage)
}

#[test]
fn a_name_that_is_published_no_more_is_in_nothing_that_is_sent_from_then_on() {
    let (chat, mut stage) = with_both_waiting();
    stage.change(&publishing("\"Grace\"", &hook("mattermost", &chat.hook())));
    // What was under way is not ours to call back; what is tried next does not name her.
    was_tried(&chat, "Grace");
    stage.join("Edsger");
    stage.leave("Ada");
    stage.leave("Grace");
    chat.always(Answer::Usual);
    let said = said(&chat, 2);
    assert!(said.iter().all(|text| text.contains("Grace")), "{said:#?}");
    assert!(!said.concat().contains("Ada") && !said.concat().contains("Edsger"), "{said:#?}");
}

#[test]
fn it_leaves_messages_that_waited_while_nobody_ran() {
    let (chat, mut stage) = with_both_waiting();
    stage.stop();
    stage.change(&publishing("\"Grace\"", &hook("mattermost", &chat.hook())));
    chat.always(Answer::Usual);
    stage.start();
    let said = said(&chat, 1);
    assert!(said[0].contains("Grace") && !said[0].contains("Ada"), "{said:#?}");
}

#[test]
fn hiding_somebody_is_no_leaving_and_showing_them_again_no_coming() {
    let chat = Chat::mattermost();
    let target = hook("mattermost", &chat.hook());
    let mut stage = Stage::new(&target);
    stage.join("Ada");
    said(&chat, 1);
    for publish in ["\"Grace\"", "\"*\"", "\"Grace\"", "\"Grace\", \"Ada\""] {
        stage.change(&publishing(publish, &target));
        let is_shown = publish != "\"Grace\"";
        assert!(until(|| stage.has_told_of("Ada") == is_shown), "nobody takes up {publish}");
    }
    stage.join("Grace");
    let said = said(&chat, 2);
    assert!(said[1].contains("Grace") && !said[1].contains("Ada"), "{said:#?}");
    assert_eq!(chat.posts().len(), 2, "{:#?}", chat.posts());
}

#[test]
fn others_who_are_counted_no_more_have_not_left() {
    let chat = Chat::mattermost();
    let target = hook("mattermost", &chat.hook());
    let counted =
        |others: &str| format!("[privacy]\npublish = [\"Grace\"]\nothers = \"{others}\"\n{target}");
    let mut stage = Stage::new(&target);
    stage.change(&counted("counted"));
    stage.join("Ada");
    said(&chat, 1);
    stage.change(&counted("hidden"));
    assert!(until(|| !stage.has_told_of_an_opening()), "nobody takes it up");
    stage.join("Grace");
    let said = said(&chat, 2);
    assert!(said[1].contains("Grace"), "nothing was said in between: {said:#?}");
}

#[test]
fn a_card_lets_go_of_a_name_at_once() {
    let chat = Chat::mattermost();
    let mut stage = Stage::new(&bot(&chat));
    stage.join("Ada");
    stage.join("Grace");
    shows(&chat, 1, "Grace");
    stage.change(&publishing("\"Grace\"", &bot(&chat)));
    let is_gone = || !chat.posts()[0].body.to_string().contains("Ada");
    assert!(until(is_gone), "{:#?}", chat.posts());
    shows(&chat, 1, "Grace");
}

#[test]
fn a_card_that_is_refused_then_does_not_say_in_words_that_they_left() {
    let chat = Chat::mattermost();
    let target = format!("{}url = \"{}\"\n", bot(&chat), chat.hook());
    let mut stage = Stage::new(&target);
    stage.join("Ada");
    stage.join("Grace");
    shows(&chat, 1, "Grace");
    assert!(
        until(|| stage.metric("lookout_notify_backlog") == Some(0)),
        "it knows what stands there"
    );
    chat.next([Answer::Status(403)]);
    let heard = chat.heard().len();
    stage.change(&publishing("\"Grace\"", &target));
    chat.wait_for_requests(heard + 1);
    let refused = || stage.metric("lookout_notify_lost_total") == Some(1);
    assert!(until(refused), "the card is given up before anything else happens");
    stage.join("Edsger");
    stage.leave("Grace");
    let later = || chat.posts().len() > 1;
    assert!(until(later), "{:#?}", chat.posts());
    let posts = chat.posts();
    assert!(posts[1..].iter().all(|post| !post.body.to_string().contains("Ada")), "{posts:#?}");
}

#[test]
fn a_target_is_told_by_its_new_settings() {
    let (lounge, quiet, new) = (Chat::mattermost(), Chat::slack(), Chat::discord());
    let all = |names: &str| format!("{}names = \"{names}\"\n", hook("mattermost", &lounge.hook()));
    let mut stage = Stage::new(&format!("{}{}", all("all"), hook("slack", &quiet.hook())));
    stage.join("Ada");
    for chat in [&lounge, &quiet] {
        chat.wait_for_posts(1);
    }
    // One is to name fewer, one is gone, and one is new.
    let targets = format!("{}{}", all("published"), hook("discord", &new.hook()));
    stage.change(&publishing("\"Grace\"", &targets));
    stage.wait_for_first_look();
    stage.join("Edsger");
    stage.join("Grace");
    for chat in [&lounge, &new] {
        let texts = said(chat, 1).concat();
        assert!(
            until(|| chat.posts().iter().any(|post| post.body.to_string().contains("Grace"))),
            "{texts}"
        );
        assert!(chat.posts().iter().all(|post| !post.body.to_string().contains("Edsger")));
    }
    assert_eq!(quiet.posts().len(), 1, "{:#?}", quiet.posts());
}

/// Own words for who comes and goes.
fn moves(text: &str) -> String {
    format!("{{% component moves(joined) %}}{text}{{% endcomponent moves %}}")
}

#[test]
fn words_that_change_count_and_a_fault_in_them_does_not_hold_up_what_may_be_named() {
    let chat = Chat::mattermost();
    let target = hook("mattermost", &chat.hook());
    let mut stage = Stage::new(&target);
    stage.join("Zoe");
    chat.wait_for_posts(1);
    stage.write_template("messages/en.txt", &moves("🎉 {{ joined.names }}"));
    stage.change(&publishing("\"*\"", &target));
    stage.join("Ada");
    assert_eq!(chat.wait_for_posts(2)[1].text(), "🎉 Ada");
    stage.write_template("messages/en.txt", &moves("{{ jointed.names }}"));
    stage.change(&publishing("\"Grace\"", &target));
    stage.join("Edsger");
    stage.join("Grace");
    assert!(chat.wait_for_posts(3)[2].text().contains("Grace"), "{:#?}", chat.posts());
}

#[test]
fn words_that_are_broken_at_the_start_give_way_to_the_built_in_ones_until_they_are_mended() {
    let chat = Chat::mattermost();
    let target = hook("mattermost", &chat.hook());
    let mut stage = Stage::new(&target);
    stage.join("Zoe");
    chat.wait_for_posts(1);
    stage.stop();
    stage.write_template("messages/en.txt", &moves("{{ jointed.names }}"));
    stage.start();
    stage.join("Ada");
    assert!(chat.wait_for_posts(2)[1].text().contains("Ada joined"), "{:#?}", chat.posts());
    let warnings = stage.health.warnings();
    assert!(warnings[0].why.contains("`jointed`"), "{warnings:?}");
    stage.write_template("messages/en.txt", &moves("🎉 {{ joined.names }}"));
    stage.change(&publishing("\"*\"", &target));
    stage.join("Grace");
    assert_eq!(chat.wait_for_posts(3)[2].text(), "🎉 Grace");
    assert_eq!(stage.health.warnings(), []);
}

/// Somebody comes now, whoever takes the deliveries.
fn store(lookout: &Lookout, name: &str) {
    fs::write(lookout.path("event.jsonl"), body("joined", name)).expect("written");
    lookout.ok(&["import", "event.jsonl"]);
}

/// Whether no message waits, as is kept on disk.
fn nothing_waits(lookout: &Lookout) -> bool {
    let file = lookout.path("lookout.toml");
    let text = fs::read_to_string(&file).expect("it is there");
    let settings = parse(&text, &file, &Environment::default()).expect("they are valid");
    let runtime = tokio::runtime::Runtime::new().expect("it starts");
    let found = runtime.block_on(survey(&settings, None));
    let waits = |kept: Kept| kept.waiting().0 > 0;
    found
        .is_ok_and(|found| !found.into_iter().flatten().any(|target| target.kept.is_none_or(waits)))
}

/// The program that tells, as it is started.
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
        // One request at a time: none that names Ada is under way any more.
        was_tried(&chat, "Grace");
        chat.always(Answer::Usual);
        let said = said(&chat, 1);
        assert!(said[0].contains("🎉 Grace"), "{what}: {said:#?}");
        assert!(!said[0].contains("Ada"), "{what}: {said:#?}");
        lookout.stop();
    }
}
