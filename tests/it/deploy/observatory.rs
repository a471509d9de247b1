//! The page's headers, judged as Mozilla's HTTP Observatory publishes that it judges
//! (`src/grader/charts.js` of mdn/mdn-http-observatory, read in November 2026).

use super::behind_nginx;
use crate::support::nginx::HOST;
use crate::support::{Reply, Request};

#[test]
fn the_page_gets_more_than_a_hundred_points() {
    let (_lookout, nginx) = behind_nginx();
    let page = nginx.get("/lookout/");
    let plain = Request::get("/lookout/").header("host", HOST).send(nginx.http);
    let value = |name: &str| page.header(name).unwrap_or_default().to_owned();
    let csp = value("content-security-policy");
    let directive = |name: &str| directive(&csp, name);
    let is_strict = directive("default-src") == Some("'none'")
        && !csp.contains("unsafe")
        && !csp.contains("http:")
        && !csp.contains("data:")
        && matches!(directive("form-action"), Some("'none'" | "'self'"));
    #[rustfmt::skip]
    let tests = [
        // test                          passed                                                    if so  if not
        ("content-security-policy",      is_strict,                                                   10, -25),
        ("cookies",                      page.header("set-cookie").is_none(),                          0, -40),
        ("cross-origin-resource-sharing", page.header("access-control-allow-origin").is_none(),        0, -50),
        ("redirection",                  is_redirected_to_tls(&plain),                                 0, -20),
        ("referrer-policy",              value("referrer-policy") == "no-referrer",                    5,  -5),
        ("strict-transport-security",    max_age(&value("strict-transport-security")) >= 15_768_000,   0, -20),
        ("subresource-integrity",        has_only_own_scripts(&page.text()),                           0, -50),
        ("x-content-type-options",       value("x-content-type-options") == "nosniff",                 0,  -5),
        ("x-frame-options",              directive("frame-ancestors") == Some("'none'"),               5, -20),
        ("cross-origin-resource-policy", value("cross-origin-resource-policy") == "same-origin",      10,   0),
    ];
    let (mut base, mut bonus) = (100, 0);
    for (test, passed, if_so, if_not) in tests {
        let modifier: i32 = if passed { if_so } else { if_not };
        println!("{test:32} {modifier:+}");
        base += modifier.min(0);
        bonus += modifier.max(0);
    }
    // Bonus points count from 90 on.
    let score = if base >= 90 { base + bonus } else { base };
    println!("{score} points");
    assert_eq!(score, 130);
}

fn directive<'a>(policy: &'a str, name: &str) -> Option<&'a str> {
    policy.split(';').find_map(|part| part.trim().strip_prefix(name)?.strip_prefix(' '))
}

fn is_redirected_to_tls(plain: &Reply) -> bool {
    let target = format!("https://{HOST}/");
    plain.status == 301 && plain.header("location").is_some_and(|to| to.starts_with(&target))
}

fn max_age(hsts: &str) -> u64 {
    hsts.strip_prefix("max-age=").and_then(|seconds| seconds.parse().ok()).unwrap_or(0)
}

fn has_only_own_scripts(page: &str) -> bool {
    let sources = page.split("<script src=\"").skip(1);
    page.contains("<script")
        && sources.clone().count() > 0
        && sources.clone().all(|src| !src.split('"').next().unwrap_or_default().contains("//"))
}
