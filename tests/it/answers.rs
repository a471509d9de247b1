//! Every row of the table of answers, over a real socket.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use lookout::config::Secret;
use lookout::zoom::signature::hmac_hex;

use crate::support::http::{connect, read_reply};
use crate::support::lookout::{WEBHOOK, is_quick, now, signed, until};
use crate::support::{Lookout, Reply, Request, SECRET};

const EVENT: &[u8] = br#"{"event":"meeting.started","event_ts":1767643200000,"payload":{"object":{"uuid":"a==","id":"1"}}}"#;

/// Then Zoom gives up.
const ZOOM_WAITS: Duration = Duration::from_secs(3);

fn serving() -> Lookout {
    let mut lookout = Lookout::new();
    lookout.serve();
    lookout
}

fn readiness(lookout: &Lookout) -> Reply {
    Request::get("/readyz").send(lookout.admin())
}

#[test]
fn a_signed_challenge_is_answered() {
    let lookout = serving();
    let body = br#"{"payload":{"plainToken":"qgg8vlvZRS6UYooatFL8Aw"},"event_ts":1654503849680,"event":"endpoint.url_validation"}"#;
    let reply = lookout.deliver(body);
    let secret = Secret::new(SECRET).expect("not empty");
    let encrypted = hmac_hex(&secret, b"qgg8vlvZRS6UYooatFL8Aw");
    let expected =
        format!(r#"{{"plainToken":"qgg8vlvZRS6UYooatFL8Aw","encryptedToken":"{encrypted}"}}"#);
    assert_eq!((reply.status, reply.text()), (200, expected));
    assert_eq!(reply.header("content-type"), Some("application/json"));
    assert!(lookout.exported_keys().is_empty(), "a challenge is no event");
}

#[test]
fn a_challenge_that_would_forge_a_signature_is_refused_and_not_stored() {
    let lookout = serving();
    let body =
        br#"{"event":"endpoint.url_validation","payload":{"plainToken":"v0:1767643200:{}"}}"#;
    let reply = lookout.deliver(body);
    assert_eq!(reply.status, 400);
    assert!(!reply.text().contains("encryptedToken"));
    assert!(lookout.exported_keys().is_empty());
}

#[test]
fn signed_events_are_stored_once_whether_readable_or_not() {
    let lookout = serving();
    #[rustfmt::skip]
    let cases: [(&str, &[u8]); 4] = [
        ("an event",                  EVENT),
        ("stored before",             EVENT),
        ("an event nobody knows yet", br#"{"event":"meeting.party","event_ts":1}"#),
        ("nothing readable",          b"\xff\xfe"),
    ];
    for (what, body) in cases {
        let reply = lookout.deliver(body);
        assert_eq!((reply.status, reply.body.len()), (204, 0), "{what}");
    }
    assert_eq!(lookout.exported_keys().len(), 2);
    assert_eq!(lookout.ok(&["export", "--quarantined"]).lines().count(), 1);
}

#[test]
fn whoever_does_not_know_the_secret_is_refused() {
    let lookout = serving();
    let challenge = br#"{"event":"endpoint.url_validation","payload":{"plainToken":"a"}}"#;
    let genuine = signed(WEBHOOK, EVENT, now());
    let (timestamp, signature) = (genuine.headers[1].1.clone(), genuine.headers[2].1.clone());
    #[rustfmt::skip]
    let cases = [
        // what is special             body                          timestamp         signature
        ("no headers",                 EVENT,                        None,             None),
        ("no headers on a challenge",  challenge.as_slice(),         None,             None),
        ("no timestamp",               EVENT,                        None,             Some(&signature)),
        ("another body",               b"{\"event\":\"x\"}".as_slice(), Some(&timestamp), Some(&signature)),
        ("another's signature",        challenge.as_slice(),         Some(&timestamp), Some(&signature)),
    ];
    for (what, body, timestamp, signature) in cases {
        let mut request = Request::post(WEBHOOK, body);
        if let Some(timestamp) = timestamp {
            request = request.header("x-zm-request-timestamp", timestamp);
        }
        if let Some(signature) = signature {
            request = request.header("x-zm-signature", signature);
        }
        let reply = request.send(lookout.public());
        assert_eq!(reply.status, 401, "{what}");
        assert!(!reply.text().contains("encryptedToken"), "{what}");
    }
    assert!(lookout.exported_keys().is_empty());
}

#[test]
fn the_webhook_takes_deliveries_with_and_without_a_slash_at_the_end() {
    #[rustfmt::skip]
    let paths = [
        // what is special                    path                      POST  GET
        ("as Zoom's page shows it",           "/webhooks/zoom",         204,  405),
        ("a slash at the end",                "/webhooks/zoom/",        204,  405),
        ("a slash and a query",               "/webhooks/zoom/?a=b",    204,  405),
        ("a path below",                      "/webhooks/zoom/more",    405,  404),
    ];
    for configured in ["/webhooks/zoom", "/webhooks/zoom/"] {
        for is_intake in [false, true] {
            let mut lookout = Lookout::new();
            lookout.set_webhook(configured);
            if is_intake {
                lookout.intake();
            } else {
                lookout.serve();
            }
            for (what, path, post, get) in paths {
                let what = format!("{what}, set as {configured}, intake alone: {is_intake}");
                // `intake` has no pages, so it knows no method of a path that is not its own.
                let post = if is_intake && post == 405 { 404 } else { post };
                let reply = signed(path, EVENT, now()).send(lookout.public());
                assert_eq!(reply.status, post, "POST {what}");
                assert_eq!(reply.header("location"), None, "{what}");
                assert_eq!(Request::get(path).send(lookout.public()).status, get, "GET {what}");
            }
        }
    }
}

#[test]
fn headers_that_a_gateway_repeats_or_folds_are_taken_if_one_value_matches() {
    let lookout = serving();
    let genuine = signed(WEBHOOK, EVENT, now());
    let (time, good) = (genuine.headers[1].1.as_str(), genuine.headers[2].1.as_str());
    let bad = format!("v0={}", "0".repeat(64));
    #[rustfmt::skip]
    let cases: [(&str, &[&str], &[&str], u16); 8] = [
        // what is special             timestamps                      signatures                        status
        ("once",                       &[time],                        &[good],                          204),
        ("folded into one line",       &[time],                        &[&format!("{bad}, {good}")],     204),
        ("two lines",                  &[time],                        &[&bad, good],                    204),
        ("two lines, the other way",   &[time],                        &[good, &bad],                    204),
        ("lines and folds",            &[time],                        &[&bad, &format!("{bad},{good}")], 204),
        ("all twice",                  &[time, time],                  &[good, good],                    204),
        ("a folded timestamp",         &[&format!("{time}, {time}")],  &[good],                          204),
        ("none matches",               &[time],                        &[&bad, &bad],                    401),
    ];
    for (what, timestamps, signatures, status) in cases {
        let mut request = Request::post(WEBHOOK, EVENT);
        for timestamp in timestamps {
            request = request.header("x-zm-request-timestamp", *timestamp);
        }
        for signature in signatures {
            request = request.header("x-zm-signature", *signature);
        }
        assert_eq!(request.send(lookout.public()).status, status, "{what}");
    }
}

/// More than `zoom.tolerance`, in seconds.
const LONG_AGO: i64 = 2 * 3600 + 60;

#[test]
fn a_new_delivery_at_the_wrong_time_is_sent_again_and_makes_us_not_ready() {
    let lookout = serving();
    assert_eq!(readiness(&lookout).status, 200);
    for away in [-LONG_AGO, LONG_AGO] {
        let reply = signed(WEBHOOK, EVENT, now() + away).send(lookout.public());
        assert_eq!(reply.status, 503);
        assert!(reply.header("retry-after").is_some());
        let ready = readiness(&lookout);
        assert_eq!(ready.status, 503);
        assert!(ready.text().contains("clock"), "{}", ready.text());
    }
    assert!(until(|| lookout.log().contains("away from our clock")), "it is in the log");

    assert_eq!(lookout.deliver(EVENT).status, 204);
    assert_eq!(readiness(&lookout).status, 200, "until a delivery has the right time again");
}

#[test]
fn a_retry_is_taken_also_with_the_time_of_its_first_attempt() {
    let lookout = serving();
    for minutes in [0, 5, 25, 85] {
        let event = format!(r#"{{"event":"after {minutes}"}}"#);
        let delivery = signed(WEBHOOK, event.as_bytes(), now() - minutes * 60);
        assert_eq!(delivery.send(lookout.public()).status, 204, "after {minutes} minutes");
    }
    assert_eq!(lookout.exported_keys().len(), 4);
    let ready = readiness(&lookout);
    assert_eq!((ready.status, ready.text().contains("clock")), (200, false), "{}", ready.text());
}

#[test]
fn what_is_stored_may_be_sent_again_at_any_time_and_says_nothing_about_our_clock() {
    let mut lookout = serving();
    let quarantined = b"{ not JSON";
    for body in [EVENT, quarantined] {
        assert_eq!(lookout.deliver(body).status, 204);
    }
    for body in [EVENT, quarantined].repeat(50) {
        for away in [-LONG_AGO, LONG_AGO, -i64::from(u32::MAX)] {
            let reply = signed(WEBHOOK, body, now() + away).send(lookout.public());
            assert_eq!((reply.status, reply.text().as_str()), (204, ""), "{away}");
        }
    }
    assert_eq!(readiness(&lookout).status, 200);
    let metrics = Request::get("/metrics").send(lookout.admin()).text();
    let line = r#"lookout_deliveries_total{answer="replayed",status="204"} 300"#;
    assert!(metrics.contains(line), "{metrics}");
    assert_eq!(lookout.exported_keys().len(), 1);
    let log = lookout.stop();
    assert!(!log.contains("clock"), "{log}");
}

#[test]
fn replays_of_what_is_not_stored_do_not_flood_the_log() {
    let mut lookout = serving();
    for n in 0..300 {
        let body = format!("[{n}]");
        let delivery = signed(WEBHOOK, body.as_bytes(), now() - LONG_AGO);
        assert_eq!(delivery.send(lookout.public()).status, 503);
    }
    let begun = Instant::now();
    let log = lookout.stop();
    let lines = log.matches("away from our clock").count() as u64;
    assert!((1..=2 + begun.elapsed().as_secs() / 10).contains(&lines), "{lines} lines: {log}");
}

#[test]
fn an_old_challenge_is_not_answered_and_says_nothing_about_our_clock() {
    let lookout = serving();
    let body = br#"{"payload":{"plainToken":"qgg8vlvZRS6UYooatFL8Aw"},"event_ts":1654503849680,"event":"endpoint.url_validation"}"#;
    let reply = signed(WEBHOOK, body, now() - LONG_AGO).send(lookout.public());
    assert_eq!((reply.status, reply.text().contains("encryptedToken")), (503, false));
    assert_eq!(readiness(&lookout).status, 200);
}

#[test]
fn a_clock_that_is_behind_is_reported_although_deliveries_are_taken() {
    let lookout = serving();
    assert_eq!(signed(WEBHOOK, EVENT, now() + 400).send(lookout.public()).status, 204);
    let ready = readiness(&lookout);
    assert_eq!(ready.status, 200);
    let is_told = |text: &str| text.contains("later than our clock shows; set the clock");
    assert!(is_told(&ready.text()), "{}", ready.text());
    assert_eq!(lookout.deliver(b"{}").status, 204);
    assert!(!is_told(&readiness(&lookout).text()));
}

#[test]
fn a_body_over_the_limit_is_refused_so_that_a_client_still_sending_can_read_it() {
    let lookout = serving();
    let body = vec![b'a'; 8 << 20];
    let mut stream = connect(lookout.public()).expect("it listens");
    let mut sender = stream.try_clone().expect("a second handle");
    let sending = thread::spawn(move || {
        let head =
            format!("POST {WEBHOOK} HTTP/1.1\r\nhost: a\r\ncontent-length: {}\r\n\r\n", body.len());
        sender.write_all(head.as_bytes()).and_then(|()| sender.write_all(&body))
    });
    let reply = read_reply(&mut stream).expect("an answer, not a reset");
    assert_eq!(reply.status, 413);
    sending.join().expect("no panic").expect("all of it was taken");
}

#[test]
fn a_body_over_the_limit_in_chunks_is_refused_too() {
    let lookout = serving();
    let mut stream = connect(lookout.public()).expect("it listens");
    let head = format!("POST {WEBHOOK} HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n");
    stream.write_all(head.as_bytes()).expect("sent");
    let chunk = format!("10000\r\n{}\r\n", "a".repeat(0x10000));
    for _ in 0..17 {
        stream.write_all(chunk.as_bytes()).expect("sent");
    }
    stream.write_all(b"0\r\n\r\n").expect("sent");
    assert_eq!(read_reply(stream).expect("an answer").status, 413);
}

#[test]
fn other_methods_are_not_allowed() {
    let lookout = serving();
    for method in ["GET", "PUT", "DELETE"] {
        let request = Request { method, path: WEBHOOK, headers: Vec::new(), body: b"" };
        let reply = request.send(lookout.public());
        assert_eq!((reply.status, reply.header("allow")), (405, Some("POST")), "{method}");
    }
}

#[test]
fn a_body_that_does_not_come_is_answered_before_zoom_gives_up() {
    let lookout = serving();
    let is_in_time = is_quick(ZOOM_WAITS, || {
        let mut stream = connect(lookout.public()).expect("it listens");
        let head = format!("POST {WEBHOOK} HTTP/1.1\r\nhost: a\r\ncontent-length: 10\r\n\r\n12");
        stream.write_all(head.as_bytes()).expect("sent");
        let reply = read_reply(stream).expect("an answer");
        assert_eq!(reply.status, 503);
        assert!(reply.header("retry-after").is_some());
    });
    assert!(is_in_time);
}

#[test]
fn clients_that_stay_silent_are_closed_and_keep_nobody_waiting() {
    let lookout = serving();
    let open = || connect(lookout.public()).expect("it listens");
    let silent: Vec<TcpStream> = (0..300).map(|_| open()).collect();
    let mut half = open();
    half.write_all(b"POST /webhooks/zoom HTTP/1.1\r\nhost").expect("sent");
    let mut idle = open();
    idle.write_all(b"GET /healthz HTTP/1.1\r\nhost: a\r\n\r\n").expect("sent");
    assert_eq!(lookout.deliver(EVENT).status, 204);
    for mut stream in silent.into_iter().chain([half, idle]) {
        // Closed, with or without a word, before the client gives up.
        let closed = stream.read_to_end(&mut Vec::new());
        let gave_up = closed.as_ref().is_err_and(|error| error.kind() == ErrorKind::WouldBlock);
        assert!(!gave_up, "{closed:?}");
    }
}

#[test]
fn long_bodies_that_do_not_come_keep_no_delivery_waiting() {
    let lookout = serving();
    let head = format!("POST {WEBHOOK} HTTP/1.1\r\nhost: a\r\ncontent-length: 1048576\r\n\r\n{{");
    let slow = || {
        let mut stream = connect(lookout.public()).expect("it listens");
        stream.write_all(head.as_bytes()).expect("sent");
        stream
    };
    // Slow bodies are given up after two seconds: whoever waits for them takes longer than one.
    let is_quick = (0..5).any(|_| {
        let slow: Vec<_> = (0..300).map(|_| slow()).collect();
        let begun = Instant::now();
        assert_eq!(lookout.deliver(EVENT).status, 204);
        let elapsed = begun.elapsed();
        drop(slow);
        elapsed < Duration::from_secs(1)
    });
    assert!(is_quick);
}

#[test]
fn nobody_can_make_us_hold_endless_headers() {
    let lookout = serving();
    lookout.wait_for("lookout/index.html", |page| !page.is_empty());
    let headers_of = |bytes: usize| {
        let each = 4096;
        let mut request = Request::get("/lookout/");
        for _ in 0..bytes / each {
            request = request.header("cookie", "a".repeat(each));
        }
        // It may be closed before it has sent everything.
        request.try_send(lookout.public()).map(|reply| reply.status)
    };
    assert_eq!(headers_of(24 << 10).expect("an answer"), 200, "what nginx passes on is taken");
    assert_ne!(headers_of(256 << 10).ok(), Some(200));
}

#[test]
fn when_it_cannot_be_stored_zoom_is_to_send_it_again() {
    let mut lookout = serving();
    let database = lookout.path("data/lookout.db");
    let blocker = rusqlite::Connection::open(&database).expect("it opens");
    blocker.execute_batch("BEGIN IMMEDIATE").expect("the lock is ours");
    let is_in_time = is_quick(ZOOM_WAITS, || {
        let reply = lookout.deliver(EVENT);
        assert_eq!(reply.status, 503);
        assert!(reply.header("retry-after").is_some());
    });
    assert!(is_in_time);
    assert_eq!(lookout.deliver(EVENT).status, 503);
    blocker.execute_batch("ROLLBACK").expect("the lock is given back");
    assert_eq!(lookout.deliver(EVENT).status, 204, "it recovers by itself");
    assert_eq!(lookout.exported_keys().len(), 1);
    let log = lookout.stop();
    assert_eq!(log.matches("the journal cannot be written").count(), 1, "it is said once: {log}");
    assert!(log.contains("another program keeps it locked"), "and why: {log}");
}

#[test]
fn the_site_is_served_as_nginx_would() {
    let lookout = serving();
    lookout.wait_for("lookout/index.html", |page| !page.is_empty());
    let page = lookout.get("/lookout/");
    assert_eq!(page.status, 200);
    assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
    assert_eq!(page.header("cache-control"), Some("no-cache"));
    assert!(
        page.header("content-security-policy")
            .is_some_and(|csp| csp.starts_with("default-src 'none'"))
    );
    let etag = page.header("etag").expect("a validator");
    let again = Request::get("/lookout/").header("if-none-match", etag).send(lookout.public());
    assert_eq!(again.status, 304);
    let csv = lookout.get("/_data/zoom-room-dashboard.csv");
    assert_eq!(csv.text(), "\"Username\",\"Status\",\"Last Join\",\"Last Left\"\n");
    for path in ["/", "/lookout"] {
        let reply = lookout.get(path);
        let found = (reply.status, reply.header("location"));
        assert_eq!(found, (307, Some("/lookout/")), "a browser finds the page from {path}");
    }
}

#[test]
fn search_engines_list_nothing_unless_the_operator_says_so() {
    #[rustfmt::skip]
    let cases = [
        // what is special   settings                    header
        ("the default",      "",                         Some("noindex")),
        ("allowed",          "[site]\nindex = true\n", None),
    ];
    for (what, settings, expected) in cases {
        let mut lookout = Lookout::with_settings(settings);
        lookout.serve();
        lookout.wait_for("lookout/index.html", |page| !page.is_empty());
        let files = lookout.site().into_iter().map(|(path, _)| format!("/{}", path.display()));
        let others = ["/", "/lookout", "/lookout/nothing"].map(str::to_owned);
        for path in files.chain(others) {
            let found = lookout.get(&path);
            assert_eq!(found.header("x-robots-tag"), expected, "{what}: {path}");
            // The page for frames is never listed: it shows what its page shows.
            let is_page =
                path.ends_with(".html") && (expected.is_some() || path.ends_with("embed.html"));
            let says_so = found.text().contains(r#"<meta name="robots" content="noindex">"#);
            assert_eq!(says_so, is_page, "{what}: {path}");
        }
    }
}

#[test]
fn nothing_else_is_served() {
    let lookout = serving();
    lookout.wait_for("lookout/index.html", |page| !page.is_empty());
    // Others may keep files in the same directory; nginx may serve them, Lookout does not.
    for file in ["other.html", "lookout.toml", "lookout/.hidden", "_data/other.csv"] {
        std::fs::write(lookout.path("site").join(file), "decoy").expect("written");
    }
    for path in [
        "/other.html",
        "/lookout.toml",
        "/_data/other.csv",
        "/lookout/%2Ehidden",
        "/lookout/%2F.hidden",
        "/_data/",
        "/lookout/.hidden",
        "/lookout/%2ehidden",
        "/lookout/../other.html",
        "/lookout/%2e%2e/other.html",
        "/lookout/../../lookout.toml",
        "/.lookout-manifest.json",
        "/lookout/nothing",
    ] {
        let reply = lookout.get(path);
        assert_eq!(reply.status, 404, "{path}");
        assert!(!reply.text().contains("decoy"), "{path}");
    }
}

#[test]
fn the_live_stream_has_one_event_for_each_change_one_can_see() {
    let mut lookout = Lookout::with_settings("[privacy]\npublish = [\"Ada\"]\n");
    lookout.serve();
    lookout.wait_for("lookout/index.html", |page| !page.is_empty());
    let mut stream = connect(lookout.public()).expect("it listens");
    stream.write_all(b"GET /lookout/live HTTP/1.1\r\nhost: a\r\n\r\n").expect("sent");
    let join = |name: &str| {
        let time = lookout::time::moment::Moment::from_seconds(now()).to_string();
        format!(
            r#"{{"event":"meeting.participant_joined","event_ts":{},"payload":{{"object":{{"uuid":"m","id":"1","participant":{{"user_id":"{name}","user_name":"{name}","join_time":"{time}"}}}}}}}}"#,
            now() * 1000
        )
    };
    // The stream must be open before anything happens.
    let mut head = [0; 15];
    stream.read_exact(&mut head).expect("an answer");
    assert_eq!(&head, b"HTTP/1.1 200 OK");

    let publications = || {
        let metrics = Request::get("/metrics").send(lookout.admin()).text();
        let line =
            metrics.lines().find_map(|line| line.strip_prefix("lookout_publications_total "));
        line.expect("it is counted").parse::<u64>().expect("a number")
    };
    let before = publications();
    assert_eq!(lookout.deliver(join("Hidden").as_bytes()).status, 204);
    assert!(until(|| publications() > before), "it is taken in");
    assert_eq!(lookout.deliver(join("Ada").as_bytes()).status, 204);
    let mut seen = Vec::new();
    while !String::from_utf8_lossy(&seen).contains("data: ") {
        let mut more = [0; 4096];
        let read = stream.read(&mut more).expect("an event in time");
        assert!(read > 0, "the stream ended without an event");
        seen.extend_from_slice(&more[..read]);
    }
    lookout.stop();
    let whole = head.chain(seen.as_slice()).chain(stream);
    let reply = read_reply(whole).expect("the stream ends when the service does");
    assert_eq!(reply.header("content-type"), Some("text/event-stream"));
    assert_eq!(reply.text().matches("data: ").count(), 1, "{}", reply.text());
}

#[test]
fn health_and_metrics_have_an_address_of_their_own() {
    let lookout = serving();
    lookout.deliver(EVENT);
    let metrics = Request::get("/metrics").send(lookout.admin());
    assert_eq!(metrics.status, 200);
    let line = r#"lookout_deliveries_total{answer="stored",status="204"} 1"#;
    assert!(metrics.text().contains(line), "{}", metrics.text());
    assert_eq!(Request::get("/healthz").send(lookout.admin()).status, 200);
    for path in ["/healthz", "/readyz", "/metrics"] {
        assert_eq!(lookout.get(path).status, 404, "{path} is not public");
    }
}
