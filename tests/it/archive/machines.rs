//! Several machines with one archive.

use mongodb::bson::doc;

use lookout::time::moment::Moment;
use mongodb::bson::oid::ObjectId;

use super::{body, deliver};
use crate::support::Lookout;
use crate::support::lookout::{now, until};
use crate::support::mongod::{Mongod, ReplicaSet};

const CSV: &str = "_data/zoom-room-dashboard.csv";

/// Waits longer than usual: on a busy machine three servers take their time to agree.
#[track_caller]
fn shown_after_election(lookout: &Lookout, name: &str, others: &[&Lookout]) {
    let is_shown = || lookout.csv().contains(&format!("\"{name}\""));
    if !(0..3).any(|_| until(is_shown)) {
        let logs: Vec<_> = [lookout].iter().chain(others).map(|lookout| lookout.log()).collect();
        panic!("{name} is not shown by the first of these:\n{}", logs.join("\nNext:\n"));
    }
}

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

    let checked = String::from_utf8(one.run(&["check"]).stdout).expect("UTF-8");
    assert!(checked.contains("replica set rs0 of 3"), "{checked}");

    let primary = set.primary();
    set.members[primary].kill();
    deliver(&two, &body("joined", "m1", "Cem", "2026-01-05T20:03:00Z"));
    shown_after_election(&generator, "Cem", &[&one, &two]);
    let events = set.events();
    let is_complete = until(|| events.count(doc! {}) == 4);
    assert!(is_complete, "each event is there, and once\nOne:\n{}\nTwo:\n{}", one.log(), two.log());
    assert!(!generator.path("data/lookout.db").exists(), "a generator needs no journal");
    generator.stop();
    let site = generator.site();
    generator.ok(&["build", "--replay"]);
    let table = |site: &[(std::path::PathBuf, Vec<u8>)]| {
        site.iter().find(|(path, _)| path.ends_with(CSV)).map(|(_, bytes)| bytes.clone())
    };
    assert_eq!(table(&generator.site()), table(&site), "a replay makes the same of it");
}

#[test]
fn a_replica_set_tells_at_once_what_came_late_also_after_its_stream_was_lost() {
    let mut set = ReplicaSet::of_three();
    let mut lookout = Lookout::with_settings(&set.settings());
    lookout.serve();
    deliver(&lookout, &body("joined", "m1", "Ada", "2026-01-05T20:00:00Z"));
    let events = set.events();
    assert!(until(|| events.count(doc! {}) == 1));
    let now = u32::try_from(crate::support::lookout::now()).expect("before 2106");
    let insert_late = |name: &str, seconds: u32| {
        let participant =
            doc! { "user_id": name, "user_name": name, "join_time": "2026-01-05T20:01:00Z" };
        let object = doc! { "uuid": "m1", "participant": participant };
        let id = ObjectId::from_parts(now - seconds, [1; 5], [1; 3]);
        let event = "meeting.participant_joined";
        events.insert(vec![doc! { "_id": id, "event": event, "payload": { "object": object } }]);
    };
    lookout.wait_for(CSV, |csv| csv.contains("\"Ada\""));
    insert_late("Bob", 300);
    lookout.wait_for(CSV, |csv| csv.contains("\"Bob\""));

    for member in &mut set.members {
        member.kill();
    }
    for member in &mut set.members {
        member.run();
    }
    set.primary();
    insert_late("Cem", 200);
    shown_after_election(&lookout, "Cem", &[]);
}

#[test]
fn a_machine_without_a_journal_ends_nothing_and_says_where_to_do_it() {
    let mongod = Mongod::alone();
    let mut intake = Lookout::with_settings(&mongod.settings());
    intake.intake();
    deliver(&intake, &body("joined", "m1", "Ada", &Moment::from_seconds(now()).to_rfc3339()));
    let generator = Lookout::with_settings(&mongod.settings());
    let is_in = || {
        generator.ok(&["-q", "build"]);
        generator.csv().contains("toggle-on")
    };
    assert!(until(is_in), "{}", intake.log());
    let ended = generator.run(&["end"]);
    let said = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert_eq!(ended.status.code(), Some(1), "{said}");
    assert!(said.contains("there is no journal at") && said.contains("`lookout intake`"), "{said}");
    assert!(!generator.path("data/lookout.db").exists(), "nobody would ship what it holds");
    intake.ok(&["end"]);
    assert!(until(|| !is_in()), "{}", intake.log());
}
