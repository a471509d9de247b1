//! Events whose time is yet to come: rule 13 of the [roster](crate::roster).

use super::story::*;
use crate::roster::Roster;
use crate::zoom::{Event, Kind};

/// A roster that was given the events at 11:00.
fn given_at_eleven(events: &[Event]) -> Roster {
    let mut roster = Roster::new();
    for event in events {
        roster.take_in(event, clock("11:00"));
    }
    roster
}

#[test]
#[rustfmt::skip]
fn a_fact_counts_from_its_own_time_on() {
    let here = "Ada in since 10:00, joined 10:00, left N/A: 10:00-";
    let bob = |event: Event| event.leg("2").connection("c2").name("Bob");
    let newer = |time| event(Kind::Started, time).meeting("m2");
    let cases = [
        // what is special                     events                                      at 11:00  next change    at 12:00
        ("a join an hour ahead",               vec![join("12:00")],                        "",       Some("11:55"), "Ada in since 12:00, joined 12:00, left N/A: 12:00-"),
        ("five minutes ahead",                 vec![join("11:05")],                        "Ada in since 11:05, joined 11:05, left N/A: 11:05-", Some("23:05"), "Ada in since 11:05, joined 11:05, left N/A: 11:05-"),
        ("a second more",                      vec![join("11:05:01")],                     "",       Some("11:00:01"), "Ada in since 11:05:01, joined 11:05:01, left N/A: 11:05:01-"),
        ("a newer meeting an hour ahead",      vec![join("10:00"), newer("12:00")],        here,     Some("11:55"), "Ada out, joined 10:00, left N/A: 10:00-?"),
        ("a newer meeting in a far year",      vec![join("10:00"), newer("2914635 00:00")], here,    Some("22:00"), here),
        ("an end an hour ahead",               vec![join("10:00"), ended("12:00")],        here,     Some("11:55"), "Ada out, joined 10:00, left 12:00: 10:00-12:00"),
        ("a leave, a join and a newer name",   vec![join("10:00"), leave("11:50"), bob(join("11:40")).name("Bo"), bob(leave("11:45"))],
                                                                                           here,     Some("11:35"), "Ada out, joined 10:00, left 11:50: 10:00-11:50\nBob out, joined 11:40, left 11:45: 11:40-11:45"),
        ("nothing that any rule reads",        vec![join("10:00"), event(Kind::Other, "12:00")], here, Some("22:00"), here),
    ];
    for (what, events, before, next, after) in cases {
        let mut roster = given_at_eleven(&events);
        let presence = roster.presence(&rules(), clock("11:00"));
        assert_eq!(summary(&presence.people), before, "{what}");
        assert_eq!(presence.next_change, next.map(clock), "{what}");
        assert_eq!(roster.apply_due(clock("11:00")), 0, "{what}");
        roster.apply_due(clock("12:00"));
        assert_eq!(summary(&roster.presence(&rules(), clock("12:00")).people), after, "{what}");
    }
}
