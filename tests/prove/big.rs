//! Archives with a long past.

use std::fs;

use mongodb::bson::doc;

use crate::proof::{Length, shown};
use crate::resources::{Cost, cost};
use crate::support::Lookout;
use crate::support::mongod::Mongod;
use crate::support::old::{self, old};

pub fn old_documents(length: Length) -> String {
    let count = length.pick(100_000, 1_000_000);
    let mongod = Mongod::alone();
    let events = mongod.events();
    old::insert(&events, 0..count);
    let lookout = Lookout::with_settings(&mongod.settings());
    let first = cost(&lookout, &["-q", "build"]);
    assert_eq!(lookout.csv(), reference(count).csv(), "the table differs from a journal's");

    let second = cost(&lookout, &["-q", "build"]);
    let mut new = old(0);
    let participant =
        doc! { "user_id": "x", "user_name": "Zoe", "join_time": "2026-09-21T14:00:00Z" };
    new.insert("payload", doc! { "object": { "uuid": "new", "participant": participant } });
    events.insert(vec![new]);
    let third = cost(&lookout, &["-q", "build"]);
    assert!(lookout.csv().contains("\"Zoe\""), "what is new is shown");
    assert!(second.time * 4 < first.time, "the second build costs only what is new");
    format!(
        "{count} documents: the first `build` took {} and {} MiB, the second {}, one with a new document {}",
        shown(first.time),
        first.memory_mib,
        shown(second.time),
        shown(third.time)
    )
}

pub fn disorder(length: Length) -> String {
    let count = length.pick(100_000, 1_000_000);
    let mongod = Mongod::alone();
    old::insert(&mongod.events(), (0..count).rev());
    let lookout = Lookout::with_settings(&mongod.settings());
    let Cost { time, memory_mib } = cost(&lookout, &["-q", "build"]);
    let reference = reference(count);
    assert_eq!(lookout.csv(), reference.csv(), "the table differs from a journal's");
    let ordered = cost(&reference, &["-q", "build", "--replay"]);
    format!(
        "{count} documents, the newest first: `build` took {} and {memory_mib} MiB; \
         from a journal {} and {} MiB",
        shown(time),
        shown(ordered.time),
        ordered.memory_mib
    )
}

/// The same events in a journal alone, built.
fn reference(count: i64) -> Lookout {
    let reference = Lookout::new();
    fs::write(reference.path("old.jsonl"), old::lines(count)).expect("written");
    reference.ok(&["-q", "import", "old.jsonl"]);
    reference.ok(&["-q", "build"]);
    reference
}
