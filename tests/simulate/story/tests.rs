//! Properties of stories.

use std::collections::{BTreeMap, BTreeSet};

use lookout::simulate::PerMille;
use serde_json::Value;

use super::*;
use crate::simulate::{Pace, Probabilities};

const START: i64 = 1_767_643_200; // 2026-01-05T20:00:00Z, a Monday

fn plan(seed: u64, people: usize, rooms: usize) -> Plan {
    Plan {
        seed,
        people,
        rooms: RoomPlan::invented(rooms),
        start: Moment::from_seconds(START),
        already_in: 0,
        pace: Pace::realistic(people),
        probabilities: Probabilities::REALISTIC,
    }
}

fn read(delivery: &Delivery) -> Value {
    serde_json::from_str(&delivery.body)
        .unwrap_or_else(|error| panic!("{error}: {}", delivery.body))
}

fn events(deliveries: &[Delivery]) -> Vec<Value> {
    deliveries.iter().map(read).collect()
}

#[test]
fn equal_plans_give_equal_stories() {
    let deliveries =
        |seed| -> Vec<Delivery> { Story::new(plan(seed, 50, 2)).take(2_000).collect() };
    assert_eq!(deliveries(1), deliveries(1));
    assert_ne!(deliveries(1), deliveries(2));
}

#[test]
fn deliveries_are_in_order_and_none_is_before_the_start() {
    for pace in [Pace::realistic(50), Pace::Rate { per_1000_s: 5_000 }] {
        let plan = Plan { pace, already_in: 8, ..plan(3, 50, 2) };
        let times: Vec<i64> = Story::new(plan).take(5_000).map(|delivery| delivery.at_ms).collect();
        assert!(times[0] >= START * 1000, "{pace:?}");
        assert!(times.is_sorted(), "{pace:?}");
    }
}

#[test]
fn every_body_is_a_small_event_with_reserved_addresses_only() {
    for delivery in Story::new(plan(4, 600, 3)).take(20_000) {
        let event = read(&delivery);
        assert!(event["event"].is_string(), "{}", delivery.body);
        assert!(delivery.body.len() < 1_100, "{} bytes: {}", delivery.body.len(), delivery.body);
        let participant = &event["payload"]["object"]["participant"];
        if let Some(ip) = participant["public_ip"].as_str() {
            let nets = ["192.0.2.", "198.51.100.", "203.0.113."];
            assert!(nets.iter().any(|net| ip.starts_with(net)), "{ip}");
        }
        if let Some(email) = participant["email"].as_str() {
            assert!(email.is_empty() || email.ends_with("@example.org"), "{email}");
        }
    }
}

#[test]
fn every_kind_of_event_happens_within_20_000_deliveries() {
    let seen: BTreeSet<String> = Story::new(plan(1, 500, 2))
        .take(20_000)
        .filter_map(|delivery| read(&delivery)["event"].as_str().map(str::to_owned))
        .collect();
    let names = [
        "ai_companion_started",
        "chat_message_sent",
        "ended",
        "participant_admitted",
        "participant_bind",
        "participant_jbh_joined",
        "participant_jbh_waiting",
        "participant_jbh_waiting_left",
        "participant_joined",
        "participant_joined_breakout_room",
        "participant_joined_waiting_room",
        "participant_left",
        "participant_left_breakout_room",
        "participant_left_waiting_room",
        "participant_phone_callout_accepted",
        "participant_phone_callout_ringing",
        "participant_put_in_waiting_room",
        "participant_reaction_sent",
        "participant_role_changed",
        "sharing_ended",
        "sharing_started",
        "started",
    ];
    for name in names {
        assert!(seen.contains(&format!("meeting.{name}")), "no `{name}`");
    }
}

/// Whether an event is odd in some way.
type Oddity = fn(&Value) -> bool;

#[test]
fn every_oddity_happens_within_20_000_deliveries() {
    fn participant<'a>(event: &'a Value, key: &str) -> &'a Value {
        &event["payload"]["object"]["participant"][key]
    }
    let deliveries: Vec<Delivery> = Story::new(plan(1, 500, 2)).take(20_000).collect();
    let events = events(&deliveries);
    #[rustfmt::skip]
    let oddities: [(&str, Oddity); 7] = [
        ("an id that is a number", |e| e["payload"]["object"]["id"].is_number()),
        ("a stamp that is a text", |e| e["event_ts"].is_string()),
        ("a leave without a name", |e| e["event"] == "meeting.participant_left" && participant(e, "user_name").is_null()),
        ("an empty name",          |e| participant(e, "user_name") == ""),
        ("no connection",          |e| participant(e, "participant_uuid") == ""),
        ("a uuid with a slash",    |e| e["payload"]["object"]["uuid"].as_str().is_some_and(|uuid| uuid.contains('/'))),
        ("a renamed person",       |e| participant(e, "user_name").as_str().is_some_and(|name| name.ends_with("(away)"))),
    ];
    for (what, is_odd) in oddities {
        assert!(events.iter().any(is_odd), "never: {what}");
    }
}

/// One leg's join and leave, in seconds and in the order of their delivery.
#[derive(Default)]
struct Leg {
    connection: String,
    joined: Option<(i64, usize)>,
    left: Option<(i64, usize)>,
}

fn legs(events: &[Value]) -> BTreeMap<(String, String), Leg> {
    let mut legs: BTreeMap<(String, String), Leg> = BTreeMap::new();
    for (place, event) in events.iter().enumerate() {
        let object = &event["payload"]["object"];
        let participant = &object["participant"];
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let time = |key: &str| Moment::parse_rfc3339(participant[key].as_str()?);
        let leg = legs.entry((text(&object["uuid"]), text(&participant["user_id"]))).or_default();
        let connection = text(&participant["participant_uuid"]);
        match event["event"].as_str() {
            Some("meeting.participant_joined") => {
                leg.connection = connection;
                leg.joined = leg.joined.or(time("join_time").map(|at| (at.seconds(), place)));
            }
            Some("meeting.participant_left") => {
                leg.left = leg.left.or(time("leave_time").map(|at| (at.seconds(), place)));
            }
            _ => {}
        }
    }
    legs
}

#[test]
fn legs_are_lost_late_and_moved_in_sane_proportions() {
    let deliveries: Vec<Delivery> = Story::new(plan(1, 500, 2)).take(20_000).collect();
    let keys: BTreeSet<&str> = deliveries.iter().map(|delivery| delivery.body.as_str()).collect();
    let doubled = deliveries.len() - keys.len();
    assert!((200..1_000).contains(&doubled), "{doubled} duplicates");

    let legs = legs(&events(&deliveries));
    let joined: Vec<&Leg> = legs.values().filter(|leg| leg.joined.is_some()).collect();
    let both = || joined.iter().filter_map(|leg| Some((leg.joined?, leg.left?)));
    let lost = joined.len() - both().count();
    assert!((20..400).contains(&lost), "{lost} of {} leaves missing", joined.len());
    let disordered = both().filter(|(joined, left)| left.1 < joined.1).count();
    assert!(disordered > 0, "some leave is delivered before its join");

    let mut moves = 0;
    let mut connections: BTreeMap<&str, Vec<&Leg>> = BTreeMap::new();
    for leg in &joined {
        connections.entry(&leg.connection).or_default().push(leg);
    }
    for (_, legs) in connections.iter().filter(|(connection, _)| !connection.is_empty()) {
        let left: BTreeSet<i64> = legs.iter().filter_map(|leg| Some(leg.left?.0)).collect();
        moves +=
            legs.iter().filter(|leg| leg.joined.is_some_and(|at| left.contains(&at.0))).count();
    }
    assert!((200..3_000).contains(&moves), "{moves} breakout moves");
}

#[test]
fn sharing_is_has_started_by_legs_that_are_in_and_its_end_is_sometimes_lost() {
    let deliveries: Vec<Delivery> = Story::new(plan(1, 500, 2)).take(20_000).collect();
    let events = events(&deliveries);
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    // Each with its leg and its second.
    let told = |name: &str| -> BTreeSet<((String, String), String)> {
        let of = events.iter().filter(|event| event["event"] == name);
        let facts = of.map(|event| {
            let object = &event["payload"]["object"];
            let participant = &object["participant"];
            let leg = (text(&object["uuid"]), text(&participant["user_id"]));
            (leg, text(&participant["sharing_details"]["date_time"]))
        });
        facts.collect()
    };
    let (started, ended) = (told("meeting.sharing_started"), told("meeting.sharing_ended"));
    // Broken connections alone lose 2 in a hundred.
    let (all, lost) = (started.len(), started.len() - ended.len());
    assert!((all / 25..all / 4).contains(&lost), "{lost} of {all} ends lost");
    assert!(started.intersection(&ended).next().is_some(), "some share gives way to another");

    let legs = legs(&events);
    let joined = |leg| legs.get(leg).is_some_and(|leg| leg.joined.is_some());
    let strangers = started.iter().filter(|(leg, _)| !joined(leg));
    assert_eq!(strangers.count(), 0, "who shares has joined");
}

#[test]
fn nobody_leaves_before_they_joined() {
    for pace in [Pace::realistic(50), Pace::Rate { per_1000_s: 50_000 }] {
        let plan = Plan { pace, ..plan(5, 50, 2) };
        let deliveries: Vec<Delivery> = Story::new(plan).take(10_000).collect();
        let legs = legs(&events(&deliveries));
        let both = legs.values().filter_map(|leg| Some((leg.joined?.0, leg.left?.0)));
        assert_eq!(both.filter(|(joined, left)| left < joined).count(), 0, "{pace:?}");
    }
}

#[test]
fn meetings_end_or_are_silently_followed_by_another() {
    let deliveries: Vec<Delivery> = Story::new(plan(1, 500, 20)).take(20_000).collect();
    let events = events(&deliveries);
    let uuids = |name: &str| -> BTreeSet<String> {
        let of = events.iter().filter(|event| event["event"] == name);
        of.map(|event| event["payload"]["object"]["uuid"].to_string()).collect()
    };
    let all = uuids("meeting.participant_joined");
    let (started, ended) = (uuids("meeting.started"), uuids("meeting.ended"));
    assert!(all.len() > 20, "{} meetings", all.len());
    assert!(all.difference(&started).next().is_some(), "a `started` is missing now and then");
    assert!(all.difference(&ended).count() > 2, "an `ended` is missing now and then");
    assert!(ended.len() * 4 > all.len() * 3, "most meetings end");
}

#[test]
fn the_density_is_the_one_planned() {
    let million = Story::new(plan(1, 500, 2)).nth(50_000).expect("a story is endless");
    let days = (million.at_ms / 1000 - START) / 86_400;
    assert!((22..=28).contains(&days), "{days} days for 50,000 deliveries of 500 people");

    let rate = Plan { pace: Pace::Rate { per_1000_s: 20_000 }, ..plan(1, 500, 2) };
    let thousandth = Story::new(rate).nth(20_000).expect("a story is endless");
    let seconds = thousandth.at_ms / 1000 - START;
    assert!((990..=1_010).contains(&seconds), "{seconds} s for 20,000 deliveries at 20/s");
}

#[test]
fn people_inside_at_the_start_are_delivered_within_the_first_second() {
    let probabilities = Probabilities {
        delayed: PerMille(0),
        duplicated: PerMille(0),
        travel_ms: (50, 350),
        ..Probabilities::REALISTIC
    };
    let pace = Pace::Rate { per_1000_s: 500 };
    let plan = Plan { already_in: 6, pace, probabilities, ..plan(1, 12, 1) };
    let first: Vec<Delivery> =
        Story::new(plan).take_while(|delivery| delivery.at_ms < START * 1000 + 1_000).collect();
    let joined = events(&first);
    let joined = joined.iter().filter(|event| event["event"] == "meeting.participant_joined");
    assert_eq!(joined.count(), 6);
}

#[test]
fn a_long_story_keeps_little_in_memory() {
    let mut story = Story::new(plan(1, 200, 2));
    let _ = story.nth(40_000);
    assert!(story.sessions.len() < 400, "{} sessions", story.sessions.len());
    let pending = story.outbox.pending();
    assert!(pending < 2_000, "{pending} deliveries under way");
}
