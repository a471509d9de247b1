//! What is shown of which room and for how long: rule 11 of the [roster](crate::roster), and the window of visits.

use super::story::*;
use crate::roster::{NEVER, Rules};
use crate::zoom::Event;

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
        let presence = roster(&[join("10:00")]).presence(&rules, clock(now));
        assert_eq!(presence.people[0].present_since.is_some(), is_in, "{what}");
        assert_eq!(presence.next_change, next.map(clock), "{what}");
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
        assert_eq!(people_at(&events, now), shown, "{what}");
    }
}
