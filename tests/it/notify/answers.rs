//! How each response of a chat is handled, over real HTTP.

use std::time::Duration;

use lookout::notify::Timing;

use super::harness::{Harness, hook, quick};
use super::kinds::with_messages;
use crate::support::chat::{Answer, Chat};
use crate::support::lookout::until;

/// The time-out of a request: long enough for those that get a response.
const GIVEN_UP: Duration = Duration::from_secs(2);

/// What happens to the message.
#[derive(Debug, PartialEq, Eq, Clone, Copy)]
enum Then {
    Delivered,
    SentAgain,
    Dropped,
}

#[test]
fn each_answer_leads_to_what_it_means() {
    use Answer::{Closes, ClosesHalfway, Hangs, Late, Status, TooManyAtUnknownTime, Usual};
    use Then::{Delivered, Dropped, SentAgain};
    let late = Late(Duration::from_millis(100));
    #[rustfmt::skip]
    let cases = [
        // what is special               answer                 then
        ("ok",                           Usual,                 Delivered),
        ("ok, after a while",            late,                  Delivered),
        ("bad JSON, or an unknown hook", Status(400),           Dropped),
        ("not allowed",                  Status(401),           Dropped),
        ("the channel is locked",        Status(403),           Dropped),
        ("the channel is gone",          Status(404),           Dropped),
        ("the body is too long",         Status(413),           Dropped),
        ("too often, but when?",         TooManyAtUnknownTime,  SentAgain),
        ("a fault",                      Status(500),           SentAgain),
        ("hooks are disabled",           Status(501),           Dropped),
        ("a bad gateway",                Status(502),           SentAgain),
        ("overloaded",                   Status(503),           SentAgain),
        ("a slow gateway",               Status(504),           SentAgain),
        ("elsewhere",                    Status(302),           Dropped),
        ("elsewhere, body and all",      Status(307),           Dropped),
        ("nothing ever",                 Hangs,                 SentAgain),
        ("the connection closes",        Closes,                SentAgain),
        ("… in the middle of an answer", ClosesHalfway,         SentAgain),
    ];
    for (what, answer, then) in cases {
        for (kind, chat, target) in with_messages() {
            chat.next([answer]);
            let request_timeout = if answer == Hangs { GIVEN_UP } else { quick().request_timeout };
            let timing = Timing { request_timeout, ..quick() };
            let mut chats = Harness::with_timing(&target, timing);
            chats.join("Ada");
            chat.wait_for_requests(1);
            if then == SentAgain {
                chat.wait_for_requests(2);
            }
            // In each case, the next one arrives.
            chats.join("Grace");
            let is_dropped = then == Dropped;
            let posts = chat.wait_for_posts(if is_dropped { 1 } else { 2 });
            assert!(posts.last().expect("a post").text().contains("Grace"), "{what}: {posts:#?}");
            let tries = chat.heard().len();
            assert_eq!(tries, if then == SentAgain { 3 } else { 2 }, "{what} of {kind}");
            let lost = format!(
                "lookout_notify_lost_total{{target=\"1\",kind=\"{kind}\",reason=\"refused\"}}"
            );
            assert_eq!(chats.metric(&lost), is_dropped.then_some(1), "{what} of {kind}");
        }
    }
}

#[test]
fn a_server_that_says_when_is_asked_then() {
    let wait = Duration::from_secs(1);
    for (kind, chat, target) in with_messages() {
        chat.next([Answer::TooMany { retry_after: wait }]);
        let mut chats = Harness::new(&target);
        chats.join("Ada");
        chat.wait_for_posts(1);
        let heard = chat.heard();
        let waited = heard[1].at.duration_since(heard[0].at);
        assert!(waited >= wait - Duration::from_millis(50), "{kind}: {waited:?}");
    }
}

#[test]
fn the_header_says_when_whatever_the_body_says() {
    for (kind, chat) in
        [("mattermost", Chat::mattermost()), ("slack", Chat::slack()), ("discord", Chat::discord())]
    {
        // In seconds, the body would mean 25 minutes.
        chat.next([Answer::TooManyInTwoUnits { header: 1, body: 1_500 }]);
        let mut chats = Harness::new(&hook(kind, &chat.hook()));
        chats.join("Ada");
        chat.wait_for_posts(1);
        let heard = chat.heard();
        let waited = heard[1].at.duration_since(heard[0].at);
        assert!(waited >= Duration::from_millis(950), "{kind}: {waited:?}");
    }
}

#[test]
fn an_outage_delays_messages_and_loses_repeats_and_mixes_up_none() {
    use Answer::{Closes, ClosesHalfway, Hangs, Status, TooManyAtUnknownTime};
    let chat = Chat::mattermost();
    let impatient = Timing { request_timeout: Duration::from_millis(100), ..quick() };
    let mut chats = Harness::with_timing(&hook("mattermost", &chat.hook()), impatient);
    let names: Vec<_> = (0..60).map(|n| format!("Guest{n:02}")).collect();
    let troubles = [Status(503), Closes, Hangs, ClosesHalfway, TooManyAtUnknownTime, Status(500)];
    let backlog = "lookout_notify_backlog{target=\"1\",kind=\"mattermost\"}";
    for ((waiting, name), trouble) in (1..).zip(&names).zip(troubles.iter().cycle()) {
        chat.always(*trouble);
        let heard = chat.heard().len();
        chats.join(name);
        assert!(until(|| chats.metric(backlog) == Some(waiting)), "{name} waits");
        chat.wait_for_requests(heard + 1);
    }
    assert_eq!(chat.posts(), [], "nothing gets through");
    // It was also restarted in between.
    chats.stop();
    chats.timing = quick();
    chats.start();
    chat.always(Answer::Usual);
    // Messages go in order, so a duplicate would arrive before the last one.
    chats.join("Last");
    chat.wait_for_posts(names.len() + 1);
    assert!(until(|| chats.metric(backlog) == Some(0)));
    let posts = chat.posts();
    assert_eq!(posts.len(), names.len() + 1, "none twice");
    for (post, name) in posts.iter().zip(names.iter().map(String::as_str).chain(["Last"])) {
        assert!(post.text().contains(name), "{name} is due: {}", post.text());
    }
}

#[test]
fn a_message_that_waits_for_too_long_is_given_up() {
    let chat = Chat::mattermost();
    chat.always(Answer::Status(503));
    let timing = Timing { max_age_s: 1, ..quick() };
    let mut chats = Harness::with_timing(&hook("mattermost", &chat.hook()), timing);
    chats.join("Ada");
    let lost = "lookout_notify_lost_total{target=\"1\",kind=\"mattermost\",reason=\"given_up\"}";
    assert!(until(|| chats.metric(lost) == Some(1)), "{}", chats.health.metrics());
    chat.always(Answer::Usual);
    chats.join("Grace");
    let posts = chat.wait_for_posts(1);
    assert!(posts[0].text().contains("Grace"), "{posts:#?}");
}

#[test]
fn several_targets_do_not_wait_for_each_other() {
    let (down, up) = (Chat::slack(), Chat::discord());
    down.always(Answer::Hangs);
    let targets = format!(
        "{}{}{}events = [\"ended\"]\n",
        hook("slack", &down.hook()),
        hook("discord", &up.hook()),
        hook("discord", &up.hook()),
    );
    let mut chats = Harness::new(&targets);
    chats.join("Ada");
    up.wait_for_posts(1);
    chats.leave("Ada");
    // The second and the third share a URL, but not their events.
    up.wait_for_posts(3);
    assert_eq!(down.posts(), []);
}
