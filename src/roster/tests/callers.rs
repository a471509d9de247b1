//! Telephones, and those who call by them: rule 15 of the [roster](crate::roster).

use super::story::*;
use crate::zoom::{Event, Kind};

/// A second caller whose masked number is the same.
fn second(event: Event) -> Event {
    event.leg("8").connection("c8").name("•••••••••43")
}

fn first(event: Event) -> Event {
    event.leg("7").connection("c7").name("•••••••••43")
}

#[test]
#[rustfmt::skip]
fn a_bound_telephone_is_the_person_it_was_bound_to() {
    let here = || vec![join("10:00"), leave("10:30")];
    let caller = || vec![call(join("10:10")), call(leave("10:40"))];
    let with = |more: Vec<Event>| [here(), caller(), more].concat();
    let by_number = "12025550143 out, joined 10:10, left 10:40: 10:10-10:40\nAda out, joined 10:00, left 10:30: 10:00-10:30";
    let as_one = "Ada out, joined 10:00, left 10:40: 10:00-10:40";
    check_in_any_order([
        ("never bound",                     with(vec![]),                                               "11:00", by_number),
        ("bound to a leg",                  with(vec![bind("10:20")]),                                  "11:00", as_one),
        ("bound to a connection",           with(vec![bind("10:20").bound_to("connection:c1")]),        "11:00", as_one),
        ("also before it was bound",        with(vec![bind("10:39")]),                                  "11:00", as_one),
        ("bound after all left",            with(vec![bind("10:50")]),                                  "11:00", as_one),
        ("only the leg is named",           with(vec![bind("10:20").connection("")]),                   "11:00", as_one),
        ("to somebody nobody knows",        with(vec![bind("10:20").bound_to("9")]),                    "11:00", by_number),
        ("in another meeting",              with(vec![bind("10:20").room("222")]),                      "11:00", by_number),
        ("to itself",                       with(vec![bind("10:20").bound_to("7")]),                    "11:00", by_number),
        ("in a circle",                     with(vec![bind("10:20"), event(Kind::Bound, "10:20").leg("1").connection("c1").bound_to("7")]), "11:00", by_number),
        ("Zoom means it the other way round", with(vec![event(Kind::Bound, "10:20").leg("1").connection("c1").bound_to("7")]), "11:00", by_number),
        ("bound again, to another",         with(vec![bind("10:20"), bind("10:25").bound_to("2"),
                                                      join("10:05").leg("2").connection("c2").name("Bob")]),
            "11:00", "Ada out, joined 10:00, left 10:30: 10:00-10:30\nBob in since 10:05, joined 10:05, left N/A: 10:05-"),
        ("renamed after that",              with(vec![bind("10:20"), about_ada(Kind::RoleChanged, "10:35").name("Countess")]),
            "11:00", "Countess out, joined 10:00, left 10:40: 10:00-10:40"),
        ("the telephone stays",             [here(), vec![call(join("10:10")), bind("10:20")]].concat(),
            "11:00", "Ada in since 10:00, joined 10:00, left N/A: 10:00-"),
        ("the telephone goes first",        vec![join("10:00"), call(join("10:10")), bind("10:20"), call(leave("10:25"))],
            "11:00", "Ada in since 10:00, joined 10:00, left N/A: 10:00-"),
    ]);
}

#[test]
#[rustfmt::skip]
fn callers_with_one_mask_are_as_many_as_were_in_at_once() {
    check_in_any_order([
        ("one who calls twice",       vec![first(join("10:00")), first(leave("10:10")), second(join("10:20"))],
            "11:00", "•••••••••43 in since 10:20, joined 10:20, left 10:10: 10:00-10:10 10:20-"),
        ("two at once",               vec![first(join("10:00")), second(join("10:20"))],
            "11:00", "•••••••••43 in since 10:00, joined 10:00, left N/A: 10:00-\n•••••••••43 (2) in since 10:20, joined 10:20, left N/A: 10:20-"),
        ("the first leaves",          vec![first(join("10:00")), second(join("10:20")), first(leave("10:30"))],
            "11:00", "•••••••••43 out, joined 10:00, left 10:30: 10:00-10:30\n•••••••••43 (2) in since 10:20, joined 10:20, left N/A: 10:20-"),
        ("one follows the other",     vec![first(join("10:00")), first(leave("10:20")), second(join("10:20"))],
            "11:00", "•••••••••43 in since 10:00, joined 10:00, left N/A: 10:00-"),
        ("somebody has that name",    vec![first(join("10:00")), second(join("10:20")), join("10:25").name("•••••••••43 (2)")],
            "11:00", "•••••••••43 in since 10:00, joined 10:00, left N/A: 10:00-\n\
                      •••••••••43 (2) in since 10:25, joined 10:25, left N/A: 10:25-\n\
                      •••••••••43 (3) in since 10:20, joined 10:20, left N/A: 10:20-"),
        ("after 35 days they are one", vec![first(join("10:00")), second(join("10:20")), first(leave("10:30")), second(leave("10:40"))],
            "40 11:00", "•••••••••43 out, joined 10:00, left 10:40: "),
        ("a name twice is not two",   vec![join("10:00"), join("10:20").leg("2").connection("c2")],
            "11:00", "Ada in since 10:00, joined 10:00, left N/A: 10:00-"),
    ]);
}
