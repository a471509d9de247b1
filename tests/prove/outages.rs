//! Whatever happens to MongoDB, Zoom and the page notice nothing, and nothing is lost.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use mongodb::bson::doc;

use crate::load::{Load, RATE};
use crate::page;
use crate::proof::{Length, shown};
use crate::support::Lookout;
use crate::support::mongod::{Events, Mongod, ReplicaSet, settings};
use crate::support::proxy::{Proxy, Wire};

/// A backlog is shipped by then.
const PATIENCE: Duration = Duration::from_secs(300);

pub fn refused(length: Length) -> String {
    let mut mongod = Mongod::alone();
    let settings = mongod.settings();
    prove(length, &settings, &mut mongod, Mongod::kill, Mongod::run, Mongod::events).nearly_all()
}

pub fn black_hole(length: Length) -> String {
    on_the_wire(length, Wire::Swallows).nearly_all()
}

pub fn reset(length: Length) -> String {
    on_the_wire(length, Wire::Resets).nearly_all()
}

pub fn slow(length: Length) -> String {
    on_the_wire(length, Wire::Delays(Duration::from_secs(2))).found
}

pub fn primary(length: Length) -> String {
    let mut set = ReplicaSet::of_three();
    let settings = set.settings();
    let primary = set.primary();
    let kill = |set: &mut ReplicaSet| set.members[primary].kill();
    let run = |set: &mut ReplicaSet| set.members[primary].run();
    prove(length, &settings, &mut set, kill, run, ReplicaSet::events).found
}

/// What an outage did.
struct Outage {
    deliveries: u64,
    /// How many events waited for the archive at its end.
    waiting: u64,
    found: String,
}

impl Outage {
    /// What was found, where nothing got through.
    #[track_caller]
    fn nearly_all(self) -> String {
        let Self { deliveries, waiting, found } = self;
        // What waits is counted once a second, so the last of it may be missing.
        assert!(
            waiting + 2 * u64::from(RATE) >= deliveries,
            "MongoDB was there: only {waiting} waited"
        );
        found
    }
}

fn on_the_wire(length: Length, outage: Wire) -> Outage {
    let mongod = Mongod::alone();
    let mut proxy = Proxy::to(mongod.address);
    let settings = settings(&format!("mongodb://{}", proxy.address));
    let begin = |proxy: &mut Proxy| proxy.set(outage);
    let end = |proxy: &mut Proxy| proxy.set(Wire::Works);
    prove(length, &settings, &mut proxy, begin, end, |_| mongod.events())
}

/// Some calm, then an outage, then whether all is there.
fn prove<S>(
    length: Length,
    settings: &str,
    servers: &mut S,
    begin: impl FnOnce(&mut S),
    end: impl FnOnce(&mut S),
    events: impl FnOnce(&S) -> Events,
) -> Outage {
    let outage = length.pick(Duration::from_secs(10), Duration::from_secs(60));
    let mut lookout = Lookout::with_settings(settings);
    lookout.serve();
    let warming = Load::start(&lookout, 0, outage / 10).finish();
    let calm = Load::start(&lookout, 1, outage / 2).finish();

    begin(servers);
    let is_over = AtomicBool::new(false);
    let (during, page) = thread::scope(|scope| {
        let page = scope.spawn(|| page::watch(&lookout, &is_over));
        let during = Load::start(&lookout, 2, outage).finish();
        is_over.store(true, Ordering::Relaxed);
        (during, page.join().expect("the page stays current"))
    });
    let waiting = lookout.metric("lookout_archive_backlog");
    let (p99, calm_p99) = (during.p99.clone(), calm.p99.clone());
    let deliveries = during.deliveries;
    let over = Instant::now();
    end(servers);

    let mut sent = page.keys;
    for load in [warming, calm, during] {
        assert_eq!((load.refusals, load.lost), (0, 0), "deliveries are refused");
        sent.extend(load.keys);
    }
    drain(&events(servers), &lookout, sent.len() as u64);
    let drained = over.elapsed();
    for store in ["journal", "archive"] {
        let there = lookout.exported_keys_with(&["--from", store]);
        let lost = sent.difference(&there).count();
        assert!(there == sent, "{lost} of {} are not in the {store}", sent.len());
    }
    let found = format!(
        "{} s, {deliveries} deliveries at {RATE}/s: 0 refused, 0 lost, 0 twice; {waiting} waited at the end, \
         shipped {} later; page at most {} old; answers p99 {p99} (before: {calm_p99})",
        outage.as_secs(),
        shown(drained),
        shown(page.oldest),
    );
    Outage { deliveries, waiting, found }
}

/// Waits until the archive has `all` documents.
#[track_caller]
fn drain(events: &Events, lookout: &Lookout, all: u64) {
    let begun = Instant::now();
    let mut there = 0;
    while begun.elapsed() < PATIENCE {
        there = events.count(doc! {});
        if there >= all {
            return;
        }
        thread::sleep(Duration::from_millis(50));
    }
    panic!("only {there} of {all} were shipped: {}", lookout.log());
}
