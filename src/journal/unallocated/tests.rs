use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use rusqlite::params;
use tempfile::TempDir;

use super::*;
use crate::journal::connection;
use crate::journal::{Appended, Change, Content, Entry, Eraser, Journal, Reader, Record};
use crate::simulate::Rng;
use crate::time::moment::Moment;
use crate::zoom::Key;

/// So many people are forgotten one after the other.
const PEOPLE: usize = 160;

fn name(person: usize) -> String {
    format!("Invented Person {person:03}")
}

/// A journal of everybody's events, of all lengths, so that pages are filled and split unevenly.
fn journal_of_everybody(path: &Path, seed: u64) {
    let mut rng = Rng::new(seed);
    let journal = Journal::open(path).expect("it opens");
    let events = (0..PEOPLE as i64 * 6).map(|number| {
        let who =
            if rng.below(3) == 0 { "Somebody else".to_owned() } else { name(rng.below(PEOPLE)) };
        let words = "w".repeat(rng.below(1500));
        let document = format!("{{\"user_name\":\"{who}\",\"n\":{number},\"a\":\"{words}\"}}");
        let key = Key::of(document.as_bytes());
        let content = Content::Event { document, at: Moment::from_seconds(number) };
        Record { key, received_ms: 0, request_id: None, content }
    });
    journal.append_all(events.collect()).expect("stored");
    journal.close();
}

/// Removes the events of `person`, and makes texts of some others longer.
fn forget(path: &Path, person: usize) -> Eraser {
    let mut changes = Vec::new();
    let reader = Reader::open(path).expect("it opens").expect("it is there");
    let each = |entry: Entry| {
        if entry.document.contains(&name(person)) {
            changes.push(Change::RemoveEvent(entry.id));
        } else if entry.id % 17 == person as u64 % 17 {
            let longer = format!("{}{}", entry.document, " ".repeat(person * 7 % 300));
            changes.push(Change::ReplaceEvent(entry.id, longer));
        }
        Ok(())
    };
    reader.events_after(0, each).expect("read");
    let mut eraser = Eraser::open(path).expect("it opens");
    eraser.apply(&changes).expect("made");
    eraser
}

/// Whether the name is anywhere in the file or its log.
fn is_in(path: &Path, person: usize) -> bool {
    let files = [path.to_owned(), wal::path_of(path).expect("known")];
    let texts = files.map(|file| fs::read(file).unwrap_or_default());
    texts.iter().any(|bytes| String::from_utf8_lossy(bytes).contains(&name(person)))
}

#[track_caller]
fn is_sound(path: &Path) {
    let connection = Connection::open(path).expect("it opens");
    let verdict: String = connection
        .query_row("PRAGMA integrity_check", [], |row| row.get(0))
        .expect("it can be checked");
    assert_eq!(verdict, "ok");
}

/// Calls `each` with journals of several contents until it finds that something was left behind, as
/// SQLite does only now and then.
#[track_caller]
fn until_left(each: impl Fn(&Path) -> usize) {
    let is_left = (1..20).any(|seed| {
        let directory = TempDir::new().expect("a directory");
        let path = directory.path().join("lookout.db");
        journal_of_everybody(&path, seed);
        each(&path) > 0
    });
    assert!(is_left, "SQLite leaves some names, or this test shows nothing");
}

#[test]
fn no_name_stays_in_unallocated_parts_of_pages() {
    until_left(|path| {
        let mut left = 0;
        for person in 0..PEOPLE {
            let eraser = forget(path, person);
            drop(eraser);
            if is_in(path, person) {
                left += 1;
                Eraser::open(path).expect("it opens").finish().expect("finished");
                assert!(!is_in(path, person), "{person}");
                is_sound(path);
            }
        }
        left
    });
}

#[test]
fn what_is_stored_stays_whether_in_one_turn_or_in_many() {
    for turn in [MAX_TURN, Duration::ZERO] {
        let directory = TempDir::new().expect("a directory");
        let path = directory.path().join("lookout.db");
        journal_of_everybody(&path, 1);
        let connection = Connection::open(&path).expect("it opens");
        let filler = "INSERT INTO quarantine (received_ms, key, body) VALUES (0, x'00', ?1)";
        connection.execute(filler, params![vec![13_u8; 3 << 20]]).expect("stored");
        let all = |connection: &Connection| -> Vec<(i64, String)> {
            let query =
                "SELECT id, document FROM events UNION ALL SELECT id, hex(body) FROM quarantine";
            let mut query = connection.prepare(query).expect("prepared");
            let rows = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).expect("read");
            rows.map(|row| row.expect("a row")).collect()
        };
        let before = all(&connection);
        overwrite_in_turns(&path, connection, turn).expect("overwritten");
        is_sound(&path);
        assert!(all(&Connection::open(&path).expect("it opens")) == before, "{turn:?}");
    }
}

#[test]
fn a_writer_that_has_old_pages_in_memory_does_not_write_them_back() {
    until_left(|path| {
        let writer = connection::open_writer(path).expect("it opens");
        // Rows without a checksum are believed, whatever changed in them.
        let touch = "UPDATE events SET received_ms = received_ms + 1, checksum = NULL";
        let mut left = 0;
        for person in 0..PEOPLE {
            drop(forget(path, person));
            let log_is_empty = wal::truncate(&writer).expect("emptied");
            assert!(log_is_empty);
            if is_in(path, person) {
                left += 1;
                // It reads all pages as they are now, and changes all after they were overwritten.
                let read = "SELECT sum(length(document)) FROM events";
                writer.query_row(read, [], |row| row.get::<_, i64>(0)).expect("read");
                Eraser::open(path).expect("it opens").finish().expect("finished");
                writer.execute(touch, []).expect("written");
                assert!(!is_in(path, person), "{person}");
            }
        }
        drop(writer);
        is_sound(path);
        left
    });
}

#[test]
fn a_busy_writer_goes_on_meanwhile_and_loses_nothing() {
    let directory = TempDir::new().expect("a directory");
    let path = directory.path().join("lookout.db");
    journal_of_everybody(&path, 1);
    let filler =
        "INSERT INTO quarantine (received_ms, key, body) VALUES (0, x'00', zeroblob(4194304))";
    connection::open_writer(&path).expect("it opens").execute(filler, []).expect("stored");
    let journal = Journal::open(&path).expect("it opens");
    let is_over = AtomicBool::new(false);
    let stored = thread::scope(|scope| {
        let writing = scope.spawn(|| {
            let mut stored = 0;
            while !is_over.load(Ordering::Relaxed) {
                let document = format!("{{\"later\":{stored}}}");
                let key = Key::of(document.as_bytes());
                let content = Content::Event { document, at: Moment::from_seconds(stored) };
                let record = Record { key, received_ms: 0, request_id: None, content };
                let outcome = journal.append_all(vec![record]).expect("stored");
                assert_eq!(outcome, [Appended::New]);
                stored += 1;
            }
            stored
        });
        let connection = connection::open_writer(&path).expect("it opens");
        let overwritten = overwrite_in_turns(&path, connection, Duration::ZERO);
        is_over.store(true, Ordering::Relaxed);
        overwritten.expect("nobody holds it up");
        writing.join().expect("no panic")
    });
    journal.close();
    let reader = Reader::open(&path).expect("it opens").expect("it is there");
    assert_eq!(reader.last_id().expect("read"), PEOPLE as u64 * 6 + stored as u64);
    is_sound(&path);
}

#[test]
fn only_what_belongs_to_nothing_in_a_node_is_unallocated() {
    let page = |first: u8, cells: u16, content: u16| {
        let mut page = vec![0xaa; 512];
        page[0] = first;
        page[3..5].copy_from_slice(&cells.to_be_bytes());
        page[5..7].copy_from_slice(&content.to_be_bytes());
        page
    };
    #[rustfmt::skip]
    let cases = [
        // what is special             page                     unallocated
        ("a leaf of a table",          page(13, 3, 400),        Some(14..400)),
        ("an inner node",              page(5, 3, 400),         Some(18..400)),
        ("a leaf of an index",         page(10, 0, 512),        Some(8..512)),
        ("full",                       page(13, 4, 16),         Some(16..16)),
        ("an overflow page",           page(0, 3, 400),         None),
        ("cells before their places",  page(13, 300, 400),      None),
        ("cells outside of the page",  page(13, 3, 600),        None),
    ];
    for (what, page, expected) in cases {
        assert_eq!(unallocated(&page, false, 512), expected, "{what}");
    }
}
