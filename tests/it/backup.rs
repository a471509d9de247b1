//! Copying the journal beside a running `serve`, and putting the copy back.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use lookout::zoom::Key;

use crate::support::Lookout;
use crate::support::lookout::{now, signed};

const WEBHOOK: &str = crate::support::lookout::WEBHOOK;

fn joined(n: usize) -> String {
    format!(
        r#"{{"event":"meeting.participant_joined","event_ts":{n},"payload":{{"object":{{"uuid":"m","id":"1","participant":{{"user_id":"{n}","user_name":"Guest {n}","join_time":"2026-01-05T20:00:00Z"}}}}}}}}"#
    )
}

/// Puts `backup` in the journal's place by hand.
fn restore(lookout: &Lookout, backup: &str) {
    for file in ["lookout.db", "lookout.db-wal", "lookout.db-shm"] {
        drop(fs::remove_file(lookout.path("data").join(file)));
    }
    fs::copy(lookout.path(backup), lookout.path("data/lookout.db")).expect("copied");
}

#[test]
fn a_backup_under_load_has_all_that_was_acknowledged_before_it() {
    let mut lookout = Lookout::new();
    lookout.serve();
    assert_eq!(lookout.deliver(b"not JSON").status, 204);
    let address = lookout.public();
    let is_over = AtomicBool::new(false);
    let deliver = |lane: usize| {
        let mut keys = BTreeSet::new();
        for n in (lane..).step_by(4) {
            if is_over.load(Ordering::Relaxed) {
                return keys;
            }
            let body = joined(n);
            let reply = signed(WEBHOOK, body.as_bytes(), now()).send(address);
            assert_eq!(reply.status, 204);
            keys.insert(Key::of(body.as_bytes()).to_string());
        }
        keys
    };
    let (before, acknowledged) = thread::scope(|scope| {
        let lanes: Vec<_> = (0..4).map(|lane| scope.spawn(move || deliver(lane))).collect();
        let mut before = BTreeSet::new();
        for _ in 0..5 {
            before = lookout.exported_keys();
            lookout.ok(&["backup", "backup.db"]);
        }
        is_over.store(true, Ordering::Relaxed);
        let all = lanes.into_iter().flat_map(|lane| lane.join().expect("all were answered"));
        (before, all.collect::<BTreeSet<_>>())
    });
    assert!(before.len() > 20, "there was a load");
    lookout.stop();
    restore(&lookout, "backup.db");
    let restored = lookout.exported_keys();
    assert!(restored.is_superset(&before), "what was stored before the backup is in it");
    assert!(restored.is_subset(&acknowledged));
    assert_eq!(lookout.ok(&["export", "--quarantined"]).lines().count(), 1);

    // Checkpoint and site know more than the journal does; it is begun anew all the same.
    lookout.serve();
    lookout
        .wait_for("_data/zoom-room-dashboard.csv", |csv| csv.lines().count() == restored.len() + 1);
    // Keys are in it, too: what was there is known.
    for body in [joined(0), "not JSON".to_owned()] {
        assert_eq!(lookout.deliver(body.as_bytes()).status, 204);
    }
    assert_eq!(lookout.exported_keys(), restored);
    for key in acknowledged.difference(&restored).take(3) {
        assert!(!restored.contains(key));
    }
    assert_eq!(lookout.deliver(joined(1_000_000).as_bytes()).status, 204);
    lookout.wait_for("_data/zoom-room-dashboard.csv", |csv| csv.contains("Guest 1000000"));
}

#[test]
fn a_backup_replaces_only_a_backup() {
    let mut lookout = Lookout::new();
    let output = lookout.run(&["backup", "backup.db"]);
    assert_eq!(output.status.code(), Some(1), "there is no journal yet");
    lookout.serve();
    assert_eq!(lookout.deliver(joined(1).as_bytes()).status, 204);
    fs::write(lookout.path("letter.txt"), "dear").expect("written");
    #[rustfmt::skip]
    let cases = [
        // what is special     file                     said
        ("a new file",         "backup.db",             None),
        ("a backup",           "backup.db",             None),
        ("something else",     "letter.txt",            Some("is not a backup of Lookout")),
        ("the journal",        "data/../data/lookout.db", Some("is the journal itself")),
        ("a directory",        "site",                  Some("is not a backup of Lookout")),
        ("no such directory",  "nowhere/backup.db",     Some("cannot write the backup")),
    ];
    for (what, file, said) in cases {
        let output = lookout.run(&["backup", file]);
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.success(), said.is_none(), "{what}: {stderr}");
        assert!(stderr.contains(said.unwrap_or_default()), "{what}: {stderr}");
    }
    assert_eq!(fs::read_to_string(lookout.path("letter.txt")).expect("it is there"), "dear");
    let left: Vec<_> = fs::read_dir(lookout.dir.path())
        .expect("readable")
        .map(|file| file.expect("readable").file_name().into_string().expect("UTF-8"))
        .filter(|name| name.starts_with('.'))
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn a_backup_of_a_pruned_journal_brings_its_store_along() {
    let mut lookout = Lookout::new();
    lookout.serve();
    assert_eq!(lookout.deliver(joined(1).as_bytes()).status, 204);
    lookout.stop();
    let journal = rusqlite::Connection::open(lookout.path("data/lookout.db")).expect("it opens");
    journal.execute_batch("DELETE FROM events; UPDATE journal SET pruned = 1").expect("pruned");
    drop(journal);
    lookout.ok(&["backup", "backup.db"]);
    fs::remove_file(lookout.path("data/lookout.presence")).expect("removed");
    fs::remove_dir_all(lookout.path("site")).expect("removed");
    restore(&lookout, "backup.db");
    let store = lookout.path("data/lookout.presence");
    fs::copy(lookout.path("backup.presence"), store).expect("copied");
    lookout.ok(&["build"]);
    assert!(lookout.csv().contains("Guest 1"), "{}", lookout.csv());
}

#[test]
fn another_ones_events_at_the_same_places_are_noticed() {
    // A copy made by hand has the journal's id, and may outgrow the store unseen.
    let mut lookout = Lookout::new();
    lookout.serve();
    assert_eq!(lookout.deliver(joined(1).as_bytes()).status, 204);
    lookout.stop();
    fs::copy(lookout.path("data/lookout.db"), lookout.path("copy.db")).expect("copied");
    lookout.serve();
    assert_eq!(lookout.deliver(joined(2).as_bytes()).status, 204);
    lookout.stop();
    let store = fs::read(lookout.path("data/lookout.presence")).expect("there is one");
    restore(&lookout, "copy.db");
    lookout.serve();
    for n in [3, 4] {
        assert_eq!(lookout.deliver(joined(n).as_bytes()).status, 204);
    }
    lookout.kill();
    fs::write(lookout.path("data/lookout.presence"), store).expect("written");
    lookout.ok(&["build", "--output-dir", "elsewhere"]);
    let csv = lookout.path("elsewhere/_data/zoom-room-dashboard.csv");
    let csv = fs::read_to_string(csv).expect("it is there");
    let guests: Vec<_> = csv.split('"').filter(|cell| cell.starts_with("Guest")).collect();
    assert_eq!(guests, ["Guest 1", "Guest 3", "Guest 4"]);
}

/// Removes all events from the journal, as `journal.keep` does: its store has them alone.
fn prune(lookout: &Lookout, path: &str) {
    let journal = rusqlite::Connection::open(lookout.path(path)).expect("it opens");
    journal.execute_batch("DELETE FROM events; UPDATE journal SET pruned = 1").expect("pruned");
}

#[test]
fn each_of_several_dated_backups_of_a_pruned_journal_can_be_put_back() {
    let mut lookout = Lookout::new();
    let backups =
        ["lookout.2026-11-26", "lookout.2026-11-27", "lookout.db.1", "lookout.db.2", "monday.db"];
    for (n, backup) in backups.iter().enumerate() {
        lookout.serve();
        assert_eq!(lookout.deliver(joined(n).as_bytes()).status, 204);
        lookout.stop();
        prune(&lookout, "data/lookout.db");
        lookout.ok(&["backup", backup]);
    }
    // What the guide says, and what is at hand: to rename both files alike.
    for place in ["data/lookout.presence", "data/lookout.db.presence"] {
        for (n, backup) in backups.iter().enumerate() {
            drop(fs::remove_file(lookout.path("data/lookout.presence")));
            drop(fs::remove_dir_all(lookout.path("site")));
            restore(&lookout, backup);
            let name = backup.strip_suffix(".db").unwrap_or(backup);
            let store = lookout.path(&format!("{name}.presence"));
            fs::copy(store, lookout.path(place)).expect("copied");
            lookout.ok(&["build"]);
            assert_eq!(lookout.csv().lines().count(), n + 2, "{backup}: {}", lookout.csv());
        }
    }
}

#[test]
fn journals_in_one_directory_share_no_store() {
    let mut lookout = Lookout::with_settings(
        "[privacy]\npublish = [\"*\"]\n[journal]\npath = \"data/rooms.lounge\"\n",
    );
    lookout.serve();
    assert_eq!(lookout.deliver(joined(1).as_bytes()).status, 204);
    lookout.stop();
    prune(&lookout, "data/rooms.lounge");
    let other = lookout.path("data/rooms.presence");
    fs::write(&other, "of another journal").expect("written");
    lookout.ok(&["build"]);
    assert!(lookout.csv().contains("Guest 1"), "{}", lookout.csv());
    lookout.ok(&["forget", "--yes", "Guest 1"]);
    assert_eq!(fs::read(&other).expect("it stays"), b"of another journal");
    let found = fs::read(lookout.path("data/rooms.lounge.presence")).expect("it is there");
    assert!(!found.windows(7).any(|bytes| bytes == b"Guest 1"));
}

/// The output of `restore`, which succeeds.
#[track_caller]
fn restored(lookout: &Lookout, backup: &str) -> String {
    let output = lookout.run(&["restore", backup]);
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{stderr}");
    stderr
}

#[test]
fn restore_puts_a_backup_back_and_keeps_what_was_there() {
    let mut lookout = Lookout::new();
    lookout.serve();
    assert_eq!(lookout.deliver(joined(1).as_bytes()).status, 204);
    lookout.ok(&["backup", "monday.db"]);
    assert_eq!(lookout.deliver(joined(2).as_bytes()).status, 204);
    let refused = lookout.run(&["restore", "monday.db"]);
    let stderr = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success() && stderr.contains("is in use; stop what"), "{stderr}");
    lookout.kill();
    let both = lookout.exported_keys();

    // One that was killed left what it had copied.
    fs::create_dir(lookout.path("data/.restore-abc")).expect("made");
    fs::write(lookout.path("data/.restore-abc/journal"), "").expect("written");
    let said = restored(&lookout, "monday.db");
    for part in ["start Lookout again", "the old journal is kept as `data/lookout.db.1`"] {
        assert!(said.contains(part), "{part}: {said}");
    }
    assert_eq!(lookout.exported_keys().len(), 1);
    let mode = fs::metadata(lookout.path("data/lookout.db")).expect("there").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    // Checkpoint and site know more than the journal does; it is begun anew all the same.
    lookout.serve();
    lookout.wait_for("_data/zoom-room-dashboard.csv", |csv| {
        csv.contains("Guest 1") && !csv.contains("Guest 2")
    });
    lookout.stop();
    // What was there is whole, and can be put back like any backup.
    let said = restored(&lookout, "data/lookout.db.1");
    assert!(said.contains("`data/lookout.db.2`"), "{said}");
    assert_eq!(lookout.exported_keys(), both);
    let left = fs::read_dir(lookout.path("data")).expect("readable").filter(|file| {
        let name = file.as_ref().expect("readable").file_name();
        name.to_string_lossy().starts_with('.')
    });
    assert_eq!(left.count(), 0);
}

#[test]
fn restore_brings_the_store_of_a_pruned_journal_along() {
    let mut lookout = Lookout::new();
    lookout.serve();
    assert_eq!(lookout.deliver(joined(1).as_bytes()).status, 204);
    lookout.stop();
    prune(&lookout, "data/lookout.db");
    lookout.ok(&["backup", "lookout.2026-11-26"]);
    fs::remove_dir_all(lookout.path("data")).expect("removed");
    fs::remove_dir_all(lookout.path("site")).expect("removed");
    assert!(!restored(&lookout, "lookout.2026-11-26").contains("WARN"));
    lookout.ok(&["build"]);
    assert!(lookout.csv().contains("Guest 1"), "{}", lookout.csv());
    fs::remove_file(lookout.path("lookout.2026-11-26.presence")).expect("removed");
    assert!(
        restored(&lookout, "lookout.2026-11-26").contains("its `.presence` file is not next to")
    );
}

#[test]
fn restore_takes_only_a_sound_backup_and_changes_nothing_else() {
    let mut lookout = Lookout::new();
    lookout.serve();
    for n in 0..300 {
        assert_eq!(lookout.deliver(joined(n).as_bytes()).status, 204);
    }
    lookout.ok(&["backup", "good.db"]);
    lookout.stop();
    let mut bytes = fs::read(lookout.path("good.db")).expect("there");
    fs::write(lookout.path("short.db"), &bytes[..bytes.len() / 2]).expect("written");
    bytes[40960..49152].fill(7);
    fs::write(lookout.path("noisy.db"), bytes).expect("written");
    fs::write(lookout.path("letter.txt"), "dear").expect("written");
    fs::write(lookout.path("empty.db"), "").expect("written");
    let before = fs::read(lookout.path("data/lookout.db")).expect("there");
    #[rustfmt::skip]
    let cases = [
        // what is special     file                 said
        ("cut short",          "short.db",          "is not a valid backup, so nothing was changed"),
        ("8 KiB of noise",     "noisy.db",          "is not a valid backup, so nothing was changed"),
        ("something else",     "letter.txt",        "is not a valid backup, so nothing was changed"),
        ("empty",              "empty.db",          "is not a valid backup, so nothing was changed"),
        ("not there",          "nowhere.db",        "cannot read the backup `nowhere.db`"),
        ("a directory",        "data",              "is no file"),
        ("the journal itself", "data/../data/lookout.db", "is the journal itself"),
    ];
    for (what, file, said) in cases {
        let output = lookout.run(&["restore", file]);
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{what}: {stderr}");
        assert!(stderr.contains(said), "{what}: {stderr}");
        assert!(fs::read(lookout.path("data/lookout.db")).expect("there") == before, "{what}");
    }
}
