//! Somebody is forgotten while messages wait, and while the roster is outdated.

use super::door;
use super::scenario::{Scenario, clock, rules};
use crate::config::Others;
use crate::notify::delivery_state::CardPost;
use crate::notify::difference::Rules;
use crate::notify::message::{Message, MessageKind, RoomInfo};
use crate::notify::outbox::{DeliveryResult, Outbox, QueuedMessage, Tombstone, without_forgotten};
use crate::zoom::Name;

fn tombstone(name: &str, time: &str) -> Tombstone {
    Tombstone::new(&Name::clean(name).expect("a name"), "salt".to_owned(), clock(time))
}

fn room() -> RoomInfo {
    RoomInfo { name: None, dashboard: None, join: None }
}

#[test]
fn a_name_is_removed_from_messages_and_empty_messages_are_dropped() {
    #[rustfmt::skip]
    let cases = [
        // what is special          before                                                    after
        ("with others",             r#"{"moves":{"joined":["Ada","Bo"],"left":[],"inside":2}}"#, Some(r#"{"moves":{"joined":["Bo"],"left":[],"inside":2}}"#)),
        ("alone",                   r#"{"moves":{"joined":[],"left":["Ada"],"inside":2}}"#,      None),
        ("another one",             r#"{"moves":{"joined":["Ada B"],"left":[],"inside":1}}"#,    Some(r#"{"moves":{"joined":["Ada B"],"left":[],"inside":1}}"#)),
        ("the screen",              r#"{"sharing":{"started":["Ada"],"stopped":["Bo"]}}"#,       Some(r#"{"sharing":{"started":[],"stopped":["Bo"]}}"#)),
        ("opened alone",            r#"{"started":{"at":1,"by":["Ada"],"inside":1}}"#,           None),
        ("opened by nobody named",  r#"{"started":{"at":1,"by":[],"inside":1}}"#,                Some(r#"{"started":{"at":1,"by":[],"inside":1}}"#)),
        ("was there with others",   r#"{"ended":{"from":1,"until":2,"peak":2,"people":["Ada"],"others":1}}"#, Some(r#"{"ended":{"from":1,"until":2,"peak":2,"people":[],"others":1}}"#)),
        ("was there alone",         r#"{"ended":{"from":1,"until":2,"peak":1,"people":["Ada"],"others":0}}"#, None),
        ("waits alone",             r#"{"waiting":{"names":["Ada"],"others":0}}"#,               None),
        ("waits with somebody",     r#"{"waiting":{"names":["Ada"],"others":1}}"#,               Some(r#"{"waiting":{"names":[],"others":1}}"#)),
        ("a stranger",              r#"{"stranger":{"joined":["Ada"],"inside":2}}"#,             None),
        ("a sample",                r#""test""#,                                                 Some(r#""test""#)),
    ];
    for (what, before, after) in cases {
        let kind: MessageKind = serde_json::from_str(before).expect(what);
        let message = Message::new(room(), kind);
        let queued = QueuedMessage { number: 7, queued_at: clock("20:00"), message };
        let mut outbox = Outbox { queue: [queued].into(), ..Outbox::default() };
        outbox.apply_tombstones(&[tombstone("Ada", "20:01")]);
        let left = outbox.queue.front().map(|queued| &queued.message.kind);
        let left = left.map(|kind| serde_json::to_string(kind).expect(what));
        assert_eq!(left.as_deref(), after, "{what}");
    }
}

#[test]
fn who_may_not_be_named_any_more_counts_only_where_others_do() {
    use Others::{Counted, Hidden, OnlyNameless};
    let both = r#"{"names":["Ada","Bo"],"others":0}"#;
    let bo = r#"{"names":["Bo"],"others":0}"#;
    let bo_and_another = r#"{"names":["Bo"],"others":1}"#;
    let moves = r#"{"moves":{"joined":["Bo"],"left":[],"inside":2}}"#;
    let started = r#"{"started":{"at":1,"by":["Ada","Bo"],"inside":2}}"#;
    #[rustfmt::skip]
    let cases = [
        // what is special          others        news     members  news then                                                members then
        ("counted",                 Counted,      moves,   both,    moves,                                                   bo_and_another),
        ("hidden",                  Hidden,       moves,   both,    r#"{"moves":{"joined":["Bo"],"left":[],"inside":1}}"#,   bo),
        ("hidden among all names",  OnlyNameless, moves,   both,    r#"{"moves":{"joined":["Bo"],"left":[],"inside":1}}"#,   bo),
        ("opened it, counted",      Counted,      started, both,    r#"{"started":{"at":1,"by":["Bo"],"inside":2}}"#,        bo_and_another),
        ("opened it, hidden",       Hidden,       started, both,    r#"{"started":{"at":1,"by":["Bo"],"inside":1}}"#,        bo),
        ("is not in",               Hidden,       moves,   bo,      moves,                                                   bo),
    ];
    for (what, others, news, members, news_then, members_then) in cases {
        let message = |news: &str, members: &str| -> Message {
            let kind = serde_json::from_str(news).expect(what);
            let members = serde_json::from_str(members).expect(what);
            Message { members, ..Message::new(room(), kind) }
        };
        let queued =
            QueuedMessage { number: 7, queued_at: clock("20:00"), message: message(news, members) };
        let mut outbox = Outbox { queue: [queued].into(), ..Outbox::default() };
        outbox.redact(&|name| name.as_str() == "Ada", others);
        assert_eq!(outbox.queue[0].message, message(news_then, members_then), "{what}");
    }
}

#[test]
fn a_card_without_a_forgotten_person_is_edited_and_an_empty_one_is_not_posted() {
    let ada = r#"{"open":{"since":1,"inside":[{"name":"Ada","since":1}],"others":0,"peak":1,"sharing":["Ada"]}}"#;
    let both = ada.replace("}],", r#"},{"name":"Bo","since":1}],"#);
    let waits = both.replace(
        r#""sharing""#,
        r#""strangers":["Ada"],"waiting":{"names":["Ada"],"others":0},"sharing""#,
    );
    #[rustfmt::skip]
    let cases = [
        // what is special       wanted         there         left, is shown
        ("not posted",           both.as_str(), None,         Some(false)),
        ("not posted, alone",    ada,           None,         None),
        ("waits at the door",    &waits,        Some(&*both), Some(false)),
        ("stands there",         &both,         Some(&*both), Some(false)),
        ("stands there, alone",  ada,           Some(ada),    Some(false)),
    ];
    for (what, wanted, there, expected) in cases {
        let card = |state: &str| {
            let card = format!(
                r#"{{"room":{{"name":null,"dashboard":null,"join":null}},"state":{state}}}"#
            );
            serde_json::from_str(&card).expect(what)
        };
        let mut scenario = Scenario::started(rules());
        let state = scenario.state.as_mut().expect("it looked");
        state.cards.push(CardPost {
            number: 0,
            room: String::new(),
            post_id: there.map(|_| "p".to_owned()),
            wanted: card(wanted),
            shown: there.map(card),
            wanted_since: clock("20:00"),
        });
        let mut outbox = Outbox { state: scenario.state, ..Outbox::default() };
        outbox.apply_tombstones(&[tombstone("Ada", "20:01")]);
        assert!(!serde_json::to_string(&outbox).expect(what).contains("Ada"), "{what}");
        let state = outbox.state.expect("it is there");
        assert_eq!(state.cards.first().map(CardPost::is_shown), expected, "{what}");
    }
}

#[test]
fn the_quoted_words_of_a_chat_are_removed() {
    let result =
        DeliveryResult { at: clock("20:00"), error: Some("400: no such user Ada".to_owned()) };
    let mut outbox =
        Outbox { last_result: Some(result.clone()), last_loss: Some(result), ..Outbox::default() };
    outbox.apply_tombstones(&[tombstone("Ada", "20:01")]);
    assert!(!serde_json::to_string(&outbox).expect("it encodes").contains("Ada"));
    assert!(
        outbox.last_loss.is_some_and(|result| result.error.is_some()),
        "that it was refused stays"
    );
}

/// Plays the beginning, forgets Ada, and looks at what still shows her.
fn forget_after(rules: Rules, beginning: &str) -> (Scenario, Vec<Tombstone>) {
    let mut scenario = Scenario::started(rules).play(beginning);
    let tombstones = vec![tombstone("Ada", "20:05:00")];
    let mut outbox = Outbox { state: scenario.state.take(), ..Outbox::default() };
    outbox.apply_tombstones(&tombstones);
    scenario.state = outbox.state;
    (scenario, tombstones)
}

fn compare(scenario: &mut Scenario, tombstones: &[Tombstone], time: &str) {
    let now = clock(time);
    scenario.compare_with(&without_forgotten(&scenario.presence(now), tombstones), now);
}

#[test]
fn no_departure_or_return_of_a_forgotten_person_is_announced() {
    #[rustfmt::skip]
    let cases = [
        // what is special     beginning                                             said
        ("among others",       "20:00:00 +Grace\n20:00:02 +Ada\n20:00:30 >Ada",      3),
        ("alone",              "20:00:00 +Ada",                                      1),
        ("came first",         "20:00:00 +Ada\n20:00:02 +Grace",                     2),
        ("left before",        "20:00:00 +Grace +Ada\n20:01:00 -Ada",                2),
    ];
    for (what, beginning, announced) in cases {
        let (mut scenario, tombstones) = forget_after(rules(), beginning);
        for time in ["20:05:01", "20:05:20", "20:06:00"] {
            compare(&mut scenario, &tombstones, time);
        }
        assert_eq!(
            scenario.announced().lines().count(),
            announced,
            "{what}: {}",
            scenario.announced()
        );
        let state = serde_json::to_string(&scenario.state).expect("it encodes");
        assert!(!state.contains("Ada"), "{what}: {state}");
    }
}

#[test]
fn a_forgotten_person_who_joins_again_is_announced() {
    let (mut scenario, tombstones) = forget_after(rules(), "20:00:00 +Grace\n20:00:02 +Ada");
    compare(&mut scenario, &tombstones, "20:05:01");
    scenario.deliver_all("20:06:00", "-Ada");
    scenario.deliver_all("20:07:00", "+Ada#2");
    for time in ["20:07:00", "20:07:10"] {
        compare(&mut scenario, &tombstones, time);
    }
    let announced = scenario.announced();
    assert!(announced.ends_with("20:07:10 Ada joined; 2 in"), "{announced}");
}

#[test]
fn of_a_forgotten_person_who_waits_nothing_is_said_until_they_wait_again() {
    let beginning = "20:00:00 +Bob\n20:04:00 ?Ada";
    let (mut scenario, tombstones) = forget_after(door::rules(), beginning);
    let before = scenario.announced();
    assert!(before.ends_with("20:04:10 waiting: Ada +0"), "{before}");
    for time in ["20:05:01", "20:05:20"] {
        compare(&mut scenario, &tombstones, time);
    }
    assert_eq!(scenario.announced(), before);
    let state = serde_json::to_string(&scenario.state).expect("it encodes");
    assert!(!state.contains("Ada"), "{state}");
    assert!(tombstones[0].is_needed(&scenario.presence(clock("21:00:00")), clock("21:00:00")));
    scenario.deliver_all("20:06:00", "~Ada");
    scenario.deliver_all("20:07:00", "?Ada");
    for time in ["20:07:00", "20:07:10"] {
        compare(&mut scenario, &tombstones, time);
    }
    assert!(scenario.announced().ends_with("20:07:10 waiting: Ada +0"));
    assert_ne!(scenario.announced(), before);
}

#[test]
fn a_tombstone_stays_until_every_presence_is_newer() {
    let scenario = Scenario::started(rules()).play("20:00:00 +Ada +Grace");
    let stale = scenario.presence(clock("20:05:00"));
    let fresh = without_forgotten(&stale, &[tombstone("Ada", "20:05:00")]);
    #[rustfmt::skip]
    let cases = [
        // what is special     seen    at          needed
        ("just now",           &fresh, "20:06:00", true),
        ("long ago",           &fresh, "20:26:00", false),
        ("who lags for long",  &stale, "20:26:00", true),
    ];
    for (what, seen, time, needed) in cases {
        assert_eq!(tombstone("Ada", "20:05:00").is_needed(seen, clock(time)), needed, "{what}");
    }
}
