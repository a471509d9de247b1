//! Who waits to be let in, and strangers.

use super::scenario::{self, Scenario, clock};
use crate::config::notify::{NotifyEvent, QuietHours};
use crate::config::{HideList, Privacy};
use crate::notify::difference::Rules;
use crate::time::zone::Zone;
use crate::zoom::Name;

fn name(text: &str) -> Name {
    Name::clean(text).expect("a name")
}

/// All events of one room. The settings know Ada and Bob.
pub fn rules() -> Rules {
    let mut rules = scenario::rules();
    rules.events.extend([NotifyEvent::Waiting, NotifyEvent::Stranger]);
    rules.known = ["Ada", "Bob"].map(name).into();
    rules
}

#[test]
fn waits_and_strangers_are_announced_in_messages() {
    #[rustfmt::skip]
    let cases = [
        // what is special                     script                                        announced
        ("for the host of an empty room",      "20:00:00 ?Ada",                              "20:00:10 waiting: Ada +0"),
        ("let in at once",                     "20:00:00 ?Ada\n20:00:08 ~Ada +Ada",          "20:00:08 opened at 20:00:08 by Ada; 1 in"),
        ("while others are in",                "20:00:00 +Ada\n20:05:00 ?Bob\n20:06:00 ~Bob +Bob",
            "20:00:00 opened at 20:00:00 by Ada; 1 in\n20:05:10 waiting: Bob +0\n20:06:10 Bob joined; 2 in"),
        ("as the room opens",                  "20:00:00 ?Bob\n20:00:05 +Ada",
            "20:00:05 opened at 20:00:05 by Ada; 1 in\n20:00:05 waiting: Bob +0"),
        ("twice",                              "20:00:00 ?Ada\n20:01:00 ~Ada\n20:02:00 ?Ada",
            "20:00:10 waiting: Ada +0\n20:02:10 waiting: Ada +0"),
        ("several",                            "20:00:00 ?Bob\n20:00:05 ?Ada",               "20:00:15 waiting: Bob, Ada +0"),
        ("without a name, one after another",  "20:00:00 ?#1\n20:01:00 ?#2",                 "20:00:10 waiting:  +1\n20:01:10 waiting:  +1"),
        ("reported too late",                  "20:20:00 ?Ada=20:00:00",                     ""),
        ("a stranger",                         "20:00:00 +Ada\n20:05:00 +Mallory",
            "20:00:00 opened at 20:00:00 by Ada; 1 in\n20:05:10 unknown: Mallory; 2 in\n20:05:10 Mallory joined; 2 in"),
        ("a stranger opens the room",          "20:00:00 +Mallory",
            "20:00:00 opened at 20:00:00 by Mallory; 1 in\n20:00:00 unknown: Mallory; 1 in"),
    ];
    for (what, script, expected) in cases {
        assert_eq!(Scenario::started(rules()).play(script).announced(), expected, "{what}");
    }
}

#[test]
fn some_targets_hear_nothing_of_who_is_at_the_door() {
    let script = "20:00:00 +Ada\n20:05:00 ?Mallory\n20:06:00 ~Mallory +Mallory\n20:07:00 ?#1";
    let hide = HideList::new([name("Mallory")], &[]);
    let hidden = Privacy { hide, ..rules().privacy };
    let quiet = QuietHours::parse("19:00-21:00").expect("hours");
    let utc = Zone::built_in("UTC").expect("known");
    #[rustfmt::skip]
    let cases = [
        // what is special           rules                                                                announced
        ("not among the events",     Rules { events: [NotifyEvent::Joined].into(), ..rules() },           "20:00:10 Ada joined; 1 in\n20:06:10 Mallory joined; 2 in"),
        ("hidden",                   Rules { privacy: hidden, ..rules() },                                "20:00:00 opened at 20:00:00 by Ada; 1 in\n20:07:10 waiting:  +1"),
        ("only of others",           Rules { people: vec![name("Ada")], ..rules() },                      "20:00:00 opened at 20:00:00 by Ada; 1 in"),
        ("quiet, in messages",       Rules { quiet: Some((quiet, utc.clone())), ..rules() },          ""),
        ("quiet, with cards",        Rules { quiet: Some((quiet, utc)), has_cards: true, ..rules() },          ""),
    ];
    for (what, rules, expected) in cases {
        assert_eq!(Scenario::started(rules).play(script).announced(), expected, "{what}");
    }
}

#[test]
fn a_card_shows_who_waits_and_a_message_rings_besides() {
    let script = "20:00:00 ?Bob\n20:00:20 +Ada\n20:05:00 +Mallory\n20:06:00 ~Bob";
    let scenario = Scenario::started(Rules { has_cards: true, ..rules() }).play(script);
    let expected = "\
        20:00:10 waiting: Bob +0\n\
        20:00:20 card: since 20:00:20: Ada +0, peak 1, sharing: , waiting: Bob +0\n\
        20:05:10 unknown: Mallory; 2 in\n\
        20:05:10 card: since 20:00:20: Ada, Mallory +0, peak 2, sharing: , unknown: Mallory, waiting: Bob +0\n\
        20:06:10 card: since 20:00:20: Ada, Mallory +0, peak 2, sharing: , unknown: Mallory";
    assert_eq!(scenario.announced(), expected);
}

#[test]
fn a_restart_repeats_and_loses_nothing() {
    let mut scenario = Scenario::started(rules()).play("20:00:00 ?Ada +Mallory").restarted();
    let before = scenario.announced();
    scenario.compare(clock("20:01:00"));
    assert_eq!(scenario.announced(), before);
    // It restarts before the message is due.
    let mut scenario = Scenario::started(rules());
    scenario.deliver_all("20:00:00", "?Ada ?#1");
    scenario.compare(clock("20:00:00"));
    let announced = scenario.restarted().play("20:00:30 ?Bob").announced();
    assert_eq!(announced, "20:00:20 waiting: Ada +1\n20:00:40 waiting: Bob +0");
}

#[test]
fn the_first_comparison_takes_everybody_as_announced() {
    let mut scenario = Scenario::new(rules());
    scenario.deliver_all("20:00:00", "?Ada +Mallory ?#1");
    scenario.compare(clock("20:00:30"));
    assert_eq!(scenario.play("20:01:00 ?Bob").announced(), "20:01:10 waiting: Bob +0");
}
