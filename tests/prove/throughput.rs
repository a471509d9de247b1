//! What storing costs: events a second, each synced before its answer, beside what the same
//! server answers without storing.

use std::time::Duration;

use serde_json::Value;

use crate::client::{Delivery, bodies, deliveries, some_room};
use crate::proof::{Length, in_ms};
use crate::support::Lookout;
use crate::wrk::{self, Found, Requests};

/// At so many connections storing leaves so much of the speed, in percent.
const SHARES: [(u32, f64); 2] = [(64, 30.0), (512, 45.0)];

/// 99 % of answers at the fewest connections.
const PROMPT: Duration = Duration::from_millis(60);

pub fn throughput(length: Length) -> String {
    let time = Duration::from_secs(length.pick(3, 10));
    let mut lookout = Lookout::new();
    lookout.serve();
    let challenges = Requests::write(&directory(&lookout, "challenges"), challenges());
    let mut rows = Vec::new();
    let mut is_reached = true;
    for (seed, (connections, share)) in (1..).zip(SHARES) {
        let nothing = wrk::run(lookout.public(), &challenges, connections, time);
        let enough = (nothing.answered * 12 / 10) as usize;
        let some = deliveries(seed, some_room(), enough);
        let events = Requests::write(&directory(&lookout, &format!("events-{connections}")), some);
        let stored = wrk::run(lookout.public(), &events, connections, time);
        assert_eq!((nothing.failed, stored.failed), (0, 0), "{nothing:?}, {stored:?}");
        let reached = 100.0 * stored.per_second() / nothing.per_second();
        is_reached &= reached >= share && (connections > 64 || stored.p99 <= PROMPT);
        rows.push(row(connections, stored, nothing, reached));
    }
    assert_eq!(lookout.metric("lookout_events_redelivered_total"), 0, "prepare more deliveries");
    let rows = rows.join("; ");
    assert!(is_reached, "30 % at 64 and 45 % at 512 connections are wanted: {rows}");
    rows
}

fn row(connections: u32, stored: Found, nothing: Found, reached: f64) -> String {
    format!(
        "{connections} connections: {:.0} events/s stored (p99 {}), {:.0}/s without storing, {reached:.0} %",
        stored.per_second(),
        in_ms(stored.p99),
        nothing.per_second(),
    )
}

fn directory(lookout: &Lookout, name: &str) -> std::path::PathBuf {
    let directory = lookout.path(name);
    std::fs::create_dir_all(&directory).expect("created");
    directory
}

/// Signed challenges with all that an event has: the same program reads, verifies and answers
/// them, and stores nothing.
fn challenges() -> impl Iterator<Item = Delivery> {
    bodies(0, some_room()).take(20_000).map(|body| {
        let mut body: Value = serde_json::from_str(&body).expect("JSON");
        body["event"] = "endpoint.url_validation".into();
        body["payload"]["plainToken"] = "qgg8vlvZRS6UYooatFL8Aw".into();
        Delivery::of(body.to_string().as_bytes())
    })
}
