//! `lookout end` ends a meeting of which Zoom never said that it is over.

use std::fs;
use std::process::Output;

use lookout::time::moment::Moment;

use crate::support::Lookout;
use crate::support::lookout::now;

const CSV: &str = "_data/zoom-room-dashboard.csv";

const ROOMS: &str = "[privacy]\npublish = [\"*\"]\n\
    [[rooms]]\nmeeting_id = \"111 222 333\"\nname = \"Lounge\"\n\
    [[rooms]]\nmeeting_id = \"444 555 666\"\nname = \"Reading Circle\"\n";

const EVERYBODY: &str = "[privacy]\npublish = [\"*\"]\n";

const LOUNGE: &str = "111222333";
const READING: &str = "444555666";

/// A join of `name` so many seconds ago, as a line of JSON and as a delivery.
fn join(number: &str, name: &str, ago: i64) -> String {
    let time = Moment::from_seconds(now() - ago);
    format!(
        r#"{{"event":"meeting.participant_joined","event_ts":1,"payload":{{"object":{{"uuid":"m{number}","id":"{number}","participant":{{"user_id":"{name}","user_name":"{name}","join_time":"{time}"}}}}}}}}"#
    )
}

/// By `ROOMS`, with `lines` stored.
fn imported(lines: &[String]) -> Lookout {
    imported_by(ROOMS, lines)
}

fn imported_by(settings: &str, lines: &[String]) -> Lookout {
    let lookout = Lookout::with_settings(settings);
    fs::write(lookout.path("events.jsonl"), lines.join("\n")).expect("written");
    lookout.ok(&["-q", "import", "events.jsonl"]);
    lookout
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn is_in(csv: &str, name: &str) -> bool {
    csv.lines().any(|row| row.contains(name) && row.contains("toggle-on"))
}

#[test]
fn a_running_serve_shows_at_once_that_nobody_is_in_until_somebody_joins() {
    let mut lookout = imported(&[join(LOUNGE, "Ada", 3600), join(LOUNGE, "Bob", 60)]);
    lookout.serve();
    lookout.wait_for(CSV, |csv| is_in(csv, "Ada") && is_in(csv, "Bob"));
    let ended = lookout.run(&["end"]);
    assert!(ended.status.success());
    assert_eq!(
        stderr(&ended),
        "`lounge`: 2 connections are over, at an unknown time; whoever joins again is in\n"
    );
    let csv = lookout.wait_for(CSV, |csv| !is_in(csv, "Ada") && !is_in(csv, "Bob"));
    assert!(csv.lines().skip(1).all(|row| row.ends_with("\"N/A\"")), "nobody knows when: {csv}");
    assert_eq!(lookout.deliver(join(LOUNGE, "Grace", -1).as_bytes()).status, 204);
    let csv = lookout.wait_for(CSV, |csv| is_in(csv, "Grace"));
    assert!(!is_in(&csv, "Ada") && !is_in(&csv, "Bob"), "she brings nobody back: {csv}");
    lookout.stop();
    lookout.ok(&["-q", "build", "--replay"]);
    assert_eq!(lookout.csv(), csv);
}

/// What is special, who is in, the arguments, the exit code, what is said, and who stays.
type Case<'a> = (&'a str, &'a [String], &'a [&'a str], i32, &'a str, &'a str);

#[test]
fn the_room_is_the_one_that_was_named_or_the_only_one() {
    let both = [join(LOUNGE, "Ada", 60), join(READING, "Bob", 60)];
    #[rustfmt::skip]
    let cases: [Case<'_>; 8] = [
        // what is special          in         arguments                    code said                                    still in
        ("by name",                 &both,     &["end", "Reading Circle"],  0, "`reading-circle`: 1 connection is over", "Ada"),
        ("by slug",                 &both,     &["end", "lounge"],          0, "`lounge`: 1 connection is over",         "Bob"),
        ("by number",               &both,     &["end", "444 555 666"],     0, "`reading-circle`: 1",                    "Ada"),
        ("no such room",            &both,     &["end", "loung"],           2, "did you mean `Lounge`?",                 "Ada"),
        ("two rooms, none named",   &both,     &["end"],                    2, "somebody is in `lounge` and in `reading-circle`; name one of them", "Ada"),
        ("nobody is in that one",   &both[..1], &["end", "reading-circle"], 0, "nobody is in `reading-circle`",          "Ada"),
        ("only one has somebody",   &both[..1], &["end"],                   0, "`lounge`: 1 connection is over",         ""),
        ("nothing was ever stored", &[],       &["end"],                    0, "nobody is in any room",                  ""),
    ];
    check(ROOMS, &cases);
}

/// Ends rooms by `settings`, and builds the site.
#[track_caller]
fn check(settings: &str, cases: &[Case<'_>]) {
    for &(what, lines, arguments, code, said, still_in) in cases {
        let lookout = imported_by(settings, lines);
        let ended = lookout.run(arguments);
        assert_eq!(ended.status.code(), Some(code), "{what}: {}", stderr(&ended));
        assert!(stderr(&ended).contains(said), "{what}: {}", stderr(&ended));
        lookout.ok(&["-q", "build"]);
        let csv = lookout.csv();
        let inside: Vec<_> = ["Ada", "Bob"].into_iter().filter(|name| is_in(&csv, name)).collect();
        assert!(inside.len() == usize::from(!still_in.is_empty()) + usize::from(code == 2));
        assert!(still_in.is_empty() || inside.contains(&still_in), "{what}: {csv}");
    }
}

#[test]
fn without_rooms_a_meeting_number_is_one() {
    let both = [join(LOUNGE, "Ada", 60), join(READING, "Bob", 60)];
    #[rustfmt::skip]
    let cases: [Case<'_>; 5] = [
        // what is special          in          arguments                 code said                                    still in
        ("the only one",            &both[..1], &["end"],                 0, "`111222333`: 1 connection is over",       ""),
        ("one of two",              &both,      &["end", "444 555 666"],  0, "`444555666`: 1 connection is over",       "Ada"),
        ("two, none named",         &both,      &["end"],                 2, "somebody is in `111222333` and in `444555666`; name one of them", "Ada"),
        ("nobody is in that one",   &both[..1], &["end", "444-555-666"],  0, "nobody is in `444555666`",                "Ada"),
        ("no number",               &both,      &["end", "lounge"],       2, "write a meeting number, such as 123 456 7890, instead of `lounge`", "Ada"),
    ];
    check(EVERYBODY, &cases);
}

#[test]
fn nobody_waits_any_more_for_a_room_that_was_ended() {
    let waits = join(LOUNGE, "Ada", 60)
        .replace("participant_joined", "participant_joined_waiting_room")
        .replace("join_time", "date_time");
    let lookout = imported(&[waits]);
    let [ended, again] = [(); 2].map(|()| stderr(&lookout.run(&["end"])));
    let said = "`lounge`: 0 connections are over, at an unknown time; 1 participant waits no longer; \
                whoever joins again is in\n";
    assert_eq!((ended.as_str(), again.contains("nobody is in any room")), (said, true), "{again}");
}

#[test]
fn ending_twice_stores_nothing_more_and_a_copy_shows_the_same() {
    let lookout = imported(&[join(LOUNGE, "Ada", 60)]);
    lookout.ok(&["end"]);
    let again = lookout.run(&["end", "lounge"]);
    assert!(stderr(&again).contains("nobody is in `lounge`"), "{}", stderr(&again));
    let exported = lookout.exported_lines(&[]);
    assert_eq!(exported.len(), 2);
    let copy = Lookout::with_settings(ROOMS);
    fs::write(copy.path("events.jsonl"), exported.join("\n")).expect("written");
    copy.ok(&["-q", "import", "events.jsonl"]);
    for lookout in [&lookout, &copy] {
        lookout.ok(&["-q", "build", "--replay"]);
    }
    assert_eq!(copy.csv(), lookout.csv());
    assert!(!is_in(&copy.csv(), "Ada"), "{}", copy.csv());
    assert_eq!(copy.exported_lines(&[]), exported);
}

#[test]
fn a_line_that_calls_itself_ours_is_not_imported() {
    let lookout = imported(&[join(LOUNGE, "Ada", 60)]);
    let forged = format!(
        r#"{{"event":"lookout.observed","event_ts":{}000,"payload":{{"object":{{"id":"{LOUNGE}","uuid":"m{LOUNGE}"}}}}}}"#,
        now()
    );
    fs::write(lookout.path("forged.jsonl"), forged).expect("written");
    let imported = lookout.run(&["-q", "import", "forged.jsonl"]);
    assert_eq!(imported.status.code(), Some(1));
    let said = "`lookout.observed` is an event of Lookout's own, and this line is not as `export` writes it";
    assert!(stderr(&imported).contains(said), "{}", stderr(&imported));
    lookout.ok(&["-q", "build"]);
    assert!(is_in(&lookout.csv(), "Ada"));
}

#[test]
fn a_delivery_that_calls_itself_ours_is_kept_and_never_counts() {
    let mut lookout = imported(&[join(LOUNGE, "Ada", 60)]);
    lookout.serve();
    let forged = format!(
        r#"{{"event":"lookout.observed","event_ts":{}000,"payload":{{"object":{{"id":"{LOUNGE}","uuid":"m{LOUNGE}"}}}}}}"#,
        now()
    );
    assert_eq!(lookout.deliver(forged.as_bytes()).status, 204);
    lookout.wait_for_log("a delivery was quarantined: `lookout.observed`");
    assert_eq!(lookout.deliver(join(LOUNGE, "Bob", 30).as_bytes()).status, 204);
    lookout.wait_for(CSV, |csv| is_in(csv, "Bob") && is_in(csv, "Ada"));
    lookout.stop();
    lookout.serve();
    assert!(is_in(&lookout.csv(), "Ada"), "reading it again makes it no event");
    assert_eq!(lookout.exported_lines(&["--quarantined"]).len(), 1);
}
