//! What is shown of which room and for how long: rule 11 of `presence.md`, and the window of visits.

use super::story::*;
use crate::roster::{NEVER, NeedsReplay, Roster, Rules};
use crate::zoom::{Event, Kind};

fn bob(event: Event) -> Event {
    event.leg("7").connection("c7").name("Bob")
}

#[test]
fn only_configured_rooms_are_shown() {
    #[rustfmt::skip]
    let cases = [
        // what is special                  rooms             events                          everywhere, in room 111
        ("its own room",                    vec!["111"],      join("10:00"),                  [1, 1]),
        ("another configured room",         vec!["111", "5"], join("10:00").room("5"),        [1, 0]),
        ("a room that is not configured",   vec!["111"],      join("10:00").room("222"),      [0, 0]),
        ("no number",                       vec!["111"],      join("10:00").number(""),       [0, 0]),
    ];
    for (what, rooms, event, expected) in cases {
        let presence = presence(&[event], &rules_of_rooms(&rooms), "11:00");
        let found = [presence.people.len(), presence.rooms[0].people.len()];
        assert_eq!(found, expected, "{what}");
        assert_eq!(presence.next_change.is_some(), expected[0] == 1, "{what}");
    }
}

#[test]
fn each_room_has_its_own_patience() {
    let hours = |hours: i64| hours * HOUR;
    #[rustfmt::skip]
    let cases = [
        // what is special               all rooms    room 111           now           in, next change
        ("as everywhere",                hours(12),   None,              "21:59:59",   true,  Some("22:00")),
        ("as everywhere, and over",      hours(12),   None,              "22:00",      false, None),
        ("sooner",                       hours(12),   Some(hours(1)),    "11:00",      false, None),
        ("later",                        hours(12),   Some(hours(24)),   "22:00",      true,  Some("2 10:00")),
        ("never",                        hours(12),   Some(NEVER),       "300 10:00",  true,  None),
        ("no room ever",                 NEVER,       None,              "300 10:00",  true,  None),
        ("no room ever, but this one",   NEVER,       Some(hours(1)),    "11:00",      false, None),
    ];
    for (what, stale_after, own, now, is_in, next) in cases {
        let own = own.map(|own| ("111".to_owned(), own)).into_iter().collect();
        let rules = Rules { stale_after, stale_after_in: own, ..rules_of_rooms(&["111"]) };
        let mut summed_up = roster(&[join("10:00")]);
        for _ in 0..2 {
            let presence = summed_up.presence(&rules, clock(now));
            assert_eq!(presence.people[0].present_since.is_some(), is_in, "{what}");
            assert_eq!(presence.next_change, next.map(clock), "{what}");
            summed_up.sum_up(&rules, clock(now));
        }
    }
}

#[test]
fn a_room_that_is_never_stale_is_summed_up_once_nobody_is_in() {
    let rules = Rules { stale_after: NEVER, ..rules_of_rooms(&["111"]) };
    let later = bob(join("90 10:00")).meeting("m2").room("222");
    #[rustfmt::skip]
    let cases = [
        // what is special        events                                     summed up
        ("somebody is in",        vec![join("10:00")],                       false),
        ("everybody left",        vec![join("10:00"), leave("10:30")],       true),
        ("somebody nameless",     vec![join("10:00").name("")],              false),
        ("a newer meeting began", vec![join("10:00"), join("11:00").meeting("m3"), leave("11:30").meeting("m3")], true),
    ];
    for (what, events, is_summed_up) in cases {
        let mut roster = roster(events.iter().chain([&later]));
        roster.sum_up(&rules, clock("90 11:00"));
        assert_eq!(roster.summed_under().is_some(), is_summed_up, "{what}");
    }
}

#[test]
fn without_configured_rooms_every_meeting_is_one_room_with_no_page_of_its_own() {
    let events = [join("10:00").number(""), bob(join("10:05")).room("222")];
    let presence = presence(&events, &rules(), "11:00");
    assert_eq!(presence.people.len(), 2);
    assert_eq!(presence.rooms, []);
}

#[test]
fn the_nameless_are_counted_where_they_are() {
    let events = [
        join("10:00").name(""),
        bob(join("10:05")).room("222").name(""),
        bob(join("10:05")).room("3").name(""),
    ];
    let presence = presence(&events, &rules_of_rooms(&["222", "111"]), "11:00");
    assert_eq!(presence.nameless_present, 2);
    let rooms: Vec<usize> = presence.rooms.iter().map(|room| room.nameless_present).collect();
    assert_eq!(rooms, [1, 1]);
}

#[test]
fn the_next_change_is_the_next_staleness_of_an_open_span() {
    #[rustfmt::skip]
    let cases = [
        // what is special              events                                                       next
        ("nobody in",                   vec![join("10:00"), leave("10:30")],                         None),
        ("the first of two",            vec![join("10:00"), bob(join("10:30")).room("222")],         Some("22:00")),
        ("the meeting's last event",    vec![join("10:00"), bob(join("10:30"))],                     Some("22:30")),
        ("nobody with a name in",       vec![join("10:00").name("")],                                Some("22:00")),
    ];
    for (what, events, next) in cases {
        assert_eq!(presence(&events, &rules(), "11:00").next_change, next.map(clock), "{what}");
    }
}

#[test]
fn visits_are_listed_for_35_days_and_the_lasts_for_ever() {
    let events = [join("10:00"), leave("10:30")];
    #[rustfmt::skip]
    let cases = [
        // what is special       now             shown
        ("to the second",        "36 10:30",     "Ada out, joined 10:00, left 10:30: 10:00-10:30"),
        ("a second more",        "36 10:30:01",  "Ada out, joined 10:00, left 10:30: "),
        ("years later",          "999 10:30",    "Ada out, joined 10:00, left 10:30: "),
    ];
    for (what, now, shown) in cases {
        assert_eq!(told(&events, now), shown, "{what}");
    }
}

/// Two meetings of day 1 and one of day 60, summed up on day 60.
fn summed_up() -> Roster {
    let day_1 = [join("10:00"), leave("10:30"), bob(join("10:40")).room("222")];
    let day_60 = event(Kind::Started, "60 10:00").meeting("later");
    let mut roster = roster(day_1.iter().chain([&day_60]));
    let before = roster.presence(&rules(), clock("60 11:00"));
    roster.sum_up(&rules(), clock("60 11:00"));
    assert_eq!(roster.presence(&rules(), clock("60 11:00")), before);
    roster
}

#[test]
fn what_is_long_over_is_summed_up() {
    let roster = summed_up();
    assert_eq!(roster.summed_under(), Some(rules().fingerprint()));
    let kept: Vec<&str> = roster.meetings.keys().map(|uuid| &**uuid).collect();
    assert_eq!(kept, ["later"]);
    let spans = roster.past.as_ref().unwrap().people.values().map(|person| person.loose.len());
    assert_eq!(spans.sum::<usize>(), 0, "nothing can touch these spans any more");
}

#[test]
fn a_fact_that_concerns_what_was_summed_up_needs_a_replay() {
    #[rustfmt::skip]
    let cases = [
        // what is special                       event                                      taken
        ("before the horizon, 35 days ago",      join("25 09:59:59").meeting("new"),        Err(NeedsReplay)),
        ("on the horizon",                       join("25 10:00").meeting("new"),           Ok(())),
        ("now, of a meeting that is settled",    leave("60 11:00"),                         Err(NeedsReplay)),
        ("now, of one that is not",              join("60 11:00").meeting("later"),         Ok(())),
        ("without a meeting",                    no_meeting(join("10:00")),                 Ok(())),
        ("old, but no rule reads it",            event(Kind::Other, "1 10:00"),             Ok(())),
        ("settled, but no rule reads it",        event(Kind::Other, "60 10:00"),            Ok(())),
        ("of a kind that may name somebody",     about_ada(Kind::Other, "60 10:00"),        Err(NeedsReplay)),
    ];
    for (what, event, taken) in cases {
        let mut roster = summed_up();
        assert_eq!(roster.apply(&event), taken, "{what}");
        let untouched = roster == summed_up();
        let is_no_fact = event.meeting.is_none() || event.participant.is_none();
        assert_eq!(untouched, taken.is_err() || is_no_fact, "{what}");
    }
}

#[test]
fn what_was_summed_up_follows_other_rules_as_far_as_it_can_be_told_apart() {
    // Ada was in 111 and in 222, long ago.
    let summed = |rules: &Rules| {
        let mut roster = roster(&[
            join("10:00").room("111").meeting("a"),
            leave("10:30").room("111").meeting("a"),
            join("11:00").room("222").meeting("b"),
            leave("11:30").room("222").meeting("b"),
            join("90 10:00").room("111").meeting("c").name("Grace"),
        ]);
        roster.sum_up(rules, clock("90 11:00"));
        roster
    };
    let both = rules_of_rooms(&["111", "222"]);
    #[rustfmt::skip]
    let cases = [
        // what changes              before               after                             in all   in each room
        ("nothing",                  both.clone(),        both.clone(),                     "11:00", vec!["10:00", "11:00"]),
        ("the order",                both.clone(),        rules_of_rooms(&["222", "111"]),  "11:00", vec!["11:00", "10:00"]),
        ("a room goes",              both.clone(),        rules_of_rooms(&["111"]),         "10:00", vec!["10:00"]),
        ("a room comes",             rules_of_rooms(&["111"]), both.clone(),                "10:00", vec!["10:00", "-"]),
        ("rooms are one",            both,                rules(),                          "11:00", vec![]),
        ("one is told apart",        rules(),             rules_of_rooms(&["111"]),         "-",     vec!["-"]),
    ];
    let ada = |people: &[crate::roster::Person]| {
        let ada = people.iter().find(|person| person.name.as_str() == "Ada");
        ada.and_then(|ada| ada.last_join)
            .map_or("-".to_owned(), |at| at.to_string()[11..16].to_owned())
    };
    for (what, before, after, everywhere, rooms) in cases {
        let mut roster = summed(&before);
        roster.keep_past_under(&after);
        let presence = roster.presence(&after, clock("90 12:00"));
        assert_eq!(ada(&presence.people), everywhere, "{what}");
        let found: Vec<_> = presence.rooms.iter().map(|room| ada(&room.people)).collect();
        assert_eq!(found, rooms, "{what}");
        // It goes on being summed up, by the rules that hold now.
        assert!(roster.summed_under().is_none_or(|under| under == after.fingerprint()), "{what}");
    }
}

#[test]
fn a_long_meeting_that_was_the_newer_one_to_a_settled_one_keeps_its_number() {
    let long = |kind, time: &str| event(kind, time).meeting("long");
    let events = [join("10:00"), long(Kind::Started, "11:00"), long(Kind::RoleChanged, "60 10:00")];
    #[rustfmt::skip]
    let cases = [
        // what is special        event                                              taken
        ("another number",        long(Kind::Ended, "60 11:00").number("222"),       Err(NeedsReplay)),
        ("the number it had",     long(Kind::Ended, "60 11:00"),                     Ok(())),
        ("no number",             long(Kind::Ended, "60 11:00").number(""),          Ok(())),
        ("not the latest word",   long(Kind::Other, "60 09:00").number("222"),       Ok(())),
        ("a meeting of our days", event(Kind::Ended, "60 11:00").room("222"),        Ok(())),
    ];
    for (what, event, taken) in cases {
        let mut summed = roster(&events);
        summed.sum_up(&rules(), clock("60 10:00"));
        assert_eq!(summed.apply(&event), taken, "{what}");
        let mut plain = roster(&events);
        if taken.is_ok() {
            plain.apply(&event).unwrap();
        }
        let shown = |roster: &Roster| roster.presence(&rules(), clock("60 12:00"));
        assert_eq!(shown(&summed), shown(&plain), "{what}");
    }
}

fn no_meeting(mut event: Event) -> Event {
    event.meeting = None;
    event
}

#[test]
fn a_summed_up_roster_is_neither_merged_nor_summed_up_by_other_rules() {
    let mut full = Roster::new();
    assert_eq!(full.merge(&summed_up()), Err(NeedsReplay));
    assert_eq!(full, Roster::new());
    let mut summed = summed_up();
    assert_eq!(summed.merge(&full), Err(NeedsReplay));
    summed.sum_up(&rules_of_rooms(&["111"]), clock("200 10:00"));
    assert_eq!(summed, summed_up());
}

#[test]
fn meetings_that_overlap_in_a_chain_are_summed_up_all_the_same() {
    let mut roster = Roster::new();
    for day in 1..=200 {
        let in_new = |event: Event| event.meeting(&format!("m{day}"));
        let events =
            [in_new(join(&format!("{day} 10:00"))), in_new(leave(&format!("{} 11:00", day + 1)))];
        events.iter().for_each(|event| roster.apply(event).unwrap());
        roster.sum_up(&rules(), clock(&format!("{} 11:00", day + 1)));
    }
    assert!(roster.meetings.len() < 40, "{} meetings kept", roster.meetings.len());
}
