//! Whether the page is current: somebody new comes now and then, and is looked for.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use lookout::time::clock;
use lookout::zoom::Key;

use crate::support::Lookout;
use crate::support::lookout::until;

/// So often somebody comes.
const GAP: Duration = Duration::from_millis(250);

/// So often it is looked who is shown.
const LOOK: Duration = Duration::from_millis(10);

/// What was seen of the page.
pub struct Seen {
    /// The keys of those who came.
    pub keys: BTreeSet<String>,
    /// From an answer to Zoom until the page showed it, at most.
    pub oldest: Duration,
}

/// Watches until `is_over`, and then until everybody is shown.
pub fn watch(lookout: &Lookout, is_over: &AtomicBool) -> Seen {
    let mut seen = Seen { keys: BTreeSet::new(), oldest: Duration::ZERO };
    let mut awaited: Vec<(String, Instant)> = Vec::new();
    let mut due = Instant::now();
    while !is_over.load(Ordering::Relaxed) {
        if Instant::now() >= due {
            due += GAP;
            awaited.push(somebody_comes(lookout, &mut seen.keys));
        }
        look(lookout, &mut awaited, &mut seen.oldest);
        thread::sleep(LOOK);
    }
    let all_shown = until(|| {
        look(lookout, &mut awaited, &mut seen.oldest);
        awaited.is_empty()
    });
    assert!(all_shown, "{} were never shown", awaited.len());
    seen
}

/// Delivers it; returns who it was and when it was answered.
#[track_caller]
pub fn somebody_comes(lookout: &Lookout, keys: &mut BTreeSet<String>) -> (String, Instant) {
    let now = clock::now();
    let name = format!("\"Visitor {} of {}\"", keys.len(), clock::now_ms());
    let body = format!(
        r#"{{"event":"meeting.participant_joined","event_ts":{},"payload":{{"object":{{"uuid":"visitors","id":"2","participant":{{"user_id":{name},"user_name":{name},"join_time":"{now}"}}}}}}}}"#,
        clock::now_ms()
    );
    assert_eq!(lookout.deliver(body.as_bytes()).status, 204);
    keys.insert(Key::of(body.as_bytes()).to_string());
    (name, Instant::now())
}

/// Crosses off who is shown by now.
fn look(lookout: &Lookout, awaited: &mut Vec<(String, Instant)>, oldest: &mut Duration) {
    if awaited.is_empty() {
        return;
    }
    let csv = lookout.csv();
    awaited.retain(|(name, since)| {
        *oldest = (*oldest).max(since.elapsed());
        !csv.contains(name)
    });
}
