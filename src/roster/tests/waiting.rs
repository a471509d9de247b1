//! Who waits to be let in: rule 18 of the [roster](crate::roster).

use super::story::*;
use crate::roster::{NEVER, Rules, Waiting};
use crate::zoom::{Event, Kind};

/// Ada waits in the waiting room.
fn wait(time: &str) -> Event {
    about_ada(Kind::WaitStarted, time)
}

/// Ada is let in, or gives up.
fn stop(time: &str) -> Event {
    about_ada(Kind::WaitEnded, time)
}

/// As Zoom tells of those who wait for the host: a name and nothing else.
fn for_host(event: Event) -> Event {
    event.leg("").connection("")
}

/// Somebody else.
fn other(event: Event) -> Event {
    event.leg("7").connection("c7").name("Bob")
}

/// Who waits, those without a name last: `Ada since 10:00, somebody since 10:05`.
fn shown(waiting: &Waiting) -> String {
    let people = waiting.people.iter();
    let mut parts: Vec<String> =
        people.map(|person| format!("{} since {}", person.name, show(person.since))).collect();
    parts.extend(waiting.nameless.iter().map(|since| format!("somebody since {}", show(*since))));
    parts.join(", ")
}

/// What a row of a table says: who waits at a moment, in whatever order the events came.
#[track_caller]
fn check<'a>(cases: impl IntoIterator<Item = (&'a str, Vec<Event>, &'a str, &'a str)>) {
    for (what, events, now, expected) in cases {
        let backwards: Vec<Event> = events.iter().rev().cloned().collect();
        let twice = [events.clone(), backwards.clone()].concat();
        for events in [events, backwards, twice] {
            let waiting = presence(&events, &rules(), now).waiting;
            assert_eq!(shown(&waiting), expected, "{what}");
        }
    }
}

#[test]
#[rustfmt::skip]
fn a_wait_ends_when_its_participant_is_let_in_joins_or_gives_up() {
    check([
        ("nothing further is known",
            vec![wait("10:00")],
            "11:00", "Ada since 10:00"),
        ("let in",
            vec![wait("10:00"), stop("10:05")],
            "11:00", ""),
        ("in the second in which it began",
            vec![wait("10:00"), stop("10:00")],
            "11:00", ""),
        ("only before",
            vec![stop("09:00"), join("09:00"), ended("09:30"), wait("10:00")],
            "11:00", "Ada since 10:00"),
        ("joined, and the end of the wait is lost",
            vec![wait("10:00"), join("10:05")],
            "11:00", ""),
        ("joined as a new leg of the same connection",
            vec![wait("10:00"), join("10:05").leg("2").name("Ada (phone)")],
            "11:00", ""),
        ("joined under the same leg, without a connection",
            vec![wait("10:00"), join("10:05").connection("")],
            "11:00", ""),
        ("put back into the waiting room",
            vec![wait("10:00"), stop("10:05"), join("10:05"), leave("10:30"), wait("10:30")],
            "11:00", "Ada since 10:30"),
        ("waits again, and the first end is lost",
            vec![wait("10:00"), wait("10:30")],
            "11:00", "Ada since 10:00"),
        ("a leave is no end: Zoom reports one for who is put back",
            vec![join("10:00"), wait("10:30"), leave("10:30")],
            "11:00", "Ada since 10:30"),
        ("somebody else is let in",
            vec![wait("10:00"), other(wait("10:01")), other(stop("10:05"))],
            "11:00", "Ada since 10:00"),
        ("in another meeting",
            vec![wait("10:00"), join("10:05").room("222")],
            "11:00", "Ada since 10:00"),
    ]);
}

#[test]
#[rustfmt::skip]
fn names_count_where_one_of_the_two_has_no_ids() {
    check([
        ("waits for the host",
            vec![for_host(wait("10:00"))],
            "11:00", "Ada since 10:00"),
        ("gives up",
            vec![for_host(wait("10:00")), for_host(stop("10:05"))],
            "11:00", ""),
        ("waits for the host, then joins",
            vec![for_host(wait("10:00")), join("10:05")],
            "11:00", ""),
        ("and gets another name later",
            vec![for_host(wait("10:00")), join("10:05"), about_ada(Kind::RoleChanged, "10:10").name("Countess")],
            "11:00", ""),
        ("waits for the host, then in the waiting room: one person",
            vec![for_host(wait("10:00")), wait("10:05")],
            "11:00", "Ada since 10:00"),
        ("and is let in from there",
            vec![for_host(wait("10:00")), wait("10:05"), stop("10:10")],
            "11:00", ""),
        ("a name with an invisible character",
            vec![for_host(wait("10:00")).name("A\u{200b}da"), join("10:05")],
            "11:00", ""),
        ("joined with nothing but a name",
            vec![wait("10:00"), for_host(join("10:05"))],
            "11:00", ""),
        ("joined under ids that nobody waited with: the name has to do",
            vec![wait("10:00"), join("10:05").leg("2").connection("c2")],
            "11:00", ""),
        ("two of one name, one of whom is let in",
            vec![wait("10:00"), wait("10:01").leg("2").connection("c2"), stop("10:05"), join("10:05")],
            "11:00", "Ada since 10:01"),
        ("somebody of the same name moves to a breakout room",
            vec![join("09:00").leg("2").connection("c2"), wait("10:00"), join("10:05").leg("3").connection("c2")],
            "11:00", "Ada since 10:00"),
        ("without a name",
            vec![wait("10:00").name("")],
            "11:00", "somebody since 10:00"),
        ("a second device of somebody who is in",
            vec![join("09:00"), wait("10:00").leg("2").connection("c2")],
            "11:00", "Ada since 10:00"),
        ("named before, on the same connection",
            vec![join("09:00"), leave("10:00"), wait("10:00").leg("2").name("")],
            "11:00", "Ada since 10:00"),
    ]);
}

#[test]
#[rustfmt::skip]
fn the_meetings_end_a_newer_meeting_and_silence_end_waits() {
    check([
        ("the end of the meeting",
            vec![wait("10:00"), ended("10:30")],
            "11:00", ""),
        ("in the second in which the wait began",
            vec![wait("10:00"), ended("10:00")],
            "11:00", ""),
        ("before it began",
            vec![wait("10:00"), ended("09:59")],
            "11:00", "Ada since 10:00"),
        ("a newer meeting of the number",
            vec![join("09:00"), other(wait("10:00")), event(Kind::Started, "10:30").meeting("m2")],
            "11:00", ""),
        ("of another number",
            vec![wait("10:00"), event(Kind::Started, "10:30").room("222")],
            "11:00", "Ada since 10:00"),
        ("the meeting itself starts later",
            vec![wait("10:00"), event(Kind::Started, "10:30")],
            "11:00", "Ada since 10:00"),
        ("the host starts another meeting of the number",
            vec![for_host(wait("10:00")), event(Kind::Started, "10:30").meeting("m2")],
            "11:00", ""),
        ("waits for the older of two meetings after the newer began",
            vec![event(Kind::Started, "09:00"), event(Kind::Started, "09:30").meeting("m2"), wait("10:00")],
            "11:00", "Ada since 10:00"),
        ("a second less than the silence",
            vec![wait("10:00")],
            "21:59:59", "Ada since 10:00"),
        ("silence",
            vec![wait("10:00")],
            "22:00", ""),
        ("as long as the meeting shows signs of life",
            vec![wait("10:00"), event(Kind::RoleChanged, "15:00").leg("9")],
            "22:00", "Ada since 10:00"),
        ("it was not going on later",
            vec![event(Kind::Started, "09:00"), wait("10:00"), event(Kind::NotGoingOn, "10:30")],
            "11:00", ""),
        ("it was not going on before",
            vec![event(Kind::Started, "09:00"), event(Kind::NotGoingOn, "09:30"), event(Kind::Emptied, "09:40"), wait("10:00")],
            "11:00", "Ada since 10:00"),
        ("it was not going on, but something happened after that",
            vec![wait("10:00"), event(Kind::NotGoingOn, "10:30"), event(Kind::RoleChanged, "10:40").leg("9")],
            "11:00", "Ada since 10:00"),
        ("the operator said so, and something happened after that",
            vec![wait("10:00"), event(Kind::Emptied, "10:30"), event(Kind::RoleChanged, "10:40").leg("9")],
            "11:00", ""),
        ("Zoom's API states that she joined",
            vec![wait("10:00"), event(Kind::JoinObserved, "10:05").leg("1").name("Ada")],
            "11:00", ""),
        ("as soon as it begins",
            vec![wait("10:00")],
            "10:00", "Ada since 10:00"),
    ]);
}

#[test]
fn waiting_makes_nobody_present_and_no_meeting_seen() {
    let newer = for_host(wait("10:30")).meeting("m2");
    #[rustfmt::skip]
    let cases = [
        // what is special                         events                                       people
        ("never in",                               vec![wait("10:00"), stop("10:05")],          ""),
        ("let in, and the join is lost",           vec![wait("10:00"), stop("10:05"), leave("10:30")], "Ada out, joined N/A, left 10:30: ?-10:30"),
        ("put back",                               vec![join("10:00"), wait("10:30")],          "Ada in since 10:00, joined 10:00, left N/A: 10:00-"),
        ("somebody waits for a newer meeting",     vec![join("10:00"), newer],                  "Ada in since 10:00, joined 10:00, left N/A: 10:00-"),
    ];
    for (what, events, expected) in cases {
        assert_eq!(people_at(&events, "11:00"), expected, "{what}");
    }
}

#[test]
fn waits_are_shown_in_the_room_and_over_all() {
    let events = [
        wait("10:00").room("111"),
        wait("10:05").room("222"),
        other(wait("10:10")).room("222"),
        wait("10:15").room("5"),
    ];
    let presence = presence(&events, &rules_of_rooms(&["111", "222"]), "11:00");
    let rooms: Vec<String> = presence.rooms.iter().map(|room| shown(&room.waiting)).collect();
    assert_eq!(rooms, ["Ada since 10:00", "Ada since 10:05, Bob since 10:10"]);
    assert_eq!(shown(&presence.waiting), "Ada since 10:00, Bob since 10:10");
}

#[test]
fn the_next_change_is_when_the_first_wait_becomes_stale() {
    #[rustfmt::skip]
    let cases = [
        // what is special      stale after    events                                              next
        ("one wait",            12 * HOUR,     vec![wait("10:00")],                                Some("22:00")),
        ("the first of two",    12 * HOUR,     vec![wait("10:00"), other(wait("10:30"))],          Some("22:00")),
        ("over",                12 * HOUR,     vec![wait("10:00"), stop("10:05")],                 None),
        ("never stale",         NEVER,         vec![wait("10:00")],                                None),
    ];
    for (what, stale_after, events, next) in cases {
        let rules = Rules { stale_after, ..rules() };
        let presence = roster(&events).presence(&rules, clock("11:00"));
        assert_eq!(presence.next_change, next.map(clock), "{what}");
    }
}

#[test]
fn who_waits_decides_no_form_of_a_name_that_is_shown() {
    let (plain, other) = ("\u{2764}", "\u{2764}\u{fe0f}");
    let ada = [join("10:00").name(plain), wait("10:30").leg("9").connection("c9").name(other)];
    let expected = format!("{plain} in since 10:00, joined 10:00, left N/A: 10:00-");
    assert_eq!(people_at(&ada, "11:00"), expected);
}
