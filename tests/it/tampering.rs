//! Files of the journal that are removed, replaced or written over below a running `serve`.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::PathBuf;

use lookout::zoom::Key;

use crate::support::Lookout;
use crate::support::lookout::until;
use crate::support::stored::Stored;

fn joined(n: usize) -> String {
    let filling = "x".repeat(500);
    format!(
        r#"{{"event":"meeting.participant_joined","event_ts":{n},"filling":"{filling}","payload":{{"object":{{"uuid":"m","id":"1","participant":{{"user_id":"{n}","user_name":"Guest {n}","join_time":"2026-01-05T20:00:00Z"}}}}}}}}"#
    )
}

/// Delivers as Zoom does: again, where it is told to. Returns the keys.
#[track_caller]
fn deliver(lookout: &Lookout, numbers: std::ops::Range<usize>) -> BTreeSet<String> {
    let mut keys = BTreeSet::new();
    for body in numbers.map(joined) {
        let is_stored = until(|| match lookout.deliver(body.as_bytes()).status {
            204 => true,
            503 => false,
            other => panic!("answered {other}"),
        });
        assert!(is_stored, "it goes on to answer 503: {}", lookout.log());
        keys.insert(Key::of(body.as_bytes()).to_string());
    }
    keys
}

fn at(lookout: &Lookout, ending: &str) -> PathBuf {
    lookout.path(&format!("data/lookout.db{ending}"))
}

fn remove(lookout: &Lookout, endings: &[&str]) {
    endings.iter().for_each(|ending| fs::remove_file(at(lookout, ending)).expect("removed"));
}

/// Writes `bytes` into the file that is there, as `cp` does.
fn copy_over(lookout: &Lookout, from: &str, ending: &str) {
    let bytes = fs::read(lookout.path(from)).expect("readable");
    let file = OpenOptions::new().write(true).truncate(true).open(at(lookout, ending));
    file.expect("it is there").write_all(&bytes).expect("written");
}

fn cut(lookout: &Lookout, ending: &str, length: impl FnOnce(u64) -> u64) {
    let file: File = OpenOptions::new().write(true).open(at(lookout, ending)).expect("there");
    let now = file.metadata().expect("known").len();
    file.set_len(length(now)).expect("cut");
}

fn move_in_place(lookout: &Lookout, from: &str, ending: &str) {
    fs::copy(lookout.path(from), lookout.path("copy")).expect("copied");
    fs::rename(lookout.path("copy"), at(lookout, ending)).expect("moved");
}

type Act = fn(&Lookout);

/// What happens, whether what was stored before is still there, and how.
#[rustfmt::skip]
const ACTS: &[(&str, bool, Act)] = &[
    // what happens                             kept   how
    ("the log is removed",                      true,  |l| remove(l, &["-wal"])),
    ("log and index are removed",               true,  |l| remove(l, &["-wal", "-shm"])),
    ("the index is removed",                    true,  |l| remove(l, &["-shm"])),
    ("the database is removed",                 false, |l| remove(l, &[""])),
    ("all are removed",                         false, |l| remove(l, &["", "-wal", "-shm"])),
    ("a backup is moved in place",              false, |l| move_in_place(l, "backup.db", "")),
    ("a copy is moved in place",                false, |l| move_in_place(l, "copy.db", "")),
    ("a backup is copied over",                 false, |l| copy_over(l, "backup.db", "")),
    ("a copy is copied over",                   false, |l| copy_over(l, "copy.db", "")),
    ("a backup is copied over, the log removed", false, |l| {
        remove(l, &["-wal"]);
        copy_over(l, "backup.db", "");
    }),
    ("as the README once said",                 false, |l| {
        remove(l, &["-wal", "-shm"]);
        copy_over(l, "backup.db", "");
    }),
    ("the log is emptied",                      false, |l| cut(l, "-wal", |_| 0)),
    ("the log is cut short",                    false, |l| cut(l, "-wal", |now| now / 2)),
    ("the log is emptied, the index removed",   false, |l| {
        cut(l, "-wal", |_| 0);
        remove(l, &["-shm"]);
    }),
    ("another log is moved in place",           true,  |l| move_in_place(l, "other-wal", "-wal")),
    ("another log is copied over",              false, |l| copy_over(l, "other-wal", "-wal")),
];

/// A log of another journal.
fn other_log() -> Vec<u8> {
    let mut other = Lookout::new();
    other.serve();
    deliver(&other, 5000..5020);
    other.kill();
    fs::read(at(&other, "-wal")).expect("it was left")
}

#[test]
fn what_is_acknowledged_after_files_were_tampered_with_survives_a_kill() {
    let other = other_log();
    for (what, is_kept, act) in ACTS {
        let mut lookout = Lookout::new();
        lookout.serve();
        deliver(&lookout, 0..3);
        lookout.ok(&["backup", "backup.db"]);
        lookout.stop();
        fs::copy(at(&lookout, ""), lookout.path("copy.db")).expect("copied");
        fs::write(lookout.path("other-wal"), &other).expect("written");
        lookout.serve();
        let before = deliver(&lookout, 3..40);
        act(&lookout);
        let after = deliver(&lookout, 40..60);
        lookout.kill();
        assert_eq!(Stored::open(&at(&lookout, "")).expect("it opens").damage(), "", "{what}");
        let there = lookout.exported_keys();
        assert!(there.is_superset(&after), "{what}: {} of 20", there.intersection(&after).count());
        if *is_kept {
            assert!(there.is_superset(&before), "{what}: {}", there.intersection(&before).count());
        }
        // The page goes on with what is there.
        lookout.serve();
        lookout.wait_for("_data/zoom-room-dashboard.csv", |csv| csv.contains("Guest 59"));
    }
}

#[test]
fn a_page_goes_on_below_a_running_serve_whatever_happens_to_its_files() {
    let other = other_log();
    let mut lookout = Lookout::new();
    lookout.serve();
    deliver(&lookout, 0..3);
    lookout.ok(&["backup", "backup.db"]);
    lookout.ok(&["backup", "copy.db"]);
    fs::write(lookout.path("other-wal"), &other).expect("written");
    for (round, (what, _, act)) in ACTS.iter().enumerate() {
        let first = 100 * (round + 1);
        act(&lookout);
        deliver(&lookout, first..first + 30);
        let guest = format!("Guest {}", first + 29);
        let is_shown = until(|| lookout.csv().contains(&guest));
        assert!(is_shown, "{what}: {}", lookout.log());
    }
}

#[test]
fn other_commands_that_write_are_no_tampering() {
    let mut lookout = Lookout::new();
    lookout.serve();
    let mut keys = BTreeSet::new();
    for round in 0..12 {
        let lines: Vec<_> = (0..400).map(|n| joined(10_000 + 400 * round + n)).collect();
        fs::write(lookout.path("lines"), lines.join("\n")).expect("written");
        let mut import = lookout.command(&["import", "lines"]).spawn().expect("it starts");
        let mut number = 1000 * round;
        loop {
            let reply = lookout.deliver(joined(number).as_bytes());
            assert_eq!(reply.status, 204, "{}", lookout.log());
            keys.insert(Key::of(joined(number).as_bytes()).to_string());
            number += 1;
            if import.try_wait().expect("it can be asked").is_some() {
                break;
            }
        }
        keys.extend(lines.iter().map(|line| Key::of(line.as_bytes()).to_string()));
        if round % 4 == 3 {
            lookout.ok(&["forget", "--yes", "Nobody"]);
        }
    }
    let log = lookout.log();
    assert!(!log.contains("ERROR"), "{log}");
    lookout.kill();
    assert_eq!(lookout.exported_keys(), keys);
    assert_eq!(Stored::open(&at(&lookout, "")).expect("it opens").damage(), "");
}
