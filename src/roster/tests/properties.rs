//! What holds for any events whatever.

use proptest::prelude::*;

use super::any;
use super::story::{DAY, HOUR, clock, roster};
use crate::moment::Moment;
use crate::roster::checkpoint::{self, Header, Ignored};
use crate::roster::{End, NeedsReplay, Person, Roster, Rules};
use crate::zoom::Event;

/// Events a second apart, an hour, or half a day.
fn history() -> impl Strategy<Value = Vec<Event>> {
    prop::sample::select(&[1, HOUR, 12 * HOUR][..]).prop_flat_map(any::events)
}

fn moment() -> impl Strategy<Value = Moment> {
    (-HOUR..60 * DAY).prop_map(|seconds| clock("00:00").plus(seconds))
}

proptest! {
    #[test]
    fn order_and_duplicates_change_nothing(
        (events, shuffled) in history().prop_flat_map(|events| {
            let twice = [events.clone(), events.clone()].concat();
            (Just(events), Just(twice).prop_shuffle())
        }),
        rules in any::rules(),
        now in moment(),
    ) {
        let (once, shuffled) = (roster(&events), roster(&shuffled));
        prop_assert_eq!(&once, &shuffled);
        prop_assert_eq!(once.presence(&rules, now), shuffled.presence(&rules, now));
    }

    #[test]
    fn rosters_merged_are_the_roster_of_all(
        (events, sides) in history().prop_flat_map(|events| {
            let sides = prop::collection::vec(0..3, events.len());
            (Just(events), sides)
        }),
        rules in any::rules(),
        now in moment(),
    ) {
        // Side 2 is given to both.
        let part = |side| events.iter().zip(&sides).filter(move |(_, of)| **of != side).map(|(event, _)| event);
        let whole = roster(&events);
        for (a, b) in [(0, 1), (1, 0)] {
            let mut merged = roster(part(a));
            merged.merge(&roster(part(b))).unwrap();
            prop_assert_eq!(&merged, &whole);
            prop_assert_eq!(merged.presence(&rules, now), whole.presence(&rules, now));
        }
    }

    #[test]
    fn it_does_not_matter_whether_an_event_came_before_its_time(
        (events, hours) in history().prop_flat_map(|events| {
            let hours = prop::collection::vec(0..48_i64, events.len());
            (Just(events), hours)
        }),
        rules in any::rules(),
        last in 0..48_i64,
    ) {
        let mut came: Vec<_> = events.iter().zip(hours).collect();
        came.sort_by_key(|(_, hour)| *hour);
        let last = last.max(came.last().map_or(0, |(_, hour)| *hour));
        let moment = |hour: i64| clock("00:00").plus(hour * HOUR);
        let mut early = Roster::new();
        for (event, hour) in came {
            early.apply_due(moment(hour));
            early.take_in(event, moment(hour)).unwrap();
        }
        let now = moment(last);
        early.apply_due(now);
        let has_come = |event: &&Event| event.at <= now.plus(300);
        let in_time = roster(events.iter().filter(has_come));
        let (early, mut in_time) = (early.presence(&rules, now), in_time.presence(&rules, now));
        let next = early.next_change.into_iter().chain(in_time.next_change).min();
        in_time.next_change = next;
        prop_assert_eq!(early, in_time);
    }

    #[test]
    fn packing_is_invisible(
        events in any::long_events(), rest in any::long_events(), now in moment(),
    ) {
        // Nothing is ever settled by these rules, only packed.
        let rules = Rules { stale_after: 10_000 * DAY, ..Rules::default() };
        let mut packed = roster(&events);
        packed.sum_up(&rules, clock("300 00:00"));
        let mut plain = roster(&events);
        prop_assert_eq!(&packed, &plain);
        prop_assert_eq!(packed.presence(&rules, now), plain.presence(&rules, now));
        let mut merged = roster(&rest);
        merged.merge(&packed).unwrap();
        for event in &rest {
            packed.apply(event).unwrap();
            plain.apply(event).unwrap();
        }
        prop_assert_eq!(&packed, &plain);
        prop_assert_eq!(&packed, &merged);
    }

    #[test]
    fn rosters_that_differ_in_presence_are_not_equal(
        events in history(), left_out in any::<prop::sample::Index>(), rules in any::rules(), now in moment(),
    ) {
        prop_assume!(!events.is_empty());
        let mut fewer = events.clone();
        fewer.remove(left_out.index(events.len()));
        let (fewer, whole) = (roster(&fewer), roster(&events));
        if fewer == whole {
            prop_assert_eq!(fewer.presence(&rules, now), whole.presence(&rules, now));
        }
    }

    #[test]
    fn visits_are_in_order_and_agree_with_the_rest(
        events in history(), rules in any::rules(), now in moment(),
    ) {
        let presence = roster(&events).presence(&rules, now);
        let rooms = presence.rooms.iter().map(|room| &room.people);
        for people in rooms.chain([&presence.people]) {
            prop_assert!(people.is_sorted_by(|a, b| a.name < b.name), "one row for each name");
            for person in people {
                check_person(person)?;
            }
        }
        prop_assert!(presence.next_change.is_none_or(|next| next > now));
    }

    #[test]
    fn nothing_changes_before_the_next_change(
        events in history(), rules in any::rules(), now in moment(), later in 1..60 * DAY,
    ) {
        let roster = roster(&events);
        let (before, after) = (roster.presence(&rules, now), roster.presence(&rules, now.plus(later)));
        let untouched = before.next_change.is_none_or(|next| now.plus(later) < next);
        let state = |people: &[Person]| -> Vec<_> {
            let state = |p: &Person| (p.name.clone(), p.last_join, p.last_left, p.present_since, p.sharing_since);
            people.iter().map(state).collect()
        };
        if untouched {
            prop_assert_eq!(state(&before.people), state(&after.people));
            prop_assert_eq!(before.next_change, after.next_change);
        }
        if let Some(next) = before.next_change {
            let changed = roster.presence(&rules, next);
            let shown = |p: &crate::roster::Presence| (state(&p.people), p.nameless_present, p.next_change);
            prop_assert_ne!(shown(&before), shown(&changed));
        }
    }

    #[test]
    fn summing_up_changes_no_answer(
        mut events in any::long_events(),
        sum_ups in prop::collection::vec(any::<bool>(), 60),
        rules in any::rules(),
        lag in -HOUR..3 * DAY,
        wait in 0..50 * DAY,
    ) {
        events.sort_by_key(|event| event.at);
        check_summing_up(&events, &sum_ups, &rules, lag, wait)?;
    }

    #[test]
    fn summing_up_bears_late_events_or_asks_for_a_replay(
        mut events in any::long_events(),
        lateness in prop::collection::vec(0..60_i64, 60),
        sum_ups in prop::collection::vec(any::<bool>(), 60),
        rules in any::rules(),
    ) {
        let mut late = lateness.iter().cycle();
        events.sort_by_cached_key(|event| event.at.plus(late.next().unwrap() * DAY));
        check_summing_up(&events, &sum_ups, &rules, 0, 0)?;
    }

    #[test]
    fn a_checkpoint_reads_what_it_wrote(
        events in any::long_events(), rules in any::rules(), now in moment(),
    ) {
        let mut roster = roster(&events);
        let header = Header { journal: "here".into(), position: 7, last_key: None, archive: Vec::new() };
        for _ in 0..2 {
            let bytes = checkpoint::encode(&roster, &header);
            let (read, of) = checkpoint::decode(&bytes, "here").unwrap();
            prop_assert_eq!(&read, &roster);
            prop_assert_eq!(&of, &header);
            prop_assert_eq!(read.presence(&rules, now), roster.presence(&rules, now));
            roster.sum_up(&rules, now);
        }
    }

    #[test]
    fn a_damaged_checkpoint_is_ignored(
        events in history(), at in any::<prop::sample::Index>(), flip in 1..=255_u8, cut in any::<bool>(),
    ) {
        let header = Header { journal: "here".into(), position: 7, last_key: None, archive: Vec::new() };
        let mut bytes = checkpoint::encode(&roster(&events), &header);
        let at = at.index(bytes.len());
        if cut { bytes.truncate(at) } else { bytes[at] ^= flip }
        let read = checkpoint::decode(&bytes, "here");
        prop_assert!(matches!(read, Err(Ignored::Damaged | Ignored::OtherVersion)));
    }

    #[test]
    fn any_bytes_are_ignored_even_with_a_right_checksum(
        events in any::long_events(), at in any::<prop::sample::Index>(), flip in 1..=255_u8, noise in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        prop_assert!(checkpoint::decode(&noise, "here").is_err());
        let header = Header { journal: "here".into(), position: 7, last_key: None, archive: Vec::new() };
        let mut roster = roster(&events);
        roster.sum_up(&Rules::default(), clock("70 12:00"));
        let mut bytes = checkpoint::encode(&roster, &header);
        let at = 16 + at.index(bytes.len() - 16);
        bytes[at] ^= flip;
        let crc = crc32fast::hash(&bytes[16..]).to_le_bytes();
        bytes[12..16].copy_from_slice(&crc);
        // Another roster may come of it, but nothing that panics.
        if let Ok((mut read, _)) = checkpoint::decode(&bytes, "here") {
            read.presence(&Rules::default(), clock("12:00"));
            read.sum_up(&Rules::default(), clock("99 12:00"));
            events.iter().for_each(|event| { read.apply(event).ok(); });
        }
    }
}

fn check_person(person: &Person) -> Result<(), TestCaseError> {
    let bounds = person.visits.iter().map(|visit| match (visit.start, visit.end) {
        (Some(start), End::At(end)) => (start, end),
        (Some(start), _) => (start, start),
        (None, End::At(end)) => (end, end),
        (None, _) => panic!("a visit of unknown start has an end"),
    });
    let bounds: Vec<_> = bounds.collect();
    prop_assert!(bounds.iter().all(|(start, end)| start <= end));
    prop_assert!(bounds.is_sorted_by(|(_, end), (start, _)| end < start));
    let open = person.visits.iter().filter(|visit| visit.end == End::Open);
    let open: Vec<_> = open.map(|visit| visit.start).collect();
    prop_assert!(open.len() <= 1 && person.present_since == open.first().copied().flatten());
    let shares = person.sharing_since.is_some();
    prop_assert!(
        !shares || person.present_since.is_some() && person.present_since <= person.sharing_since
    );
    Ok(())
}

/// Applies the events to a plain roster and to one that is summed up now and then. Ends where the
/// latter asks for a replay.
fn check_summing_up(
    events: &[Event],
    sum_ups: &[bool],
    rules: &Rules,
    lag: i64,
    wait: i64,
) -> Result<(), TestCaseError> {
    let (mut plain, mut summed) = (Roster::new(), Roster::new());
    let mut now = clock("00:00");
    for (event, sum_up) in events.iter().zip(sum_ups) {
        let before = summed.clone();
        match summed.apply(event) {
            Ok(()) => plain.apply(event).unwrap(),
            Err(NeedsReplay) => {
                prop_assert_eq!(&before, &summed);
                break;
            }
        }
        now = now.max(event.at.plus(lag));
        if *sum_up {
            summed.sum_up(rules, now);
        }
        prop_assert_eq!(plain.presence(rules, now), summed.presence(rules, now));
    }
    now = now.plus(wait);
    prop_assert_eq!(plain.presence(rules, now), summed.presence(rules, now));
    summed.sum_up(rules, now);
    prop_assert_eq!(plain.presence(rules, now), summed.presence(rules, now));
    Ok(())
}
