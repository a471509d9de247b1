//! Deliveries at their own pace, however slow the answers are: many, all at once, and too many.

use std::time::Duration;

use crate::client::{Answers, deliveries, send, some_room};
use crate::proof::{Length, in_ms};
use crate::resources::peak_memory_mib;
use crate::slowed::Slowed;
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
    let stored = lookout.exported_keys();
    let lost = answers.acknowledged.difference(&stored).count();
    assert_eq!(lost, 0, "acknowledged and not stored: {}", told(&answers));
    assert!(answers.longest() <= IN_TIME, "answered too late: {}", told(&answers));
    assert_eq!(answers.unconnected + answers.unanswered, 0, "not answered: {}", told(&answers));
    assert_eq!(answers.count(204) + answers.count(503), count, "others: {}", told(&answers));
    format!("{count} at once, each on a connection of its own: {}", told(&answers))
}

/// Deliveries beyond this are more than the machine can take …
const TIMES: f64 = 5.0;

/// … in so much memory.
const MEMORY_MIB: u64 = 256;

/// Everything is as before, so long after the last of them.
const RECOVERY: Duration = Duration::from_secs(5);

pub fn overload(length: Length) -> String {
    let seconds = length.pick(10.0, 30.0);
    let mut lookout = Lookout::new();
    lookout.serve();
    // Client and server share a machine: only a slow server can be given five times too much.
    let slowed = Slowed::down(lookout.id());
    let capacity = wrk::capacity(&lookout, Duration::from_secs(5));
    let calm = |seed| {
        let rate = capacity / 2.0;
        let some = deliveries(seed, some_room(), (rate * 5.0) as usize);
        send(lookout.public(), some, Duration::from_secs_f64(1.0 / rate))
    };
    let before = calm(1);
    assert!(before.are_all_acknowledgements(), "before: {}", told(&before));

    let rate = capacity * TIMES;
    let too_many = deliveries(2, some_room(), (rate * seconds) as usize);
    let (sent, gap) = (too_many.len(), Duration::from_secs_f64(1.0 / rate));
    let begun = std::time::Instant::now();
    let during = send(lookout.public(), too_many, gap);
    let last = begun + gap * u32::try_from(sent).expect("it is not that many");
    let memory_mib = peak_memory_mib(lookout.id());
    std::thread::sleep((last + RECOVERY).saturating_duration_since(std::time::Instant::now()));
    let after = calm(3);
    drop(slowed);

    let stored = lookout.exported_keys();
    for answers in [&before, &during, &after] {
        let lost = answers.acknowledged.difference(&stored).count();
        assert_eq!(lost, 0, "acknowledged and not stored: {}", told(answers));
    }
    let others: usize =
        during.statuses.values().sum::<usize>() - during.count(204) - during.count(503);
    assert_eq!(others, 0, "refused otherwise: {}", told(&during));
    assert!(memory_mib < MEMORY_MIB, "it took {memory_mib} MiB: {}", told(&during));
    assert!(after.are_all_acknowledgements(), "afterwards: {}", told(&after));
    let normal = (before.per_mille(990) * 2).max(PROMPT * 2);
    assert!(
        after.per_mille(990) <= normal,
        "not as before: {} and {}",
        told(&before),
        told(&after)
    );
    format!(
        "a server that runs a twentieth of the time takes {capacity:.0}/s; {:.1} times as many for {seconds} s: \
         {}; 0 acknowledged lost, {memory_mib} MiB at most; answers p99 {} before, {} from 5 s after",
        rate / capacity,
        told(&during),
        in_ms(before.per_mille(990)),
        in_ms(after.per_mille(990)),
    )
}

/// `answers` in a line.
pub fn told(answers: &Answers) -> String {
    let statuses: Vec<String> =
        answers.statuses.iter().map(|(status, count)| format!("{count} × {status}")).collect();
    let mut told = statuses.join(", ");
    for (count, what) in
        [(answers.unconnected, "without a connection"), (answers.unanswered, "unanswered in 3 s")]
    {
        if count > 0 {
            told += &format!(", {count} {what}");
        }
    }
    let [p50, p99, longest] = [500, 990, 1000].map(|share| in_ms(answers.per_mille(share)));
    told + &format!("; answers p50 {p50}, p99 {p99}, longest {longest}")
}
