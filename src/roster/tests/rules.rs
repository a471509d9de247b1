//! The rules of the [roster](crate::roster), one by one, in their corners.

use super::story::check_in_any_order as check;
use super::story::*;
use crate::zoom::{Event, Kind};

#[test]
#[rustfmt::skip]
fn rule_1_a_join_opens_and_a_leave_closes() {
    check([
        ("joined twice: open since the first",
            vec![join("10:00"), join("10:20"), leave("10:30")],
            "11:00", "Ada out, joined 10:00, left 10:30: 10:00-10:30"),
        ("left twice: the first leave closed it",
            vec![join("10:00"), leave("10:20"), leave("10:30")],
            "11:00", "Ada out, joined 10:00, left 10:20: 10:00-10:20"),
        ("the same leg joins again",
            vec![join("10:00"), leave("10:20"), join("10:30")],
            "11:00", "Ada in since 10:30, joined 10:30, left 10:20: 10:00-10:20 10:30-"),
        ("a leave before the first join is one without a join",
            vec![leave("09:00"), join("10:00")],
            "11:00", "Ada in since 10:00, joined 10:00, left 09:00: ?-09:00 10:00-"),
        ("breakout rooms, roles, sharing and the rest make no legs",
            vec![about_ada(Kind::BreakoutJoined, "10:00"), about_ada(Kind::RoleChanged, "10:00"),
                 about_ada(Kind::SharingStarted, "10:00"), about_ada(Kind::Other, "10:00")],
            "11:00", ""),
    ]);
}

#[test]
#[rustfmt::skip]
fn rule_2_a_later_leg_of_the_connection_ends_an_open_span() {
    check([
        ("later by join time",
            vec![join("10:00"), join("10:20").leg("2"), leave("10:30").leg("2")],
            "11:00", "Ada out, joined 10:00, left 10:30: 10:00-10:30"),
        ("later by leg id, as text: 10 is before 9",
            vec![join("10:00").leg("9"), join("10:00").leg("10"), leave("10:30").leg("9")],
            "11:00", "Ada out, joined 10:00, left 10:30: 10:00-10:30"),
        ("the earlier leg's leave does not close the later leg",
            vec![join("10:00").leg("9"), join("10:00").leg("10"), leave("10:30").leg("10")],
            "11:00", "Ada in since 10:00, joined 10:00, left N/A: 10:00-"),
        ("not of another connection",
            vec![join("10:00"), join("10:20").leg("2").connection("c2"), leave("10:30").leg("2").connection("c2")],
            "11:00", "Ada in since 10:00, joined 10:00, left N/A: 10:00-"),
        ("not of the same connection in another meeting",
            vec![join("10:00"), join("10:20").leg("2").room("222"), leave("10:30").leg("2").room("222")],
            "11:00", "Ada in since 10:00, joined 10:00, left N/A: 10:00-"),
        ("not where the connections are not known",
            vec![join("10:00").connection(""), join("10:20").leg("2").connection(""), leave("10:30").leg("2").connection("")],
            "11:00", "Ada in since 10:00, joined 10:00, left N/A: 10:00-"),
    ]);
}

#[test]
#[rustfmt::skip]
fn rule_3_a_leave_without_a_join_ends_the_connections_open_spans() {
    check([
        ("those that began before it",
            vec![join("10:00"), leave("10:40").leg("2")],
            "11:00", "Ada out, joined 10:00, left 10:40: 10:00-10:40"),
        ("not one that began in its second",
            vec![join("10:00"), leave("10:00").leg("2")],
            "11:00", "Ada in since 10:00, joined 10:00, left N/A: 10:00-"),
        ("not of another connection",
            vec![join("10:00"), leave("10:40").leg("2").connection("c2")],
            "11:00", "Ada in since 10:00, joined 10:00, left N/A: 10:00-"),
        ("the first of several",
            vec![join("10:00"), leave("10:40").leg("2"), leave("10:50").leg("3")],
            "11:00", "Ada out, joined 10:00, left 10:50: 10:00-10:40 ?-10:50"),
        ("a leave named by its connection alone",
            vec![join("10:00"), leave("10:40").leg("")],
            "11:00", "Ada out, joined 10:00, left 10:40: 10:00-10:40"),
    ]);
}

#[test]
#[rustfmt::skip]
fn rule_4_ended_closes_what_is_open() {
    check([
        ("what began after it stays open",
            vec![ended("10:00"), join("10:00:01")],
            "11:00", "Ada in since 10:00:01, joined 10:00:01, left N/A: 10:00:01-"),
        ("ended twice: the first that is not before the join",
            vec![ended("09:00"), join("10:00"), ended("10:30"), ended("10:40")],
            "11:00", "Ada out, joined 10:00, left 10:30: 10:00-10:30"),
        ("an earlier leave stands",
            vec![join("10:00"), leave("10:30"), ended("11:00")],
            "12:00", "Ada out, joined 10:00, left 10:30: 10:00-10:30"),
        ("a later leave of another leg of the connection wins too",
            vec![join("10:00"), ended("11:00"), leave("11:00:05").leg("2")],
            "12:00", "Ada out, joined 10:00, left 11:00:05: 10:00-11:00:05"),
        ("another meeting's end is nothing to it",
            vec![join("10:00"), ended("10:30").room("222")],
            "11:00", "Ada in since 10:00, joined 10:00, left N/A: 10:00-"),
    ]);
}

#[test]
#[rustfmt::skip]
fn rule_5_a_newer_meeting_or_long_silence_ends_the_older_one() {
    check([
        ("a newer meeting of the number, whoever is in it",
            vec![join("10:00"), event(Kind::Started, "10:30").meeting("m2")],
            "11:00", "Ada out, joined 10:00, left N/A: 10:00-?"),
        ("first seen in the same second is not newer",
            vec![join("10:00"), event(Kind::Started, "10:00").meeting("m2")],
            "11:00", "Ada in since 10:00, joined 10:00, left N/A: 10:00-"),
        ("who joins the older one after that is in",
            vec![event(Kind::Started, "09:00"), event(Kind::Started, "10:00").meeting("m2"), join("10:00")],
            "11:00", "Ada in since 10:00, joined 10:00, left N/A: 10:00-"),
        ("a newer meeting of another number",
            vec![join("10:00"), event(Kind::Started, "10:30").room("222")],
            "11:00", "Ada in since 10:00, joined 10:00, left N/A: 10:00-"),
        ("meetings without a number are not newer than one another",
            vec![join("10:00").number(""), event(Kind::Started, "10:30").number("").meeting("m2")],
            "11:00", "Ada in since 10:00, joined 10:00, left N/A: 10:00-"),
        ("the number counts that was said last",
            vec![join("10:00").number("222"), event(Kind::RoleChanged, "10:10"), event(Kind::Started, "10:30").meeting("m2")],
            "11:00", "Ada out, joined 10:00, left N/A: 10:00-?"),
        ("one second before it is stale",
            vec![join("10:00")],
            "21:59:59", "Ada in since 10:00, joined 10:00, left N/A: 10:00-"),
        ("whatever makes the meeting seen keeps it fresh",
            vec![join("10:00"), event(Kind::SharingStarted, "12:00")],
            "22:00", "Ada in since 10:00, joined 10:00, left N/A: 10:00-"),
        ("what does not make it seen does not",
            vec![join("10:00"), event(Kind::Other, "12:00")],
            "22:00", "Ada out, joined 10:00, left N/A: 10:00-?"),
    ]);
}

#[test]
#[rustfmt::skip]
fn rule_6_the_earliest_known_end_holds_and_any_known_one_over_none() {
    check([
        ("a later leg before `ended`",
            vec![join("10:00"), join("10:20").leg("2"), leave("10:30").leg("2"), ended("11:00")],
            "12:00", "Ada out, joined 10:00, left 10:30: 10:00-10:30"),
        ("`ended` before a later leg",
            vec![join("10:00"), ended("10:10"), join("10:20").leg("2"), leave("10:30").leg("2")],
            "12:00", "Ada out, joined 10:20, left 10:30: 10:00-10:10 10:20-10:30"),
        ("`ended`, though later than the newer meeting",
            vec![join("10:00"), event(Kind::Started, "10:30").meeting("m2"), ended("11:00")],
            "12:00", "Ada out, joined 10:00, left 11:00: 10:00-11:00"),
        ("a leave, though the meeting is stale",
            vec![join("10:00"), leave("10:30")],
            "3 10:00", "Ada out, joined 10:00, left 10:30: 10:00-10:30"),
    ]);
}

/// Ada on a second device.
fn device(event: Event) -> Event {
    event.leg("2").connection("c2")
}

/// Ada in a newer meeting.
fn newer(event: Event) -> Event {
    device(event).meeting("m2")
}

#[test]
#[rustfmt::skip]
fn rule_7_spans_that_overlap_or_touch_are_one_visit() {
    check([
        ("touching: left and came in the same second",
            vec![join("10:00"), leave("10:10"), device(join("10:10")), device(leave("10:20"))],
            "11:00", "Ada out, joined 10:00, left 10:20: 10:00-10:20"),
        ("one within another",
            vec![join("10:00"), device(join("10:05")), device(leave("10:10")), leave("10:20")],
            "11:00", "Ada out, joined 10:00, left 10:20: 10:00-10:20"),
        ("a second apart",
            vec![join("10:00"), leave("10:10"), device(join("10:10:01"))],
            "11:00", "Ada in since 10:10:01, joined 10:10:01, left 10:10: 10:00-10:10 10:10:01-"),
        ("an unknown end counts as the beginning, so the newer meeting is another visit",
            vec![join("10:00"), newer(join("10:00:01"))],
            "11:00", "Ada in since 10:00:01, joined 10:00:01, left N/A: 10:00-? 10:00:01-"),
        ("a span of unknown end that begins within a known one",
            vec![join("10:00"), leave("10:20"), device(join("10:10")), newer(leave("12:00")).name("Bob")],
            "13:00", "Ada out, joined 10:00, left 10:20: 10:00-10:20\nBob out, joined N/A, left 12:00: ?-12:00"),
        ("one that begins as the known one ends",
            vec![join("10:00"), leave("10:20"), device(join("10:20")), newer(leave("12:00")).name("Bob")],
            "13:00", "Ada out, joined 10:00, left N/A: 10:00-?\nBob out, joined N/A, left 12:00: ?-12:00"),
    ]);
}

#[test]
#[rustfmt::skip]
fn rule_8_a_leave_without_a_join_is_a_visit_of_unknown_start() {
    check([
        ("within a known visit it adds nothing",
            vec![join("10:00"), leave("10:30"), device(leave("10:20"))],
            "11:00", "Ada out, joined 10:00, left 10:30: 10:00-10:30"),
        ("nor at its end",
            vec![join("10:00"), leave("10:30"), device(leave("10:30"))],
            "11:00", "Ada out, joined 10:00, left 10:30: 10:00-10:30"),
        ("nor at its beginning",
            vec![join("10:00"), leave("10:30"), device(leave("10:00"))],
            "11:00", "Ada out, joined 10:00, left 10:30: 10:00-10:30"),
        ("nor while it lasts",
            vec![join("10:00"), device(leave("10:20"))],
            "11:00", "Ada in since 10:00, joined 10:00, left N/A: 10:00-"),
        ("after it, it does",
            vec![join("10:00"), leave("10:30"), device(leave("10:30:01"))],
            "11:00", "Ada out, joined 10:00, left 10:30:01: 10:00-10:30 ?-10:30:01"),
        ("twice in one second, once",
            vec![leave("10:30"), device(leave("10:30"))],
            "11:00", "Ada out, joined N/A, left 10:30: ?-10:30"),
    ]);
}
