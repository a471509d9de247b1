//! Deliveries at their own pace, however slow the answers are: many, all at once, and too many.

use std::collections::BTreeSet;
use std::thread;
use std::time::Duration;

use crate::client::{Answers, PATIENCE, deliveries, send, some_room};
use crate::proof::{Length, in_ms};
use crate::resources::peak_memory_mib;
use crate::slowed::{self, Slowed};
use crate::support::Lookout;
use crate::wrk;

/// Zoom waits 3 s; no answer may come later than this.
const IN_TIME: Duration = Duration::from_millis(2_900);

/// Deliveries a second of the open loop.
const RATE: u32 = 1_000;

/// 99 % of them are answered by then.
const PROMPT: Duration = Duration::from_millis(50);

pub fn open_loop(length: Length) -> String {
    let seconds = length.pick(10, 60);
    let mut lookout = Lookout::new();
    lookout.serve();
    let prepared = deliveries(1, some_room(), seconds * RATE as usize);
    let answers = send(lookout.public(), prepared, Duration::from_secs(1) / RATE);
    assert!(answers.are_all_acknowledgements(), "{}", told(&answers));
    let stored = lookout.exported_keys();
    assert!(answers.acknowledged == stored, "stored are {}: {}", stored.len(), told(&answers));
    assert!(answers.per_mille(990) <= PROMPT, "too slow: {}", told(&answers));
    format!("{RATE}/s for {seconds} s, open loop: each stored once; {}", told(&answers))
}

pub fn burst(_: Length) -> String {
    let count = 10_000;
    let mut lookout = Lookout::new();
    lookout.serve();
    let prepared = deliveries(1, some_room(), count);
    let answers = send(lookout.public(), prepared, Duration::ZERO);
    assert_all_sent(&answers);
    let stored = lookout.exported_keys();
    let lost = answers.acknowledged.difference(&stored).count();
    assert_eq!(lost, 0, "acknowledged and not stored: {}", told(&answers));
    assert!(answers.longest() <= IN_TIME, "answered too late: {}", told(&answers));
    assert_eq!(answers.unconnected + answers.unanswered, 0, "not answered: {}", told(&answers));
    assert_eq!(answers.count(204) + answers.count(503), count, "others: {}", told(&answers));
    format!("{count} at once, each on a connection of its own: {}", told(&answers))
}

/// So many times as many as the server can take …
const TIMES: f64 = 5.0;

/// What leaves it at ease, as a share of what it can take: one request at a time costs more than many
/// that share a commit, so at half of it a slow machine is busy all the time.
const CALM: f64 = 1.0 / 3.0;

/// … it bears in so much memory.
const MEMORY_MIB: u64 = 256;

/// As before are answers of which 99 % take no longer than this: at ease, a machine that runs a twentieth
/// of the time has 80 to 210 ms in one run or another.
const AT_EASE: Duration = Duration::from_millis(250);

/// Everything is as before, so long after the last of them.
const RECOVERY: Duration = Duration::from_secs(5);

/// A slow processor cannot even refuse them all: who gets no answer sends again.
pub fn slow_processor(length: Length) -> String {
    let mut lookout = Lookout::new();
    lookout.serve();
    let _slowed = Slowed::down(lookout.id());
    let overload = Overload::of(&lookout, 64, length);
    format!("a server that runs a twentieth of the time {}", overload.told())
}

/// A slow disk leaves time to refuse each of them.
pub fn slow_disk(length: Length) -> String {
    let mut lookout = Lookout::new();
    slowed::slow_disk(&mut lookout);
    lookout.serve();
    // Enough for two commits: one is under way, and one gathers.
    let overload = Overload::of(&lookout, 512, length);
    let Overload { during, capacity, time, .. } = &overload;
    assert_eq!(during.unconnected + during.unanswered, 0, "not answered: {}", overload.told());
    assert!(during.longest() <= IN_TIME, "answered too late: {}", told(during));
    let kept = during.count(204) as f64 / time.as_secs_f64() / capacity;
    assert!(kept >= 0.5, "it takes less when there is more: {}", overload.told());
    format!("a server whose disk takes 250 ms for a sync {}", overload.told())
}

/// What too many deliveries did.
struct Overload {
    /// Deliveries a second that can be taken.
    capacity: f64,
    time: Duration,
    before: Answers,
    during: Answers,
    after: Answers,
    memory_mib: u64,
}

impl Overload {
    /// A calm load on `lookout`, which takes the most on so many `connections`; then five times too much, then
    /// the calm load again.
    #[track_caller]
    fn of(lookout: &Lookout, connections: u32, length: Length) -> Self {
        let time = Duration::from_secs(length.pick(10, 30));
        let capacity = wrk::capacity(lookout, connections, Duration::from_secs(5));
        let calm = Duration::from_secs(5);
        let before = Self::send(lookout, 1, capacity * CALM, calm);
        let during = Self::send(lookout, 2, capacity * TIMES, time);
        assert_all_sent(&during);
        let memory_mib = peak_memory_mib(lookout.id());
        // The last answer took no longer than a client's patience, which is less.
        thread::sleep(RECOVERY - PATIENCE);
        let after = Self::send(lookout, 3, capacity * CALM, calm);
        let overload = Self { capacity, time, before, during, after, memory_mib };
        overload.check(&lookout.exported_keys());
        overload
    }

    fn send(lookout: &Lookout, seed: u64, rate: f64, time: Duration) -> Answers {
        let some = deliveries(seed, some_room(), (rate * time.as_secs_f64()) as usize);
        send(lookout.public(), some, Duration::from_secs_f64(1.0 / rate))
    }

    #[track_caller]
    fn check(&self, stored: &BTreeSet<String>) {
        let Self { before, during, after, memory_mib, .. } = self;
        for answers in [before, during, after] {
            let lost = answers.acknowledged.difference(stored).count();
            assert_eq!(lost, 0, "acknowledged and not stored: {}", told(answers));
        }
        let statuses: Vec<u16> = during.statuses.keys().copied().collect();
        assert!(statuses.iter().all(|status| [204, 503].contains(status)), "{}", told(during));
        assert!(*memory_mib < MEMORY_MIB, "it took {memory_mib} MiB: {}", told(during));
        for calm in [before, after] {
            assert!(calm.are_all_acknowledgements(), "a third of what it can take: {}", told(calm));
        }
        let normal = (before.per_mille(990) * 2).max(AT_EASE);
        assert!(after.per_mille(990) <= normal, "not as before: {}", self.told());
    }

    fn told(&self) -> String {
        format!(
            "takes {:.0}/s; {TIMES} times as many for {} s: {}; 0 acknowledged lost, {} MiB at most; \
             answers p99 {} before, {} from 5 s after",
            self.capacity,
            self.time.as_secs(),
            told(&self.during),
            self.memory_mib,
            in_ms(self.before.per_mille(990)),
            in_ms(self.after.per_mille(990)),
        )
    }
}

#[track_caller]
fn assert_all_sent(answers: &Answers) {
    assert_eq!(answers.unsent, 0, "the machine is too busy to measure on: {}", told(answers));
}

/// `answers` in a line.
pub fn told(answers: &Answers) -> String {
    let statuses: Vec<String> =
        answers.statuses.iter().map(|(status, count)| format!("{count} × {status}")).collect();
    let mut told = statuses.join(", ");
    let without = [
        (answers.unsent, "not sent in time"),
        (answers.unconnected, "without a connection"),
        (answers.unanswered, "unanswered in 3 s"),
    ];
    for (count, what) in without {
        if count > 0 {
            told += &format!(", {count} {what}");
        }
    }
    let [p50, p99, longest] = [500, 990, 1000].map(|share| in_ms(answers.per_mille(share)));
    told + &format!("; answers p50 {p50}, p99 {p99}, longest {longest}")
}
