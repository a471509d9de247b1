//! Store and roster are given the same events, and have to give the same answers.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::roster::tests::any;
use crate::roster::{End, Roster, Visit};
use crate::zoom::Kind;

fn moment() -> impl Strategy<Value = Moment> {
    (-HOUR..200 * DAY).prop_map(|seconds| clock("00:00").plus(seconds))
}

fn histories() -> impl Strategy<Value = Vec<Event>> {
    prop_oneof![
        prop::sample::select(&[1, HOUR, 12 * HOUR][..]).prop_flat_map(any::events),
        any::long_events(),
        any::long_events(),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn it_answers_as_a_roster_does_whatever_was_committed_when(
        (events, order) in histories().prop_flat_map(|events| {
            let twice = [events.clone(), events.clone()].concat();
            (Just(events), Just(twice).prop_shuffle())
        }),
        commits in prop::collection::vec(0..8_u8, 120),
        rules in prop::collection::vec(any::rules(), 3),
        moments in prop::collection::vec(moment(), 3),
    ) {
        let mut store = Store::in_memory().expect("it opens");
        let mut committed = 0;
        for (at, (event, commits)) in order.iter().zip(commits).enumerate() {
            take_in(&mut store, event, clock(LATE));
            match commits {
                0 => commit(&mut store, LastVisitUpdate::Now),
                1 => commit(&mut store, LastVisitUpdate::Deferred),
                2 => {
                    commit(&mut store, LastVisitUpdate::Now);
                    // What is in memory has to follow.
                    store.presence(&rules[0], moments[0]).expect("it is read");
                }
                3 => {
                    commit(&mut store, LastVisitUpdate::Deferred);
                    store.reload().expect("it is read");
                }
                4 => {
                    // Killed, and what was not committed comes again.
                    store.reload().expect("it is read");
                    for event in &order[committed..=at] {
                        take_in(&mut store, event, clock(LATE));
                    }
                }
                _ => {}
            }
            if commits < 4 {
                committed = at + 1;
            }
        }
        commit(&mut store, LastVisitUpdate::Now);
        let roster = roster(&events);
        for round in 0..2 {
            for rules in &rules {
                for now in &moments {
                    let found = store.presence(rules, *now).expect("it is read");
                    prop_assert_eq!(found, roster.presence(rules, *now), "round {}, {:?}", round, rules);
                }
            }
            store.reload().expect("it is read");
        }
    }

    #[test]
    fn all_visits_are_those_that_the_roster_lists(
        events in histories(), rules in any::rules(), late in 0..40 * DAY,
    ) {
        let mut store = Store::in_memory().expect("it opens");
        events.iter().for_each(|event| take_in(&mut store, event, clock(LATE)));
        commit(&mut store, LastVisitUpdate::Now);
        let last = events.iter().map(|event| event.at).max().unwrap_or(clock("00:00"));
        let now = last.plus(late);
        let (mut found, mut firsts) = (BTreeMap::<_, Vec<_>>::new(), Vec::new());
        let collected = store.for_each_visit(&rules, now, |visit| {
            firsts.push(visit.first());
            found.entry((visit.room, visit.name.into_owned())).or_default().push(visit.visit);
            Ok(())
        });
        collected.expect("it is read");
        prop_assert!(firsts.is_sorted(), "{:?}", firsts);

        let presence = roster(&events).presence(&rules, now);
        let rooms = presence.rooms.iter().map(|room| &room.people);
        let all = std::iter::once(&presence.people).filter(|_| rules.rooms.is_empty());
        let since = now.plus(-35 * DAY);
        for (room, people) in (0..).zip(rooms.chain(all)) {
            for person in people {
                let listed = found.remove(&(room, person.name.clone())).unwrap_or_default();
                let is_recent = |visit: &Visit| match visit.end {
                    End::Open => true,
                    End::At(end) => end >= since,
                    End::Unknown => person.visits.contains(visit),
                };
                let recent: Vec<_> = listed.iter().copied().filter(is_recent).collect();
                prop_assert_eq!(&recent, &person.visits, "{} in {}", &person.name, room);
                let lasts = (person.last_join, person.last_left);
                let is_caller = person.name.is_telephone_mask() || person.name.without_caller_ordinal().is_some();
                if !is_caller {
                    let join = listed.iter().filter_map(|visit| visit.start).max();
                    let left = listed.iter().filter_map(|visit| match visit.end {
                        End::At(end) => Some(end),
                        _ => None,
                    });
                    prop_assert_eq!((join, left.max()), lasts, "{} in {}", &person.name, room);
                }
            }
        }
        found.retain(|(_, name), _| name.without_caller_ordinal().is_none());
        prop_assert!(found.is_empty(), "nobody else has visits: {:?}", found);
    }

    #[test]
    fn as_of_a_moment_only_what_counted_then_exists(
        mut events in histories(), as_of in moment(), rules in any::rules(), has_forms in any::<bool>(),
    ) {
        for event in events.iter_mut().filter(|_| !has_forms) {
            if let Some(who) = &mut event.participant {
                who.name = who.name.take().filter(|name| name.as_str().is_ascii() || name.is_telephone_mask());
            }
        }
        let mut store = Store::in_memory().expect("it opens");
        events.iter().for_each(|event| take_in(&mut store, event, clock("20 00:00")));
        commit(&mut store, LastVisitUpdate::Now);
        let then = store.presence_as_of(&rules, as_of).expect("it is read");
        let expected = roster(events.iter().filter(|event| event.at <= as_of));
        prop_assert_eq!(then, expected.presence(&rules, as_of));
    }

    #[test]
    fn events_count_once_their_time_has_come(
        events in histories(), hours in prop::collection::vec(0..60_i64, 60), rules in any::rules(),
    ) {
        let mut store = Store::in_memory().expect("it opens");
        let mut roster = Roster::new();
        let mut now = clock("00:00");
        for (event, hours) in events.iter().zip(hours) {
            now = now.plus(hours * HOUR);
            store.apply_due(now).expect("it is read");
            roster.apply_due(now);
            take_in(&mut store, event, now);
            roster.take_in(event, now);
            commit(&mut store, LastVisitUpdate::Now);
            if hours % 2 == 0 {
                store.reload().expect("it is read");
            }
            let found = store.presence(&rules, now).expect("it is read");
            prop_assert_eq!(found, roster.presence(&rules, now));
        }
    }

    #[test]
    fn a_store_that_takes_over_another_is_as_if_it_had_been_given_the_events(
        events in histories(), kept in prop::collection::vec(any::<bool>(), 60), rules in any::rules(), now in moment(),
    ) {
        let mut store = Store::in_memory().expect("it opens");
        events.iter().for_each(|event| take_in(&mut store, event, clock(LATE)));
        commit(&mut store, LastVisitUpdate::Now);
        let keeps = |event: &Event| events.iter().position(|other| other == event).is_some_and(|at| kept[at % kept.len()]);
        let mut other = Store::in_memory().expect("it opens");
        other.copy_events(&store, clock(LATE), |_, event| keeps(event)).expect("it is read");
        let expected = roster(events.iter().filter(|event| keeps(event)));
        prop_assert_eq!(other.presence(&rules, now).expect("it is read"), expected.presence(&rules, now));
    }
}

#[test]
fn of_several_callers_the_first_one_has_an_older_last_join() {
    let caller = |event: Event, leg: &str| event.leg(leg).connection(leg).name("•••••••••43");
    let mut events = vec![
        caller(join("10:00"), "1").meeting("m1 of day 1"),
        caller(leave("11:00"), "1").meeting("m1 of day 1"),
        caller(leave("2 10:00"), "2"),
        caller(join("50 10:00"), "3").room("222"),
        caller(join("50 10:00"), "4").meeting("m2"),
        event(Kind::NotGoingOn, "50 10:30").meeting("m2"),
    ];
    for what in ["in two rooms", "in one room"] {
        let mut store = Store::in_memory().expect("it opens");
        events.iter().for_each(|event| take_in(&mut store, event, clock(LATE)));
        commit(&mut store, LastVisitUpdate::Now);
        let (rules, now) = (rules_of_rooms(&["111", "222"]), clock("50 11:00"));
        let found = store.presence(&rules, now).expect("it is read");
        assert_eq!(found, roster(&events).presence(&rules, now), "{what}");
        for event in &mut events {
            event.meeting.as_mut().expect("it has one").number = Some("111".into());
        }
    }
}

/// What the store and a roster say of `events` at `now`, which has to be the same.
#[track_caller]
fn answer(what: &str, events: &[Event], now: &str) -> String {
    let mut store = Store::in_memory().expect("it opens");
    events.iter().for_each(|event| take_in(&mut store, event, clock(LATE)));
    commit(&mut store, LastVisitUpdate::Now);
    // As another process finds it, which begins with what is on disk.
    store.reload().expect("it is read");
    let found = store.presence(&rules(), clock(now)).expect("it is read");
    assert_eq!(found, roster(events).presence(&rules(), clock(now)), "{what}");
    summary(&found.people)
}

#[test]
fn what_lies_at_the_border_of_the_last_35_days_is_as_if_all_were_in_memory() {
    let next = |event: Event| event.meeting("m2");
    let first = |event: Event| event.leg("7").connection("c7").name("•••••••••43");
    let second = |event: Event| event.leg("8").connection("c8").name("•••••••••43");
    #[rustfmt::skip]
    let cases = [
        // what is special
        ("a visit of two meetings, of which one was over before",
            vec![join("10:00"), leave("22:00"), next(join("22:00")), next(leave("2 10:00")),
                 join("20 10:00").meeting("m3"), leave("20 11:00").meeting("m3")],
            "36 23:00", "Ada out, joined 20 10:00, left 20 11:00: 10:00-2 10:00 20 10:00-20 11:00"),
        ("callers of whom one left before, and one is in",
            vec![first(join("10:00")), first(leave("10:30")), next(second(join("10:10"))),
                 next(event(Kind::RoleChanged, "50 00:00"))],
            "50 01:00", "•••••••••43 out, joined 10:00, left 10:30: \n•••••••••43 (2) in since 10:10, joined 10:10, left N/A: 10:10-"),
        ("nobody but long ago",
            vec![join("10:00"), leave("10:30")],
            "300 00:00", "Ada out, joined 10:00, left 10:30: "),
        ("who comes for the first time in weeks",
            vec![join("10:00"), leave("10:30"), next(join("60 10:00"))],
            "60 11:00", "Ada in since 60 10:00, joined 60 10:00, left 10:30: 60 10:00-"),
        ("who left one session, and is in by another that began before",
            vec![join("10:00"), leave("10:30"), next(join("60 10:00")), next(leave("60 10:20")),
                 next(join("60 10:00")).leg("7").connection("c7")],
            "60 11:00", "Ada in since 60 10:00, joined 60 10:00, left 10:30: 60 10:00-"),
        ("a leave without a join, within a visit whose end is unknown",
            vec![join("10:00"), leave("12:00"), join("12:00").leg("2").connection("c2"), next(event(Kind::RoleChanged, "2 00:00")),
                 leave("11:00").leg("9").connection("c9").meeting("m9").number("222")],
            "60 00:00", "Ada out, joined 10:00, left N/A: "),
        ("a leave without a join, at the last sign of another meeting's visit",
            vec![join("10:00").meeting("m9").number("222"), event(Kind::RoleChanged, "2 00:00").meeting("m8").number("222"),
                 leave("10:00").leg("9").connection("c9"), next(join("60 10:00"))],
            "60 11:00", "Ada in since 60 10:00, joined 60 10:00, left N/A: 60 10:00-"),
        ("who left long ago, beside somebody without an end",
            vec![join("10:00"), leave("10:30"), join("10:00").leg("2").connection("c2").name("Bob"),
                 next(event(Kind::RoleChanged, "2 00:00"))],
            "60 00:00", "Ada out, joined 10:00, left 10:30: \nBob out, joined 10:00, left N/A: "),
    ];
    for (what, events, now, expected) in cases {
        assert_eq!(answer(what, &events, now), expected, "{what}");
    }
}
