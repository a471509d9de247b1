//! What Zoom's API knows of meetings whose events were lost.

use std::fs;
use std::time::Duration;

use lookout::simulate::{PerMille, Rng};
use lookout::time::moment::Moment;

use crate::simulate::{Pace, Plan, Probabilities, RoomPlan, Story};
use crate::support::lookout::{files, now, until};
use crate::support::zoom_api::{Instead, METRICS, PAST, STATUS, ZoomApi};
use crate::support::{Lookout, Request};

const CSV: &str = "_data/zoom-room-dashboard.csv";

const EVERYBODY: &str = "[privacy]\npublish = [\"*\"]\n";

const HOUR: i64 = 3600;

/// As Base64 may have it, so that it is encoded twice.
const UUID: &str = "/a+b//c==";

const NUMBER: &str = "81234567001";

/// One event of a participant, so many seconds ago.
fn event(event: &str, time: &str, name: &str, ago: i64) -> String {
    let at = Moment::from_seconds(now() - ago);
    format!(
        r#"{{"event":"meeting.participant_{event}","event_ts":1,"payload":{{"object":{{"uuid":"{UUID}","id":"{NUMBER}","participant":{{"user_id":"{name}","user_name":"{name}","{time}":"{at}"}}}}}}}}"#
    )
}

fn joined(name: &str, ago: i64) -> String {
    event("joined", "join_time", name, ago)
}

fn left(name: &str, ago: i64) -> String {
    event("left", "leave_time", name, ago)
}

/// With `lines` stored.
fn imported<'a>(settings: &str, lines: impl IntoIterator<Item = &'a str>) -> Lookout {
    let lookout = Lookout::with_settings(settings);
    let lines: Vec<_> = lines.into_iter().collect();
    fs::write(lookout.path("events.jsonl"), lines.join("\n")).expect("written");
    lookout.ok(&["-q", "import", "events.jsonl"]);
    lookout
}

fn is_in(csv: &str, name: &str) -> bool {
    csv.lines().any(|row| row.contains(name) && row.contains("toggle-on"))
}

/// Waits until the table is `expected`.
#[track_caller]
fn wait_for_table(lookout: &Lookout, expected: &str) {
    let is_there = until(|| lookout.csv() == expected);
    assert!(is_there, "the table stayed\n{}\nnot\n{expected}\n{}", lookout.csv(), lookout.log());
}

/// A hundred people in one meeting, for four hours; all have left in the end.
fn busy_evening() -> Vec<(i64, String)> {
    const NEVER: PerMille = PerMille(0);
    let start = Moment::from_seconds(now() - 5 * HOUR);
    let end_ms = (now() - HOUR) * 1000;
    let probabilities = Probabilities {
        lost_started: NEVER,
        lost_ended: NEVER,
        lost_leave: NEVER,
        late_leave: NEVER,
        delayed: NEVER,
        duplicated: NEVER,
        leave_without_name: NEVER,
        ended_for_all: NEVER,
        waiting_room: NEVER,
        before_host: NEVER,
        incident: NEVER,
        ..Probabilities::REALISTIC
    };
    let plan = Plan {
        seed: 7,
        people: 100,
        rooms: RoomPlan::invented(1),
        start,
        already_in: 60,
        pace: Pace::Rate { per_1000_s: 50 },
        probabilities,
    };
    let deliveries = Story::new(plan).take_while(|delivery| delivery.at_ms < end_ms);
    let mut deliveries: Vec<_> = deliveries.map(|it| (it.at_ms, it.body)).collect();
    let mut inside = std::collections::BTreeMap::new();
    for (_, body) in &deliveries {
        let body: serde_json::Value = serde_json::from_str(body).expect("JSON");
        let leg = body["payload"]["object"]["participant"]["user_id"].to_string();
        match body["event"].as_str() {
            Some("meeting.participant_joined") => drop(inside.insert(leg, body.clone())),
            Some("meeting.participant_left") => drop(inside.remove(&leg)),
            _ => {}
        }
    }
    let end = Moment::from_millis(end_ms);
    for (_, mut body) in inside {
        body["event"] = "meeting.participant_left".into();
        body["event_ts"] = end_ms.into();
        let participant = body["payload"]["object"]["participant"].as_object_mut().expect("one");
        participant.remove("join_time");
        participant.insert("leave_time".to_owned(), end.to_string().into());
        deliveries.push((end_ms, body.to_string()));
    }
    deliveries
}

#[test]
fn after_two_hours_without_events_the_table_is_that_of_who_missed_none() {
    let evening = busy_evening();
    let bodies = || evening.iter().map(|(_, body)| body.as_str());
    let begin_of_outage_ms = (now() - 3 * HOUR) * 1000;
    let before = evening.iter().filter(|(at_ms, _)| *at_ms < begin_of_outage_ms);
    let truth = imported(EVERYBODY, bodies());
    truth.ok(&["-q", "build"]);
    let truth = truth.csv();
    assert!(!truth.contains("toggle-on") && truth.lines().count() > 80, "{truth}");

    let zoom = ZoomApi::start();
    zoom.learn(bodies());
    let settings = format!("{EVERYBODY}{}", zoom.settings());
    let mut lookout = imported(&settings, before.map(|(_, body)| body.as_str()));
    lookout.ok(&["-q", "build"]);
    let ghosts = lookout.csv().matches("toggle-on").count();
    assert!(ghosts > 30, "{ghosts} ghosts");
    lookout.serve();
    wait_for_table(&lookout, &truth);
    let questions = zoom.questions();
    let asked = |part: &str| questions.iter().filter(|path| path.contains(part)).count();
    assert_eq!(asked("/v2/meetings/"), 1, "{questions:?}");
    assert_eq!(asked("&next_page_token="), questions.len() - 2, "one list: {questions:?}");

    lookout.stop();
    let lines = lookout.exported_lines(&[]);
    let copy = imported(EVERYBODY, lines.iter().map(String::as_str));
    copy.ok(&["-q", "build", "--replay"]);
    assert_eq!(copy.csv(), truth, "another machine, without the API");
    lookout.serve();
    wait_for_table(&lookout, &truth);
    assert_eq!(lookout.exported_lines(&[]).len(), lines.len(), "nothing is stored twice");
    are_one_site_in_any_order(lines);
}

/// Whatever is lost of these events and observations, the rest makes one site in any order, all at once
/// or bit by bit.
fn are_one_site_in_any_order(lines: Vec<String>) {
    let moment = Moment::from_seconds(now()).to_string();
    for seed in 1..=3 {
        let mut rng = Rng::new(seed);
        let kept: Vec<_> = lines.iter().filter(|_| rng.below(4) > 0).map(String::as_str).collect();
        let mut shuffled = [kept.clone(), kept.clone()].concat();
        for at in (1..shuffled.len()).rev() {
            shuffled.swap(at, rng.below(at + 1));
        }
        let in_order = imported(EVERYBODY, kept);
        let (first, second) = shuffled.split_at(shuffled.len() / 2);
        let bit_by_bit = imported(EVERYBODY, first.iter().copied());
        bit_by_bit.ok(&["-q", "build"]);
        fs::write(bit_by_bit.path("events.jsonl"), second.join("\n")).expect("written");
        bit_by_bit.ok(&["-q", "import", "events.jsonl"]);
        let sites = [&in_order, &bit_by_bit].map(|lookout| {
            lookout.ok(&["-q", "build", "--at", &moment, "--output-dir", "then"]);
            files(&lookout.path("then"))
        });
        assert!(sites[0] == sites[1], "seed {seed}");
    }
}

#[test]
fn somebody_who_left_meanwhile_is_out_although_the_meeting_goes_on() {
    let zoom = ZoomApi::start();
    let events = [joined("Ada", 2 * HOUR), joined("Bob", 2 * HOUR)];
    let lost = [left("Bob", HOUR), joined("Grace", HOUR)];
    zoom.learn(events.iter().chain(&lost).map(String::as_str));
    zoom.set_started(NUMBER, UUID);
    let settings = format!("{EVERYBODY}{}", zoom.settings());
    let mut lookout = imported(&settings, events.iter().map(String::as_str));
    lookout.serve();
    let is_right = |csv: &str| is_in(csv, "Ada") && !is_in(csv, "Bob") && is_in(csv, "Grace");
    lookout.wait_for(CSV, is_right);
    assert!(zoom.questions().iter().any(|path| path.contains("type=live")));
}

#[test]
fn a_number_that_the_account_never_knew_empties_no_room() {
    let zoom = ZoomApi::start();
    let settings = format!("{EVERYBODY}{}", zoom.settings());
    let mut lookout = imported(&settings, [joined("Ada", 2 * HOUR).as_str()]);
    lookout.serve();
    lookout.wait_for_log("it knows no meeting 81234567001; are the ids in `[zoom.api]`");
    // Longer than the task sleeps between two looks.
    std::thread::sleep(Duration::from_secs(3));
    assert!(is_in(&lookout.csv(), "Ada"), "{}", lookout.csv());
    lookout.stop();
    assert_eq!(lookout.exported_lines(&[]).len(), 1, "nothing was observed");
}

#[test]
fn who_is_forgotten_is_gone_from_what_the_api_said() {
    let zoom = ZoomApi::start();
    let mut lookout = with_ghost(&zoom);
    lookout.serve();
    lookout.wait_for(CSV, |csv| csv.contains("Ada") && !csv.contains("N/A"));
    let mentions = || lookout.ok(&["export"]).matches("\"Ada\"").count();
    assert!(mentions() > 2, "{}", lookout.ok(&["export"]));
    lookout.ok(&["forget", "Ada", "--yes"]);
    assert_eq!(mentions(), 0, "{}", lookout.ok(&["export"]));
    lookout.wait_for(CSV, |csv| !csv.contains("Ada"));
    // Longer than the task sleeps between two looks.
    std::thread::sleep(Duration::from_secs(3));
    assert_eq!(mentions(), 0, "it is not asked again");
}

#[test]
fn a_watch_beside_an_intake_asks_as_well() {
    let zoom = ZoomApi::start();
    let events = [joined("Ada", 2 * HOUR), left("Ada", HOUR)];
    zoom.learn(events.iter().map(String::as_str));
    let settings = format!("{EVERYBODY}{}", zoom.settings());
    let mut lookout = imported(&settings, [events[0].as_str()]);
    lookout.watch();
    let time = Moment::from_seconds(now() - HOUR).to_string();
    let date = &time[..10];
    lookout.wait_for(CSV, |csv| !is_in(csv, "Ada") && csv.matches(date).count() == 2);
}

/// Ada, who was in two hours ago and left one hour ago, without the leave.
fn with_ghost(zoom: &ZoomApi) -> Lookout {
    let events = [joined("Ada", 2 * HOUR), left("Ada", HOUR)];
    zoom.learn(events.iter().map(String::as_str));
    imported(&format!("{EVERYBODY}{}", zoom.settings()), [events[0].as_str()])
}

#[test]
fn an_answer_that_is_none_changes_nothing_and_the_question_comes_again() {
    let (usual, late) = (Instead::Late(Duration::ZERO), Instead::Late(Duration::from_secs(2)));
    #[rustfmt::skip]
    let cases = [
        // what is special             instead of the first answers
        ("there is no token",          vec![Instead::Status(503, None)]),
        ("the API fails",              vec![usual, Instead::Status(500, None)]),
        ("it closes connections",      vec![Instead::Closes, usual, Instead::Closes]),
        ("it is slow",                 vec![late, late, late]),
        ("too many a second",          vec![usual, Instead::Status(429, Some("6"))]),
        ("the token has expired",      vec![usual, Instead::Late(Duration::ZERO), Instead::ExpiredToken]),
    ];
    let healed = cases.map(|(what, instead)| {
        let zoom = ZoomApi::start();
        zoom.next(instead);
        let mut lookout = with_ghost(&zoom);
        lookout.serve();
        (what, zoom, lookout)
    });
    for (what, zoom, lookout) in healed {
        let is_known =
            |csv: &str| csv.contains("Ada") && !is_in(csv, "Ada") && !csv.contains("N/A");
        assert!(until(|| is_known(&lookout.csv())), "{what}: {:?}", zoom.heard());
        let heard = zoom.heard();
        if let Some(at) = heard.iter().position(|heard| heard.status == 429) {
            let waited = heard[at + 1].at - heard[at].at;
            assert!(waited >= Duration::from_secs(5), "{what}: {waited:?}");
        }
        let tokens = heard.iter().filter(|heard| heard.method == "POST").count();
        let expected = match what {
            "the token has expired" | "there is no token" | "it closes connections" => 2,
            _ => 1,
        };
        assert_eq!(tokens, expected, "{what}: {heard:?}");
    }
}

#[test]
fn while_the_api_is_down_events_count_and_nothing_else_changes() {
    let zoom = ZoomApi::start();
    zoom.next(std::iter::repeat_n(Instead::Status(503, None), 1000));
    let mut lookout = with_ghost(&zoom);
    lookout.serve();
    assert!(until(|| zoom.heard().len() >= 2), "it asks again");
    assert_eq!(lookout.deliver(joined("Bob", 0).as_bytes()).status, 204);
    lookout.wait_for(CSV, |csv| is_in(csv, "Bob") && is_in(csv, "Ada"));
    let readiness = Request::get("/readyz").send(lookout.admin());
    assert_eq!(readiness.status, 200);
    assert!(readiness.text().contains("Zoom's API cannot be asked: it answered 503"));
    lookout.stop();
    assert_eq!(lookout.exported_lines(&[]).len(), 2, "nothing was observed");
}

#[test]
fn what_the_app_may_not_ask_is_reported_and_not_asked_again() {
    #[rustfmt::skip]
    let cases: [(&str, &[&str], &str, bool); 3] = [
        // what is special          scopes it lacks   what may not be asked                 still in
        ("not even the status",     &[STATUS],        "whether a meeting goes on",          true),
        ("only the status",         &[PAST, METRICS], "who was in a meeting that is over",  false),
        ("only the dashboard",      &[PAST],          "who was in a meeting that is over",  false),
    ];
    for (what, scopes, question, is_still_in) in cases {
        let zoom = ZoomApi::start();
        scopes.iter().for_each(|scope| zoom.take_scope(scope));
        let mut lookout = with_ghost(&zoom);
        lookout.serve();
        let warnings = || Request::get("/readyz").send(lookout.admin()).text();
        let is_reported = until(|| warnings().contains(question));
        assert!(is_reported, "{what}: {} {:?}", warnings(), zoom.heard());
        if !is_still_in {
            lookout.wait_for(CSV, |csv| !is_in(csv, "Ada"));
        }
        // Longer than the task sleeps between two looks.
        std::thread::sleep(Duration::from_secs(3));
        let questions = zoom.questions();
        let distinct: std::collections::BTreeSet<_> = questions.iter().collect();
        assert_eq!(distinct.len(), questions.len(), "{what}: {questions:?}");
        assert_eq!(is_in(&lookout.csv(), "Ada"), is_still_in, "{what}");
        let checked = String::from_utf8(lookout.run(&["check"]).stdout).expect("UTF-8");
        assert!(
            checked.contains(&format!("! zoom api  it may not be asked {question}")),
            "{checked}"
        );
    }
}

#[test]
fn without_the_section_zoom_is_not_asked() {
    let mut lookout = imported(EVERYBODY, [joined("Ada", 2 * HOUR).as_str()]);
    lookout.serve();
    lookout.wait_for(CSV, |csv| is_in(csv, "Ada"));
    for outcome in ["answered", "unanswered"] {
        assert_eq!(lookout.metric(&format!("lookout_zoom_api_{outcome}_total")), 0);
    }
}

#[test]
fn check_says_whether_zoom_can_be_asked() {
    let zoom = ZoomApi::start();
    let settings = zoom.settings();
    let wrong = settings.replace("hush-of-the-client", "hush-of-another");
    let elsewhere = format!("{settings}[[rooms]]\nmeeting_id = \"{NUMBER}\"\nname = \"Lounge\"\n");
    let missing =
        settings.replace("client_secret = \"hush-of-the-client\"", "client_secret_file = \"none\"");
    #[rustfmt::skip]
    let cases = [
        // what is special    settings   said
        ("all is well",       &settings, "✓ zoom api  it may be asked whether a meeting goes on, who was in a meeting that is over, who is in a meeting now"),
        ("another's room",    &elsewhere, "! zoom api  it knows no meeting 81234567001; are the ids"),
        ("another secret",    &wrong,    "✗ zoom api  it gives no token (it answered 400)"),
        ("no file of it",     &missing,  "✗ zoom api  "),
    ];
    for (what, settings, said) in cases {
        let lookout = Lookout::with_settings(&format!("{EVERYBODY}{settings}"));
        let checked = String::from_utf8(lookout.run(&["check"]).stdout).expect("UTF-8");
        assert!(checked.contains(said), "{what}: {checked}");
        assert!(!checked.contains("hush"), "{what}: {checked}");
    }
}
