//! Forgetting somebody of whom no events are left to leave out.

use std::collections::BTreeSet;

use super::story::*;
use crate::roster::Roster;
use crate::zoom::{Event, Name};

/// Ada's join and leave in two meetings of which the first is long past, and Bram's beside them.
fn story() -> Vec<Event> {
    let of = |event: Event, bram: bool| match bram {
        true => event.leg("2").connection("c2").name("Bram"),
        false => event.account("u-ada"),
    };
    let visit = |join_at: &str, leave_at: &str, meeting: &str, bram: bool| {
        [join(join_at), leave(leave_at)].map(|event| of(event, bram).meeting(meeting))
    };
    let visits = [
        visit("0 10:00", "0 10:30", "m1", false),
        visit("0 10:00", "0 10:30", "m1", true),
        visit("90 10:00", "90 10:30", "m2", false),
        visit("90 10:00", "90 10:40", "m2", true),
    ];
    // Her telephone is known to be hers.
    let telephone = [join("90 10:05"), leave("90 10:20")].map(|event| call(event).meeting("m2"));
    let telephone = telephone.into_iter().chain([bind("90 10:10").meeting("m2")]);
    // She is in the third without a connection or an id, by her name alone.
    let named = join("90 11:00").leg("").connection("").meeting("m3");
    visits.into_iter().flatten().chain(telephone).chain([named]).collect()
}

fn is_hers(event: &Event) -> bool {
    let name = event.participant.as_ref().and_then(|participant| participant.name.clone());
    name.is_some_and(|name| ["Ada", "12025550143"].contains(&name.as_str()))
}

fn forgotten(mut roster: Roster) -> Roster {
    let names = BTreeSet::from([Name::clean("Ada").expect("a name")]);
    roster.forget(&names, &BTreeSet::from(["u-ada"])).expect("it is whole");
    roster
}

#[test]
fn everybody_else_is_as_if_the_forgotten_one_had_never_been_there() {
    let now = clock("90 12:00");
    let events = story();
    let others: Vec<_> = events.iter().filter(|event| !is_hers(event)).cloned().collect();
    for (what, is_summed_up) in [("in detail", false), ("summed up and packed", true)] {
        let (mut all, mut without) = (roster(&events), roster(&others));
        if is_summed_up {
            all.sum_up(&rules(), clock("91 12:00"));
            without.sum_up(&rules(), clock("91 12:00"));
        }
        let left = forgotten(all.clone());
        assert_ne!(all.presence(&rules(), now), without.presence(&rules(), now), "{what}");
        assert_eq!(left.presence(&rules(), now), without.presence(&rules(), now), "{what}");
        let bytes = postcard::to_stdvec(&left).expect("it encodes");
        for word in [&b"Ada"[..], b"u-ada"] {
            let is_there = bytes.windows(word.len()).any(|window| window == word);
            assert!(!is_there, "{what}: {}", String::from_utf8_lossy(word));
        }
    }
}
