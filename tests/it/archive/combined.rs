//! An archive that is away while something else fails, or changes, as well.
//!
//! The pairs of failures that need no archive are in `generator::watch_loop::tests`.

use std::fs;

use mongodb::bson::{Document, doc};

use super::{body, deliver};
use crate::support::lookout::{PATIENCE, until};
use crate::support::mongod::{Mongod, settings};
use crate::support::proxy::{Proxy, Wire};
use crate::support::{Lookout, Request};

const CSV: &str = "_data/zoom-room-dashboard.csv";

/// What another machine stored: a join in a meeting of its own.
fn of_another_machine(name: &str, at: &str) -> Document {
    let participant = doc! { "user_id": name, "user_name": name, "join_time": at };
    let object =
        doc! { "uuid": format!("meeting of {name}"), "id": "1", "participant": participant };
    doc! { "event": "meeting.participant_joined", "event_ts": 1_i64, "payload": { "object": object } }
}

/// The warnings of `/readyz`, which are no reason to be taken out of rotation.
#[track_caller]
fn warnings(lookout: &Lookout) -> String {
    let reply = Request::get("/readyz").send(lookout.admin());
    assert_eq!(reply.status, 200, "{}", reply.text());
    let readiness: serde_json::Value = serde_json::from_str(&reply.text()).expect("JSON");
    readiness["warnings"].to_string()
}

#[test]
fn no_archive_and_no_store_show_what_the_journal_holds_and_the_rest_when_it_is_back() {
    let mut mongod = Mongod::alone();
    mongod.events().insert(vec![of_another_machine("Elsewhere", "2026-01-05T19:00:00Z")]);
    let mut lookout = Lookout::with_settings(&mongod.settings());
    lookout.serve();
    deliver(&lookout, &body("joined", "m", "Ada", "2026-01-05T20:00:00Z"));
    lookout.wait_for(CSV, |csv| csv.contains("Ada") && csv.contains("Elsewhere"));
    lookout.stop();
    fs::remove_file(lookout.path("data/lookout.presence")).expect("there was one");
    mongod.kill();

    lookout.serve();
    deliver(&lookout, &body("joined", "m", "Grace", "2026-01-05T20:01:00Z"));
    lookout.wait_for(CSV, |csv| csv.contains("Ada") && csv.contains("Grace"));
    let warned = warnings(&lookout);
    assert!(warned.contains("the archive cannot be read"), "{warned}");

    mongod.run();
    let all = |csv: &str| ["Ada", "Grace", "Elsewhere"].iter().all(|name| csv.contains(name));
    lookout.wait_for(CSV, all);
    assert!(until(|| warnings(&lookout) == "[]"), "{}", warnings(&lookout));
}

#[test]
fn a_start_shows_nothing_less_than_before_while_the_archive_is_read_for_the_first_time() {
    let mongod = Mongod::alone();
    mongod.events().insert(vec![of_another_machine("Elsewhere", "2026-01-05T19:00:00Z")]);
    let proxy = Proxy::to(mongod.address);
    let mut lookout = Lookout::with_settings(&settings(&format!("mongodb://{}", proxy.address)));
    lookout.serve();
    lookout.wait_for(CSV, |csv| csv.contains("Elsewhere"));
    lookout.stop();
    fs::remove_file(lookout.path("data/lookout.presence")).expect("there was one");
    proxy.set(Wire::Delays(std::time::Duration::from_millis(300)));
    lookout.serve();
    let mut shown = Vec::new();
    let is_read = until(|| {
        shown.push(lookout.csv());
        lookout.metric("lookout_publications_total") > 0
    });
    assert!(is_read, "{}", lookout.log());
    assert!(shown.iter().all(|csv| csv.contains("Elsewhere")), "{shown:?}");
}

#[test]
fn a_privacy_edit_counts_while_other_rules_wait_for_the_archive() {
    let mongod = Mongod::alone();
    let proxy = Proxy::to(mongod.address);
    // What was long ago is summed up, and needs a replay by other rules.
    mongod.events().insert(vec![
        of_another_machine("Old Ada", "2024-01-05T19:00:00Z"),
        of_another_machine("Ada", "2026-01-05T19:00:00Z"),
        of_another_machine("Grace", "2026-01-05T19:00:00Z"),
    ]);
    let url = format!("mongodb://{}", proxy.address);
    let mut lookout = Lookout::with_settings(&settings(&url));
    lookout.serve();
    lookout.wait_for(CSV, |csv| csv.contains("Old Ada"));
    lookout.stop();
    lookout.serve();

    proxy.set(Wire::Swallows);
    let path = lookout.path("lookout.toml");
    let old = fs::read_to_string(&path).expect("readable");
    let publish = |names: &str| old.replace("publish = [\"*\"]", &format!("publish = [{names}]"));
    let people = "[[people]]\nname = \"Countess\"\naliases = [\"Old Ada\"]\n";
    fs::write(&path, publish("\"Grace\", \"Countess\"") + people).expect("written");
    lookout.wait_for(CSV, |csv| csv.contains("Grace") && !csv.contains("Ada"));

    proxy.set(Wire::Works);
    let is_read = (0..3).any(|_| until(|| lookout.csv().contains("Countess")));
    assert!(is_read, "{PATIENCE:?} three times: {}\n{}", lookout.csv(), lookout.log());
}

#[test]
fn an_archive_that_is_back_is_noticed_without_an_event() {
    let mut mongod = Mongod::alone();
    let mut lookout = Lookout::with_settings(&mongod.settings());
    lookout.serve();
    assert!(until(|| lookout.metric("lookout_publications_total") > 0), "it is read");
    mongod.kill();
    let mut log = String::new();
    let mut says = |what: &[&str]| {
        (0..2).any(|_| {
            until(|| {
                log += &lookout.log();
                what.iter().all(|what| log.contains(what))
            })
        })
    };
    let failures =
        ["cannot ship to the archive; events wait in the journal", "the archive cannot be read"];
    assert!(says(&failures));
    mongod.run();
    let both = ["the archive accepts events again", "the archive can be read again"];
    assert!(says(&both), "{log}");
    assert!(until(|| warnings(&lookout) == "[]"), "{}", warnings(&lookout));
}
