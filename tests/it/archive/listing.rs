//! `who` and `visits` read the archive where there is one; `check` changes nothing that came from it.

use std::fs;

use crate::support::Lookout;
use crate::support::mongod::Mongod;
use crate::support::old::Old;

/// What the store says of itself: how often it was written, and how far it has read the archive.
fn header(lookout: &Lookout) -> (i64, i64) {
    let store = rusqlite::Connection::open(lookout.path("data/lookout.presence"));
    let query = "SELECT edition, length(archive) FROM store";
    let row = store.expect("it opens").query_row(query, [], |row| Ok((row.get(0)?, row.get(1)?)));
    row.expect("it has one")
}

#[test]
fn names_and_visits_come_from_the_archive_and_check_leaves_the_store_as_it_is() {
    let mongod = Mongod::alone();
    let old = Old { count: 2_000 };
    old.insert(&mongod.events());
    let some = "publish = [\"Guest 001\", \"Gest 002\"]\nhide = [\"Guest 003\"]";
    let lookout = Lookout::with_settings(&mongod.settings().replace("publish = [\"*\"]", some));
    let reference = Lookout::with_settings(&format!("[privacy]\n{some}\n"));
    fs::write(reference.path("old.jsonl"), old.lines()).expect("written");
    reference.ok(&["-q", "import", "old.jsonl"]);
    for arguments in [&["visits", "--all"][..], &["visits"], &["who", "--json"]] {
        let (found, expected) = (lookout.ok(arguments), reference.ok(arguments));
        assert!(found.lines().count() > 0);
        assert_eq!(found, expected, "{arguments:?}");
    }
    let before = header(&lookout);
    assert!(before.1 > 0, "the store knows how far it has read the archive");
    let output = lookout.run(&["check"]);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        said.contains("`Gest 002` in `privacy.publish` has not been seen so far; did you mean"),
        "{said}"
    );
    assert_eq!(header(&lookout), before, "nobody has to read the archive again");
}
