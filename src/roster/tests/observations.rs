//! Rule 17 of the [roster](crate::roster): what Zoom's API or the operator said.

use super::story::check_in_any_order as check;
use super::story::*;
use crate::zoom::{Event, Kind};

fn not_going_on(time: &str) -> Event {
    event(Kind::NotGoingOn, time)
}

/// As Zoom's API states it: the leg and a name, no connection.
fn join_observed(time: &str) -> Event {
    event(Kind::JoinObserved, time).leg("1").name("Ada")
}

fn leave_observed(time: &str) -> Event {
    event(Kind::LeaveObserved, time).leg("1").name("Ada")
}

#[test]
#[rustfmt::skip]
fn a_meeting_that_was_not_going_on_has_nobody_in() {
    check([
        ("who was in has gone, nobody knows when",
            vec![join("10:00"), not_going_on("11:00")],
            "11:00", "Ada out, joined 10:00, left N/A: 10:00-?"),
        ("a known end is better",
            vec![join("10:00"), not_going_on("11:00"), leave("10:30")],
            "11:00", "Ada out, joined 10:00, left 10:30: 10:00-10:30"),
        ("so is a later one, by which the meeting was going on",
            vec![join("10:00"), not_going_on("11:00"), leave("11:30")],
            "12:00", "Ada out, joined 10:00, left 11:30: 10:00-11:30"),
        ("and the end of the meeting",
            vec![join("10:00"), not_going_on("11:00"), ended("10:59")],
            "11:00", "Ada out, joined 10:00, left 10:59: 10:00-10:59"),
        ("whatever Zoom states later makes it wrong",
            vec![join("10:00"), not_going_on("11:00"), event(Kind::RoleChanged, "11:10")],
            "12:00", "Ada in since 10:00, joined 10:00, left N/A: 10:00-"),
        ("also in the same second",
            vec![join("10:00"), not_going_on("11:00"), event(Kind::RoleChanged, "11:00")],
            "12:00", "Ada in since 10:00, joined 10:00, left N/A: 10:00-"),
        ("what makes no meeting seen does not",
            vec![join("10:00"), not_going_on("11:00"), event(Kind::Other, "11:10")],
            "12:00", "Ada out, joined 10:00, left N/A: 10:00-?"),
        ("the last observation counts",
            vec![join("10:00"), not_going_on("11:00"), event(Kind::RoleChanged, "11:10"), not_going_on("11:20")],
            "12:00", "Ada out, joined 10:00, left N/A: 10:00-?"),
        ("another meeting of the number goes on",
            vec![join("10:00"), not_going_on("11:00").meeting("m2")],
            "11:00", "Ada in since 10:00, joined 10:00, left N/A: 10:00-"),
        ("sharing is over as well",
            vec![join("10:00"), share("10:10"), not_going_on("11:00")],
            "11:00", "Ada out, joined 10:00, left N/A: 10:00-?"),
        ("an observation alone names nobody",
            vec![not_going_on("11:00")],
            "11:00", ""),
    ]);
}

#[test]
#[rustfmt::skip]
fn observed_joins_and_leaves_fill_the_gaps() {
    check([
        ("a lost leave",
            vec![join("10:00"), leave_observed("10:30")],
            "11:00", "Ada out, joined 10:00, left 10:30: 10:00-10:30"),
        ("a lost join",
            vec![join_observed("10:00"), leave("10:30")],
            "11:00", "Ada out, joined 10:00, left 10:30: 10:00-10:30"),
        ("a visit of which no event came",
            vec![join_observed("10:00"), leave_observed("10:30")],
            "11:00", "Ada out, joined 10:00, left 10:30: 10:00-10:30"),
        ("somebody who is in",
            vec![join_observed("10:00")],
            "11:00", "Ada in since 10:00, joined 10:00, left N/A: 10:00-"),
        ("an event states the same a second later",
            vec![join_observed("09:59:59"), join("10:00"), leave_observed("10:29:59"), leave("10:30")],
            "11:00", "Ada out, joined 10:00, left 10:30: 10:00-10:30"),
        ("or a second earlier",
            vec![join_observed("10:00:01"), join("10:00"), leave_observed("10:30:01"), leave("10:30")],
            "11:00", "Ada out, joined 10:00, left 10:30: 10:00-10:30"),
        ("an observed leave is better than an unknown end",
            vec![join("10:00"), not_going_on("11:00"), leave_observed("10:30")],
            "11:00", "Ada out, joined 10:00, left 10:30: 10:00-10:30"),
        ("and than the end of the meeting",
            vec![join("10:00"), ended("11:00"), leave_observed("10:30")],
            "11:00", "Ada out, joined 10:00, left 10:30: 10:00-10:30"),
        ("an observed join means that the meeting was going on",
            vec![join("10:00"), not_going_on("11:00"), join_observed("11:30").leg("2").name("Bob")],
            "12:00", "Ada in since 10:00, joined 10:00, left N/A: 10:00-\nBob in since 11:30, joined 11:30, left N/A: 11:30-"),
        ("a move to a breakout room of which one leave was lost",
            vec![join("10:00"), leave_observed("10:20:01"), join("10:20").leg("2"), leave("10:40").leg("2")],
            "11:00", "Ada out, joined 10:00, left 10:40: 10:00-10:40"),
        ("the name of an event is seen later, so it holds",
            vec![join("10:00").name("Ada L."), leave_observed("10:30"), leave("10:30").name("Ada L.").stamp(400)],
            "11:00", "Ada L. out, joined 10:00, left 10:30: 10:00-10:30"),
    ]);
}
