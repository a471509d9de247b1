//! From the journal to MongoDB and back.

use mongodb::bson::spec::BinarySubtype;
use mongodb::bson::{Binary, doc};

use super::{body, deliver};
use crate::odd_bodies::{HALF_AN_EMOJI, odd_bodies, quarantine_as_before};
use crate::support::Lookout;
use crate::support::lookout::until;
use crate::support::mongod::Mongod;

#[test]
fn events_are_shipped_as_zoom_sent_them_and_any_machine_shows_them() {
    let mongod = Mongod::alone();
    let mut lookout = Lookout::with_settings(&mongod.settings());
    lookout.serve();
    deliver(&lookout, &body("joined", "m1", "Ada", "2026-01-05T20:00:00Z"));
    deliver(&lookout, &body("left", "m1", "Ada", "2026-01-05T21:00:00Z"));
    let events = mongod.events();
    assert!(until(|| events.count(doc! {}) == 2), "both are shipped");

    let shipped = events.all();
    let participant = shipped[0].get_document("payload").and_then(|p| p.get_document("object"));
    let participant = participant.and_then(|o| o.get_document("participant")).expect("as sent");
    assert_eq!(participant.get_str("user_name").ok(), Some("Ada"));
    assert_eq!(shipped[0].get_i64("event_ts").ok(), Some(1_767_643_200_000));
    let lookout_entry = shipped[0].get_document("lookout").expect("ours");
    assert_eq!(lookout_entry.get_str("request_id").ok(), Some("test-request"));
    assert!(!lookout_entry.contains_key("raw"), "BSON can hold it");
    let indexes = [
        "_id_",
        "lookout.key_1",
        "lookout.received_at_1",
        "payload.object.participant.user_name_1_event_ts_1",
    ];
    assert!(until(|| events.indexes().len() == indexes.len()));
    assert_eq!(events.indexes(), indexes);

    let elsewhere = Lookout::with_settings(&mongod.settings());
    elsewhere.ok(&["build"]);
    let here = lookout.wait_for("_data/zoom-room-dashboard.csv", |csv| csv.contains("21:00:00"));
    assert_eq!(elsewhere.csv(), here);
    assert!(!elsewhere.path("data/lookout.db").exists(), "it needs no journal");
}

#[test]
fn odd_bodies_come_back_from_journal_and_archive_alike() {
    let mongod = Mongod::alone();
    let mut lookout = Lookout::with_settings(&mongod.settings());
    lookout.serve();
    let bodies = odd_bodies();
    for odd in &bodies {
        // A busy machine may answer 503, upon which Zoom sends again.
        assert!(until(|| lookout.deliver(&odd.bytes).status == 204), "{}", odd.what);
    }
    let stored = lookout.exported_lines(&["--from", "journal"]).len()
        + lookout.exported_lines(&["--from", "journal", "--quarantined"]).len();
    let events = mongod.events();
    assert!(until(|| events.count(doc! {}) == stored as u64), "all are shipped");
    for which in [&[][..], &["--quarantined"]] {
        let from = |store| lookout.exported_lines(&[&["--from", store], which].concat());
        let (journal, archive) = (from("journal"), from("archive"));
        assert!(!journal.is_empty());
        assert_eq!(journal, archive);
    }
}

#[test]
fn what_an_older_version_shipped_unread_is_replaced_by_the_event() {
    let mongod = Mongod::alone();
    let mut lookout = Lookout::with_settings(&mongod.settings());
    lookout.serve();
    assert_eq!(lookout.deliver(HALF_AN_EMOJI).status, 204);
    let events = mongod.events();
    assert!(until(|| events.count(doc! {}) == 1), "it is shipped");
    lookout.stop();
    let mut quarantined = events.all().remove(0);
    quarantined = doc! { "lookout": quarantined.get_document("lookout").expect("ours").clone() };
    let raw = Binary { subtype: BinarySubtype::Generic, bytes: HALF_AN_EMOJI.to_vec() };
    quarantined.get_document_mut("lookout").expect("ours").insert("raw", raw);
    events.drop_all();
    events.insert(vec![quarantined]);
    quarantine_as_before(&lookout);

    lookout.serve();
    let readable = doc! { "payload.object.participant.user_name": "Flamingo \u{fffd}" };
    assert!(until(|| events.count(readable.clone()) == 1), "{}", lookout.log());
    assert_eq!(events.count(doc! {}), 1, "it is there once");
    let from = |store| lookout.exported_lines(&["--from", store]);
    assert_eq!(from("archive"), from("journal"));
    let elsewhere = Lookout::with_settings(&mongod.settings());
    elsewhere.ok(&["build"]);
    assert!(elsewhere.csv().contains("Flamingo \u{fffd}"), "{}", elsewhere.csv());
}
