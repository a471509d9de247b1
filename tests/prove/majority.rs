//! `acknowledge = "archive"`: what Zoom was told survives every primary.

use std::time::{Duration, Instant};

use crate::load::{Load, RATE};
use crate::proof::{Length, shown};
use crate::support::Lookout;
use crate::support::lookout::until;
use crate::support::mongod::ReplicaSet;

/// Answers are timed for so long before the first kill.
const CALM: Duration = Duration::from_secs(30);

/// So many more events are acknowledged before another primary is killed.
const BETWEEN: usize = 400;

pub fn kills(length: Length) -> String {
    let kills = length.pick(4, 20);
    let mut set = ReplicaSet::of_three();
    let settings = format!("{}acknowledge = \"archive\"\n", set.settings());
    let mut lookout = Lookout::with_settings(&settings);
    lookout.serve();
    // The first wait for the indexes, too.
    let warming = Load::start(&lookout, 0, Duration::from_secs(5)).finish();
    let calm = Load::start(&lookout, 2, length.pick(Duration::from_secs(5), CALM)).finish();
    assert_eq!((warming.lost, calm.lost, calm.refusals), (0, 0, 0), "deliveries are refused");
    let load = Load::start(&lookout, 1, Duration::from_secs(3600));
    let mut longest = Duration::ZERO;
    for kill in 1..=kills {
        let enough = load.acknowledged().len() + BETWEEN;
        let goes_on = (0..3).any(|_| until(|| load.acknowledged().len() >= enough));
        assert!(goes_on, "nothing is acknowledged before kill {kill}: {}", lookout.log());
        let primary = set.primary();
        let killed = Instant::now();
        set.members[primary].kill();
        let acknowledged = load.acknowledged();
        set.primary();
        longest = longest.max(killed.elapsed());
        let surviving = set.events().majority_keys();
        let lost = acknowledged.difference(&surviving).count();
        assert_eq!(lost, 0, "of {} acknowledged, after kill {kill}", acknowledged.len());
        set.members[primary].run();
    }
    let answered = load.stop();
    let surviving = set.events().majority_keys();
    for load in [&warming, &calm, &answered] {
        let lost = load.keys.difference(&surviving).count();
        assert_eq!(lost, 0, "of {} acknowledged, in the end", load.keys.len());
    }
    format!(
        "{kills} primaries killed at {RATE}/s: {} acknowledged, 0 of them lost after any kill, 0 twice; \
         {} attempts answered 503 or not at all, to be sent again; elections took at most {}; \
         answers p99 {} (before the first)",
        answered.keys.len(),
        answered.refusals,
        shown(longest),
        calm.p99,
    )
}
