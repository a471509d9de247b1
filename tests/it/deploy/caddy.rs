//! The same chain with Caddy: Chromium, Caddy, Lookout, and the stand-in for GitHub Pages.

use std::fs;
use std::io::{Read, Write};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use super::chain::sees_a_change;
use super::{behind_nginx, join};
use crate::support::caddy::Caddy;
use crate::support::lookout::{WEBHOOK, now, signed};
use crate::support::nginx::{HOST, Nginx, PAGES, connect_tls};
use crate::support::{Lookout, Reply, Request};

/// Caddy closes a connection that sends too slowly after 5 s; this leaves a margin for a busy machine.
const CLOSED: Duration = Duration::from_secs(20);

/// Longer than Caddy waits for a request.
const LONG: Duration = Duration::from_secs(7);

/// A running `serve` behind a Caddy with the printed file. The nginx only stands in for GitHub Pages.
fn behind_caddy(options: &[&str]) -> (Lookout, Nginx, Caddy) {
    let (lookout, nginx) = behind_nginx();
    let printed = lookout.ok(&[&["print", "caddy", "--pages", PAGES], options].concat());
    let caddy = Caddy::start(&printed, &nginx);
    (lookout, nginx, caddy)
}

fn deliver(caddy: &Caddy, name: &str) {
    let reply = caddy.send(&signed(WEBHOOK, &join(name), now()));
    assert_eq!(reply.status, 204, "{name}");
}

#[test]
fn a_browser_behind_caddy_sees_a_delivery_arrive_without_complaint() {
    let (lookout, _nginx, caddy) = behind_caddy(&[]);
    deliver(&caddy, "Ada");
    lookout.wait_for("lookout/index.html", |page| page.contains("Ada"));
    let url = format!("https://{HOST}:{}/lookout/", caddy.https.port());
    sees_a_change(&[&url], |name| deliver(&caddy, name));
}

#[test]
fn caddy_sends_each_published_file_as_serve_does() {
    let (lookout, _nginx, caddy) = behind_caddy(&[]);
    let compared = [
        "cache-control",
        "content-security-policy",
        "x-content-type-options",
        "referrer-policy",
        "cross-origin-resource-policy",
        "access-control-allow-origin",
        "x-robots-tag",
    ];
    for (path, bytes) in lookout.site() {
        let path = format!("/{}", path.display());
        if path.ends_with(".csv.gz") || path.contains("/.") {
            continue;
        }
        let (ours, theirs) = (lookout.get(&path), caddy.get(&path));
        assert_eq!((theirs.status, &theirs.body), (200, &bytes), "{path}");
        for name in compared {
            assert_eq!(theirs.header(name), ours.header(name), "{path}: {name}");
        }
        expect_conditional(&caddy, &path, &theirs);
    }
    let packed = caddy.send(&Request::get("/lookout/").header("accept-encoding", "gzip"));
    assert_eq!(packed.header("content-encoding"), Some("gzip"));
    assert_eq!(packed.header("vary"), Some("Accept-Encoding"));
    assert_ne!(packed.header("etag"), caddy.get("/lookout/").header("etag"));
}

/// Whoever asks with the `ETag` of `reply` is told that nothing has changed, and only then.
#[track_caller]
fn expect_conditional(caddy: &Caddy, path: &str, reply: &Reply) {
    let etag = reply.header("etag").unwrap_or_else(|| panic!("{path} has no ETag"));
    for (asked, status) in [(etag, 304), ("\"another\"", 200)] {
        let again = caddy.send(&Request::get(path).header("if-none-match", asked));
        assert_eq!(again.status, status, "{path}: {asked}");
    }
}

#[test]
fn each_path_behind_caddy_is_answered_by_whom_it_belongs_to() {
    let (lookout, nginx, caddy) = behind_caddy(&[]);
    fs::write(lookout.path("site/lookout/.hidden"), "x").expect("written");
    let event = join("Ada");
    #[rustfmt::skip]
    let cases = [
        // what is special            method    path                        status  text
        ("the webhook",               "POST",   WEBHOOK,                    204,    ""),
        ("with a slash at the end",   "POST",   "/webhooks/zoom/",          204,    ""),
        ("with a query",              "POST",   "/webhooks/zoom/?a=b",      204,    ""),
        ("looked at",                 "GET",    WEBHOOK,                    405,    ""),
        ("misspelt",                  "POST",   "/webhooks/zom",            405,    ""),
        ("below the webhook",         "POST",   "/webhooks/zoom/more",      405,    ""),
        ("a page of ours",            "POST",   "/lookout/",                405,    ""),
        ("another method",            "PUT",    "/blog/",                   405,    ""),
        ("a delivery that is a visit", "GET",   "/blog/",                   404,    ""),
        ("the last slash left out",   "GET",    "/lookout",                 301,    ""),
        ("a hidden file",             "GET",    "/lookout/.hidden",         404,    ""),
        ("written in another way",    "GET",    "/lookout/%2ehidden",       404,    ""),
        ("the manifest",              "GET",    "/.lookout-manifest.json",  404,    ""),
    ];
    for (what, method, path, status, text) in cases {
        let mut request = signed(path, &event, now());
        request.method = method;
        let reply = caddy.send(&request);
        assert_eq!((reply.status, reply.text().as_str()), (status, text), "{what}");
        let hsts = reply.headers.iter().filter(|(name, _)| name == "strict-transport-security");
        assert_eq!(hsts.count(), 1, "{what}");
    }
    assert_eq!(lookout.exported_keys().len(), 1);
    assert_eq!(caddy.send(&Request::post(WEBHOOK, b"{}")).status, 401);
    assert_eq!(caddy.get("/lookout").header("location"), Some("/lookout/"));

    let request = Request::get("/blog/a%20b/?c=d").header("cookie", "secret=1");
    let reply = caddy.send(&request.header("authorization", "Basic c2VjcmV0"));
    let expected = "sni=ada.github.io host=ada.github.io uri=/blog/a%20b/?c=d cookie= length=";
    assert_eq!((reply.status, reply.text().as_str()), (200, expected));
    assert_eq!(caddy.get("/moved").header("location"), Some("/elsewhere/"));
    let hsts =
        caddy.get("/").headers.into_iter().filter(|(name, _)| name == "strict-transport-security");
    assert_eq!(hsts.count(), 1);
    let plain = Request::get("/lookout/?a=b").header("host", HOST).send(caddy.http);
    assert_eq!(plain.status, 308);
    drop(nginx);
    assert_eq!(caddy.get("/blog/").status, 502, "GitHub is away");
    assert_eq!(caddy.get("/lookout/").status, 200);
}

#[test]
fn caddy_keeps_a_live_stream_and_closes_whoever_sends_too_slowly() {
    let (_lookout, _nginx, caddy) = behind_caddy(&[]);
    let connect = || connect_tls(caddy.https, &caddy.root()).expect("it listens");
    let mut live = connect();
    write!(live, "GET /lookout/live HTTP/1.1\r\nhost: {HOST}\r\n\r\n").expect("sent");
    thread::scope(|scope| {
        let slow = [
            ("a head that stops", format!("POST {WEBHOOK} HTTP/1.1\r\nhost: {HOST}\r\n")),
            (
                "a body that stops",
                format!(
                    "POST {WEBHOOK} HTTP/1.1\r\nhost: {HOST}\r\nx-zm-signature: v0=0\r\ncontent-length: 9\r\n\r\n"
                ),
            ),
        ];
        for (what, text) in slow {
            scope.spawn(move || {
                let begun = Instant::now();
                let mut stream = connect();
                stream.write_all(text.as_bytes()).expect("sent");
                drop(stream.read_to_end(&mut Vec::new()));
                assert!(begun.elapsed() < CLOSED, "{what}: still open after {:?}", begun.elapsed());
            });
        }
        thread::sleep(LONG);
        deliver(&caddy, "Ada");
    });
    let mut heard = String::new();
    let mut some = [0; 1024];
    while !heard.contains("data:") {
        let length = live.read(&mut some).expect("it is open");
        assert!(length > 0, "the stream ended: {heard}");
        heard += &String::from_utf8_lossy(&some[..length]);
    }
}

#[test]
fn only_members_see_what_lookout_publishes_behind_caddy() {
    let dir = tempfile::tempdir().expect("a directory");
    let members = dir.path().join("members");
    let hashed = Command::new("caddy").args(["hash-password", "--plaintext", "sesame"]).output();
    let hash = String::from_utf8(hashed.expect("caddy is installed").stdout).expect("UTF-8");
    fs::write(&members, format!("ada {hash}")).expect("written");
    let members = members.display().to_string();
    let (lookout, _nginx, caddy) = behind_caddy(&["--members", &members, "--public-badge"]);
    let as_member = |path, password: &str| {
        let credentials = BASE64_STANDARD.encode(format!("ada:{password}"));
        caddy.send(&Request::get(path).header("authorization", format!("Basic {credentials}")))
    };
    for (path, _) in lookout.site() {
        let path = format!("/{}", path.display());
        let is_badge = ["/lookout/badge.svg", "/lookout/badge.json"].contains(&path.as_str());
        if path.ends_with(".csv.gz") || path.contains("/.") {
            let text = caddy.get(&path).text();
            assert!(text.is_empty() || text.starts_with("sni="), "{path}: {text}");
            continue;
        }
        let stranger = caddy.get(&path);
        assert_eq!(stranger.status, if is_badge { 200 } else { 401 }, "{path}");
        let caching = stranger.header("cache-control").unwrap_or_default();
        assert!(!caching.contains("immutable"), "{path}: {caching}");
    }
    assert_eq!(caddy.get("/lookout/live").status, 401);
    assert_eq!(as_member("/lookout/", "open").status, 401);
    assert_eq!(as_member("/lookout/", "sesame").status, 200);
    assert_eq!(as_member("/_data/zoom-room-dashboard.csv", "sesame").status, 200);
    assert_eq!(caddy.get("/blog/").status, 200, "GitHub Pages are for everybody");
    deliver(&caddy, "Ada");

    lookout.wait_for("lookout/index.html", |page| page.contains("Ada"));
    let url = format!("https://{HOST}:{}/lookout/", caddy.https.port());
    sees_a_change(&[&url, "ada:sesame"], |name| deliver(&caddy, name));
}

#[test]
fn caddy_takes_a_certificate_of_your_own_and_plain_http() {
    let (lookout, nginx) = behind_nginx();
    let at = |end| nginx.dir.path().join(format!("{HOST}.{end}"));
    let [certificate, key] = ["pem", "key"].map(|end| at(end).display().to_string());
    let own = ["print", "caddy", "--certificate", &certificate, "--key", &key];
    let caddy = Caddy::start(&lookout.ok(&own), &nginx);
    let stream = connect_tls(caddy.https, &at("pem")).expect("it listens");
    let reply = Request::get("/lookout/").exchange(stream, HOST).expect("an answer");
    assert_eq!(reply.status, 200);

    let caddy = Caddy::start(&lookout.ok(&["print", "caddy", "--http"]), &nginx);
    let get = |path| Request::get(path).header("host", HOST).send(caddy.http).status;
    assert_eq!((get("/lookout/"), get("/blog/")), (200, 404));
}
