//! Moving from an older set-up, step by step as the guide has it, and back again.

use std::fs;

use mongodb::bson::{Document, doc, serialize_to_document};

use super::{body, deliver};
use crate::support::Lookout;
use crate::support::lookout::{now, signed, until};
use crate::support::mongod::{Events, Mongod};
use crate::support::old::Old;

const OLD: Old = Old { count: 1_000 };

const CSV: &str = "_data/zoom-room-dashboard.csv";

/// The older set-up's webhook.
const OLD_PATH: &str = "/zoom/webhook.php";

/// Its table, whose header has no quotes.
const OLD_TABLE: &str = "Username,Status,Last Join,Last Left\nGuest 000,,2023-11-14-22:13:20,N/A\n";

/// What the older set-up's script stores of a delivery: all of it, and nothing else.
fn script_stores(events: &Events, body: &str) -> Document {
    let json: serde_json::Value = serde_json::from_str(body).expect("JSON");
    let document = serialize_to_document(&json).expect("an object");
    events.insert(vec![document.clone()]);
    document
}

/// The table of the same events, through a journal alone.
fn reference(bodies: &[String]) -> String {
    let reference = Lookout::new();
    fs::write(reference.path("all.jsonl"), OLD.lines() + &bodies.join("\n")).expect("written");
    reference.ok(&["-q", "import", "all.jsonl"]);
    reference.ok(&["build"]);
    reference.csv()
}

fn checked(lookout: &Lookout) -> String {
    String::from_utf8(lookout.run(&["check"]).stdout).expect("UTF-8")
}

/// Puts `instead` in the place of `this` in the settings.
#[track_caller]
fn set(lookout: &Lookout, this: &str, instead: &str) {
    let file = lookout.path("lookout.toml");
    let text = fs::read_to_string(&file).expect("readable");
    assert!(text.contains(this), "{text}");
    fs::write(file, text.replacen(this, instead, 1)).expect("written");
}

#[test]
fn an_older_set_up_is_moved_from_step_by_step_and_back_again() {
    let mongod = Mongod::alone();
    let events = mongod.events();
    OLD.insert(&events);
    let mut lookout = Lookout::with_settings(&mongod.settings());
    fs::create_dir(lookout.path("old")).expect("made");
    fs::write(lookout.path("old/table.csv"), OLD_TABLE).expect("written");

    // Beside the old one.
    let found = "1000 documents in zoomEvents.events, 1000 of an older set-up, from 2023-11-14T";
    assert!(checked(&lookout).contains(found), "{}", checked(&lookout));
    lookout.ok(&["build"]);
    assert_eq!(lookout.csv(), reference(&[]));
    assert_eq!(fs::read_to_string(lookout.path("old/table.csv")).expect("there"), OLD_TABLE);

    // Both at once: now one of them is first, now the other.
    lookout.serve();
    let mut bodies = vec![
        body("joined", "m-now", "Ada", "2026-09-22T20:00:00Z"),
        body("joined", "m-now", "Bob", "2026-09-22T20:01:00Z"),
        body("left", "m-now", "Ada", "2026-09-22T20:02:00Z"),
    ];
    script_stores(&events, &bodies[0]);
    deliver(&lookout, &bodies[0]);
    deliver(&lookout, &bodies[1]);
    script_stores(&events, &bodies[1]);
    script_stores(&events, &bodies[2]);
    deliver(&lookout, &bodies[2]);
    let is_there = || events.count(doc! {}) == 1_000 + 6;
    assert!(until(is_there), "{} are there: {}", events.count(doc! {}), lookout.log());
    let both = reference(&bodies);
    lookout.wait_for(CSV, |csv| csv == both);

    // Over: the old path, and the old table's place, which has to be free.
    lookout.stop();
    set(&lookout, "[zoom]\n", &format!("[zoom]\npath = \"{OLD_PATH}\"\n"));
    set(&lookout, "[privacy]\n", "[csv]\ncopies = [\"old/table.csv\"]\n[privacy]\n");
    let stays = "✗ copy      `old/table.csv` is not a copy of the table, so it is not replaced";
    assert!(checked(&lookout).contains(stays), "{}", checked(&lookout));
    fs::rename(lookout.path("old/table.csv"), lookout.path("old/table.csv.old")).expect("moved");
    assert!(checked(&lookout).contains("✓ copy"), "{}", checked(&lookout));
    lookout.serve();
    bodies.push(body("joined", "m-now", "Cem", "2026-09-22T20:03:00Z"));
    let reply = signed(OLD_PATH, bodies[3].as_bytes(), now()).send(lookout.public());
    assert_eq!(reply.status, 204);
    let over = reference(&bodies);
    lookout.wait_for(CSV, |csv| csv == over);
    let copied = || fs::read_to_string(lookout.path("old/table.csv")).unwrap_or_default() == over;
    assert!(until(copied), "{}", lookout.log());

    // And back again: the database has what came meanwhile, as the scripts would have stored it.
    let of = |name: &str| doc! { "payload.object.participant.user_name": name };
    assert!(until(|| events.count(of("Cem")) == 1), "{}", lookout.log());
    lookout.stop();
    let mut ours = events.all().into_iter().find(|event| format!("{event:?}").contains("\"Cem\""));
    let ours = ours.as_mut().expect("it is there");
    assert!(ours.remove("lookout").is_some() && ours.remove("_id").is_some(), "{ours:?}");
    assert_eq!(*ours, script_stores(&events, &bodies[3]), "also for queries of old");
    bodies.push(body("left", "m-now", "Cem", "2026-09-22T20:04:00Z"));
    script_stores(&events, &bodies[4]);

    // Who comes back to Lookout finds what the scripts stored.
    lookout.ok(&["build"]);
    assert_eq!(lookout.csv(), reference(&bodies));
}
