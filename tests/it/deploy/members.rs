//! Members only: what Lookout publishes asks for a name and a password, and nothing else does.

use std::fs;
use std::process::Command;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use super::chain::sees_a_change;
use super::{join, printed_with, serving};
use crate::support::lookout::{WEBHOOK, now, signed};
use crate::support::nginx::Nginx;
use crate::support::{Lookout, Request};

const PASSWORD: &str = "open sesame";

/// A running `serve` behind an nginx for members, of whom `ada` is the only one.
fn behind_nginx(options: &[&str]) -> (Lookout, Nginx) {
    let lookout = serving(WEBHOOK);
    let mut openssl = Command::new("openssl");
    let made = openssl.args(["passwd", "-apr1", PASSWORD]).output().expect("openssl is installed");
    let hash = String::from_utf8(made.stdout).expect("UTF-8");
    fs::write(lookout.path("members"), format!("ada:{hash}")).expect("written");
    let printed = printed_with(&lookout, &[&["--members", "members"], options].concat());
    let nginx = Nginx::start(&printed);
    (lookout, nginx)
}

fn as_member<'a>(path: &'a str, password: &str) -> Request<'a> {
    let credentials = BASE64_STANDARD.encode(format!("ada:{password}"));
    Request::get(path).header("authorization", format!("Basic {credentials}"))
}

#[test]
fn only_members_see_what_lookout_publishes() {
    let (lookout, nginx) = behind_nginx(&[]);
    let paths = lookout.site().into_iter().map(|(path, _)| format!("/{}", path.display()));
    let paths: Vec<_> = paths.filter(|path| !path.contains("/.")).collect();
    for expected in ["/lookout/index.html", "/lookout/badge.svg", "/_data/zoom-room-dashboard.csv"]
    {
        assert!(paths.iter().any(|path| path == expected), "{paths:?}");
    }
    for path in paths.iter().map(String::as_str).chain(["/lookout/", "/lookout/live"]) {
        let stranger = nginx.get(path);
        // What lies compressed beside the table is no file of ours, and comes from Pages.
        if path.ends_with(".csv.gz") {
            assert!(stranger.text().starts_with("sni="), "{path}");
            continue;
        }
        assert_eq!(stranger.status, 401, "{path}");
        assert_eq!(nginx.send(&as_member(path, "open")).status, 401, "{path}, by a wrong password");
        if path != "/lookout/live" {
            let member = nginx.send(&as_member(path, PASSWORD));
            assert_eq!(member.status, 200, "{path}");
            let caching = member.header("cache-control").unwrap_or_default();
            assert!(!caching.contains("public"), "{path}: {caching}");
        }
    }
    assert_eq!(nginx.get("/blog/").status, 200, "GitHub Pages are for everybody");
    assert_eq!(nginx.send(&signed(WEBHOOK, &join("Ada"), now())).status, 204);
    assert_eq!(nginx.send(&Request::post(WEBHOOK, b"{}")).status, 401);
}

#[test]
fn only_the_badge_is_public_where_that_is_asked_for() {
    let (_lookout, nginx) = behind_nginx(&["--public-badge"]);
    #[rustfmt::skip]
    let cases = [
        // path                    status
        ("/lookout/badge.svg",     200),
        ("/lookout/badge.json",    200),
        ("/lookout/presence.json", 401),
        ("/lookout/feed.xml",      401),
        ("/lookout/embed.html",    401),
        ("/lookout/badge.svg.gz",  401),
        ("/lookout/",              401),
    ];
    for (path, status) in cases {
        assert_eq!(nginx.get(path).status, status, "{path}");
    }
}

#[test]
fn a_members_browser_sees_a_delivery_arrive_without_complaint() {
    let (lookout, nginx) = behind_nginx(&[]);
    let deliver = |name: &str| {
        let reply = nginx.send(&signed(WEBHOOK, &join(name), now()));
        assert_eq!(reply.status, 204, "{name}");
    };
    deliver("Ada");
    lookout.wait_for("lookout/index.html", |page| page.contains("Ada"));
    let url = format!("https://{}/lookout/", nginx.https);
    sees_a_change(&[&url, &format!("ada:{PASSWORD}")], deliver);
    let asked = nginx.errors().lines().filter(|line| !line.contains("no user/password")).count();
    assert_eq!(asked, 0, "{}", nginx.errors());
}
