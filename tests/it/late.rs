//! Events about meetings whose other events were removed from the journal.

use std::fs;

use lookout::time::moment::Moment;

use crate::support::Lookout;
use crate::support::lookout::now;

const CSV: &str = "_data/zoom-room-dashboard.csv";

/// A recording of July is deleted: 76 kinds of events name a meeting, and change nothing.
const RECORDING_DELETED: &str = include_str!("late/old-recording-deleted.json");

const DAY: i64 = 86_400;

fn at(seconds: i64) -> String {
    Moment::from_seconds(seconds).to_string()
}

/// Delivers an event of `meeting`, whose object holds `rest`.
#[track_caller]
fn deliver(lookout: &Lookout, event: &str, meeting: &str, rest: &str) {
    let object = format!(r#"{{"uuid":"{meeting}","id":"86084701483",{rest}}}"#);
    let body =
        format!(r#"{{"event":"meeting.{event}","event_ts":1,"payload":{{"object":{object}}}}}"#);
    assert_eq!(lookout.deliver(body.as_bytes()).status, 204, "{body}");
}

#[track_caller]
fn join(lookout: &Lookout, meeting: &str, name: &str, seconds: i64) {
    let time = at(seconds);
    let participant = format!(
        r#""participant":{{"user_id":"{name}","user_name":"{name}","join_time":"{time}"}}"#
    );
    deliver(lookout, "participant_joined", meeting, &participant);
    lookout.wait_for(CSV, |csv| csv.contains(name));
}

#[test]
fn a_late_event_counts_although_its_meeting_was_removed_from_the_journal() {
    let old = now() - 100 * DAY;
    let settings = "[privacy]\npublish = [\"*\"]\n[journal]\nkeep = \"90d\"\n";
    let mut lookout = Lookout::with_settings(settings);
    lookout.serve();
    join(&lookout, "OlDmEeTiNg+/000000000==", "Ada", old);
    join(&lookout, "new", "Grace", now() - 60);
    lookout.stop();
    let journal = rusqlite::Connection::open(lookout.path("data/lookout.db")).expect("it opens");
    journal.execute_batch("DELETE FROM events; UPDATE journal SET pruned = 1").expect("pruned");
    drop(journal);
    let ada =
        |csv: &str| csv.lines().find(|line| line.contains("Ada")).unwrap_or_default().to_owned();

    lookout.serve();
    assert_eq!(lookout.deliver(RECORDING_DELETED.as_bytes()).status, 204);
    join(&lookout, "new", "Edsger", now() - 50);
    assert!(ada(&lookout.csv()).contains("N/A"), "it can change nothing: {}", lookout.csv());

    let ended = format!(r#""end_time":"{}""#, at(old + 3600));
    deliver(&lookout, "ended", "OlDmEeTiNg+/000000000==", &ended);
    lookout.wait_for(CSV, |csv| !ada(csv).contains("N/A"));
    lookout.stop();
    lookout.ok(&["build"]);
    for name in ["Ada", "Grace", "Edsger"] {
        assert!(lookout.csv().contains(name), "{name} is missing: {}", lookout.csv());
    }
    assert!(!ada(&lookout.csv()).contains("N/A"), "she has left: {}", lookout.csv());
}

#[test]
fn a_store_that_is_lost_with_the_events_in_it_does_not_stop_the_page() {
    let mut lookout = Lookout::new();
    lookout.serve();
    join(&lookout, "old", "Ada", now() - 100 * DAY);
    lookout.stop();
    let journal = rusqlite::Connection::open(lookout.path("data/lookout.db")).expect("it opens");
    journal.execute_batch("DELETE FROM events; UPDATE journal SET pruned = 1").expect("pruned");
    drop(journal);
    fs::write(lookout.path("data/lookout.presence"), "damaged").expect("written");
    let site = lookout.site();
    let output = lookout.run(&["build"]);
    assert!(!output.status.success(), "what is missing is for the operator to decide");
    assert_eq!(lookout.site(), site, "and nothing is changed");

    lookout.serve();
    join(&lookout, "new", "Grace", now() - 60);
    let kept = fs::read(lookout.path("data/lookout.presence.unusable")).expect("kept");
    assert_eq!(kept, b"damaged");
    let ready = crate::support::Request::get("/readyz").send(lookout.admin()).text();
    assert!(ready.contains("old events are missing"), "{ready}");

    lookout.stop();
    lookout.ok(&["forget", "Ada", "--yes"]);
    assert!(!lookout.path("data/lookout.presence.unusable").exists(), "it may hold the name");
}
