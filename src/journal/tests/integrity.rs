//! What shows that a journal is as it was written.

use super::*;

/// What is done to a log.
type Altering = fn(&mut Vec<u8>);

#[test]
fn the_index_of_the_log_describes_the_log_and_no_other() {
    let disk = Disk::new();
    let journal = disk.journal();
    journal.append_all(vec![event("a", 1)]).expect("stored");
    let file = |ending: &str| disk.dir.path().join("data").join(format!("lookout.db{ending}"));
    let open = |ending: &str| std::fs::File::open(file(ending)).expect("it is there");
    let index = || wal_index::WalIndex::read(&open("-shm")).expect("readable").expect("known");
    let describes = |index: &wal_index::WalIndex, log: &std::fs::File| {
        index.describes(log).expect("it can be read")
    };
    let first = index();
    assert!(first.frames > 0 && describes(&first, &open("-wal")));
    let log = std::fs::read(file("-wal")).expect("readable");
    journal.append_all(vec![event("b", 2)]).expect("stored");
    let second = index();
    assert!(second.frames > first.frames && describes(&second, &open("-wal")));
    assert!(describes(&first, &open("-wal")), "what was there still is");
    let altered = |change: Altering| {
        let mut log = log.clone();
        change(&mut log);
        let path = disk.dir.path().join("altered");
        std::fs::write(&path, log).expect("written");
        std::fs::File::open(path).expect("it is there")
    };
    #[rustfmt::skip]
    let cases: [(&str, Altering, bool); 5] = [
        // what is special        change                                       described
        ("as it was",             |_| {},                                      true),
        ("cut short",             |log| log.truncate(log.len() / 2),           false),
        ("empty",                 |log| log.clear(),                           false),
        ("another header",        |log| log[16] ^= 1,                          false),
        ("another last frame",    |log| { let at = log.len() - 4096 - 8; log[at] ^= 1; }, false),
    ];
    for (what, change, is_described) in cases {
        assert_eq!(describes(&first, &altered(change)), is_described, "{what}");
    }
}

#[test]
fn many_rows_get_their_checksums_only_by_and_by() {
    let disk = Disk::new();
    let journal = disk.journal();
    let records = (0..50).map(|n| event(&n.to_string(), n)).collect();
    journal.append_all(records).expect("stored");
    journal.append_all(vec![quarantined(b"[", 1)]).expect("stored");
    journal.close();
    let connection = rusqlite::Connection::open(disk.path()).expect("it opens");
    let as_before = "ALTER TABLE events DROP COLUMN checksum;
         ALTER TABLE quarantine DROP COLUMN checksum; PRAGMA user_version = 2";
    connection.execute_batch(as_before).expect("as it was");
    assert_eq!(disk.documents().len(), 50, "a reader does not wait for a writer");
    let journal = disk.journal();
    let without = || -> u64 {
        let query = "SELECT count(*) FROM events WHERE checksum IS NULL";
        connection.query_row(query, [], |row| row.get(0)).expect("readable")
    };
    assert_eq!(without(), 50, "the upgrade touches no row");
    let mut scrub = Scrub::default();
    let ended = loop {
        let (checksums, ended) = scrub.step(&disk.path(), 20).expect("readable");
        assert!(checksums.len() <= 20);
        journal.checksum_writer().add(checksums);
        if let Some(ended) = ended {
            break ended;
        }
    };
    assert_eq!(ended, Scrubbed { rows: 0, structure: None });
    journal.close();
    assert_eq!(without(), 0);
    // Whatever of a row changes is noticed.
    let changes = [
        "at = at + 1",
        "received_ms = 0",
        "request_id = NULL",
        "document = 'x'",
        "key = zeroblob(32)",
        "checksum = checksum + 1",
        "document = CAST(x'ff' AS TEXT)",
    ];
    for (n, change) in changes.iter().enumerate() {
        let update = format!("UPDATE events SET {change} WHERE id = {}", n + 1);
        connection.execute(&update, []).expect("changed");
    }
    assert_eq!(disk.documents().len(), 50 - changes.len());
    assert_eq!(damaged_row_count(&disk.path()), changes.len());
    let verdict = verify(&disk.reader()).expect("readable");
    assert_eq!((verdict.events, verdict.quarantined), (changes.len(), 0));
}
