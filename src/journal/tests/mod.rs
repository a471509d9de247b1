use std::path::PathBuf;

use tempfile::TempDir;

use super::*;

mod integrity;

/// A journal in a directory of its own.
struct Disk {
    dir: TempDir,
}

impl Disk {
    fn new() -> Self {
        Self { dir: TempDir::new().expect("a temporary directory") }
    }

    fn path(&self) -> PathBuf {
        self.dir.path().join("data").join("lookout.db")
    }

    fn journal(&self) -> Journal {
        Journal::open(&self.path()).expect("the journal opens")
    }

    fn reader(&self) -> Reader {
        Reader::open(&self.path()).expect("it can be read").expect("there is one")
    }

    fn documents(&self) -> Vec<String> {
        let mut documents = Vec::new();
        let each = |entry: Entry| {
            documents.push(entry.document);
            Ok(())
        };
        self.reader().events_after(0, each).expect("readable");
        documents
    }
}

fn event(body: &str, at: i64) -> Record {
    Record {
        key: Key::of(body.as_bytes()),
        received_ms: at * 1000,
        request_id: Some("r".to_owned()),
        content: Content::Event { document: body.to_owned(), at: Moment::from_seconds(at) },
    }
}

fn quarantined(body: &[u8], at: i64) -> Record {
    let content = Content::Quarantined(body.to_vec());
    Record { key: Key::of(body), received_ms: at * 1000, request_id: None, content }
}

fn prune_and_wait(journal: Journal, pruning: PruneLimits) {
    journal.prune(pruning);
    journal.close();
}

#[test]
fn what_was_appended_is_read_back_in_the_order_of_arrival() {
    let disk = Disk::new();
    let journal = disk.journal();
    let records = vec![event("b", 2), event("a", 1), quarantined(b"\xff", 3)];
    let outcomes = journal.append_all(records).expect("stored");
    assert_eq!(outcomes, [Appended::New; 3]);
    assert_eq!(disk.documents(), ["b", "a"]);

    let mut bodies = Vec::new();
    let each = |_, odd: Quarantined| {
        bodies.push(odd.body);
        Ok(())
    };
    disk.reader().quarantined(each).expect("readable");
    assert_eq!(bodies, [b"\xff"]);
}

#[test]
fn what_can_be_read_by_now_leaves_the_quarantine_as_an_event() {
    let disk = Disk::new();
    let journal = disk.journal();
    let half = br#"{"event":"meeting.ended","email":"a@example.org","a":"\ud83e","event_ts":5999}"#;
    let challenge = br#"{"event":"endpoint.url_validation","payload":{"plainToken":"\ud83e"}}"#;
    let odd = b"{\"email\":\"b@example.org\",\"a\":\"\xff\"";
    let records = vec![quarantined(half, 3), quarantined(odd, 4), quarantined(challenge, 5)];
    journal.append_all(records).expect("stored");
    let without_email = Redaction { keys: vec!["email".to_owned()], ..Redaction::default() };
    let (first, next) = (Reprocessed { events: 1, redacted: 1 }, Reprocessed::default());
    for (what, read) in [("after an upgrade", first), ("at the next start", next)] {
        let again = reprocess_quarantine(&disk.path(), &without_email).expect("readable");
        assert_eq!(again, read, "{what}");
        let stored = [r#"{"event":"meeting.ended","a":"\ud83e","event_ts":5999}"#];
        assert_eq!(disk.documents(), stored, "{what}");
        let mut left = Vec::new();
        let each = |_, odd: Quarantined| {
            left.push((odd.key, odd.body));
            Ok(())
        };
        disk.reader().quarantined(each).expect("readable");
        let blanked = b"{\"email\":\"\",\"a\":\"\xff\"".to_vec();
        let expected = [(Key::of(odd), blanked), (Key::of(challenge), challenge.to_vec())];
        assert_eq!(left, expected, "{what}");
    }
    let mut entries = Vec::new();
    let each = |entry: Entry| {
        entries.push((entry.key, entry.received_ms));
        Ok(())
    };
    disk.reader().events_after(0, each).expect("readable");
    assert_eq!(entries, [(Key::of(half), 3000)], "key and receipt are those of the delivery");
    let again = journal.append_all(vec![quarantined(half, 9)]).expect("stored");
    assert_eq!(again, [Appended::Known]);
}

#[test]
fn a_redelivered_event_changes_nothing() {
    let disk = Disk::new();
    let journal = disk.journal();
    let twice = vec![event("a", 1), event("a", 1)];
    let outcomes = journal.append_all(twice).expect("stored");
    assert_eq!(outcomes, [Appended::New, Appended::Known]);
    journal.close();

    let journal = disk.journal();
    let outcomes = journal.append_all(vec![event("a", 9)]).expect("stored");
    assert_eq!(outcomes, [Appended::Known], "also after a restart");
    assert_eq!(disk.documents(), ["a"]);
}

#[test]
fn keys_outlive_bodies() {
    let disk = Disk::new();
    let journal = disk.journal();
    let records = vec![event("old", 1), event("new", 9), event("unseen", 1), quarantined(b"[", 1)];
    journal.append_all(records).expect("stored");
    assert!(!disk.reader().pruned().expect("readable"));
    let pruning = PruneLimits {
        events_before_ms: Some(5000),
        events_up_to: 2,
        quarantined_before_ms: 5000,
        quarantined_up_to: u64::MAX,
    };
    prune_and_wait(journal, pruning);
    assert_eq!(disk.documents(), ["new", "unseen"], "only what a checkpoint has taken in goes");
    assert!(disk.reader().pruned().expect("readable"));
    disk.reader()
        .quarantined(|_, _| panic!("the quarantined delivery was to go"))
        .expect("readable");

    let journal = disk.journal();
    let again = vec![event("old", 1), quarantined(b"[", 1)];
    assert_eq!(journal.append_all(again).expect("stored"), [Appended::Known; 2]);
    assert_eq!(disk.reader().last_id().expect("readable"), 3, "places are not used twice");
}

#[test]
fn pruning_does_not_read_what_stays() {
    let disk = Disk::new();
    let connection = connection::open_writer(&disk.path()).expect("it opens");
    let mut plan = connection
        .prepare(&format!("EXPLAIN QUERY PLAN {}", retention::PRUNE_EVENTS))
        .expect("a statement");
    let steps = plan.query_map([1, 1, 1], |row| row.get::<_, String>(3)).expect("a plan");
    let steps: Vec<_> = steps.map(|step| step.expect("readable")).collect();
    let select = steps.last().expect("a step");
    assert!(select.starts_with("SEARCH events USING COVERING INDEX events_received"), "{steps:?}");
}

#[test]
fn whoever_reads_slowly_does_not_make_the_wal_grow() {
    let disk = Disk::new();
    let journal = disk.journal();
    let bodies = (0..200).map(|n| n.to_string());
    let records: Vec<_> =
        bodies.map(|body| event(&body, 1)).chain([quarantined(b"[", 1)]).collect();
    journal.append_all(records).expect("stored");
    let checkpoint = || {
        let connection = rusqlite::Connection::open(disk.path()).expect("it opens");
        let query = "PRAGMA wal_checkpoint(TRUNCATE)";
        let held_up: bool = connection.query_row(query, [], |row| row.get(0)).expect("a pragma");
        assert!(!held_up);
    };
    let mut read = 0;
    let each = |_| {
        checkpoint();
        read += 1;
        Ok(())
    };
    disk.reader().events_after(0, each).expect("readable");
    assert_eq!(read, 200, "each once");
    let each = |_, _| {
        checkpoint();
        Ok(())
    };
    disk.reader().quarantined(each).expect("readable");
}

#[test]
fn a_journal_of_a_newer_lookout_is_left_alone() {
    let disk = Disk::new();
    disk.journal().close();
    let connection = rusqlite::Connection::open(disk.path()).expect("it opens");
    connection.pragma_update(None, "user_version", 99).expect("written");
    for error in [
        Journal::open(&disk.path()).expect_err("too new").to_string(),
        Reader::open(&disk.path()).expect_err("too new").to_string(),
    ] {
        assert!(error.contains("has version 99"), "{error}");
        assert!(error.contains("run the newer Lookout"), "{error}");
    }
}

#[test]
fn without_a_journal_there_is_nothing_to_read() {
    let disk = Disk::new();
    assert!(Reader::open(&disk.path()).expect("no failure").is_none());
    assert!(!disk.path().exists(), "reading creates nothing");
}

#[test]
fn a_journal_that_cannot_be_reached_is_not_taken_for_none() {
    let disk = Disk::new();
    std::fs::write(disk.dir.path().join("data"), "no directory").expect("written");
    let error = Reader::open(&disk.path()).expect_err("nobody knows whether there is one");
    assert!(error.to_string().starts_with("cannot read the journal"), "{error}");
}

#[test]
fn every_commit_that_stores_something_new_is_told() {
    let disk = Disk::new();
    let journal = disk.journal();
    let mut committed = journal.committed();
    journal.append_all(vec![event("a", 1)]).expect("stored");
    assert!(committed.has_changed().expect("the writer lives"));
    committed.mark_unchanged();
    journal.append_all(vec![event("a", 1)]).expect("known");
    assert!(!committed.has_changed().expect("the writer lives"));
}

#[test]
fn nobody_else_may_read_the_journal() {
    use std::os::unix::fs::PermissionsExt;

    let disk = Disk::new();
    let journal = disk.journal();
    journal.append_all(vec![event("a", 1)]).expect("stored");
    for file in ["lookout.db", "lookout.db-wal", "lookout.db-shm"] {
        let metadata = disk.dir.path().join("data").join(file).metadata().expect("it is there");
        assert_eq!(metadata.permissions().mode() & 0o777, 0o600, "{file}");
    }
}

#[test]
fn the_journal_syncs_every_commit() {
    let disk = Disk::new();
    let connection = connection::open_writer(&disk.path()).expect("it opens");
    let pragma = |name: &str| -> String {
        let value: rusqlite::types::Value = connection
            .query_row(&format!("PRAGMA {name}"), [], |row| row.get(0))
            .expect("a pragma");
        format!("{value:?}")
    };
    assert_eq!(pragma("journal_mode"), r#"Text("wal")"#);
    assert_eq!(pragma("synchronous"), "Integer(2)", "2 is FULL");
}

#[test]
fn a_file_that_was_removed_takes_nothing_along_that_is_stored_afterwards() {
    let disk = Disk::new();
    let journal = disk.journal();
    journal.append_all(vec![event("a", 1)]).expect("stored");
    let reader = disk.reader();
    assert!(!reader.is_outdated().expect("it can be examined"));
    std::fs::remove_dir_all(disk.dir.path().join("data")).expect("removed");
    assert!(reader.is_outdated().expect("it can be examined"));
    assert_eq!(journal.append_all(vec![event("b", 2)]).expect("stored"), [Appended::New]);
    assert_eq!(disk.documents(), ["b"]);
    drop((reader, journal));
    assert_eq!(disk.documents(), ["b"], "nor does closing the old one");
}

#[test]
fn an_archive_is_given_what_it_does_not_have_in_the_order_of_arrival() {
    let disk = Disk::new();
    let journal = disk.journal();
    let records = vec![event("b", 2), quarantined(b"\xff", 3), event("a", 1), event("c", 3)];
    journal.append_all(records).expect("stored");
    let nothing = disk.reader().shipped("x").expect("readable");
    assert_eq!(nothing, Shipped::default());

    let first = disk.reader().backlog(nothing, 2).expect("readable");
    let documents: Vec<_> = first.events.iter().map(|entry| entry.document.as_str()).collect();
    assert_eq!((documents, first.quarantined.len(), first.waiting), (vec!["b", "a"], 1, 4));
    let after = first.shipped_after(nothing);
    assert_eq!(after, Shipped { event: 2, quarantined: 1 });
    journal.save_shipped("x", after);
    journal.save_shipped("x", nothing);
    journal.close();

    assert_eq!(disk.reader().shipped("x").expect("readable"), after, "it never goes back");
    assert_eq!(disk.reader().shipped("y").expect("readable"), nothing, "another archive");
    let rest = disk.reader().backlog(after, 2).expect("readable");
    assert_eq!((rest.events.len(), rest.quarantined.len(), rest.waiting), (1, 0, 1));
}

#[test]
fn a_journal_from_before_there_were_archives_is_read_and_then_brought_up_to_date() {
    let disk = Disk::new();
    disk.journal().close();
    let connection = rusqlite::Connection::open(disk.path()).expect("it opens");
    let as_it_was = "DROP TABLE shipped; ALTER TABLE events DROP COLUMN checksum;
         ALTER TABLE quarantine DROP COLUMN checksum; PRAGMA user_version = 1";
    connection.execute_batch(as_it_was).expect("as it was");
    assert_eq!(disk.reader().shipped("x").expect("readable"), Shipped::default());
    let journal = disk.journal();
    let some = Shipped { event: 1, quarantined: 0 };
    journal.save_shipped("x", some);
    journal.close();
    assert_eq!(disk.reader().shipped("x").expect("readable"), some);
}

/// Leaves a log behind, as a process does that is killed; returns its place.
fn left_log(disk: &Disk) -> PathBuf {
    let journal = disk.journal();
    journal.append_all(vec![event("a", 1)]).expect("stored");
    // Whoever goes last takes the log along; a reader may not.
    let reader = disk.reader();
    journal.close();
    drop(reader);
    disk.dir.path().join("data").join("lookout.db-wal")
}

#[test]
fn a_log_that_was_left_is_written_over_itself() {
    let disk = Disk::new();
    let log = left_log(&disk);
    let before = std::fs::read(&log).expect("it was left");
    let file = std::fs::File::options().write(true).open(&log).expect("it opens");
    file.set_modified(std::time::UNIX_EPOCH).expect("set");
    wal::make_durable(&disk.path()).expect("written");
    let modified = log.metadata().expect("it is there").modified().expect("known");
    assert_ne!(modified, std::time::UNIX_EPOCH);
    assert!(std::fs::read(&log).expect("it stays") == before, "byte for byte");
    assert_eq!(disk.documents(), ["a"]);
}

#[test]
fn where_no_log_was_left_opening_writes_nothing() {
    let disk = Disk::new();
    disk.journal().close();
    let file = std::fs::File::options().write(true).open(disk.path()).expect("it opens");
    file.set_modified(std::time::UNIX_EPOCH).expect("set");
    disk.journal().close();
    let modified = disk.path().metadata().expect("it is there").modified().expect("known");
    assert_eq!(modified, std::time::UNIX_EPOCH);
}

#[test]
fn a_log_is_not_written_over_itself_while_somebody_else_writes_it() {
    let disk = Disk::new();
    left_log(&disk);
    let other = connection::open_writer(&disk.path()).expect("it opens");
    other.execute_batch("BEGIN IMMEDIATE; DELETE FROM events").expect("begun");
    let error = wal::make_durable(&disk.path()).expect_err("it waits, and in the end gives up");
    assert!(format!("{error:#}").contains("locked"), "{error:#}");
    other.execute_batch("ROLLBACK").expect("ended");
    wal::make_durable(&disk.path()).expect("written");
    assert_eq!(disk.documents(), ["a"]);
}

/// Set for the process in which the writer is to panic.
const PANICS: &str = "LOOKOUT_TEST_WRITER_PANICS";

#[test]
fn a_panic_of_the_writer_ends_the_process_so_that_it_is_started_again() {
    #[expect(clippy::disallowed_methods, reason = "it is no setting of the program")]
    let is_child = std::env::var_os(PANICS).is_some();
    if is_child {
        let disk = Disk::new();
        let journal = disk.journal();
        journal.panic();
        // Without the abort, the process lives on and every delivery is refused.
        journal.close();
        return;
    }
    let name = "journal::tests::a_panic_of_the_writer_ends_the_process_so_that_it_is_started_again";
    let ended = std::process::Command::new(std::env::current_exe().expect("it has a path"))
        .args(["--exact", name])
        .env(PANICS, "1")
        .output()
        .expect("it starts");
    let signal = std::os::unix::process::ExitStatusExt::signal(&ended.status);
    assert_eq!(signal, Some(6), "SIGABRT: {ended:?}");
}
