//! Chromium, nginx, Lookout, and a stand-in for GitHub Pages.

use std::fs;
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;

use super::{behind_nginx, behind_nginx_with, join};
use crate::support::Request;
use crate::support::lookout::{WEBHOOK, now, signed, until};
use crate::support::nginx::{HOST, QUIET};

const EVENT: &[u8] = br#"{"event":"meeting.started","event_ts":1767643200000,"payload":{"object":{"uuid":"a==","id":"1"}}}"#;

/// A real Chromium, which waits for a change of a page while `deliver` brings one guest after
/// another. The arguments are the page's address and, for members only, a name and a password.
#[track_caller]
pub fn sees_a_change(arguments: &[&str], deliver: impl Fn(&str)) {
    let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/browser");
    let browser = Command::new("node")
        .arg(scripts.join("behind.mjs"))
        .args(arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn();
    let mut browser = browser.expect("node is installed; `tests/run.sh` does it");
    for number in 0.. {
        if browser.try_wait().expect("it can be asked").is_some() {
            break;
        }
        deliver(&format!("Guest {number}"));
        thread::sleep(QUIET);
    }
    let output = browser.wait_with_output().expect("it ended");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn a_browser_behind_nginx_sees_a_delivery_arrive_without_complaint() {
    let (lookout, nginx) = behind_nginx();
    let deliver = |name: &str| {
        let reply = nginx.send(&signed(WEBHOOK, &join(name), now()));
        assert_eq!(reply.status, 204, "{name}");
    };
    deliver("Ada");
    lookout.wait_for("lookout/index.html", |page| page.contains("Ada"));
    sees_a_change(&[&format!("https://{}/lookout/", nginx.https)], deliver);
    assert_eq!(nginx.errors(), "");
}

/// What is special, the path, the status, and some headers.
type Case<'a> = (&'a str, &'a str, u16, &'a [(&'a str, &'a str)]);

#[test]
fn nginx_sends_each_published_file_as_serve_does() {
    let (lookout, nginx) = behind_nginx();
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
        let (ours, theirs) = (lookout.get(&path), nginx.get(&path));
        assert_eq!((ours.status, &ours.body), (200, &bytes), "{path}");
        assert_eq!((theirs.status, &theirs.body), (200, &bytes), "{path}");
        for name in compared {
            assert_eq!(theirs.header(name), ours.header(name), "{path}: {name}");
        }
        assert_eq!(ours.header("x-robots-tag"), Some("noindex"), "{path}");
    }
}

#[test]
fn each_kind_of_file_has_its_headers_and_nothing_else_is_ours() {
    let (lookout, nginx) = behind_nginx();
    let asset = lookout.site().into_iter().map(|(path, _)| path.display().to_string());
    let asset =
        asset.into_iter().find(|path| path.ends_with(".css")).expect("there is a style sheet");
    let asset = format!("/{asset}");
    for (path, text) in [
        ("embed.html", "frame"),
        ("badge.svg", "<svg/>"),
        (".hidden", "x"),
        ("old/index.html", "x"),
    ] {
        let path = lookout.path("site/lookout").join(path);
        fs::create_dir_all(path.parent().expect("below")).expect("made");
        fs::write(path, text).expect("written");
    }
    fs::write(lookout.path("site/lookout/badge.svg.gz"), "packed").expect("written");
    #[rustfmt::skip]
    let cases: [Case; 14] = [
        // what is special             path                      status  headers
        ("the page",                   "/lookout/",              200, &[("cache-control", "no-cache"), ("cross-origin-resource-policy", "same-origin"), ("content-type", "text/html; charset=utf-8")]),
        ("a widget",                   "/lookout/badge.svg",     200, &[("cache-control", "no-cache"), ("cross-origin-resource-policy", "cross-origin"), ("access-control-allow-origin", "*")]),
        ("presence for widgets",       "/lookout/presence.json", 200, &[("access-control-allow-origin", "*"), ("content-type", "application/json; charset=utf-8")]),
        ("a page for frames",          "/lookout/embed.html",    200, &[("cache-control", "no-cache")]),
        ("the app's manifest",         "/lookout/manifest.webmanifest", 200, &[("cache-control", "no-cache"), ("content-type", "application/manifest+json")]),
        ("an asset",                   &asset,                   200, &[("cache-control", "public, max-age=31536000, immutable")]),
        ("an asset that is not there", "/lookout/assets/a.css",  404, &[("x-content-type-options", "nosniff")]),
        ("the table",                  "/_data/zoom-room-dashboard.csv", 200, &[("cache-control", "no-store, no-cache, must-revalidate, proxy-revalidate"), ("content-type", "text/csv; charset=utf-8")]),
        ("the last slash left out",    "/lookout",               301, &[("location", "/lookout/")]),
        ("of a directory",             "/lookout/old",           301, &[("location", "/lookout/old/")]),
        ("a hidden file",              "/lookout/.hidden",       404, &[]),
        ("written in another way",     "/lookout/%2ehidden",     404, &[]),
        ("the manifest",               "/.lookout-manifest.json", 404, &[]),
        ("the webhook, looked at",     WEBHOOK,                  405, &[]),
    ];
    for (what, path, status, headers) in cases {
        let reply = nginx.get(path);
        assert_eq!(reply.status, status, "{what}");
        for (name, value) in headers {
            assert_eq!(reply.header(name), Some(*value), "{what}: {name}");
        }
        let hsts = reply.headers.iter().filter(|(name, _)| name == "strict-transport-security");
        assert_eq!(hsts.count(), 1, "{what}");
    }
    let policy =
        |path| nginx.get(path).header("content-security-policy").unwrap_or_default().to_owned();
    assert!(policy("/lookout/").contains("frame-ancestors 'none'"));
    assert!(policy("/lookout/embed.html").contains("frame-ancestors *"));

    let packed = nginx.send(&Request::get("/lookout/badge.svg").header("accept-encoding", "gzip"));
    assert_eq!(
        (packed.header("content-encoding"), packed.text().as_str()),
        (Some("gzip"), "packed")
    );
    assert_eq!(packed.header("vary"), Some("Accept-Encoding"));
}

#[test]
fn everything_else_comes_from_github_pages_by_its_own_name_and_certificate() {
    let (_lookout, nginx) = behind_nginx();
    let request = Request::get("/blog/a%20b/?c=d").header("cookie", "secret=1");
    let reply = nginx.send(&request);
    let expected = "sni=ada.github.io host=ada.github.io uri=/blog/a%20b/?c=d cookie= length=";
    assert_eq!((reply.status, reply.text().as_str()), (200, expected));
    assert_eq!(
        reply.header("content-security-policy"),
        None,
        "other pages have rules of their own"
    );
    assert_eq!(reply.header("x-robots-tag"), None, "other pages may be found");
    let hsts: Vec<_> =
        reply.headers.iter().filter(|(name, _)| name == "strict-transport-security").collect();
    assert_eq!(hsts.len(), 1, "{hsts:?}");
    assert_eq!(nginx.get("/").status, 200);
    assert_eq!(nginx.get("/lookout/not-ours").text().split(' ').next(), Some("sni=ada.github.io"));
    assert_eq!(nginx.get("/moved").header("location"), Some("/elsewhere/"));

    nginx.distrust_pages();
    assert!(until(|| nginx.get("/").status == 502), "another certificate is refused");
    assert!(until(|| nginx.errors().contains("certificate verify error")), "{}", nginx.errors());
}

#[test]
fn every_delivery_reaches_the_intake_and_only_visits_reach_github_pages() {
    for configured in [WEBHOOK.to_owned(), format!("{WEBHOOK}/")] {
        let (lookout, nginx) = behind_nginx_with(&configured);
        #[rustfmt::skip]
        let cases = [
            // what is special                method     path                          status
            ("the webhook",                   "POST",    WEBHOOK,                      204),
            ("with a slash at the end",       "POST",    "/webhooks/zoom/",            204),
            ("with a query",                  "POST",    "/webhooks/zoom/?a=b",        204),
            ("with a slash too many",         "POST",    "//webhooks/zoom//",          204),
            ("looked at",                     "GET",     "/webhooks/zoom/",            405),
            ("misspelt",                      "POST",    "/webhooks/zom",              405),
            ("another case",                  "POST",    "/Webhooks/Zoom",             405),
            ("the top",                       "POST",    "/",                          405),
            ("below the webhook",             "POST",    "/webhooks/zoom/more",         405),
            ("a page of ours",                "POST",    "/lookout/",                  405),
            ("beside our pages",              "POST",    "/lookout/not-ours",          405),
            ("a file of certbot's",           "POST",    "/.well-known/x",             405),
            ("another method",                "PUT",     "/blog/",                     405),
            ("and another",                   "PATCH",   "/blog/",                     405),
            ("and another",                   "DELETE",  "/blog/",                     405),
            ("and another",                   "OPTIONS", "/blog/",                     405),
        ];
        for (what, method, path, status) in cases {
            let mut request = signed(path, EVENT, now());
            request.method = method;
            let reply = nginx.send(&request);
            let what = format!("{what}: {method} {path}, set as {configured}");
            assert_eq!(reply.status, status, "{what}");
            assert!(!reply.text().contains("sni="), "{what} came to GitHub Pages");
            let hsts = reply.headers.iter().filter(|(name, _)| name == "strict-transport-security");
            assert_eq!(hsts.count(), 1, "{what}");
        }
        let refused = nginx.send(&Request::post("/blog/", b"x"));
        assert_eq!(refused.header("allow"), Some("GET, HEAD"));
        let looked = nginx.send(&Request { method: "HEAD", ..Request::get("/blog/") });
        assert_eq!(looked.status, 200);
        let with_a_body = Request { method: "GET", ..signed("/blog/", EVENT, now()) };
        let reply = nginx.send(&with_a_body);
        assert!(reply.text().ends_with("uri=/blog/ cookie= length="), "{}", reply.text());
        assert_eq!(lookout.exported_keys().len(), 1);
    }
}

#[test]
fn plain_http_is_sent_to_the_same_place_by_tls_but_for_the_challenge_of_the_certificate() {
    let (_lookout, nginx) = behind_nginx();
    let get = |path| Request::get(path).header("host", HOST).send(nginx.http);
    let moved = get("/lookout/?a=b");
    let target = format!("https://{HOST}/lookout/?a=b");
    assert_eq!((moved.status, moved.header("location")), (301, Some(target.as_str())));
    assert_eq!(get("/.well-known/acme-challenge/x").status, 404, "certbot has not put it there");
}

#[test]
fn a_change_reaches_an_open_page_at_once() {
    let (_lookout, nginx) = behind_nginx();
    let mut live = nginx.connect();
    write!(live, "GET /lookout/live HTTP/1.1\r\nhost: {HOST}\r\n\r\n").expect("taken");
    let mut heard = String::new();
    let mut hear = |wanted: &str| {
        let mut some = [0; 1024];
        while !heard.contains(wanted) {
            let length =
                live.read(&mut some).expect("it comes before a proxy would have a buffer full");
            heard += &String::from_utf8_lossy(&some[..length]);
        }
    };
    hear("text/event-stream");
    assert_eq!(nginx.send(&signed(WEBHOOK, &join("Ada"), now())).status, 204);
    hear("data:");
}

#[test]
fn no_crowd_of_visitors_has_zoom_refused_and_a_long_body_is() {
    let (_lookout, nginx) = behind_nginx();
    let visit = || (0..150).filter(|_| nginx.get("/lookout/").status == 503).count();
    let refused: usize = thread::scope(|scope| {
        let visitors: Vec<_> = (0..4).map(|_| scope.spawn(visit)).collect();
        let deliveries = (0..20).map(|n| join(&format!("Guest {n}")));
        for body in deliveries {
            assert_eq!(nginx.send(&signed(WEBHOOK, &body, now())).status, 204);
        }
        visitors.into_iter().map(|visitor| visitor.join().expect("no panic")).sum()
    });
    assert!(refused > 0, "the crowd was none");
    let (fits, too_long) = (vec![b' '; 1 << 20], vec![b' '; (1 << 20) + 1]);
    assert_eq!(nginx.send(&signed(WEBHOOK, &fits, now())).status, 204, "quarantined");
    assert_eq!(nginx.send(&signed(WEBHOOK, &too_long, now())).status, 413);
}
