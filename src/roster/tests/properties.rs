//! What holds for any events whatever.

use proptest::prelude::*;

use super::any;
use super::story::{DAY, HOUR, clock, roster};
use crate::roster::{End, Person, Roster};
use crate::time::moment::Moment;
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
        prop_assert_eq!(once.presence(&rules, now), shuffled.presence(&rules, now));
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
            early.take_in(event, moment(hour));
        }
        let now = moment(last);
        early.apply_due(now);
        let is_due = |event: &&Event| event.at <= now.plus(300);
        let in_time = roster(events.iter().filter(is_due));
        let (early, mut in_time) = (early.presence(&rules, now), in_time.presence(&rules, now));
        let next = early.next_change.into_iter().chain(in_time.next_change).min();
        in_time.next_change = next;
        prop_assert_eq!(early, in_time);
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
            prop_assert_eq!(&before.waiting, &after.waiting);
            prop_assert_eq!(before.next_change, after.next_change);
        }
        if let Some(next) = before.next_change {
            let changed = roster.presence(&rules, next);
            let shown = |p: &crate::roster::Presence| {
                (state(&p.people), p.nameless_present, p.waiting.clone(), p.next_change)
            };
            prop_assert_ne!(shown(&before), shown(&changed));
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
