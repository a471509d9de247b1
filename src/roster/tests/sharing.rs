//! Who is sharing: the rule of `roster::sharing`, in its corners.

use super::story::*;
use crate::zoom::{Event, Kind};

/// Ada's leg after a breakout move.
fn moved(event: Event) -> Event {
    event.leg("2")
}

/// Ada's second device, or her next visit.
fn other(event: Event) -> Event {
    if event.kind == Kind::Joined { event.leg("3").connection("c3") } else { event.leg("3") }
}

fn bob(event: Event) -> Event {
    event.leg("7").connection("c7").name("Bob")
}

#[test]
#[rustfmt::skip]
fn a_start_opens_and_a_stop_closes() {
    check_in_any_order([
        ("started",
            vec![join("10:00"), share("10:05")],
            "11:00", "Ada in since 10:00, sharing since 10:05, joined 10:00, left N/A: 10:00-"),
        ("and stopped",
            vec![join("10:00"), share("10:05"), unshare("10:10")],
            "11:00", "Ada in since 10:00, joined 10:00, left N/A: 10:00-"),
        ("and started anew",
            vec![join("10:00"), share("10:05"), unshare("10:10"), share("10:20")],
            "11:00", "Ada in since 10:00, sharing since 10:20, joined 10:00, left N/A: 10:00-"),
        ("a stop before the start",
            vec![join("10:00"), unshare("10:05"), share("10:10")],
            "11:00", "Ada in since 10:00, sharing since 10:10, joined 10:00, left N/A: 10:00-"),
        ("started twice: the first holds",
            vec![join("10:00"), share("10:05"), share("10:10")],
            "11:00", "Ada in since 10:00, sharing since 10:05, joined 10:00, left N/A: 10:00-"),
        ("started twice, stopped once",
            vec![join("10:00"), share("10:05"), share("10:10"), unshare("10:15")],
            "11:00", "Ada in since 10:00, joined 10:00, left N/A: 10:00-"),
        ("over in its second",
            vec![join("10:00"), share("10:05"), unshare("10:05")],
            "11:00", "Ada in since 10:00, joined 10:00, left N/A: 10:00-"),
        ("changed for something else within a second",
            vec![join("10:00"), share("10:05"), unshare("10:10"), share("10:10")],
            "11:00", "Ada in since 10:00, sharing since 10:05, joined 10:00, left N/A: 10:00-"),
        ("changed, then stopped",
            vec![join("10:00"), share("10:05"), unshare("10:10"), share("10:10"), unshare("10:15")],
            "11:00", "Ada in since 10:00, joined 10:00, left N/A: 10:00-"),
        ("over in its second after an earlier share",
            vec![join("10:00"), share("10:05"), unshare("10:10"), share("10:15"), unshare("10:15")],
            "11:00", "Ada in since 10:00, joined 10:00, left N/A: 10:00-"),
        ("without a name",
            vec![join("10:00"), share("10:05").name("")],
            "11:00", "Ada in since 10:00, sharing since 10:05, joined 10:00, left N/A: 10:00-"),
    ]);
}

#[test]
#[rustfmt::skip]
fn sharing_makes_nobody_present_and_ends_with_presence() {
    check_in_any_order([
        ("a leg that never joined",
            vec![share("10:05")],
            "11:00", ""),
        ("a leg of the same name that never joined",
            vec![join("10:00"), moved(share("10:05"))],
            "11:00", "Ada in since 10:00, joined 10:00, left N/A: 10:00-"),
        ("the same leg in another meeting",
            vec![join("10:00"), share("10:05").room("222")],
            "11:00", "Ada in since 10:00, joined 10:00, left N/A: 10:00-"),
        ("started before the join, by another clock",
            vec![join("10:00"), share("09:59:59")],
            "11:00", "Ada in since 10:00, sharing since 10:00, joined 10:00, left N/A: 10:00-"),
        ("lost stop, then the leave",
            vec![join("10:00"), share("10:05"), leave("10:30")],
            "11:00", "Ada out, joined 10:00, left 10:30: 10:00-10:30"),
        ("a stop that comes after the leave",
            vec![join("10:00"), share("10:05"), leave("10:30"), unshare("10:31")],
            "11:00", "Ada out, joined 10:00, left 10:30: 10:00-10:30"),
        ("lost stop, leaves and comes back: not sharing",
            vec![join("10:00"), share("10:05"), leave("10:30"), other(join("10:40"))],
            "11:00", "Ada in since 10:40, joined 10:40, left 10:30: 10:00-10:30 10:40-"),
        ("lost stop, comes back in the same leg: not sharing",
            vec![join("10:00"), share("10:05"), leave("10:30"), join("10:40")],
            "11:00", "Ada in since 10:40, joined 10:40, left 10:30: 10:00-10:30 10:40-"),
        ("started in the second of the leave",
            vec![join("10:00"), share("10:30"), leave("10:30"), join("10:40")],
            "11:00", "Ada in since 10:40, joined 10:40, left 10:30: 10:00-10:30 10:40-"),
        ("breakout move: the old leg's share is over",
            vec![join("10:00"), share("10:05"), leave("10:20"), moved(join("10:20"))],
            "11:00", "Ada in since 10:00, joined 10:00, left N/A: 10:00-"),
        ("breakout move whose leave is lost",
            vec![join("10:00"), share("10:05"), moved(join("10:20"))],
            "11:00", "Ada in since 10:00, joined 10:00, left N/A: 10:00-"),
        ("breakout move, then a share of the new leg",
            vec![join("10:00"), share("10:05"), moved(join("10:20")), moved(share("10:25"))],
            "11:00", "Ada in since 10:00, sharing since 10:25, joined 10:00, left N/A: 10:00-"),
        ("a leave of another leg of the connection",
            vec![join("10:00"), share("10:05"), leave("10:20").leg("2")],
            "11:00", "Ada out, joined 10:00, left 10:20: 10:00-10:20"),
        ("a share says nothing of the leg's connection",
            vec![join("10:00"), share("10:05").connection("c2"), leave("10:20").leg("2")],
            "11:00", "Ada out, joined 10:00, left 10:20: 10:00-10:20"),
        ("`ended`",
            vec![join("10:00"), share("10:05"), ended("10:30")],
            "11:00", "Ada out, joined 10:00, left 10:30: 10:00-10:30"),
        ("a newer meeting",
            vec![join("10:00"), share("10:05"), event(Kind::Started, "10:30").meeting("m2")],
            "11:00", "Ada out, joined 10:00, left N/A: 10:00-?"),
        ("silence, counted from the start of sharing",
            vec![join("10:00"), share("10:05")],
            "22:05", "Ada out, joined 10:00, left N/A: 10:00-?"),
        ("and a second less of it",
            vec![join("10:00"), share("10:05")],
            "22:04:59", "Ada in since 10:00, sharing since 10:05, joined 10:00, left N/A: 10:00-"),
    ]);
}

#[test]
#[rustfmt::skip]
fn each_leg_shares_for_itself_and_a_person_since_the_earliest() {
    check_in_any_order([
        ("two devices, the second shares",
            vec![join("10:00"), other(join("10:05")), other(share("10:10"))],
            "11:00", "Ada in since 10:00, sharing since 10:10, joined 10:00, left N/A: 10:00-"),
        ("and leaves",
            vec![join("10:00"), other(join("10:05")), other(share("10:10")), other(leave("10:30")).connection("c3")],
            "11:00", "Ada in since 10:00, joined 10:00, left N/A: 10:00-"),
        ("two devices, both share",
            vec![join("10:00"), other(join("10:05")), other(share("10:10")), share("10:20")],
            "11:00", "Ada in since 10:00, sharing since 10:10, joined 10:00, left N/A: 10:00-"),
        ("and the earlier one stops",
            vec![join("10:00"), other(join("10:05")), other(share("10:10")), share("10:20"), other(unshare("10:30"))],
            "11:00", "Ada in since 10:00, sharing since 10:20, joined 10:00, left N/A: 10:00-"),
        ("two people at once",
            vec![join("10:00"), bob(join("10:00")), share("10:05"), bob(share("10:10"))],
            "11:00", "Ada in since 10:00, sharing since 10:05, joined 10:00, left N/A: 10:00-\n\
                      Bob in since 10:00, sharing since 10:10, joined 10:00, left N/A: 10:00-"),
        ("two people, the other stops",
            vec![join("10:00"), bob(join("10:00")), share("10:05"), bob(unshare("10:10"))],
            "11:00", "Ada in since 10:00, sharing since 10:05, joined 10:00, left N/A: 10:00-\n\
                      Bob in since 10:00, joined 10:00, left N/A: 10:00-"),
        ("legs without a user_id",
            vec![join("10:00").leg(""), share("10:05").leg("").connection("c1")],
            "11:00", "Ada in since 10:00, sharing since 10:05, joined 10:00, left N/A: 10:00-"),
        ("legs with nothing but a name",
            vec![join("10:00").leg("").connection(""), share("10:05").leg("")],
            "11:00", "Ada in since 10:00, sharing since 10:05, joined 10:00, left N/A: 10:00-"),
    ]);
}

#[test]
fn sharing_is_shown_in_the_room_where_it_happens_and_over_all() {
    let events = [
        join("10:00").room("111"),
        other(join("10:05")).room("222"),
        other(share("10:10")).room("222"),
        bob(join("10:05")).room("5"),
        bob(share("10:06")).room("5"),
    ];
    let presence = presence(&events, &rules_of_rooms(&["111", "222"]), "11:00");
    let shared = [
        (
            &presence.people,
            "Ada in since 10:00, sharing since 10:10, joined 10:00, left N/A: 10:00-",
        ),
        (&presence.rooms[0].people, "Ada in since 10:00, joined 10:00, left N/A: 10:00-"),
        (
            &presence.rooms[1].people,
            "Ada in since 10:05, sharing since 10:10, joined 10:05, left N/A: 10:05-",
        ),
    ];
    for (people, expected) in shared {
        assert_eq!(summary(people), expected);
    }
}
