//! The case table of the [roster](crate::roster), row by row.

use super::story::*;
use crate::roster::Roster;
use crate::zoom::{Event, Kind};

/// The second leg of Ada's only connection.
fn moved(event: Event) -> Event {
    event.leg("2")
}

/// A second connection of Ada.
fn other(event: Event) -> Event {
    event.leg("2").connection("c2")
}

#[rustfmt::skip]
fn cases() -> Vec<Case<'static>> {
    vec![
        ("join 10:00, leave 10:30",
            vec![join("10:00"), leave("10:30")],
            "11:00", "Ada out, joined 10:00, left 10:30: 10:00-10:30"),
        ("the same, delivered leave first, each twice",
            vec![leave("10:30"), join("10:00"), leave("10:30"), join("10:00")],
            "11:00", "Ada out, joined 10:00, left 10:30: 10:00-10:30"),
        ("first ever join 10:00",
            vec![join("10:00")],
            "11:00", "Ada in since 10:00, joined 10:00, left N/A: 10:00-"),
        ("two devices: join A 10:00, join B 10:05, leave A 10:10",
            vec![join("10:00"), other(join("10:05")), leave("10:10")],
            "11:00", "Ada in since 10:00, joined 10:00, left N/A: 10:00-"),
        ("breakout move at 10:20: leave leg 1, join leg 2",
            vec![join("10:00"), leave("10:20"), moved(join("10:20"))],
            "11:00", "Ada in since 10:00, joined 10:00, left N/A: 10:00-"),
        ("breakout move at 10:20: join leg 2, leave leg 1",
            vec![join("10:00"), moved(join("10:20")), leave("10:20")],
            "11:00", "Ada in since 10:00, joined 10:00, left N/A: 10:00-"),
        ("the move's leave is lost, leave of leg 2 10:40",
            vec![join("10:00"), moved(join("10:20")), moved(leave("10:40"))],
            "11:00", "Ada out, joined 10:00, left 10:40: 10:00-10:40"),
        ("the move's leave and join are lost, leave of leg 2 10:40",
            vec![join("10:00"), moved(leave("10:40"))],
            "11:00", "Ada out, joined 10:00, left 10:40: 10:00-10:40"),
        ("lost leave; `ended` 11:00",
            vec![join("10:00"), ended("11:00")],
            "12:00", "Ada out, joined 10:00, left 11:00: 10:00-11:00"),
        ("joined and `ended` in the same second",
            vec![join("10:00"), ended("10:00")],
            "12:00", "Ada out, joined 10:00, left 10:00: 10:00-10:00"),
        ("`ended` 11:00, then a leave of 11:00:05",
            vec![join("10:00"), ended("11:00"), leave("11:00:05")],
            "12:00", "Ada out, joined 10:00, left 11:00:05: 10:00-11:00:05"),
        ("lost leave and lost end; the same person opens a new meeting of the number next day 09:00",
            vec![join("10:00"), other(join("2 09:00")).meeting("m2")],
            "2 09:30", "Ada in since 2 09:00, joined 2 09:00, left N/A: 10:00-? 2 09:00-"),
        ("lost leave, no further event, 12 h pass",
            vec![join("10:00")],
            "22:00", "Ada out, joined 10:00, left N/A: 10:00-?"),
        ("`meeting.updated` of another uuid, same number, while people are in",
            vec![join("10:00"), event(Kind::Other, "10:30").meeting("m2")],
            "11:00", "Ada in since 10:00, joined 10:00, left N/A: 10:00-"),
        ("reconnect: join B 10:31:10, then leave A with time 10:32:00",
            vec![join("10:00"), other(join("10:31:10")), leave("10:32:00")],
            "11:00", "Ada in since 10:00, joined 10:00, left N/A: 10:00-"),
        ("leave 10:00, rejoin 10:01",
            vec![join("09:00"), leave("10:00"), other(join("10:01"))],
            "11:00", "Ada in since 10:01, joined 10:01, left 10:00: 09:00-10:00 10:01-"),
        ("join and leave in the same second",
            vec![join("10:00"), leave("10:00")],
            "11:00", "Ada out, joined 10:00, left 10:00: 10:00-10:00"),
        ("renamed inside a meeting (same connection, new name)",
            vec![join("10:00"), moved(leave("10:20")).name("Ada L.")],
            "11:00", "Ada L. out, joined 10:00, left 10:20: 10:00-10:20"),
        ("a leave of somebody never seen",
            vec![leave("10:40")],
            "11:00", "Ada out, joined N/A, left 10:40: ?-10:40"),
    ]
}

#[test]
fn every_row_of_the_case_table_holds_in_any_order() {
    check_in_any_order(cases());
}

/// "Last Left as before": what an earlier visit left behind is not touched by a later one.
#[test]
fn an_unknown_or_open_end_leaves_last_left_as_before() {
    let before =
        [join("07:00").leg("9").connection("c9"), leave("08:00").leg("9").connection("c9")];
    #[rustfmt::skip]
    let cases = [
        // what is special          events                                               now        left
        ("two devices, one left",   vec![join("10:00"), other(join("10:05")), leave("10:10")], "11:00",   "08:00"),
        ("a new meeting",           vec![join("10:00"), other(join("2 09:00")).meeting("m2")], "2 09:30", "08:00"),
        ("12 h pass",               vec![join("10:00")],                                 "22:00",   "08:00"),
    ];
    for (what, events, now, left) in cases {
        let events = [before.to_vec(), events].concat();
        let people = presence(&events, &rules(), now).people;
        assert_eq!(people[0].last_left, Some(clock(left)), "{what}");
    }
}

#[test]
fn a_room_goes_by_its_own_visits_and_the_table_by_all_of_them() {
    let events = [
        join("10:00").room("111"),
        other(join("10:05")).room("222"),
        other(leave("10:10")).room("222"),
    ];
    let presence = presence(&events, &rules_of_rooms(&["111", "222"]), "11:00");
    let in_x = "Ada in since 10:00, joined 10:00, left N/A: 10:00-";
    assert_eq!(summary(&presence.people), in_x);
    assert_eq!(summary(&presence.rooms[0].people), in_x);
    let in_y = "Ada out, joined 10:05, left 10:10: 10:05-10:10";
    assert_eq!(summary(&presence.rooms[1].people), in_y);
}

#[test]
fn nobody_is_in_an_empty_roster() {
    let presence = Roster::new().presence(&rules(), clock("10:00"));
    assert_eq!(presence, crate::roster::Presence::default());
}
