//! Restarts as an upgrade makes them, under load, with the socket in systemd's hands.

use std::time::Instant;

use crate::proof::{Length, shown};
use crate::support::systemd::Systemd;

pub fn restarts(length: Length) -> String {
    let restarts = length.pick(20, 100);
    let systemd = Systemd::new();
    let begun = Instant::now();
    let acknowledged = systemd.restart_under_load(restarts);
    let took = begun.elapsed();
    let stored = systemd.lookout.exported_keys();
    let lost = acknowledged.difference(&stored).count();
    assert!(acknowledged.len() > restarts, "there was no load");
    assert_eq!(lost, 0, "of {} acknowledged", acknowledged.len());
    format!(
        "{restarts} restarts in {}: {} acknowledged, 0 of them lost, 0 connections refused",
        shown(took),
        acknowledged.len(),
    )
}
