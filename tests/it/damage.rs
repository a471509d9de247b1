//! Rot in the journal: it is noticed, nothing of it is believed, and what is damaged comes back.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::FileExt;

use lookout::zoom::Key;
use rusqlite::Connection;

use crate::support::Lookout;
use crate::support::stored::Stored;

/// Events in a journal, of about a page each.
const EVENTS: usize = 120;

const NOISE: u64 = 8192;

fn joined(n: usize) -> String {
    let filling = "x".repeat(2500);
    format!(
        r#"{{"event":"meeting.participant_joined","event_ts":{n},"filling":"{filling}","payload":{{"object":{{"uuid":"m","id":"1","participant":{{"user_id":"{n}","user_name":"Guest {n:04}","join_time":"2026-01-05T20:00:00Z"}}}}}}}}"#
    )
}

/// A stopped Lookout with events, a quarantined delivery and a backup of both.
fn with_events(settings: &str) -> (Lookout, BTreeSet<String>) {
    let mut lookout = Lookout::with_settings(&format!("[privacy]\npublish = [\"*\"]\n{settings}"));
    lookout.serve();
    let mut keys = BTreeSet::new();
    for n in 0..EVENTS {
        assert_eq!(lookout.deliver(joined(n).as_bytes()).status, 204);
        keys.insert(Key::of(joined(n).as_bytes()).to_string());
    }
    assert_eq!(lookout.deliver(b"not JSON").status, 204);
    lookout.stop();
    lookout.ok(&["backup", "backup.db"]);
    (lookout, keys)
}

/// Overwrites 8 KiB of the journal at `offset`, the same way each time.
fn make_noise(lookout: &Lookout, offset: u64) {
    let mut state = offset | 1;
    let noise: Vec<u8> = (0..NOISE)
        .map(|_| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 56) as u8
        })
        .collect();
    let file = fs::File::options().write(true).open(lookout.path("data/lookout.db"));
    file.expect("it opens").write_all_at(&noise, offset).expect("written");
}

/// What `arguments` print, whether they succeed, and their errors.
fn outcome(lookout: &Lookout, arguments: &[&str]) -> (String, bool, String) {
    let output = lookout.run(arguments);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (text(&output.stdout), output.status.success(), text(&output.stderr))
}

fn keys_of(lines: &str) -> BTreeSet<String> {
    let key = |line: &str| {
        let line: serde_json::Value = serde_json::from_str(line).expect("JSON");
        line["lookout"]["key"].as_str().expect("a key").to_owned()
    };
    lines.lines().map(key).collect()
}

#[test]
fn noise_anywhere_in_the_journal_is_noticed_and_repaired_from_a_backup() {
    let (lookout, keys) = with_events("");
    let journal = lookout.path("data/lookout.db");
    let sound = fs::read(&journal).expect("readable");
    let backup = fs::read(lookout.path("backup.db")).expect("readable");
    let pages = sound.len() as u64 / 4096;
    let (mut exported, mut repaired) = (0, 0);
    // The first page says where all the others are: that one takes a whole backup.
    for page in (1..pages - 1).step_by(5) {
        fs::write(&journal, &sound).expect("written");
        make_noise(&lookout, page * 4096);
        for check in [&["check"][..], &["check", "--deep"]] {
            let (lines, _, _) = outcome(&lookout, check);
            assert!(lines.contains("✗ damage"), "page {page}: {lines}");
        }
        let (_, is_made, said) = outcome(&lookout, &["backup", "backup.db"]);
        assert!(!is_made, "page {page}: {said}");
        assert!(fs::read(lookout.path("backup.db")).expect("there") == backup, "page {page}");

        let (lines, _, said) = outcome(&lookout, &["export"]);
        let there = keys_of(&lines);
        assert!(there.is_subset(&keys), "page {page}");
        // Noise covers two pages of about one event each, or what leads to more of them.
        exported += usize::from(there.len() >= EVENTS - 8);

        let (_, is_repaired, said_too) = outcome(&lookout, &["repair", "backup.db"]);
        if is_repaired {
            repaired += 1;
            assert_eq!(lookout.exported_keys(), keys, "page {page}: {said}{said_too}");
            assert_eq!(Stored::open(&journal).expect("it opens").damage(), "", "page {page}");
        }
        assert!(is_repaired, "page {page}: {said_too}");
    }
    let tried = (1..pages - 1).step_by(5).count();
    assert!(exported * 10 >= tried * 8, "{exported} of {tried} were exported but for a few events");
    assert_eq!(repaired, tried);
}

#[test]
fn a_journal_of_which_nothing_can_be_read_takes_a_whole_backup() {
    let (lookout, keys) = with_events("");
    make_noise(&lookout, 0);
    let (lines, _, _) = outcome(&lookout, &["check"]);
    assert!(lines.contains("✗ events"), "{lines}");
    for command in [&["backup", "backup.db"][..], &["export"]] {
        let (_, is_done, said) = outcome(&lookout, command);
        assert!(!is_done, "{command:?}: {said}");
    }
    let (_, is_repaired, said) = outcome(&lookout, &["repair", "backup.db"]);
    assert!(!is_repaired && said.contains("can be read; run `lookout restore FILE`"), "{said}");
    lookout.ok(&["restore", "backup.db"]);
    assert_eq!(lookout.exported_keys(), keys);
}

/// Flips a bit of a stored name, as a disk may: SQLite does not notice.
fn flip_a_name(lookout: &Lookout, name: &str) {
    let path = lookout.path("data/lookout.db");
    let bytes = fs::read(&path).expect("readable");
    let at = bytes.windows(name.len()).position(|window| window == name.as_bytes());
    let offset = at.expect("it is stored") as u64;
    let file = fs::File::options().write(true).open(path).expect("it opens");
    file.write_all_at(b"F", offset).expect("written");
    assert_eq!(Stored::open(&lookout.path("data/lookout.db")).expect("it opens").damage(), "");
}

#[test]
fn a_flipped_byte_in_a_name_is_not_believed_and_the_page_goes_on() {
    let (mut lookout, _) = with_events("");
    flip_a_name(&lookout, "Guest 0007");
    let (lines, is_whole, said) = outcome(&lookout, &["export"]);
    assert_eq!(keys_of(&lines).len(), EVENTS - 1);
    assert!(!is_whole && said.contains("1 row was left out"), "{said}");
    let (lines, _, _) = outcome(&lookout, &["check"]);
    assert!(lines.contains("✗ damage    1 event is damaged"), "{lines}");
    let (_, is_made, said) = outcome(&lookout, &["backup", "backup.db"]);
    assert!(!is_made && said.contains("is damaged, so `backup.db` stays as it was"), "{said}");

    fs::remove_file(lookout.path("data/lookout.presence")).expect("removed");
    fs::remove_dir_all(lookout.path("site")).expect("removed");
    lookout.serve();
    let csv = lookout.wait_for("_data/zoom-room-dashboard.csv", |csv| csv.contains("Guest 0008"));
    assert!(!csv.contains("0007"), "{csv}");
    // The daily look through the journal counts it, too.
    let is_counted = || {
        lookout.metric("lookout_events_damaged") == 1
            && lookout.metric("lookout_journal_scrubbed_timestamp_seconds") > 0
    };
    assert!(crate::support::lookout::until(is_counted));
    let ready = crate::support::Request::get("/readyz").send(lookout.admin()).text();
    assert!(ready.contains("1 stored events or deliveries are damaged"), "{ready}");
    assert_eq!(lookout.deliver(joined(9000).as_bytes()).status, 204);
    lookout.wait_for("_data/zoom-room-dashboard.csv", |csv| csv.contains("Guest 9000"));
    let (_, is_repaired, said) = outcome(&lookout, &["repair", "backup.db"]);
    assert!(!is_repaired && said.contains("is in use"), "{said}");
    lookout.stop();
    let (_, is_repaired, said) = outcome(&lookout, &["repair"]);
    assert!(!is_repaired && said.contains("1 row could not be restored"), "{said}");
    fs::rename(lookout.path("data/lookout.db.1"), lookout.path("data/lookout.db")).expect("moved");
    let (_, is_repaired, said) = outcome(&lookout, &["repair", "backup.db"]);
    assert!(is_repaired && said.contains("1 damaged row was restored"), "{said}");
    lookout.ok(&["build"]);
    assert!(lookout.csv().contains("Guest 0007") && lookout.csv().contains("Guest 9000"));
    let (_, is_sound, said) = outcome(&lookout, &["repair"]);
    assert!(is_sound && said.contains("is not damaged; nothing was changed"), "{said}");
}

#[test]
fn rows_from_before_there_were_checksums_get_theirs() {
    let (mut lookout, _) = with_events("");
    let journal = Connection::open(lookout.path("data/lookout.db")).expect("it opens");
    journal
        .execute_batch(
            "ALTER TABLE events DROP COLUMN checksum; ALTER TABLE quarantine DROP COLUMN checksum;
             PRAGMA user_version = 2",
        )
        .expect("as it was");
    drop(journal);
    assert_eq!(lookout.exported_keys().len(), EVENTS, "it is read as it is");
    lookout.serve();
    let journal = Connection::open(lookout.path("data/lookout.db")).expect("it opens");
    let unsealed = || -> u64 {
        let query = "SELECT (SELECT count(*) FROM events WHERE checksum IS NULL)
             + (SELECT count(*) FROM quarantine WHERE checksum IS NULL)";
        journal.query_row(query, [], |row| row.get(0)).expect("readable")
    };
    assert!(crate::support::lookout::until(|| unsealed() == 0), "{}", unsealed());
    lookout.stop();
    drop(journal);
    flip_a_name(&lookout, "Guest 0007");
    let (lines, _, _) = outcome(&lookout, &["check"]);
    assert!(lines.contains("✗ damage    1 event is damaged"), "{lines}");
}

#[test]
fn forgetting_keeps_the_checksums_of_what_stays_right() {
    let (mut lookout, _) = with_events("");
    lookout.serve();
    let named = r#"{"event":"meeting.updated","event_ts":5,"operator":"Guest 0007","n":1}"#;
    assert_eq!(lookout.deliver(named.as_bytes()).status, 204);
    lookout.stop();
    lookout.ok(&["forget", "--yes", "Guest 0007"]);
    assert_eq!(lookout.exported_keys().len(), EVENTS, "one is gone, one stays without the name");
    let (lines, _, _) = outcome(&lookout, &["check", "--deep"]);
    assert!(lines.contains("✓ damage    none"), "{lines}");
}
