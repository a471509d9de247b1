//! The test doubles of the services respond as `mattermost.md` documents.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::chat::ntfy::{NTFY_TOKEN, TOPIC};
use crate::support::chat::slack::{SLACK_CHANNEL, SLACK_TOKEN};
use crate::support::chat::telegram::{TELEGRAM_CHAT, TELEGRAM_TOKEN};
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

/// Sends `body` with a token; the status, and the answer.
fn api(chat: &Chat, method: &str, path: &str, token: Option<&str>, body: &Value) -> (u16, Value) {
    let body = body.to_string();
    let mut request = Request { method, path, headers: Vec::new(), body: body.as_bytes() };
    if let Some(token) = token {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    let reply = request.send(chat.address());
    (reply.status, serde_json::from_str(&reply.text()).unwrap_or_default())
}

#[test]
fn a_webhook_of_discord_edits_its_own_messages() {
    let chat = Chat::discord();
    let (hook, hello) = (path(&chat), json!({ "content": "hello" }));
    let (status, post) = api(&chat, "POST", &format!("{hook}?wait=true"), None, &hello);
    let id = post["id"].as_str().expect("it waited").to_owned();
    assert_eq!(status, 200);
    let long = json!({ "content": "x".repeat(2_001) });
    #[rustfmt::skip]
    let cases = [
        // what is special     path                              body     status  code
        ("an edit",            format!("{hook}/messages/{id}"),  &hello,  200,    Value::Null),
        ("an unknown message", format!("{hook}/messages/17"),    &hello,  404,    json!(10_008)),
        ("an unknown hook",    "/api/webhooks/1/x/messages/1".to_owned(), &hello, 404, json!(10_015)),
        ("too long",           format!("{hook}/messages/{id}"),  &long,   400,    json!(50_035)),
    ];
    for (what, path, body, status, code) in cases {
        let (found, answer) = api(&chat, "PATCH", &path, None, body);
        assert_eq!((found, &answer["code"]), (status, &code), "{what}: {answer}");
    }
    assert_eq!(chat.posts()[0].edits, 1);
}

#[test]
fn a_bot_of_slack_gets_its_errors_with_a_200() {
    let chat = Chat::slack();
    let body = |channel: &str, text: &str| json!({ "channel": channel, "text": text });
    let (post, update) = ("/api/chat.postMessage", "/api/chat.update");
    let hello = body(SLACK_CHANNEL, "hello");
    let (_, posted) = api(&chat, "POST", post, Some(SLACK_TOKEN), &hello);
    let mut edit = hello.clone();
    edit["ts"] = posted["ts"].clone();
    #[rustfmt::skip]
    let cases = [
        // what is special     path     token        body                         error
        ("an edit",            update,  SLACK_TOKEN, edit,                        Value::Null),
        ("an unknown message", update,  SLACK_TOKEN, hello.clone(),               json!("message_not_found")),
        ("no such token",      post,    "wrong",     hello.clone(),               json!("invalid_auth")),
        ("another channel",    post,    SLACK_TOKEN, body("C1", "hello"),         json!("channel_not_found")),
        ("an empty message",   post,    SLACK_TOKEN, body(SLACK_CHANNEL, ""),     json!("no_text")),
    ];
    for (what, path, token, body, error) in cases {
        let (status, answer) = api(&chat, "POST", path, Some(token), &body);
        assert_eq!((status, &answer["error"]), (200, &error), "{what}");
        assert_eq!(answer["ok"], error.is_null(), "{what}");
    }
}

#[test]
fn a_bot_of_telegram_checks_tags_and_lengths() {
    let chat = Chat::telegram();
    let body = |text: &str| json!({ "chat_id": TELEGRAM_CHAT, "text": text, "message_id": 1 });
    let path = |method: &str| format!("/bot{TELEGRAM_TOKEN}/{method}");
    let (send, edit) = (path("sendMessage"), path("editMessageText"));
    let (long, elsewhere) = ("x".repeat(4_097), json!({ "chat_id": 1, "text": "hello" }));
    assert_eq!(api(&chat, "POST", &send, None, &body("<b>a</b>")).1["result"]["message_id"], 1);
    #[rustfmt::skip]
    let cases = [
        // what is special     path                        body                status  says
        ("an edit",            &edit,                      body("b"),          200,    ""),
        ("the same again",     &edit,                      body("b"),          400,    "message is not modified"),
        ("an unclosed tag",    &send,                      body("<b>a"),       400,    "can't find end tag"),
        ("a tag of its own",   &send,                      body("<h1>a</h1>"), 400,    "unsupported start tag"),
        ("a bare ampersand",   &send,                      body("a & b"),      400,    "unknown entity"),
        ("empty",              &send,                      body(" "),          400,    "text is empty"),
        ("too long",           &send,                      body(&long),        400,    "too long"),
        ("another chat",       &send,                      elsewhere,          400,    "chat not found"),
        ("no such token",      &"/bot1:x/sendMessage".to_owned(), body("a"),   401,    "Unauthorized"),
    ];
    for (what, path, body, status, says) in cases {
        let (found, answer) = api(&chat, "POST", path, None, &body);
        let description = answer["description"].as_str().unwrap_or_default();
        assert_eq!(found, status, "{what}: {answer}");
        assert!(description.contains(says), "{what}: {answer}");
    }
}

#[test]
fn a_topic_of_ntfy_checks_token_and_length() {
    let chat = Chat::ntfy();
    let body = |topic: &str, text: &str| json!({ "topic": topic, "message": text });
    let huge = "x".repeat(8_200);
    let mut urgent = body(TOPIC, "hello");
    urgent["priority"] = json!(6);
    #[rustfmt::skip]
    let cases = [
        // what is special     token        body                    status
        ("a message",          NTFY_TOKEN,  body(TOPIC, "hello"),   200),
        ("no such token",      "wrong",     body(TOPIC, "hello"),   401),
        ("another topic",      NTFY_TOKEN,  body("other", "hello"), 403),
        ("too urgent",         NTFY_TOKEN,  urgent,                 400),
        ("too long",           NTFY_TOKEN,  body(TOPIC, &huge),     413),
    ];
    for (what, token, body, status) in cases {
        assert_eq!(api(&chat, "POST", "/", Some(token), &body).0, status, "{what}");
    }
    let long = body(TOPIC, &"x".repeat(4_097));
    assert_eq!(api(&chat, "POST", "/", Some(NTFY_TOKEN), &long).0, 200);
    assert!(chat.posts()[1].body["attachment"].is_object(), "a long message becomes a file");
}
