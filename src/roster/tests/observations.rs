//! Rule 17 of the [roster](crate::roster): what Zoom's API or the operator said.

use super::story::check_in_any_order as check;
use super::story::*;
use crate::zoom::{Event, Kind};

fn not_going_on(time: &str) -> Event {
    event(Kind::NotGoingOn, time)
}

/// What `lookout end` says.
fn emptied(time: &str) -> Event {
    event(Kind::Emptied, time)
}

/// Bob, in a connection of his own.
fn bob(event: Event) -> Event {
    event.leg("2").connection("c2").name("Bob")
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
fn whom_the_operator_sent_away_stays_out_until_their_own_events_say_otherwise() {
    let ada_out = "Ada out, joined 10:00, left N/A: 10:00-?";
    let ada_in = "Ada in since 10:00, joined 10:00, left N/A: 10:00-";
    let also = |ada: &str, bob: &str| format!("{ada}\n{bob}");
    let bob_in = "Bob in since 11:30, joined 11:30, left N/A: 11:30-";
    let cases = [
        ("everybody who was in has gone",
            vec![join("10:00"), emptied("11:00")], ada_out.to_owned()),
        ("somebody else joins later",
            vec![join("10:00"), emptied("11:00"), bob(join("11:30"))], also(ada_out, bob_in)),
        ("and does something",
            vec![join("10:00"), emptied("11:00"), bob(join("11:30")), bob(event(Kind::RoleChanged, "11:40"))], also(ada_out, bob_in)),
        ("the API says that somebody else joined",
            vec![join("10:00"), emptied("11:00"), bob(event(Kind::JoinObserved, "11:30"))], also(ada_out, bob_in)),
        ("a known end is better",
            vec![join("10:00"), emptied("11:00"), leave("11:30")], "Ada out, joined 10:00, left 11:30: 10:00-11:30".to_owned()),
        ("a change of role shows who was in",
            vec![join("10:00"), emptied("11:00"), about_ada(Kind::RoleChanged, "11:10")], ada_in.to_owned()),
        ("also one without a name",
            vec![join("10:00"), emptied("11:00"), about_ada(Kind::RoleChanged, "11:10").name("")], ada_in.to_owned()),
        ("also one without a connection",
            vec![join("10:00"), emptied("11:00"), event(Kind::RoleChanged, "11:10").leg("1")], ada_in.to_owned()),
        ("so does a breakout room in the same second",
            vec![join("10:00"), emptied("11:00"), about_ada(Kind::BreakoutJoined, "11:00")], ada_in.to_owned()),
        ("so does the end of sharing",
            vec![join("10:00"), emptied("11:00"), unshare("11:10")], ada_in.to_owned()),
        ("a new leg of the connection",
            vec![join("10:00"), emptied("11:00"), join("11:30").leg("3")], ada_in.to_owned()),
        ("who joins anew is in since then",
            vec![join("10:00"), emptied("11:00"), join("11:30").leg("3").connection("c3")],
            "Ada in since 11:30, joined 11:30, left N/A: 10:00-? 11:30-".to_owned()),
        ("what was known before changes nothing",
            vec![join("10:00"), share("10:10"), about_ada(Kind::RoleChanged, "10:20"), emptied("11:00")], ada_out.to_owned()),
        ("the last word of the operator counts",
            vec![join("10:00"), emptied("11:00"), about_ada(Kind::RoleChanged, "11:10"), emptied("11:20")], ada_out.to_owned()),
        ("the API may say the same, and be wrong",
            vec![join("10:00"), not_going_on("10:50"), emptied("11:00"), bob(join("11:30"))], also(ada_out, bob_in)),
    ];
    let cases: Vec<_> = cases.iter().map(|(what, events, shown)| (*what, events.clone(), "12:00", shown.as_str())).collect();
    check(cases);
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
        ("a name of Zoom's events wins over that of the API",
            vec![join("10:00").name("Owl"), leave_observed("10:30")],
            "11:00", "Owl out, joined 10:00, left 10:30: 10:00-10:30"),
        ("also over several, of a leg without a connection",
            vec![join("10:00").connection("").name("Owl"), join_observed("10:00:01"), leave_observed("10:30")],
            "11:00", "Owl out, joined 10:00, left 10:30: 10:00-10:30"),
        ("the API decides no form of a name, either",
            vec![join("10:00").name("\u{2764}"), leave_observed("10:30").name("\u{2764}\u{fe0f}")],
            "11:00", "\u{2764} out, joined 10:00, left 10:30: 10:00-10:30"),
    ]);
}
