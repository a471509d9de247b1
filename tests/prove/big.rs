//! Archives with a long past.

use std::fs;

use mongodb::bson::doc;

use crate::proof::{Length, shown};
use crate::resources::{Cost, cost};
use crate::support::Lookout;
use crate::support::mongod::Mongod;
use crate::support::old::Old;

pub fn old_documents(length: Length) -> String {
    let past = past(length);
    let mongod = Mongod::alone();
    let events = mongod.events();
    past.insert(&events);
    let lookout = Lookout::with_settings(&mongod.settings());
    let first = cost(&lookout, &["-q", "build"]);
    assert_eq!(lookout.csv(), reference(past).csv(), "the table differs from a journal's");

    let second = cost(&lookout, &["-q", "build"]);
    let mut new = past.document(0);
    let participant =
        doc! { "user_id": "x", "user_name": "Zoe", "join_time": "2026-09-21T14:00:00Z" };
    new.insert("payload", doc! { "object": { "uuid": "new", "participant": participant } });
    events.insert(vec![new]);
    let third = cost(&lookout, &["-q", "build"]);
    assert!(lookout.csv().contains("\"Zoe\""), "what is new is shown");
    assert!(second.time * 4 < first.time, "the second build costs only what is new");
    format!(
        "{} documents: the first `build` took {} and {} MiB, the second {}, one with a new document {}",
        past.count,
        shown(first.time),
        first.memory_mib,
        shown(second.time),
        shown(third.time)
    )
}

pub fn disorder(length: Length) -> String {
    let past = past(length);
    let mongod = Mongod::alone();
    past.insert_some(&mongod.events(), (0..past.count).rev());
    let lookout = Lookout::with_settings(&mongod.settings());
    let Cost { time, memory_mib } = cost(&lookout, &["-q", "build"]);
    let reference = reference(past);
    assert_eq!(lookout.csv(), reference.csv(), "the table differs from a journal's");
    let ordered = cost(&reference, &["-q", "build", "--replay"]);
    format!(
        "{} documents, the newest first: `build` took {} and {memory_mib} MiB; \
         from a journal {} and {} MiB",
        past.count,
        shown(time),
        shown(ordered.time),
        ordered.memory_mib
    )
}

fn past(length: Length) -> Old {
    Old { count: length.pick(100_000, 1_000_000) }
}

/// The same events in a journal alone, built.
fn reference(past: Old) -> Lookout {
    let reference = Lookout::new();
    fs::write(reference.path("old.jsonl"), past.lines()).expect("written");
    reference.ok(&["-q", "import", "old.jsonl"]);
    reference.ok(&["-q", "build"]);
    reference
}
