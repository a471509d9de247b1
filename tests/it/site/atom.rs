//! `feed.xml`, as others read it: a schema of RFC 4287, and a reader of feeds.

use std::fs;
use std::path::Path;
use std::process::Command;

use lookout::dashboard::Dashboard;
use lookout::site::Renderer;
use tempfile::TempDir;

use super::sample::{Does, NOW, at, person, presence_in, room, settings};
use crate::support::hostile;

#[track_caller]
fn expect_success(command: &mut Command) -> String {
    let output = command.output().expect("it is installed; `tests/run.sh` does it");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{}{}", text(&output.stdout), text(&output.stderr));
    text(&output.stdout)
}

#[test]
fn feeds_are_valid_and_readers_do_not_lose_their_place() {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let directory = TempDir::new().expect("a temporary directory");
    let mut settings = settings(directory.path());
    settings.site.base_url = "https://example.org".to_owned();
    settings.rooms = vec![room("lounge", "Lounge & <b>Bar</b>"), room("empty", "Empty")];
    let crowd = || {
        let names = hostile::names().into_iter().map(|(_, name)| name);
        names.enumerate().map(|(n, name)| {
            let hour = n % 24;
            let (from, to) =
                (format!("2026-01-04T{hour:02}:00:00Z"), format!("2026-01-04T{hour:02}:30:00Z"));
            person(&format!("{name} {n}")).was_in(&from, &to)
        })
    };
    let dashboard =
        Dashboard::new(&presence_in(vec![crowd().collect(), Vec::new()]), &settings, at(NOW));
    let renderer = Renderer::load(&settings).expect("the built-in templates load");
    let files = renderer.render(&dashboard, &settings).expect("they render");
    let feeds: Vec<_> = files.iter().filter(|file| file.path.ends_with("feed.xml")).collect();
    for feed in &feeds {
        let path = directory.path().join("feed.xml");
        fs::write(&path, &feed.bytes).expect("written");
        let mut schema = Command::new("xmllint");
        schema.args(["--noout", "--relaxng"]).arg(tests.join("atom.rng")).arg(&path);
        expect_success(&mut schema);
        let read = expect_success(Command::new("python3").arg(tests.join("atom.py")).arg(&path));
        let is_empty = feed.path.contains("/empty/");
        assert_eq!(read.trim(), if is_empty { "0 entries" } else { "30 entries" }, "{}", feed.path);
    }
    assert_eq!(feeds.len(), 3, "one for all rooms, and one for each");
}
