//! Forgetting somebody: beside a running `serve`, down to the last byte on disk.

use std::fs;
use std::path::{Path, PathBuf};

use mongodb::bson::{Document, doc};

use crate::evening;
use crate::support::lookout::until;
use crate::support::mongod::Mongod;
use crate::support::{Lookout, Request};

/// She came as "Guest", shares, and has a sign in her name that JSON may escape.
const NAME: &str = "Hiroko Nakagawa 🌻";

/// All files below `dir` that hold `bytes`.
fn holding(dir: &Path, bytes: &[u8]) -> Vec<PathBuf> {
    let entries = walkdir::WalkDir::new(dir).into_iter().filter_map(Result::ok);
    let files = entries.filter(|entry| entry.file_type().is_file());
    let found = files.filter(|file| {
        let contents = fs::read(file.path()).unwrap_or_default();
        contents.windows(bytes.len()).any(|window| window == bytes)
    });
    found.map(|file| file.into_path()).collect()
}

/// The evening, its people published, and three texts more that name her.
fn with_an_evening(lookout: &Lookout) {
    for (_, body) in evening::bodies() {
        lookout.deliver(&body);
    }
    let topic = format!(
        r#"{{"event":"meeting.started","event_ts":1773518400000,"payload":{{"object":{{"uuid":"t","id":"9","topic":"{NAME}'s Zoom Meeting","start_time":"2026-03-14T20:00:00Z"}}}}}}"#
    );
    let odd = br#"{"event":"meeting.x","event":"y","user_name":"Hiroko Nakagawa \ud83c\udf3b"}"#;
    assert_eq!(lookout.deliver(topic.as_bytes()).status, 204);
    assert_eq!(lookout.deliver(odd).status, 204);
    assert_eq!(lookout.deliver(format!("not JSON, of {NAME}").as_bytes()).status, 204);
}

#[test]
fn nobody_finds_a_byte_of_somebody_forgotten_and_everybody_else_is_as_before() {
    let mut lookout = Lookout::with_settings(
        "[privacy]\npublish = [\"*\"]\n[presence]\nstale_after = \"36500d\"\n[csv]\ncopies = [\"copy.csv\"]\n",
    );
    lookout.serve();
    with_an_evening(&lookout);
    lookout.wait_for("_data/zoom-room-dashboard.csv", |csv| csv.contains(NAME));
    // A checkpoint has her as well.
    lookout.stop();
    assert!(lookout.path("data/lookout.checkpoint").exists());
    lookout.serve();
    let before = lookout.csv();
    let first = holding(lookout.dir.path(), NAME.as_bytes());
    assert!(first.len() >= 4, "journal, checkpoint, page, table: {first:?}");

    let output = lookout.run(&["forget", NAME]);
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(stderr.contains("nothing was removed"), "{stderr}");
    assert_eq!(holding(lookout.dir.path(), NAME.as_bytes()), first);

    let output = lookout.run(&["forget", "--yes", NAME]);
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{stderr}");
    insta::assert_snapshot!(stderr, @"
    to be forgotten: `Hiroko Nakagawa 🌻`
      in the journal: 5 events of theirs; the name in 1 event of others, which stay without it, and in 2 unreadable deliveries
    with it goes what happened on the same connections as `Guest`
    forgotten; what this cannot reach:
      exports and backups made before, and copies of the site; delete those
    who joins under the name again is stored again
    ");
    // Also once the running `serve` has published and saved again.
    let later = evening::bodies().into_iter().find(|(name, _)| name.contains("stays"));
    let later = String::from_utf8(later.expect("it is there").1).expect("UTF-8");
    let later = later.replace("2026-03-14T20:30:10Z", "2026-03-14T20:30:11Z");
    assert_eq!(lookout.deliver(later.as_bytes()).status, 204);
    let is_gone = || holding(lookout.dir.path(), NAME.as_bytes()).is_empty();
    assert!(until(is_gone), "{:?}", holding(lookout.dir.path(), NAME.as_bytes()));
    lookout.stop();
    let left = holding(lookout.dir.path(), b"Hiroko Nakagawa");
    assert!(left.is_empty(), "{left:?}");
    let rows = |csv: &str| -> Vec<String> { csv.lines().map(str::to_owned).collect() };
    let others: Vec<_> = rows(&before).into_iter().filter(|row| !row.contains(NAME)).collect();
    assert_eq!(rows(&lookout.csv()), others);

    // What Zoom sends again is known, and not stored again.
    lookout.serve();
    let count = lookout.ok(&["export"]).lines().count();
    with_an_evening(&lookout);
    assert_eq!(lookout.ok(&["export"]).lines().count(), count);
    assert!(holding(lookout.dir.path(), NAME.as_bytes()).is_empty());
}

#[test]
fn where_old_events_are_only_in_the_checkpoint_they_are_forgotten_there() {
    let mut lookout = Lookout::new();
    lookout.serve();
    with_an_evening(&lookout);
    lookout.wait_for("_data/zoom-room-dashboard.csv", |csv| csv.contains(NAME));
    lookout.stop();
    let journal = rusqlite::Connection::open(lookout.path("data/lookout.db")).expect("it opens");
    let prune = "PRAGMA secure_delete = ON; DELETE FROM events; UPDATE journal SET pruned = 1;";
    journal.execute_batch(prune).expect("pruned");
    drop(journal);
    let before = lookout.csv();

    lookout.ok(&["forget", "--yes", NAME]);
    let left = holding(lookout.dir.path(), NAME.as_bytes());
    assert!(left.is_empty(), "{left:?}");
    lookout.ok(&["build"]);
    let others: Vec<_> = before.lines().filter(|row| !row.contains(NAME)).collect();
    assert_eq!(lookout.csv().lines().collect::<Vec<_>>(), others);
}

#[test]
fn the_archive_forgets_and_so_does_whoever_follows_it() {
    let mongod = Mongod::alone();
    let (mut first, mut second) =
        (Lookout::with_settings(&mongod.settings()), Lookout::with_settings(&mongod.settings()));
    first.serve();
    second.serve();
    with_an_evening(&first);
    let other = format!(r#"{{"event":"x","payload":{{"object":{{"topic":"{NAME} was here"}}}}}}"#);
    assert_eq!(second.deliver(other.as_bytes()).status, 204);
    let old = |name: &str| {
        let participant =
            doc! { "user_id": name, "user_name": name, "join_time": "2026-03-14T21:00:00Z" };
        let object = doc! { "uuid": "old", "id": "1", "participant": participant };
        doc! { "event": "meeting.participant_joined", "event_ts": 1_773_522_000_000_i64, "payload": { "object": object } }
    };
    let events = mongod.events();
    events.insert(vec![old(NAME), old("Guest of old")]);
    let count = first.ok(&["export", "--from", "journal"]).lines().count()
        + first.ok(&["export", "--from", "journal", "--quarantined"]).lines().count();
    assert!(until(|| events.count(doc! {}) == count as u64 + 3), "all is shipped");
    let csv = "_data/zoom-room-dashboard.csv";
    let is_complete = |csv: &str| csv.contains(NAME) && csv.contains("Guest of old");
    for lookout in [&first, &second] {
        lookout.wait_for(csv, is_complete);
    }

    first.ok(&["forget", "--yes", NAME]);
    let held = |document: &Document| format!("{document:?}").contains("Hiroko");
    assert_eq!(events.all().iter().filter(|document| held(document)).count(), 0);
    for lookout in [&first, &second] {
        lookout.wait_for(csv, |csv| csv.contains("Guest of old") && !csv.contains("Hiroko"));
    }
    assert!(holding(first.dir.path(), NAME.as_bytes()).is_empty());

    // The journal has another id now; what it shipped is known all the same.
    first.stop();
    first.serve();
    // What goes leaves its key: nobody ships it again.
    let before = events.count(doc! {});
    with_an_evening(&second);
    let waits = "lookout_archive_backlog 0";
    assert!(until(|| Request::get("/metrics").send(second.admin()).text().contains(waits)));
    assert_eq!(events.count(doc! {}), before);
    assert!(!first.stop().contains("shipped again"));
    assert_eq!(events.all().iter().filter(|document| held(document)).count(), 0);
}
