//! Several machines with one archive.

use mongodb::bson::doc;

use super::{body, deliver};
use crate::support::Lookout;
use crate::support::lookout::until;
use crate::support::mongod::ReplicaSet;

const CSV: &str = "_data/zoom-room-dashboard.csv";

#[test]
fn two_intakes_and_a_generator_make_one_site_also_without_a_primary() {
    let mut set = ReplicaSet::of_three();
    let intake = || {
        let mut intake = Lookout::with_settings(&set.settings());
        intake.intake();
        intake
    };
    let (one, two) = (intake(), intake());
    let mut generator = Lookout::with_settings(&set.settings());
    generator.watch();
    deliver(&one, &body("joined", "m1", "Ada", "2026-01-05T20:00:00Z"));
    deliver(&two, &body("joined", "m1", "Bob", "2026-01-05T20:01:00Z"));
    deliver(&one, &body("left", "m1", "Bob", "2026-01-05T20:02:00Z"));
    generator.wait_for(CSV, |csv| csv.contains("\"Ada\"") && csv.contains("20:02:00"));
    // Zoom has two subscriptions, or sends again to the other machine.
    deliver(&two, &body("joined", "m1", "Ada", "2026-01-05T20:00:00Z"));

    let primary = set.primary();
    set.members[primary].kill();
    deliver(&two, &body("joined", "m1", "Cem", "2026-01-05T20:03:00Z"));
    generator.wait_for(CSV, |csv| csv.contains("\"Cem\""));
    let events = set.events();
    assert!(until(|| events.count(doc! {}) == 4), "each event is there, and once");
    assert!(!generator.path("data/lookout.db").exists(), "a generator needs no journal");
    generator.stop();
    let site = generator.site();
    generator.ok(&["build", "--replay"]);
    let table = |site: &[(std::path::PathBuf, Vec<u8>)]| {
        site.iter().find(|(path, _)| path.ends_with(CSV)).map(|(_, bytes)| bytes.clone())
    };
    assert_eq!(table(&generator.site()), table(&site), "a replay makes the same of it");
}
