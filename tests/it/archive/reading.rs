//! What is in MongoDB already, and what others put there.

use std::fs;
use std::time::{Duration, Instant};

use mongodb::bson::doc;
use mongodb::bson::oid::ObjectId;

use super::{body, deliver};
use crate::support::Lookout;
use crate::support::lookout::until;
use crate::support::mongod::Mongod;
use crate::support::old::Old;

/// Documents of the older set-up: 500 people over three years.
const OLD: Old = Old { count: 100_000 };

const CSV: &str = "_data/zoom-room-dashboard.csv";

#[test]
fn old_documents_give_the_right_table_and_a_second_build_costs_only_what_is_new() {
    let mongod = Mongod::alone();
    let events = mongod.events();
    OLD.insert(&events);
    let lookout = Lookout::with_settings(&mongod.settings());
    let timed = || {
        let begun = Instant::now();
        lookout.ok(&["build"]);
        begun.elapsed()
    };
    let first = timed();

    // The same events through a journal alone.
    let reference = Lookout::new();
    fs::write(reference.path("old.jsonl"), OLD.lines()).expect("written");
    reference.ok(&["-q", "import", "old.jsonl"]);
    reference.ok(&["build"]);
    assert_eq!(lookout.csv(), reference.csv());
    assert_eq!(lookout.csv().lines().count(), 501);
    let last = r#""Guest 499","<i class=""fa-solid fa-toggle-off""></i>","2026-09-21-13:43:20","2026-09-21-13:58:20""#;
    assert_eq!(lookout.csv().lines().nth(1), Some(last));

    // The machine may be busy with something else during any of them.
    let second = (0..3).map(|_| timed()).min().expect("three");
    assert!(second * 4 < first, "the first took {first:?}, the second {second:?}");
    let mut new = OLD.document(1);
    let participant =
        doc! { "user_id": "x", "user_name": "Zoe", "join_time": "2026-09-21T14:00:00Z" };
    new.insert("payload", doc! { "object": { "uuid": "new", "participant": participant } });
    new.insert("event", "meeting.participant_joined");
    events.insert(vec![new]);
    timed();
    assert!(lookout.csv().contains("\"Zoe\""), "a script of the older set-up is still running");
}

#[test]
fn years_that_were_copied_in_behind_later_ones_count_like_any_other() {
    let mongod = Mongod::alone();
    let (past, copied) = (Old { count: 35_000 }, 5_000);
    past.insert_some(&mongod.events(), (copied..past.count).chain(0..copied));
    let lookout = Lookout::with_settings(&mongod.settings());
    lookout.ok(&["build"]);
    let reference = Lookout::new();
    fs::write(reference.path("old.jsonl"), past.lines()).expect("written");
    reference.ok(&["-q", "import", "old.jsonl"]);
    reference.ok(&["build"]);
    assert_eq!(lookout.csv(), reference.csv());
}

#[test]
fn documents_that_were_given_a_key_for_sharding_are_read_as_before() {
    let mongod = Mongod::alone();
    let events = mongod.events();
    Old { count: 10 }.insert(&events);
    let mut lookout = Lookout::with_settings(&mongod.settings());
    lookout.ok(&["build"]);
    let before = lookout.csv();
    events.make_ready_to_shard();
    lookout.ok(&["build", "--replay"]);
    assert_eq!(lookout.csv(), before);
    lookout.serve();
    deliver(&lookout, &body("joined", "m1", "Ada", "2026-01-05T20:00:00Z"));
    assert!(until(|| events.count(doc! {}) == 11), "{}", lookout.log());
}

#[test]
fn a_running_serve_shows_what_others_insert_however_late() {
    let mongod = Mongod::alone();
    let events = mongod.events();
    let mut lookout = Lookout::with_settings(&mongod.settings());
    lookout.serve();
    deliver(&lookout, &body("joined", "m1", "Ada", "2026-01-05T20:00:00Z"));
    lookout.wait_for(CSV, |csv| csv.contains("\"Ada\""));
    let joined = |name: &str| {
        let participant =
            doc! { "user_id": name, "user_name": name, "join_time": "2026-01-05T20:01:00Z" };
        doc! { "event": "meeting.participant_joined", "payload": { "object": { "uuid": "m1", "participant": participant } } }
    };
    events.insert(vec![joined("Bob")]);
    lookout.wait_for(CSV, |csv| csv.contains("\"Bob\""));

    // The clock of the machine that inserts it is a few seconds behind.
    let now = u32::try_from(crate::support::lookout::now()).expect("before 2106");
    let mut late = joined("Cem");
    late.insert("_id", ObjectId::from_parts(now - 5, [1; 5], [1; 3]));
    events.insert(vec![late]);
    lookout.wait_for(CSV, |csv| csv.contains("\"Cem\""));
}

#[test]
fn a_build_finds_what_came_late_and_what_was_copied_in() {
    let mongod = Mongod::alone();
    let events = mongod.events();
    let past = Old { count: 2_000 };
    past.insert(&events);
    let lookout = Lookout::with_settings(&mongod.settings());
    lookout.ok(&["build"]);
    let now = u32::try_from(crate::support::lookout::now()).expect("before 2106");
    #[rustfmt::skip]
    let cases = [
        // what is special                 its `_id`
        ("a clock minutes behind",         ObjectId::from_parts(now - 300, [1; 5], [1; 3]).into()),
        ("copied from an old backup",      ObjectId::from_parts(1_500_000_000, [1; 5], [1; 3]).into()),
        ("an `_id` of another type",       mongodb::bson::Bson::from("an id")),
    ];
    for (n, (what, id)) in cases.into_iter().enumerate() {
        let mut document = past.document(0);
        let name = format!("Late {n}");
        let participant =
            doc! { "user_id": &name, "user_name": &name, "join_time": "2025-01-05T20:01:00Z" };
        document
            .insert("payload", doc! { "object": { "uuid": "late", "participant": participant } });
        document.insert("_id", id);
        events.insert(vec![document]);
        lookout.ok(&["build"]);
        assert!(lookout.csv().contains(&name), "{what}");
    }
}

#[test]
fn a_build_without_its_archive_fails_and_changes_nothing() {
    let mut mongod = Mongod::alone();
    Old { count: 10 }.insert(&mongod.events());
    let lookout = Lookout::with_settings(&mongod.settings());
    lookout.ok(&["build"]);
    let before = lookout.site();
    mongod.kill();
    let begun = Instant::now();
    let failed = lookout.run(&["build"]);
    // The driver's own time-out is 30 s.
    assert!(begun.elapsed() < Duration::from_secs(25), "it gives up soon");
    let stderr = String::from_utf8_lossy(&failed.stderr);
    assert_eq!(failed.status.code(), Some(1), "{stderr}");
    assert!(stderr.contains(&format!("MongoDB at `{}`", mongod.address)), "{stderr}");
    assert_eq!(lookout.site(), before);
}
