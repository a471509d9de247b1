//! Events about meetings whose other events were removed from the journal.

use std::fs;

use lookout::moment::Moment;

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
fn a_late_event_of_a_pruned_journal_is_set_aside_and_counted_and_the_page_goes_on() {
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
    let set_aside = |lookout: &Lookout| lookout.metric("lookout_events_set_aside");

    lookout.serve();
    assert_eq!(lookout.deliver(RECORDING_DELETED.as_bytes()).status, 204);
    join(&lookout, "new", "Edsger", now() - 50);
    assert_eq!(set_aside(&lookout), 0, "it can change nothing");

    let ended = format!(r#""end_time":"{}""#, at(old + 3600));
    deliver(&lookout, "ended", "OlDmEeTiNg+/000000000==", &ended);
    join(&lookout, "new", "Barbara", now() - 40);
    assert_eq!(set_aside(&lookout), 1, "it would end Ada's visit");
    let log = lookout.stop();
    assert_eq!(log.matches("is set aside").count(), 1, "{log}");

    lookout.ok(&["build"]);
    for name in ["Ada", "Grace", "Edsger", "Barbara"] {
        assert!(lookout.csv().contains(name), "{name} is missing: {}", lookout.csv());
    }
    let report = String::from_utf8(lookout.run(&["check"]).stdout).expect("UTF-8");
    let line =
        "! late      1 late event is set aside: older events of the same meetings were removed";
    assert!(report.contains(line), "{report}");
    lookout.serve();
    join(&lookout, "new", "Frances", now() - 30);
    assert_eq!(set_aside(&lookout), 1, "it is still known after a restart");
}

#[test]
fn a_checkpoint_that_is_lost_with_the_events_in_it_does_not_stop_the_page() {
    let mut lookout = Lookout::new();
    lookout.serve();
    join(&lookout, "old", "Ada", now() - 100 * DAY);
    lookout.stop();
    let journal = rusqlite::Connection::open(lookout.path("data/lookout.db")).expect("it opens");
    journal.execute_batch("DELETE FROM events; UPDATE journal SET pruned = 1").expect("pruned");
    drop(journal);
    fs::write(lookout.path("data/lookout.checkpoint"), "damaged").expect("written");
    let site = lookout.site();
    let output = lookout.run(&["build"]);
    assert!(!output.status.success(), "what is missing is for the operator to decide");
    assert_eq!(lookout.site(), site, "and nothing is changed");

    lookout.serve();
    join(&lookout, "new", "Grace", now() - 60);
    let kept = fs::read(lookout.path("data/lookout.checkpoint.unusable")).expect("kept");
    assert_eq!(kept, b"damaged");
    let ready = crate::support::Request::get("/readyz").send(lookout.admin()).text();
    assert!(ready.contains("old events are missing"), "{ready}");

    lookout.stop();
    lookout.ok(&["forget", "Ada", "--yes"]);
    assert!(!lookout.path("data/lookout.checkpoint.unusable").exists(), "it may hold the name");
}
