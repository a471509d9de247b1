//! `acknowledge = "archive"`: Zoom is told only what a majority has.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use lookout::zoom::Key;
use mongodb::bson::doc;

use super::body;
use crate::support::Lookout;
use crate::support::lookout::{WEBHOOK, is_quick, now, signed, until};
use crate::support::mongod::{Mongod, ReplicaSet};

/// Each time another member has to take over.
const KILLS: usize = 3;

fn acknowledging(settings: &str) -> Lookout {
    let mut lookout = Lookout::with_settings(&format!("{settings}acknowledge = \"archive\"\n"));
    lookout.serve();
    lookout
}

#[test]
fn a_delivery_is_acknowledged_once_the_archive_has_it_and_else_sent_again() {
    let mut mongod = Mongod::alone();
    let lookout = acknowledging(&mongod.settings());
    let body = body("joined", "m1", "Ada", "2026-01-05T20:00:00Z");
    let events = mongod.events();
    // The first waits for the index, too.
    assert!(until(|| lookout.deliver(body.as_bytes()).status == 204));
    assert_eq!(events.count(doc! {}), 1, "at the moment of its answer");
    assert_eq!(lookout.deliver(body.as_bytes()).status, 204, "it is known");

    mongod.kill();
    let other = body.replace("Ada", "Bob");
    let is_in_time = is_quick(Duration::from_millis(2900), || {
        let reply = lookout.deliver(other.as_bytes());
        assert_eq!(reply.status, 503);
        assert!(reply.header("retry-after").is_some());
    });
    assert!(is_in_time, "Zoom waits 3 s");
    lookout.wait_for("_data/zoom-room-dashboard.csv", |csv| csv.contains("\"Bob\""));

    mongod.run();
    assert!(until(|| lookout.deliver(other.as_bytes()).status == 204), "Zoom sends it again");
    assert_eq!(mongod.events().count(doc! {}), 2);
}

#[test]
fn what_was_acknowledged_survives_every_primary() {
    let mut set = ReplicaSet::of_three();
    let lookout = acknowledging(&set.settings());
    let acknowledged = Mutex::new(BTreeSet::new());
    let (sent, is_over) = (AtomicUsize::new(0), AtomicBool::new(false));
    let load = &|| {
        while !is_over.load(Ordering::Relaxed) {
            let name = format!("Guest {}", sent.fetch_add(1, Ordering::Relaxed));
            let body = body("joined", "m1", &name, "2026-01-05T20:00:00Z");
            let reply = signed(WEBHOOK, body.as_bytes(), now()).send(lookout.public());
            match reply.status {
                204 => {
                    let key = Key::of(body.as_bytes()).to_string();
                    acknowledged.lock().expect("nobody panicked").insert(key);
                }
                other => assert_eq!(other, 503),
            }
            thread::sleep(Duration::from_millis(20));
        }
    };
    thread::scope(|scope| {
        (0..4).for_each(|_| drop(scope.spawn(load)));
        for _ in 0..KILLS {
            let enough = acknowledged.lock().expect("nobody panicked").len() + 100;
            let goes_on = until(|| acknowledged.lock().expect("nobody panicked").len() >= enough);
            assert!(goes_on, "it acknowledges again");
            let primary = set.primary();
            set.members[primary].kill();
            set.primary();
            set.members[primary].run();
        }
        is_over.store(true, Ordering::Relaxed);
    });
    let surviving = set.events().majority_keys();
    let acknowledged = acknowledged.into_inner().expect("nobody panicked");
    assert!(acknowledged.len() >= KILLS * 100, "{} acknowledged", acknowledged.len());
    let lost: Vec<_> = acknowledged.difference(&surviving).collect();
    assert!(lost.is_empty(), "{} acknowledged events are lost", lost.len());
}
