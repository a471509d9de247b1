//! When a room was open: the times at which somebody was in.
//!
//! Only visits of people who may be shown count: a room with only hidden people is closed. No time
//! is invented: an opening whose last visit has an unknown end has an unknown end too, and a visit
//! with an unknown start opens nothing. The feed and the chats both use this.

use std::ops::Range;

use rustc_hash::FxHashSet;

use crate::roster::{End, MergedInterval, Person};
use crate::time::moment::Moment;
use crate::zoom::Name;

/// All openings of a room, and who was there.
pub(crate) struct Openings<'a> {
    /// Visits with a known start, ordered by start.
    visits: Vec<OpeningVisit<'a>>,
    /// Oldest first.
    found: Vec<Opening>,
}

/// A visit with a known start.
pub(crate) struct OpeningVisit<'a> {
    pub(crate) start: Moment,
    pub(crate) end: End,
    person: &'a Person,
}

/// A period during which somebody was in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Opening {
    /// When somebody entered the empty room.
    pub(crate) start: Moment,
    /// When the last person left, if that is known.
    pub(crate) end: End,
    /// The last moment at which somebody was certainly in.
    pub(crate) last: Moment,
    /// The index range of its visits.
    first: usize,
    after: usize,
}

impl<'a> Openings<'a> {
    /// The openings of a room that these people visited.
    pub(crate) fn of(people: impl IntoIterator<Item = &'a Person>) -> Self {
        let of_person = |person: &'a Person| {
            person.visits.iter().filter_map(move |visit| {
                Some(OpeningVisit { start: visit.start?, end: visit.end, person })
            })
        };
        let mut visits: Vec<OpeningVisit> = people.into_iter().flat_map(of_person).collect();
        visits.sort_unstable_by(|a, b| (a.start, &a.person.name).cmp(&(b.start, &b.person.name)));
        let found = merge(&visits);
        Self { visits, found }
    }

    /// All of them, oldest first.
    pub(crate) fn all(&self) -> &[Opening] {
        &self.found
    }

    /// The person who came first.
    pub(super) fn first(&self, opening: &Opening) -> &'a Name {
        &self.visits[opening.first].person.name
    }

    /// The visits of an opening, ordered by start.
    pub(crate) fn visits(&self, opening: &Opening) -> &[OpeningVisit<'a>] {
        &self.visits[opening.first..opening.after]
    }

    /// The people who were in, each once, in the order in which they came.
    pub(crate) fn people(&self, opening: &Opening) -> Vec<&'a Name> {
        let mut seen = FxHashSet::default();
        let names = self.visits(opening).iter().map(|visit| &visit.person.name);
        names.filter(|name| seen.insert(*name)).collect()
    }
}

/// Merges visits that overlap or touch.
fn merge(visits: &[OpeningVisit]) -> Vec<Opening> {
    let mut merged: Vec<(MergedInterval, Range<usize>)> = Vec::new();
    for (index, visit) in visits.iter().enumerate() {
        match merged.last_mut().filter(|(interval, _)| interval.reaches(visit.start)) {
            Some((interval, range)) => {
                interval.add(visit.start, visit.end);
                range.end = index + 1;
            }
            None => merged.push((MergedInterval::new(visit.start, visit.end), index..index + 1)),
        }
    }
    let opening = |(interval, visits): (MergedInterval, Range<usize>)| Opening {
        start: interval.start,
        end: interval.end(),
        last: interval.last,
        first: visits.start,
        after: visits.end,
    };
    merged.into_iter().map(opening).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::roster::Visit;

    const fn at(minute: i64) -> Moment {
        Moment::from_seconds(minute * 60)
    }

    fn person((name, visits): &(&str, Vec<(Option<i64>, End)>)) -> Person {
        let visit = |&(start, end): &(Option<i64>, End)| Visit { start: start.map(at), end };
        Person {
            name: Name::clean(name).expect("a name"),
            visits: visits.iter().map(visit).collect(),
            last_join: None,
            last_left: None,
            present_since: None,
            sharing_since: None,
        }
    }

    #[test]
    fn a_room_is_open_while_somebody_is_known_to_be_in() {
        let to = |minute| End::At(at(minute));
        #[rustfmt::skip]
        let cases = [
            // what is special                visits                                                        openings
            ("nobody",                        vec![],                                                       vec![]),
            ("one visit",                     vec![("a", vec![(Some(1), to(5))])],                          vec![(1, to(5))]),
            ("twice",                         vec![("a", vec![(Some(1), to(2)), (Some(4), to(5))])],        vec![(1, to(2)), (4, to(5))]),
            ("one goes as another comes",     vec![("a", vec![(Some(1), to(3))]), ("b", vec![(Some(3), to(5))])], vec![(1, to(5))]),
            ("one within another's",          vec![("a", vec![(Some(1), to(9))]), ("b", vec![(Some(3), to(5))])], vec![(1, to(9))]),
            ("still open",                    vec![("a", vec![(Some(1), End::Open)]), ("b", vec![(Some(3), to(5))])], vec![(1, End::Open)]),
            ("a bare leave opens nothing",    vec![("a", vec![(None, to(5))])],                             vec![]),
            ("nobody knows when it ended",    vec![("a", vec![(Some(1), End::Unknown)])],                   vec![(1, End::Unknown)]),
            ("an unknown end before a known", vec![("a", vec![(Some(1), to(5))]), ("b", vec![(Some(3), End::Unknown)])], vec![(1, to(5))]),
            ("an unknown end after a known",  vec![("a", vec![(Some(1), to(5))]), ("b", vec![(Some(5), End::Unknown)])], vec![(1, End::Unknown)]),
            ("no length, and an unknown end", vec![("a", vec![(Some(4), to(4))]), ("b", vec![(Some(4), End::Unknown)])], vec![(4, End::Unknown)]),
            ("an unknown end, and no length", vec![("a", vec![(Some(4), End::Unknown)]), ("b", vec![(Some(4), to(4))])], vec![(4, End::Unknown)]),
            ("of no length",                  vec![("a", vec![(Some(4), to(4))])],                          vec![(4, to(4))]),
            ("no length when one comes",      vec![("a", vec![(Some(4), to(4))]), ("b", vec![(Some(4), to(6))])], vec![(4, to(6))]),
            ("no length when one goes",       vec![("a", vec![(Some(1), to(4))]), ("b", vec![(Some(4), to(4))])], vec![(1, to(4))]),
            ("after an unknown end",          vec![("a", vec![(Some(1), End::Unknown)]), ("b", vec![(Some(3), to(5))])], vec![(1, End::Unknown), (3, to(5))]),
        ];
        for (what, visits, expected) in cases {
            let people: Vec<Person> = visits.iter().map(person).collect();
            let openings = Openings::of(&people);
            let found = openings.all().iter().map(|opening| (opening.start, opening.end));
            let expected = expected.into_iter().map(|(start, end)| (at(start), end));
            assert_eq!(found.collect::<Vec<_>>(), expected.collect::<Vec<_>>(), "{what}");
        }
    }

    #[test]
    fn whoever_was_there_is_named_once_in_the_order_of_coming() {
        let visits = [
            ("a", vec![(Some(2), End::At(at(3))), (Some(4), End::At(at(6)))]),
            ("b", vec![(Some(1), End::At(at(5)))]),
            ("c", vec![(Some(8), End::At(at(9)))]),
        ];
        let people: Vec<Person> = visits.iter().map(person).collect();
        let openings = Openings::of(&people);
        let named = openings.all().iter().map(|opening| {
            openings.people(opening).into_iter().map(Name::as_str).collect::<Vec<_>>()
        });
        assert_eq!(named.collect::<Vec<_>>(), [vec!["b", "a"], vec!["c"]]);
    }
}
