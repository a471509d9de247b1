//! Events of a time that is yet to come change nothing until then.

use lookout::time::moment::Moment;

use crate::support::Lookout;
use crate::support::lookout::now;

/// Somebody joins, or a meeting starts, `ahead` seconds from now.
fn event(what: &str, meeting: &str, name: &str, time: Moment) -> String {
    let participant = format!(
        r#","participant":{{"user_id":"{name}","user_name":"{name}","participant_uuid":"{name}","join_time":"{time}"}}"#
    );
    let participant = if name.is_empty() { "" } else { &participant };
    format!(
        r#"{{"event":"meeting.{what}","event_ts":1,"payload":{{"object":{{"uuid":"{meeting}","id":"1","start_time":"{time}"{participant}}}}}}}"#
    )
}

#[test]
fn a_clock_that_is_wrong_somewhere_neither_empties_a_room_nor_fills_it() {
    let mut lookout = Lookout::new();
    lookout.serve();
    let ahead = |seconds| Moment::from_seconds(now() + seconds);
    let deliver = |lookout: &Lookout, body: String| {
        assert_eq!(lookout.deliver(body.as_bytes()).status, 204, "{body}");
    };
    deliver(&lookout, event("participant_joined", "m", "Ada", ahead(0)));
    deliver(&lookout, event("started", "later", "", ahead(3600)));
    deliver(&lookout, event("participant_joined", "m", "Bram", ahead(3600)));
    let far = Moment::parse_rfc3339("9999-01-01T00:00:00Z").expect("RFC 3339");
    deliver(&lookout, event("started", "far", "", far));
    let micros = event("participant_joined", "m", "Cem", far).replace("join_time", "x");
    let micros =
        micros.replace(r#""event_ts":1,"#, &format!(r#""event_ts":{},"#, now() * 1_000_000));
    deliver(&lookout, micros);
    // This one comes soon, although nothing is delivered then.
    deliver(&lookout, event("participant_joined", "m", "Dilnoza", ahead(303)));
    let csv = "_data/zoom-room-dashboard.csv";
    let row = |name: &str| format!("\"{name}\",\"<i class=\"\"fa-solid fa-toggle-on");
    let is_right = |csv: &str| {
        csv.contains(&row("Ada")) && !["Bram", "Cem"].iter().any(|name| csv.contains(name))
    };
    lookout.wait_for(csv, |csv| is_right(csv) && csv.contains(&row("Dilnoza")));

    // The store keeps what is yet to come, and so does a replay.
    lookout.stop();
    for arguments in [&["build"][..], &["build", "--replay"]] {
        lookout.ok(arguments);
        assert!(is_right(&lookout.csv()), "{arguments:?}: {}", lookout.csv());
    }
    let check = lookout.run(&["check"]).stdout;
    let check = String::from_utf8_lossy(&check);
    assert!(check.contains("4 events are from the future"), "{check}");
    lookout.ok(&["build", "--at", &ahead(7200).to_string()]);
    assert!(lookout.csv().contains("Bram"), "{}", lookout.csv());
}
