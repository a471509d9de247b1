//! Compressed copies beside text files, and static files that are replaced.

use std::fs;
use std::io::Read;
use std::time::{Duration, UNIX_EPOCH};

use flate2::read::GzDecoder;

use super::stage::Stage;

fn unpacked(stage: &Stage, path: &str) -> Option<String> {
    let mut text = String::new();
    let copy = fs::File::open(stage.path(path)).ok()?;
    GzDecoder::new(copy).read_to_string(&mut text).expect("it is gzip");
    Some(text)
}

#[test]
fn text_worth_it_has_a_compressed_copy_of_its_version_and_date() {
    let (long, longer) = ("long ".repeat(1_000), "longer ".repeat(200_000));
    #[rustfmt::skip]
    let cases = [
        // what is special    path          text      has a copy
        ("a page",            "a.html",     &long,    true),
        ("a picture of text", "a.svg",      &long,    true),
        ("a feed",            "a.xml",      &long,    true),
        ("JSON",              "a.json",     &long,    true),
        ("a script",          "a.js",       &long,    true),
        ("a style sheet",     "a.css",      &long,    true),
        ("the table",         "a.csv",      &long,    true),
        ("a large page",      "b.html",     &longer,  true),
        ("no text",           "a.png",      &long,    false),
        ("short",             "b.json",     &"{}".to_owned(), false),
    ];
    let stage = Stage::new();
    let files: Vec<(&str, &str)> =
        cases.iter().map(|(_, path, text, _)| (*path, text.as_str())).collect();
    let published = stage.publish(&files);
    assert_eq!(published.written.len(), cases.len(), "copies go without saying");
    for (what, path, text, has_copy) in cases {
        let copy = format!("{path}.gz");
        assert_eq!(unpacked(&stage, &copy).as_ref(), has_copy.then_some(text), "{what}");
        if has_copy {
            assert_eq!(stage.date(path), stage.date(&copy), "{what}");
        }
    }
}

#[test]
fn a_copy_goes_along_with_every_version() {
    let stage = Stage::new();
    let version = |n: usize| format!("version {n} ").repeat(200);
    stage.publish(&[("a.html", &version(1))]);
    let first = stage.date("a.html.gz");
    stage.publish(&[("a.html", &version(2))]);
    assert_eq!(unpacked(&stage, "a.html.gz"), Some(version(2)));
    assert!(stage.date("a.html.gz") > first, "its ETag is another one");
    assert_eq!(stage.date("a.html.gz"), stage.date("a.html"));

    fs::remove_file(stage.path("a.html.gz")).expect("removed");
    let published = stage.publish(&[("a.html", &version(2))]);
    assert_eq!(published.written, Vec::<String>::new(), "visitors see no difference");
    assert_eq!(unpacked(&stage, "a.html.gz"), Some(version(2)), "but it is there again");

    stage.set_date("a.html.gz", UNIX_EPOCH + Duration::from_secs(1));
    stage.publish(&[("a.html", &version(2))]);
    assert_eq!(
        stage.date("a.html.gz"),
        stage.date("a.html"),
        "of another date, of another version"
    );

    stage.set_date("a.html", UNIX_EPOCH + Duration::from_secs(1));
    let published = stage.publish(&[("a.html", "short")]);
    assert_eq!(published.removed, ["a.html.gz"]);
    assert_eq!(stage.visible(), ["a.html"]);
}

#[test]
fn what_carries_a_hash_stays_for_a_day_and_a_page_goes_at_once() {
    let stage = Stage::new();
    let style = "b { color: red } ".repeat(100);
    stage.publish(&[("assets/s.1.css", &style), ("old.html", "page")]);
    let published = stage.publish(&[("assets/s.2.css", "b {}"), ("new.html", "page")]);
    assert_eq!(published.removed, ["old.html"]);
    let both = ["assets/s.1.css", "assets/s.1.css.gz", "assets/s.2.css", "new.html"];
    assert_eq!(stage.visible(), both);

    let manifest = stage.path(".lookout-manifest.json");
    let text = fs::read_to_string(&manifest).expect("it is there");
    let mut value: serde_json::Value = serde_json::from_str(&text).expect("it is JSON");
    for since in value["retired"].as_object_mut().expect("two are retired").values_mut() {
        *since = (since.as_u64().expect("seconds") - 86_400).into();
    }
    fs::write(&manifest, value.to_string()).expect("it can be written");
    let published = stage.publish(&[("assets/s.2.css", "b {}"), ("new.html", "page")]);
    assert_eq!(published.removed, ["assets/s.1.css", "assets/s.1.css.gz"]);
    assert_eq!(stage.visible(), ["assets/s.2.css", "new.html"]);
}
