//! What earlier versions wrote to disk is read (`tests/fixtures/versions`).

use std::fs;
use std::path::{Path, PathBuf};

use crate::support::Lookout;

const EVENT: &str = r#"{"event":"meeting.participant_joined","event_ts":1773529200000,"payload":{"object":{"uuid":"later==","id":"1","participant":{"user_id":"1","user_name":"Edsger","join_time":"2026-03-14T23:00:00Z"}}}}"#;

fn versions() -> Vec<PathBuf> {
    let all = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/versions");
    let entries = fs::read_dir(all).expect("they are there");
    let paths = entries.map(|entry| entry.expect("readable").path());
    let mut versions: Vec<_> = paths.filter(|path| path.is_dir()).collect();
    versions.sort();
    versions
}

/// An installation as `version` left it.
fn installation(version: &Path) -> Lookout {
    let lookout = Lookout::new();
    let copy = |name: &str| {
        fs::copy(version.join(name), lookout.path(name)).expect("it can be copied");
    };
    fs::create_dir_all(lookout.path("data")).expect("made");
    copy("lookout.toml");
    for entry in fs::read_dir(version.join("data")).expect("it has data") {
        let name = entry.expect("readable").file_name();
        copy(&format!("data/{}", name.to_str().expect("UTF-8")));
    }
    lookout
}

/// The columns of all tables of the journal, with their types.
fn columns(lookout: &Lookout) -> Vec<(String, String, String)> {
    let journal = rusqlite::Connection::open(lookout.path("data/lookout.db")).expect("it opens");
    let query = "SELECT m.name, c.name, c.type FROM sqlite_schema m, pragma_table_info(m.name) c
                 WHERE m.type = 'table' ORDER BY m.name, c.name";
    let mut query = journal.prepare(query).expect("prepared");
    let rows = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)));
    rows.expect("read").map(|row| row.expect("a row")).collect()
}

#[test]
fn what_any_version_left_on_disk_gives_the_table_and_the_export_that_it_gave() {
    let versions = versions();
    assert!(versions.len() > 1, "{versions:?}");
    let mut fresh = Lookout::new();
    fresh.serve();
    fresh.stop();
    for version in versions {
        let what = version.display();
        let expected = |name| fs::read_to_string(version.join(name)).expect("it is there");
        let mut lookout = installation(&version);
        assert_eq!(lookout.ok(&["export"]), expected("expected.jsonl"), "{what}");
        for arguments in [&["build"][..], &["build", "--replay"]] {
            lookout.ok(arguments);
            assert_eq!(lookout.csv(), expected("expected.csv"), "{what}: {arguments:?}");
        }
        let check = lookout.run(&["check"]);
        let lines = String::from_utf8_lossy(&check.stdout);
        let faults = |part| lines.lines().any(|line| line.starts_with(&format!("✗ {part}")));
        assert!(!faults("settings") && !faults("journal"), "{what}: {lines}");

        lookout.serve();
        assert_eq!(lookout.deliver(EVENT.as_bytes()).status, 204, "{what}");
        lookout.wait_for("_data/zoom-room-dashboard.csv", |csv| csv.contains("Edsger"));
        let log = lookout.stop();
        assert!(!log.contains("ERROR"), "{what}: {log}");
        let export = lookout.ok(&["export"]);
        assert!(export.starts_with(&expected("expected.jsonl")), "{what}");
        assert!(lookout.csv().contains("Zoë Castellanos"), "{what}");
        assert_eq!(columns(&lookout), columns(&fresh), "{what}: it is a journal like a new one");
    }
}
