//! What `check` says of a MongoDB server, also of one that asks who one is.

use super::{body, deliver};
use crate::support::Lookout;
use crate::support::lookout::until;
use crate::support::mongod::{Mongod, settings};
use crate::support::old::Old;

/// What `check` says of the archive at `url`, where `address` is.
fn checked(url: &str, address: &str) -> String {
    let lookout = Lookout::with_settings(&settings(url));
    let lines = String::from_utf8(lookout.run(&["check"]).stdout).expect("UTF-8");
    let about = |line: &&str| line.contains(" archive ");
    lines.lines().filter(about).collect::<Vec<_>>().join("\n").replace(address, "DB")
}

#[test]
fn check_says_what_was_found() {
    let mongod = Mongod::alone();
    Old { count: 10 }.insert(&mongod.events());
    let address = mongod.address.to_string();
    insta::assert_snapshot!(checked(&format!("mongodb://{address}"), &address), @"
    ✓ archive   DB, MongoDB 6.0.5, one server, so its disk has the only copy
    ✓ archive   `serve` will create the indexes `lookout.key_1`, `lookout.received_at_1`, `payload.object.participant.user_name_1_event_ts_1` in the background
    ✓ archive   10 documents in zoomEvents.events, 10 of an older set-up, from 2023-11-14T22:13:20Z to 2026-06-09T10:13:20Z
    ");
}

#[test]
fn check_says_what_a_user_may_not_do() {
    let mongod = Mongod::with_users(&[("writer", "readWrite"), ("reader", "read"), ("clerk", "")]);
    let checked = |user: &str| checked(&mongod.url_of(user), &mongod.address.to_string());
    insta::assert_snapshot!(checked("writer:hush@"), @"
    ✓ archive   DB, MongoDB 6.0.5, one server, so its disk has the only copy
    ✓ archive   `serve` will create the indexes `lookout.key_1`, `lookout.received_at_1`, `payload.object.participant.user_name_1_event_ts_1` in the background
    ✓ archive   0 documents in zoomEvents.events
    ");
    insta::assert_snapshot!(checked("reader:hush@"), @"
    ✓ archive   DB, MongoDB 6.0.5, one server, so its disk has the only copy
    ✗ archive   the user may not `insert`, `update`, `remove`, `createIndex`; grant it the role `readWrite`
    ✓ archive   0 documents in zoomEvents.events
    ");
    insta::assert_snapshot!(checked("clerk:hush@"), @"
    ✓ archive   DB, MongoDB 6.0.5, one server, so its disk has the only copy
    ✗ archive   the user may not `find`, `insert`, `update`, `remove`, `createIndex`, `listIndexes`; grant it the role `readWrite`
    ");
    insta::assert_snapshot!(checked("writer:wrong@"), @"✗ archive   MongoDB at `DB`: SCRAM failure: Authentication failed; correct `archive.url`");
    insta::assert_snapshot!(checked(""), @"✗ archive   MongoDB at `DB`: command listCollections requires authentication; name a user with the role `readWrite` in `archive.url`");
}

#[test]
fn a_user_with_the_role_that_the_readme_names_is_enough() {
    let mongod = Mongod::with_users(&[("writer", "readWrite")]);
    let mut lookout = Lookout::with_settings(&settings(&mongod.url_of("writer:hush@")));
    lookout.serve();
    deliver(&lookout, &body("joined", "m1", "Ada", "2026-01-05T20:00:00Z"));
    let is_shipped = || lookout.exported_lines(&["--from", "archive"]).len() == 1;
    assert!(until(is_shipped), "{}", lookout.log());
    let log = lookout.stop();
    assert!(!log.contains("hush"), "{log}");
}
