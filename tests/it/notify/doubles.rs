//! The test doubles of the services respond as `mattermost.md` documents.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::chat::{Answer, CHANNEL, Chat, TOKEN};
use crate::support::{Reply, Request};

/// Sends `body` to the webhook.
fn post(chat: &Chat, body: &str) -> Reply {
    Request::post(&path(chat), body.as_bytes()).send(chat.address())
}

fn path(chat: &Chat) -> String {
    chat.hook().replace(&chat.server_url(), "")
}

const HELLO: &str = r#"{"text":"hello","content":"hello"}"#;

#[test]
fn a_hook_says_so_when_it_takes_a_message() {
    #[rustfmt::skip]
    let cases = [
        // service      double              status  body
        ("Mattermost",  Chat::mattermost(), 200,    "ok"),
        ("Slack",       Chat::slack(),      200,    "ok"),
        ("Discord",     Chat::discord(),    204,    ""),
    ];
    for (service, chat, status, body) in cases {
        let reply = post(&chat, HELLO);
        assert_eq!((reply.status, reply.text().as_str()), (status, body), "{service}");
        assert_eq!(chat.wait_for_posts(1)[0].text(), "hello", "{service}");
        assert_eq!(chat.heard()[0].json()["text"], "hello", "{service}");
    }
}

#[test]
fn a_hook_refuses_what_the_service_would() {
    let long = json!({ "content": "x".repeat(2_001) }).to_string();
    let huge = json!({ "text": "x".repeat(300_001) }).to_string();
    let field = json!({ "embeds": [{ "fields": [{ "name": "", "value": "x" }] }] }).to_string();
    #[rustfmt::skip]
    let cases = [
        // what is special        double              body        status
        ("bad JSON",              Chat::mattermost(), "{",        400),
        ("an empty message",      Chat::mattermost(), "{}",       400),
        ("over the limit",        Chat::mattermost(), &huge,      413),
        ("bad JSON",              Chat::slack(),      "{",        400),
        ("an empty message",      Chat::slack(),      "{}",       400),
        ("bad JSON",              Chat::discord(),    "{",        400),
        ("an empty message",      Chat::discord(),    "{}",       400),
        ("over the limit",        Chat::discord(),    &long,      400),
        ("a field without name",  Chat::discord(),    &field,     400),
    ];
    for (what, chat, body, status) in cases {
        assert_eq!(post(&chat, body).status, status, "{what}: {}", chat.hook());
        assert_eq!(chat.posts(), [], "{what}");
    }
    for (chat, status) in [(Chat::mattermost(), 400), (Chat::slack(), 404), (Chat::discord(), 404)]
    {
        let elsewhere = Request::post("/hooks/unknown", HELLO.as_bytes()).send(chat.address());
        assert_eq!(elsewhere.status, status, "an unknown hook: {}", chat.hook());
    }
}

#[test]
fn a_long_text_is_split_bluntly() {
    let chat = Chat::mattermost();
    post(&chat, &json!({ "text": "x".repeat(16_384) }).to_string());
    let lengths: Vec<usize> = chat.posts().iter().map(|post| post.text().len()).collect();
    assert_eq!(lengths, [16_383, 1]);
}

#[test]
fn a_script_decides_what_comes_back() {
    for chat in [Chat::mattermost(), Chat::slack(), Chat::discord()] {
        let service = chat.hook();
        chat.next([Answer::Status(503), Answer::Late(Duration::from_millis(50))]);
        assert_eq!(post(&chat, HELLO).status, 503, "{service}");
        assert!(post(&chat, HELLO).status < 300, "{service}");
        assert!(post(&chat, HELLO).status < 300, "{service}: after the script, the usual");
        chat.always(Answer::Status(501));
        assert_eq!(post(&chat, HELLO).status, 501, "{service}");
        assert_eq!(post(&chat, HELLO).status, 501, "{service}");
        let statuses: Vec<_> = chat.heard().iter().filter_map(|heard| heard.status).collect();
        assert_eq!(statuses.len(), 5, "{service}");
        assert_eq!(chat.posts().len(), 2, "{service}: a refused message is not posted");
    }
}

#[test]
fn a_connection_may_break_in_every_way() {
    let chat = Chat::mattermost();
    let path = path(&chat);
    let send = || Request::post(&path, HELLO.as_bytes()).try_send(chat.address());
    chat.next([Answer::Closes, Answer::DoneThenCloses, Answer::ClosesHalfway]);
    send().expect_err("closed without a word");
    send().expect_err("closed without a word, but posted");
    let half = send().expect("the head came");
    let promised: usize = half.header("content-length").and_then(|n| n.parse().ok()).expect("said");
    assert!(half.body.len() < promised, "{half:?}");
    assert_eq!(chat.posts().len(), 1, "only the second did as asked");

    chat.next([Answer::Hangs]);
    let mut stream = std::net::TcpStream::connect(chat.address()).expect("connected");
    let head = format!("POST {path} HTTP/1.1\r\ncontent-length: 2\r\n\r\n{{}}");
    std::io::Write::write_all(&mut stream, head.as_bytes()).expect("sent");
    chat.wait_for_requests(4);
    stream.set_read_timeout(Some(Duration::from_millis(50))).expect("set");
    std::io::Read::read(&mut stream, &mut [0]).expect_err("nothing comes, and it stays open");
}

#[test]
fn too_many_requests_get_a_delay() {
    let wait = Answer::TooMany { retry_after: Duration::from_millis(1_500) };
    for chat in [Chat::mattermost(), Chat::slack(), Chat::discord()] {
        let service = chat.hook();
        chat.next([wait, Answer::TooManyAtUnknownTime]);
        let known = post(&chat, HELLO);
        assert_eq!((known.status, known.header("retry-after")), (429, Some("2")), "{service}");
        let unknown = post(&chat, HELLO);
        assert_eq!((unknown.status, unknown.header("retry-after")), (429, None), "{service}");
    }
    let discord = Chat::discord();
    discord.next([wait]);
    let body: Value = serde_json::from_str(&post(&discord, HELLO).text()).expect("JSON");
    assert_eq!(body["retry_after"], 1.5);
    let mattermost = Chat::mattermost();
    mattermost.next([wait]);
    assert_eq!(post(&mattermost, HELLO).header("x-ratelimit-reset"), Some("2"));
}

#[test]
fn a_rate_limit_holds_until_it_has_refilled() {
    let chat = Chat::mattermost();
    chat.limit(0.01, 2.0);
    let statuses: Vec<u16> = (0..3).map(|_| post(&chat, HELLO).status).collect();
    assert_eq!(statuses, [200, 200, 429]);
}

#[test]
fn a_bot_posts_and_edits() {
    let chat = Chat::mattermost();
    let send = |method: &str, path: &str, token: &str, body: Value| {
        let body = body.to_string();
        let request = Request { method, path, headers: Vec::new(), body: body.as_bytes() };
        let reply = request.header("authorization", format!("Bearer {token}")).send(chat.address());
        let post: Value = serde_json::from_str(&reply.text()).expect("JSON");
        (reply.status, post["id"].as_str().unwrap_or_default().to_owned())
    };
    let card = |text: &str| json!({ "channel_id": CHANNEL, "message": text });
    let posts = "/api/v4/posts";
    let (status, id) = send("POST", posts, TOKEN, card("open"));
    assert_eq!(status, 201);
    let patch = format!("{posts}/{id}/patch");
    let elsewhere = json!({ "channel_id": "another", "message": "open" });
    let long = json!({ "message": "x".repeat(16_384) });
    #[rustfmt::skip]
    let cases = [
        // what is special     method  path                         token    body            status
        ("an edit",            "PUT",  patch.as_str(),              TOKEN,   card("closed"), 200),
        ("an unknown post",    "PUT",  "/api/v4/posts/none/patch",  TOKEN,   card("closed"), 404),
        ("no such token",      "PUT",  patch.as_str(),              "wrong", card("mine"),   401),
        ("no such token",      "POST", posts,                       "wrong", card("mine"),   401),
        ("another channel",    "POST", posts,                       TOKEN,   elsewhere,      403),
        ("an empty message",   "POST", posts,                       TOKEN,   card(""),       400),
        ("too long",           "PUT",  patch.as_str(),              TOKEN,   long,           400),
    ];
    for (what, method, path, token, body, expected) in cases {
        assert_eq!(send(method, path, token, body).0, expected, "{what}");
    }
    let [post] = chat.posts().try_into().expect("one post");
    assert_eq!((post.text(), post.edits), ("closed", 1));
}
