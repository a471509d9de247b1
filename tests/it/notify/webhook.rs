//! Requests to any URL.

use std::fs;

use lookout::config::access::Statuses;
use lookout::notify::{Service, WebhookSettings};
use serde_json::{Value, json};
use standardwebhooks::Webhook;

use super::harness::{Harness, hook};
use super::kinds::{KEY, webhook};
use super::messages::{attempt, encoder, lounge, messages, people, secret};
use super::program::lookout;
use crate::support::chat::{Answer, Chat, Heard};
use crate::support::lookout::until;

/// The body of each kind of message, written by the template `body`.
fn written(body: &str, headers: &[&str]) -> Result<Vec<(&'static str, String)>, String> {
    let (url, success) = (secret("https://hook.example/in"), [Statuses { first: 200, last: 299 }]);
    let headers: Vec<_> = headers.iter().map(|line| secret(line)).collect();
    let headers = headers.iter().collect();
    let settings =
        WebhookSettings { url: &url, method: "POST", headers, body, success: &success, key: None };
    let service = Service::webhook(&settings).map_err(|error| format!("{error:#}"))?;
    let encoder = encoder(service, "en");
    let messages = messages(&lounge(), &people(2), 1).into_iter();
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    Ok(messages
        .map(|(kind, message)| {
            (kind, text(encoder.message(&message, &attempt()).expect("written").body))
        })
        .collect())
}

#[test]
fn the_built_in_body_says_everything() {
    let lines = written("", &[]).expect("no template, no fault");
    let lines: Vec<_> = lines.iter().map(|(kind, body)| format!("{kind}: {body}")).collect();
    insta::assert_snapshot!("webhook", lines.join("\n").replace('\u{200b}', "¦"));
}

#[test]
fn a_template_writes_any_format() {
    let form = ["Content-Type: application/x-www-form-urlencoded"];
    let plain = ["Content-Type: text/plain"];
    #[rustfmt::skip]
    let cases = [
        // what is special     template                                     headers    the first body
        ("JSON",               r#"{"t":{{ text | json }},"n":{{ joined | json }}}"#, &[][..], r#"{"t":"👋 Ada and Grace joined · 3 in Lounge","n":["Ada","Grace"]}"#),
        ("inside a string",    r#"{"t":"{{ event }}: {{ room }}"}"#,        &[][..],   r#"{"t":"joined: Lounge"}"#),
        ("a form",             "room={{ room }}&text={{ text }}",           &form[..], "room=Lounge&text=%F0%9F%91%8B%20Ada%20and%20Grace%20joined%20%C2%B7%203%20in%20Lounge"),
        ("text",               "{{ count }} at {{ at }}",                   &plain[..], "3 at 2026-01-05T17:38:00Z"),
    ];
    for (what, template, headers, expected) in cases {
        let bodies = written(template, headers).expect(what);
        assert_eq!(bodies[0].1, expected, "{what}");
    }
}

#[test]
fn a_broken_template_is_found_before_anybody_comes() {
    #[rustfmt::skip]
    let cases = [
        // what is special       template                 said
        ("no JSON",              "{{ text }}",            "`notify.body` makes no JSON"),
        ("an unknown variable",  "{\"a\":\"{{ texxt }}\"}", "texxt"),
        ("no end",               "{% if text %}",         "failed to render `notify.body`"),
    ];
    for (what, template, said) in cases {
        let error = written(template, &[]).expect_err(what);
        assert!(error.contains(said), "{what}: {error}");
    }
}

/// What the published library of Standard Webhooks says of a request.
fn verify(heard: &Heard, body: &[u8]) -> bool {
    let mut headers = http::HeaderMap::new();
    for name in ["webhook-id", "webhook-timestamp", "webhook-signature"] {
        let value = heard.header(name).expect("it is signed");
        headers.insert(name, value.parse().expect("a header"));
    }
    Webhook::new(KEY).expect("a key").verify(body, &headers).is_ok()
}

#[test]
fn the_library_of_standard_webhooks_verifies_the_signature() {
    let chat = Chat::webhook();
    let mut chats = Harness::new(&webhook(&chat));
    chats.join("Ada");
    let heard = chat.wait_for_requests(1).remove(0);
    assert!(verify(&heard, &heard.body), "{heard:?}");
    let forged = String::from_utf8_lossy(&heard.body).replace("Ada", "Eve");
    assert!(!verify(&heard, forged.as_bytes()), "another body has another signature");
}

#[test]
fn the_id_stays_the_same_over_retries_and_differs_between_messages() {
    let chat = Chat::webhook();
    let mut chats = Harness::new(&webhook(&chat));
    chat.next([Answer::Status(503), Answer::Closes, Answer::DoneThenCloses]);
    chats.join("Ada");
    chat.wait_for_requests(4);
    chats.join("Grace");
    let heard = chat.wait_for_requests(5);
    let ids: Vec<_> =
        heard.iter().map(|heard| heard.header("webhook-id").expect("signed")).collect();
    assert!(ids[..4].iter().all(|id| *id == ids[0]), "{ids:?}");
    assert_ne!(ids[4], ids[0]);
    assert!(heard.iter().all(|heard| verify(heard, &heard.body)), "each is signed");
}

#[test]
fn method_headers_and_url_are_as_the_settings_say() {
    let chat = Chat::webhook();
    let more = "method = \"PUT\"\nheaders = [\"X-Room: lounge\"]\nheaders_file = \"more\"\nbody = '{\"t\": {{ text | json }}}'\n";
    let url = format!("{}/{{id}}", chat.hook());
    let lookout = lookout(&format!("{}{more}", hook("webhook", &url)));
    fs::write(lookout.path("more"), "Authorization: Bearer s3cr3t-of-mine\nX-Extra: 1\n")
        .expect("written");
    let said = lookout.ok(&["notify", "--test"]);
    assert_eq!(said, "✓ chat 1 (webhook at 127.0.0.1), webhook: the sample was taken\n");
    let heard = chat.heard().remove(0);
    assert_eq!(heard.method, "PUT");
    let id = heard.path.rsplit('/').next().expect("a path");
    assert!(id.starts_with("msg_") && id.len() == 36, "{id}");
    assert_eq!(heard.header("x-room"), Some("lounge"));
    assert_eq!(heard.header("x-extra"), Some("1"));
    assert_eq!(heard.header("authorization"), Some("Bearer s3cr3t-of-mine"));
    assert_eq!(heard.header("content-type"), Some("application/json"));
    assert!(heard.json()["t"].as_str().is_some_and(|text| text.contains("✅")), "{heard:?}");
    let config = lookout.ok(&["print", "config"]);
    assert!(config.contains("# headers is set, and not shown"), "{config}");
}

#[test]
fn the_settings_say_which_statuses_mean_delivered() {
    #[rustfmt::skip]
    let cases = [
        // what is special      success              answer               delivered, lost
        ("any 2xx",             "",                  Answer::Status(299), (true, false)),
        ("a conflict",          "[\"2xx\", \"409\"]", Answer::Status(409), (true, false)),
        ("not as configured",   "[\"200\"]",          Answer::Status(202), (false, true)),
        ("for good",            "",                  Answer::Status(410), (false, true)),
        ("for now",             "",                  Answer::Status(500), (true, false)),
    ];
    for (what, success, answer, (is_delivered, is_lost)) in cases {
        let chat = Chat::webhook();
        let success =
            if success.is_empty() { String::new() } else { format!("success = {success}\n") };
        let mut chats = Harness::new(&format!("{}{success}", webhook(&chat)));
        chat.next([answer]);
        chat.always(Answer::Status(200));
        chats.join("Ada");
        let sent = || chats.metric("lookout_notify_sent_total") == Some(1);
        let lost = || chats.metric("lookout_notify_lost_total") == Some(1);
        assert!(until(|| sent() || lost()), "{what}");
        assert_eq!((sent(), lost()), (is_delivered, is_lost), "{what}");
    }
}

#[test]
fn an_outage_delays_requests_and_loses_repeats_and_mixes_up_none() {
    let chat = Chat::webhook();
    let mut chats = Harness::new(&webhook(&chat));
    chat.always(Answer::Status(503));
    let names: Vec<_> = (0..20).map(|n| format!("Guest{n:02}")).collect();
    for (waiting, name) in (1..).zip(&names) {
        chats.join(name);
        assert!(until(|| chats.metric("lookout_notify_backlog") == Some(waiting)), "{name} waits");
    }
    chats.stop();
    chats.start();
    chat.always(Answer::Usual);
    let posts = chat.wait_for_posts(names.len());
    let joined: Vec<_> = posts.iter().map(|post| post.body["joined"][0].clone()).collect();
    assert_eq!(Value::from(joined), json!(names));
    let members = posts.iter().map(|post| post.body["members"].as_array().expect("a list").len());
    assert!(members.eq(1..=20), "as it was then");
}
