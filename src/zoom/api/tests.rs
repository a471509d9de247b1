use super::*;

fn at(text: &str) -> Moment {
    Moment::parse_rfc3339(text).expect("RFC 3339")
}

#[test]
fn a_uuid_is_encoded_as_zoom_asks() {
    #[rustfmt::skip]
    let cases = [
        // what is special          id             path
        ("a number",                "81234567001", "/v2/meetings/81234567001"),
        ("what Base64 has",         "ab+/c==",     "/v2/meetings/ab%2B%2Fc%3D%3D"),
        ("a slash at the start",    "/abc==",      "/v2/meetings/%252Fabc%253D%253D"),
        ("two slashes in a row",    "ab//c",       "/v2/meetings/ab%252F%252Fc"),
        ("what would end the path", "a?b#c/../d",  "/v2/meetings/a%3Fb%23c%2F..%2Fd"),
    ];
    for (what, id, path) in cases {
        assert_eq!(Question::status(id), path, "{what}");
    }
}

#[test]
fn a_question_names_its_page() {
    let past = "/v2/past_meetings/m/participants";
    let metrics = "/v2/metrics/meetings/m/participants";
    #[rustfmt::skip]
    let cases = [
        // what is special   question                    over         token   path, query
        ("the first page",   Question::PastParticipants, IsOver::Yes, "",     past,    "page_size=300"),
        ("another page",     Question::PastParticipants, IsOver::Yes, "a b&", past,    "page_size=300&next_page_token=a%20b%26"),
        ("while it goes on", Question::Metrics,          IsOver::No,  "",     metrics, "type=live&page_size=300"),
        ("when it is over",  Question::Metrics,          IsOver::Yes, "",     metrics, "type=past&page_size=300"),
    ];
    for (what, question, is_over, token, path, query) in cases {
        assert_eq!(question.participants("m", is_over, token), format!("{path}?{query}"), "{what}");
    }
}

#[test]
fn a_token_says_what_it_allows() {
    let body = br#"{"access_token":"hush","token_type":"bearer","expires_in":3599,
        "scope":"meeting:read:meeting:admin dashboard_meetings:read:admin","api_url":"https://api.zoom.us/"}"#;
    let token = Token::parse(body).expect("a token");
    assert_eq!((token.secret.reveal(), token.lifetime_s), ("hush", 3599));
    assert_eq!(token.api_url.as_deref(), Some("https://api.zoom.us"));
    let allowed: Vec<_> =
        QUESTIONS.into_iter().filter(|question| token.allows(*question)).collect();
    assert_eq!(allowed, [Question::Status, Question::Metrics]);
    assert!(!format!("{token:?}").contains("hush"));
    for body in [&b"{}"[..], b"[]", b"", br#"{"access_token":"","expires_in":1}"#] {
        assert!(Token::parse(body).is_none());
    }
}

#[test]
fn a_token_is_used_for_a_sensible_time_whatever_its_answer_says() {
    #[rustfmt::skip]
    let cases = [
        // what is special    expires_in            seconds
        ("as Zoom has it",    "3599",               3599),
        ("none at all",       "0",                  120),
        ("for ever",          "18446744073709551615", 86_400),
    ];
    for (what, expires_in, seconds) in cases {
        let body = format!(r#"{{"access_token":"a","expires_in":{expires_in}}}"#);
        let token = Token::parse(body.as_bytes()).expect("a token");
        assert_eq!(token.lifetime_s, seconds, "{what}");
    }
}

#[test]
fn half_an_emoji_in_a_name_hides_nobody() {
    #[rustfmt::skip]
    let cases: [(&str, &[u8], &str); 5] = [
        // what is special       name               read
        ("a whole one",          b"Ada \\ud83e\\udda9", "Ada 🦩"),
        ("half of one",          b"Ada \\ud83e",    "Ada \u{fffd}"),
        ("a whole one in CESU-8", b"Ada \xed\xa0\xbe\xed\xb6\xa9", "Ada 🦩"),
        ("half of that",         b"Ada \xed\xa0\xbe", "Ada \u{fffd}"),
        ("a byte of nothing",    b"Ada \xff",       "Ada \u{fffd}"),
    ];
    for (what, name, read) in cases {
        let body = [br#"{"participants":[{"name":"Bob"},{"name":""#, name, br#""}]}"#].concat();
        let page = Page::parse(&body).expect(what);
        let names: Vec<_> = page.stays.into_iter().map(|stay| stay.name).collect();
        assert_eq!(names, [Name::clean("Bob"), Name::clean(read)], "{what}");
    }
}

#[test]
fn a_status_is_read() {
    #[rustfmt::skip]
    let cases = [
        // what is special   body                                           started, uuid
        ("going on",         r#"{"id":1,"uuid":"m==","status":"started"}"#, Some((true, Some("m==")))),
        ("not going on",     r#"{"id":1,"status":"waiting"}"#,              Some((false, None))),
        ("without a status", r#"{"id":1,"uuid":"m=="}"#,                    None),
        ("not JSON",         "<html>",                                      None),
        ("a list",           "[]",                                          None),
    ];
    for (what, body, expected) in cases {
        let status = Status::parse(body.as_bytes());
        let found = status.as_ref().map(|found| (found.is_started(), found.uuid.as_deref()));
        assert_eq!(found, expected, "{what}");
    }
}

#[test]
fn participants_are_read_without_those_who_wait() {
    let body = br#"{"next_page_token":"n","participants":[
        {"id":"z1","name":" Ada ","user_id":"16778240","user_email":"ada@example.org","registrant_id":"",
         "join_time":"2026-01-05T20:00:00Z","leave_time":"2026-01-05T21:00:00Z","status":"in_meeting"},
        {"name":"Eve","user_id":"3","join_time":"2026-01-05T20:00:00Z","status":"in_waiting_room"},
        {"user_name":"Bob","user_id":4,"participant_uuid":"C1","join_time":"2026-01-05T20:00:09Z"}]}"#;
    let page = Page::parse(body).expect("a page");
    let ada = Stay {
        user_id: Some("16778240".to_owned()),
        connection: None,
        zoom_user_id: Some("z1".to_owned()),
        name: Name::clean("Ada"),
        joined: Some(at("2026-01-05T20:00:00Z")),
        left: Some(at("2026-01-05T21:00:00Z")),
    };
    let bob = Stay {
        user_id: Some("4".to_owned()),
        connection: Some("C1".to_owned()),
        zoom_user_id: None,
        name: Name::clean("Bob"),
        joined: Some(at("2026-01-05T20:00:09Z")),
        left: None,
    };
    assert_eq!(page, Page { stays: vec![ada, bob], next: "n".to_owned() });
    for body in [&b"{}"[..], br#"{"participants":{}}"#, br#"{"code":200,"message":"no"}"#] {
        assert_eq!(Page::parse(body), None);
    }
}

#[test]
fn what_is_no_success_says_what_to_do() {
    let now = at("2026-01-05T20:00:00Z");
    let other = |text: &str| Refusal::Other(text.to_owned());
    let refused = |text: &str| Refusal::Refused(text.to_owned());
    let not_allowed = |text: &str| Refusal::NotAllowed(text.to_owned());
    #[rustfmt::skip]
    let cases = [
        // what is special       status retry-after                   body                                  meaning
        ("a token that expired",    401, None,                        r#"{"code":124,"message":"Invalid access token."}"#, Refusal::Token),
        ("a scope that is lacking", 400, None,                        r#"{"code":4711,"message":"does not contain scopes:[a]"}"#, not_allowed("it answered 400, code 4711: does not contain scopes:[a]")),
        ("the same with 401",       401, None,                        r#"{"code":4711,"message":"no"}"#,   not_allowed("it answered 401, code 4711: no")),
        ("a plan that is lacking",  400, None,                        r#"{"code":200,"message":"Only available for Paid account"}"#, not_allowed("it answered 400, code 200: Only available for Paid account")),
        ("a firewall forbids it",   403, None,                        "<html>",                            refused("it answered 403")),
        ("a code that we do not know", 403, None,                     r#"{"code":99,"message":"no"}"#,     refused("it answered 403, code 99: no")),
        ("a code with a line break", 400, None,                       r#"{"code":"9\n9","message":"no"}"#, refused("it answered 400, code 9 9: no")),
        ("half an emoji in the message", 404, None,                   r#"{"code":3001,"message":"\ud83e"}"#, Refusal::NoMeeting),
        ("no such meeting",         404, None,                        r#"{"code":3001,"message":"Meeting does not exist"}"#, Refusal::NoMeeting),
        ("no such host",            404, None,                        r#"{"code":1001,"message":"User does not exist"}"#, refused("it answered 404, code 1001: User does not exist")),
        ("no such page of a proxy", 404, None,                        "<html>",                            refused("it answered 404")),
        ("too many a second",       429, Some("7"),                   "{}",                                Refusal::TooMany(Some(7))),
        ("too many a day",          429, Some("2026-01-06T00:00:00Z"), "{}",                               Refusal::TooMany(Some(4 * 3600))),
        ("too many for ever",       429, Some("9223372036854775807"), "{}",                                Refusal::TooMany(Some(86_400))),
        ("too many for centuries",  429, Some("9999-12-31T23:59:59Z"), "{}",                               Refusal::TooMany(Some(86_400))),
        ("too many, since when?",   429, Some("soon"),                "{}",                                Refusal::TooMany(None)),
        ("a failure of Zoom",       500, None,                        r#"{"message":"a\n"}"#,             other("it answered 500: a ")),
        ("code 200 of a failure",   502, None,                        r#"{"code":200}"#,                   other("it answered 502, code 200: ")),
    ];
    for (what, status, retry_after, body, meaning) in cases {
        assert_eq!(refusal(status, retry_after, body.as_bytes(), now), meaning, "{what}");
    }
}
