//! The program with chats, as an operator runs it.

use std::fs;
use std::thread;

use lookout::time::moment::Moment;

use super::harness::hook;
use super::kinds;
use crate::support::chat::ntfy::{NTFY_TOKEN, TOPIC};
use crate::support::chat::slack::SLACK_TOKEN;
use crate::support::chat::telegram::TELEGRAM_TOKEN;
use crate::support::chat::{Answer, CHANNEL, Chat, TOKEN};
use crate::support::lookout::{now, until};
use crate::support::{Lookout, Request};

const PUBLISHED: &str = "[privacy]\npublish = [\"*\"]\n";

pub(super) fn lookout(targets: &str) -> Lookout {
    Lookout::with_settings(&format!("{PUBLISHED}{targets}"))
}

/// An event that somebody joins or leaves, now.
pub(super) fn body(what: &str, name: &str) -> String {
    let time = Moment::from_seconds(now());
    let key = if what == "left" { "leave_time" } else { "join_time" };
    format!(
        r#"{{"event":"meeting.participant_{what}","event_ts":1,"payload":{{"object":{{"uuid":"m","id":"1","participant":{{"user_id":"{name}","user_name":"{name}","{key}":"{time}"}}}}}}}}"#
    )
}

#[track_caller]
pub(super) fn deliver(lookout: &Lookout, body: &str) {
    assert_eq!(lookout.deliver(body.as_bytes()).status, 204, "{body}");
}

#[test]
fn sixty_four_copies_at_once_are_one_message() {
    let chat = Chat::mattermost();
    let mut lookout = lookout(&hook("mattermost", &chat.hook()));
    lookout.serve();
    lookout.wait_for_chats();
    let body = body("joined", "Ada");
    thread::scope(|scope| {
        for _ in 0..64 {
            scope.spawn(|| deliver(&lookout, &body));
        }
    });
    assert!(chat.wait_for_posts(1)[0].text().contains("Ada"));
    deliver(&lookout, &self::body("joined", "Grace"));
    assert!(chat.wait_for_posts(2)[1].text().contains("Grace"));
    assert_eq!(lookout.exported_keys().len(), 2, "one row each");
}

#[test]
fn a_kill_loses_and_repeats_nothing() {
    let chat = Chat::mattermost();
    let mut lookout = lookout(&hook("mattermost", &chat.hook()));
    lookout.serve();
    lookout.wait_for_chats();
    deliver(&lookout, &body("joined", "Ada"));
    chat.wait_for_posts(1);
    // A kill before the outcome is saved may repeat the message.
    lookout.wait_for_check(|said| said.contains("the last message was taken"));
    // It is killed while a message is debounced, and again while the server is down.
    deliver(&lookout, &body("joined", "Grace"));
    lookout.kill();
    chat.always(Answer::Status(503));
    lookout.serve();
    let heard = chat.heard().len();
    chat.wait_for_requests(heard + 1);
    lookout.kill();
    lookout.serve();
    deliver(&lookout, &body("left", "Ada"));
    deliver(&lookout, &body("left", "Grace"));
    chat.wait_for_requests(heard + 2);
    chat.always(Answer::Usual);
    assert!(until(|| chat.posts().len() >= 3) || until(|| chat.posts().len() >= 3));
    lookout.stop();
    let posts = chat.posts();
    let texts: Vec<_> = posts.iter().map(|post| post.text()).collect();
    assert_eq!(texts.len(), 3, "{texts:#?}");
    assert!(texts[0].contains("Ada") && texts[1].contains("Grace"), "{texts:#?}");
    assert!(posts[2].body.to_string().contains("Ada"), "the summary: {posts:#?}");
}

#[test]
fn no_log_metric_or_error_contains_the_url_or_the_token() {
    let chat = Chat::mattermost();
    let secret = chat.hook().rsplit('/').next().expect("it has a path").to_owned();
    let targets = format!(
        "{}bot_token = \"{TOKEN}\"\nserver_url = \"{}\"\nchannel_id = \"{CHANNEL}\"\n{}",
        hook("mattermost", &chat.hook()),
        chat.server_url(),
        // Nothing listens there.
        hook("slack", &format!("http://127.0.0.1:9/services/{secret}")),
    );
    for verbosity in ["-vv", "-vvv"] {
        let mut lookout = lookout(&targets);
        lookout.serve_with(&[verbosity]);
        lookout.wait_for_chats();
        chat.next([Answer::Status(401), Answer::Status(404), Answer::Closes]);
        let before = chat.heard().len();
        deliver(&lookout, &body("joined", "Ada"));
        // The bot is refused, then the hook.
        chat.wait_for_requests(before + 2);
        let mut metrics = String::new();
        let both_failed = || {
            metrics = crate::support::Request::get("/metrics").send(lookout.admin()).text();
            let lost = "lookout_notify_lost_total{target=\"1\"";
            let retried = "lookout_notify_retries_total{target=\"2\"";
            metrics.contains(lost) && metrics.contains(retried)
        };
        assert!(until(both_failed), "{metrics}");
        let test = lookout.run(&[verbosity, "notify", "--test"]);
        let check = lookout.run(&[verbosity, "check"]);
        let outputs = [&test.stdout, &test.stderr, &check.stdout, &check.stderr];
        let outputs = outputs.map(|bytes| String::from_utf8_lossy(bytes).into_owned());
        let said = format!("{}{metrics}{}", lookout.stop(), outputs.concat());
        assert!(said.contains("slack at 127.0.0.1"), "{said}");
        for hidden in [&secret, TOKEN] {
            assert!(!said.contains(hidden), "`{hidden}` in {said}");
        }
    }
}

#[test]
fn a_test_sends_one_sample_to_each_and_reports_the_outcome() {
    let (fine, gone, away) = (Chat::mattermost(), Chat::discord(), "http://127.0.0.1:9/hook");
    gone.always(Answer::Status(404));
    let with = |more: &str| lookout(&format!("{}{more}", hook("mattermost", &fine.hook())));
    let said = with("").ok(&["notify", "--test"]);
    insta::assert_snapshot!(said, @"✓ chat 1 (mattermost at 127.0.0.1), webhook: the sample was taken");
    assert_eq!(fine.posts().len(), 1);
    let missing = "[[notify]]\nkind = \"slack\"\nurl_file = \"missing\"\n";
    let all = with(&format!("{}{}{missing}", hook("discord", &gone.hook()), hook("slack", away)));
    let output = all.run(&["notify", "--test"]);
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stdout).expect("UTF-8");
    let dir = all.dir.path().display().to_string();
    insta::assert_snapshot!(said.replace(&dir, "DIR"), @r#"
    ✓ chat 1 (mattermost at 127.0.0.1), webhook: the sample was taken
    ✗ chat 2 (discord at 127.0.0.1), webhook: refused, 404 Not Found: {"code":0,"message":"as the test says"}; make a new webhook if that one is gone
    ✗ chat 3 (slack at 127.0.0.1), webhook: nothing listens there; is the address right, and the server up?
    ✗ chat 4 (slack): `notify.url_file`, `missing`: No such file or directory (os error 2); correct the path, or the file's owner and mode
    "#);
    let refused = all.run(&["notify"]);
    assert_eq!(refused.status.code(), Some(2), "settings that are of no use");
    let none = lookout("").run(&["notify", "--test"]);
    assert_eq!(none.status.code(), Some(2));
    insta::assert_snapshot!(String::from_utf8_lossy(&none.stderr), @"lookout: lookout.toml: `[[notify]]`: there is no chat; add a `[[notify]]` with `kind` and `url`");
}

#[test]
fn a_test_reaches_each_kind() {
    for (kind, chat, target) in kinds::all() {
        let lookout = lookout(&target);
        let said = lookout.ok(&["notify", "--test"]);
        assert!(said.contains(": the sample was taken"), "{kind}: {said}");
        assert!(said.starts_with(&format!("✓ chat 1 ({kind} at 127.0.0.1)")), "{said}");
        assert_eq!(chat.posts().len(), 1, "{kind}");
        chat.always(Answer::Status(403));
        let refused = lookout.run(&["notify", "--test"]);
        assert_eq!(refused.status.code(), Some(1), "{kind}");
        let said = String::from_utf8(refused.stdout).expect("UTF-8");
        assert!(said.contains("refused, 403"), "{kind}: {said}");
    }
}

#[test]
fn no_log_metric_or_error_contains_a_secret_of_any_kind() {
    let key = kinds::KEY.trim_start_matches("whsec_");
    let secrets = [TOKEN, SLACK_TOKEN, TELEGRAM_TOKEN, NTFY_TOKEN, TOPIC, key, "s3cr3t", "t0k3n"];
    let all = kinds::all();
    let targets: String = all.iter().map(|(_, _, target)| target.as_str()).collect();
    let mut lookout = lookout(&targets);
    lookout.serve_with(&["-vvv"]);
    lookout.wait_for_chats();
    for answers in
        [[Answer::Status(401), Answer::Status(503)], [Answer::Closes, Answer::Status(404)]]
    {
        for (n, answer) in answers.into_iter().enumerate() {
            let before: Vec<_> = all.iter().map(|(_, chat, _)| chat.heard().len()).collect();
            all.iter().for_each(|(_, chat, _)| _ = chat.always(answer));
            deliver(&lookout, &body("joined", &format!("{answer:?}{n}")));
            for ((_, chat, _), before) in all.iter().zip(before) {
                chat.wait_for_requests(before + 1);
            }
        }
    }
    let outputs =
        [vec!["-vvv", "notify", "--test"], vec!["-vvv", "check"], vec!["print", "config"]];
    let outputs = outputs.map(|arguments| {
        let output = lookout.run(&arguments);
        String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
    });
    let metrics = Request::get("/metrics").send(lookout.admin()).text();
    let said = format!("{}{metrics}{}", lookout.stop(), outputs.concat());
    assert!(said.contains("telegram at 127.0.0.1"), "{said}");
    // The topic is no secret of the settings, so `print config` shows it.
    let said = said.replace(&format!("topic = \"{TOPIC}\""), "");
    for hidden in secrets {
        assert!(!said.contains(hidden), "`{hidden}` in {said}");
    }
}

/// Starts a program that sends messages.
type Start = fn(&mut Lookout);

#[test]
fn broken_templates_stop_no_program_and_are_reported() {
    let programs: [(&str, Start); 2] =
        [("serve", |lookout| _ = lookout.serve()), ("notify", Lookout::notify)];
    for (what, start) in programs {
        let chat = Chat::mattermost();
        let mut lookout = lookout(&hook("mattermost", &chat.hook()));
        let words = "{% component moves(joined) %}{{ jointed.names }}{% endcomponent moves %}";
        fs::create_dir_all(lookout.path("templates/messages")).expect("made");
        fs::write(lookout.path("templates/messages/en.txt"), words).expect("written");
        // A broken page does not affect chats.
        fs::write(lookout.path("templates/index.html"), "{% if").expect("written");
        let check = lookout.run(&["check"]);
        let check = String::from_utf8_lossy(&check.stdout).into_owned();
        let said = "chat 1 (mattermost at 127.0.0.1) uses the built-in templates: failed to render `moves`";
        assert!(check.contains(&format!("✗ notify    {said}")), "{what}: {check}");
        start(&mut lookout);
        lookout.wait_for_chats();
        if what == "serve" {
            let ready = Request::get("/readyz").send(lookout.admin()).text();
            assert!(ready.contains(said), "{ready}");
        }
        let log = lookout.stop();
        assert_eq!(log.matches("failed to render `moves`").count(), 1, "{what}, once: {log}");
        assert!(log.contains(said), "{what}: {log}");
    }
}
