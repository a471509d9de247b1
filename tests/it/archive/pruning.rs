//! What the archive has need not stay in the journal.

use mongodb::bson::doc;

use super::{body, deliver};
use crate::support::Lookout;
use crate::support::lookout::until;
use crate::support::mongod::Mongod;

#[test]
fn what_was_shipped_leaves_the_journal_but_for_its_key() {
    let mongod = Mongod::alone();
    let settings = mongod.settings() + "[journal]\nkeep = \"1s\"\n";
    let mut lookout = Lookout::with_settings(&settings);
    lookout.serve();
    let names = ["Ada", "Bob", "Cem"];
    let bodies = names.map(|name| body("joined", "m1", name, "2026-01-05T20:00:00Z"));
    bodies.iter().for_each(|body| deliver(&lookout, body));
    let events = mongod.events();
    assert!(until(|| events.count(doc! {}) == 3), "all are shipped");
    // Nothing is saved before the archive was read, and nothing is shown before that.
    lookout.wait_for("_data/zoom-room-dashboard.csv", |csv| {
        names.iter().all(|name| csv.contains(name))
    });
    // Its last act is to sync the store: what that has is not needed for the page any more.
    lookout.stop();
    assert_eq!(lookout.exported_lines(&["--from", "journal"]).len(), 3);

    lookout.serve();
    let is_empty = until(|| lookout.exported_lines(&["--from", "journal"]).is_empty());
    assert!(is_empty, "{}", lookout.log());
    bodies.iter().for_each(|body| deliver(&lookout, body));
    assert_eq!(lookout.exported_keys_with(&["--from", "archive"]).len(), 3);
    assert!(lookout.exported_lines(&["--from", "journal"]).is_empty(), "their keys are known");
    assert_eq!(events.count(doc! {}), 3);
    lookout.stop();
    let table = lookout.csv();
    assert!(names.iter().all(|name| table.contains(&format!("\"{name}\""))), "{table}");
    lookout.ok(&["build", "--replay"]);
    assert_eq!(lookout.csv(), table, "a replay has all from the archive");
}

#[test]
fn what_was_not_shipped_stays() {
    let mut mongod = Mongod::alone();
    let settings = mongod.settings() + "[journal]\nkeep = \"1s\"\n";
    let mut lookout = Lookout::with_settings(&settings);
    lookout.intake();
    deliver(&lookout, &body("joined", "m1", "Ada", "2026-01-05T20:00:00Z"));
    let events = mongod.events();
    // Only what is noted as shipped may go; a kill between the two would leave it here.
    assert!(until(|| events.noted_as_shipped() == 1), "it is shipped");
    assert_eq!(events.count(doc! {}), 1);
    mongod.kill();
    deliver(&lookout, &body("joined", "m1", "Bob", "2026-01-05T20:00:00Z"));
    // An intake lets go what was shipped without any store.
    let left = || lookout.exported_lines(&["--from", "journal"]);
    assert!(until(|| left().len() == 1), "{}", lookout.log());
    assert!(left()[0].contains("Bob"), "{:?}", left());
    mongod.run();
    assert!(until(|| left().is_empty()), "{}", lookout.log());
    assert_eq!(mongod.events().majority_keys().len(), 2);
}
