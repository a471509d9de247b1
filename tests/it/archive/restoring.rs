//! MongoDB put back to what it was: the journal has what is missing.

use mongodb::bson::doc;

use super::{body, deliver};
use crate::support::Lookout;
use crate::support::lookout::until;
use crate::support::mongod::{Events, Mongod};

/// Delivers that `names` come.
fn come(lookout: &Lookout, names: &[&str]) {
    for name in names {
        deliver(lookout, &body("joined", "m1", name, "2026-01-05T20:00:00Z"));
    }
}

#[track_caller]
fn has(lookout: &Lookout, events: &Events, count: u64, what: &str) {
    let is_there = until(|| events.count(doc! {}) == count);
    assert!(is_there, "{what}: {} of {count}: {}", events.count(doc! {}), lookout.log());
    assert_eq!(events.majority_keys().len() as u64, count, "{what}");
}

#[test]
fn what_a_restored_archive_lacks_is_shipped_again() {
    let mut mongod = Mongod::alone();
    let mut lookout = Lookout::with_settings(&mongod.settings());
    lookout.serve();
    let events = mongod.events();
    come(&lookout, &["Ada", "Bob"]);
    has(&lookout, &events, 2, "at first");
    let backup = mongod.back_up();

    come(&lookout, &["Cem", "Deniz"]);
    has(&lookout, &events, 4, "after the backup");
    mongod.restore(&backup);
    has(&lookout, &events, 4, "restored while nothing happens");

    mongod.restore(&backup);
    come(&lookout, &["Ece"]);
    has(&lookout, &events, 5, "restored while events come");

    lookout.stop();
    mongod.restore(&backup);
    assert_eq!(events.count(doc! {}), 2);
    lookout.serve();
    has(&lookout, &events, 5, "restored while nobody ran");

    events.drop_all();
    has(&lookout, &events, 5, "dropped");
    assert!(until(|| events.indexes().len() == 4), "with its indexes: {:?}", events.indexes());
}

#[test]
fn a_restored_journal_ships_what_comes_after() {
    let mongod = Mongod::alone();
    let mut lookout = Lookout::with_settings(&mongod.settings());
    lookout.serve();
    let events = mongod.events();
    come(&lookout, &["Ada", "Bob"]);
    has(&lookout, &events, 2, "at first");
    lookout.stop();
    let journal = lookout.path("data/lookout.db");
    let backup = std::fs::read(&journal).expect("readable");

    lookout.serve();
    come(&lookout, &["Cem", "Deniz"]);
    has(&lookout, &events, 4, "after the backup");
    lookout.stop();
    std::fs::write(&journal, backup).expect("written");
    lookout.serve();
    // It gets the place that Cem had.
    come(&lookout, &["Ece"]);
    has(&lookout, &events, 5, "an event in a place that was shipped once");
}
