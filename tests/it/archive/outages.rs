//! Whatever happens to MongoDB, Zoom and the page notice nothing, and nothing is lost.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use lookout::zoom::Key;
use mongodb::bson::doc;

use super::body;
use crate::support::Lookout;
use crate::support::lookout::{WEBHOOK, now, signed, until};
use crate::support::mongod::{Events, Mongod, ReplicaSet, settings};
use crate::support::proxy::{Proxy, Wire};

/// Long enough for time-outs and for several attempts.
const OUTAGE: Duration = Duration::from_secs(4);

/// The delivery that the page is looked at for.
const SHOWN: usize = 50;

const CSV: &str = "_data/zoom-room-dashboard.csv";

/// Delivers 100 events a second while `outage` goes on; returns the keys of them all.
#[track_caller]
fn under_load(lookout: &Lookout, what: &str, outage: impl FnOnce()) -> BTreeSet<String> {
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        let load = scope.spawn(|| {
            let mut keys = BTreeSet::new();
            let begun = Instant::now();
            // The page is looked at for one of them, however slow the machine is.
            while !is_over.load(Ordering::Relaxed) || keys.len() <= SHOWN {
                let n = keys.len();
                let name = format!("{what} {n}");
                let body = body("joined", what, &name, "2026-01-05T20:00:00Z");
                // What takes longer than Zoom waits is answered 503.
                let reply = signed(WEBHOOK, body.as_bytes(), now()).send(lookout.public());
                assert_eq!(reply.status, 204, "{name}");
                keys.insert(Key::of(body.as_bytes()).to_string());
                let due = begun + Duration::from_millis(10) * u32::try_from(n).expect("few");
                thread::sleep(due.saturating_duration_since(Instant::now()));
            }
            keys
        });
        let page = scope.spawn(|| {
            // The page is current throughout: a name that was delivered is on it soon.
            thread::sleep(OUTAGE / 2);
            lookout.wait_for(CSV, |csv| csv.contains(&format!("\"{what} {SHOWN}\"")));
        });
        outage();
        is_over.store(true, Ordering::Relaxed);
        page.join().expect("the page stays current");
        load.join().expect("every delivery is taken")
    })
}

/// Waits until exactly the events of `keys` are in the archive, each once.
#[track_caller]
fn drained(lookout: &Lookout, events: &Events, keys: &BTreeSet<String>) {
    let all = keys.len() as u64;
    let there = (0..3).any(|_| until(|| events.count(doc! {}) >= all));
    assert!(there, "{} of {all} were shipped: {}", events.count(doc! {}), lookout.log());
    assert_eq!(&events.majority_keys(), keys);
    assert!(until(|| lookout.metric("lookout_archive_backlog") == 0), "nothing waits");
}

#[test]
fn nothing_is_refused_lost_or_there_twice_while_mongodb_cannot_be_reached() {
    let mongod = Mongod::alone();
    let proxy = Proxy::to(mongod.address);
    let mut lookout = Lookout::with_settings(&settings(&format!("mongodb://{}", proxy.address)));
    lookout.serve();
    let mut keys = BTreeSet::new();
    #[rustfmt::skip]
    let outages = [
        ("slow",      Wire::Delays(Duration::from_secs(2))),
        ("reset",     Wire::Resets),
        ("swallowed", Wire::Swallows),
    ];
    for (what, wire) in outages {
        keys.extend(under_load(&lookout, what, || {
            thread::sleep(OUTAGE / 4);
            proxy.set(wire);
            thread::sleep(OUTAGE);
            proxy.set(Wire::Works);
        }));
    }
    drained(&lookout, &mongod.events(), &keys);
}

#[test]
fn a_server_that_is_not_there_yet_and_one_that_vanishes_cost_nothing() {
    let mut mongod = Mongod::alone();
    mongod.kill();
    let mut lookout = Lookout::with_settings(&mongod.settings());
    lookout.serve();
    let mut keys = under_load(&lookout, "absent", || thread::sleep(OUTAGE));
    let all_wait = || lookout.metric("lookout_archive_backlog") == keys.len() as u64;
    assert!(until(all_wait), "the metrics count what waits");
    mongod.run();
    keys.extend(under_load(&lookout, "there", || thread::sleep(OUTAGE)));
    mongod.kill();
    keys.extend(under_load(&lookout, "gone", || thread::sleep(OUTAGE)));
    mongod.run();
    drained(&lookout, &mongod.events(), &keys);
}

#[test]
fn a_killed_primary_costs_nothing() {
    let mut set = ReplicaSet::of_three();
    let mut lookout = Lookout::with_settings(&set.settings());
    lookout.serve();
    let keys = under_load(&lookout, "election", || {
        thread::sleep(OUTAGE / 2);
        let primary = set.primary();
        set.members[primary].kill();
        thread::sleep(OUTAGE);
        set.members[primary].run();
    });
    drained(&lookout, &set.events(), &keys);
}
