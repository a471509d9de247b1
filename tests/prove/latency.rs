//! From the answer to Zoom until the page is replaced.

use std::collections::BTreeSet;
use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use crate::client::{deliveries, send, some_room};
use crate::page;
use crate::pressure::told;
use crate::proof::{Length, in_ms};
use crate::support::Lookout;

/// Between two events that come alone.
const ALONE: Duration = Duration::from_secs(2);

/// Half of the pages are replaced by then …
const USUALLY: Duration = Duration::from_millis(20);

/// … and 99 % by then.
const NEARLY_ALWAYS: Duration = Duration::from_millis(80);

/// So often it is looked whether the page was replaced.
const LOOK: Duration = Duration::from_micros(200);

/// Events a second that come together …
const RATE: u32 = 100;

/// … and how long any of them waits.
const AT_MOST: Duration = Duration::from_millis(1_100);

pub fn alone(length: Length) -> String {
    let mut lookout = Lookout::new();
    lookout.serve();
    lookout.wait_for("lookout/index.html", |page| !page.is_empty());
    let page = lookout.path("site/lookout/index.html");
    let mut keys = BTreeSet::new();
    let mut waits: Vec<Duration> = (0..length.pick(10, 100))
        .map(|_| {
            let (name, since) = page::somebody_comes(&lookout, &mut keys);
            let name = name.trim_matches('"').to_owned();
            while !fs::read_to_string(&page).unwrap_or_default().contains(&name) {
                assert!(since.elapsed() < ALONE, "{name} is not shown: {}", lookout.log());
                thread::sleep(LOOK);
            }
            let waited = since.elapsed();
            thread::sleep(ALONE);
            waited
        })
        .collect();
    let first = waits[0];
    waits.sort_unstable();
    let [p50, p99] = [50, 99].map(|share| waits[(waits.len() * share).div_ceil(100) - 1]);
    let found = format!(
        "{} events, one every 2 s: p50 {}, p99 {}; the first, right after the start, {}",
        waits.len(),
        in_ms(p50),
        in_ms(p99),
        in_ms(first),
    );
    assert!(p50 <= USUALLY && p99 <= NEARLY_ALWAYS, "too late: {found}");
    found
}

pub fn together(length: Length) -> String {
    let seconds = length.pick(10, 60);
    let mut lookout = Lookout::new();
    lookout.serve();
    let some = deliveries(1, some_room(), seconds * RATE as usize);
    let is_over = AtomicBool::new(false);
    let (answers, seen) = thread::scope(|scope| {
        let seen = scope.spawn(|| page::watch(&lookout, &is_over));
        let answers = send(lookout.public(), some, Duration::from_secs(1) / RATE);
        is_over.store(true, Ordering::Relaxed);
        (answers, seen.join().expect("the page stays current"))
    });
    assert!(answers.are_all_acknowledgements(), "{}", told(&answers));
    let found = format!(
        "{RATE} events/s for {seconds} s: of {} people looked for, the last one was shown {} after the answer",
        seen.keys.len(),
        in_ms(seen.oldest),
    );
    assert!(seen.oldest <= AT_MOST, "too late: {found}");
    found
}
