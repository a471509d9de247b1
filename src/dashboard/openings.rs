//! When a room was open: the times during which somebody was in.
//!
//! Made of the visits of those who may be shown, so a room in which only others
//! are is closed. What the roster does not know is not made up: an opening whose
//! last visit has no known end has none either, and a leave of somebody who was
//! never seen to come opens nothing. The feed and the chats both go by this.

use rustc_hash::FxHashSet;

use crate::roster::{End, Person};
use crate::time::moment::Moment;
use crate::zoom::Name;

/// All openings of a room, and who was there.
pub(crate) struct Openings<'a> {
    /// Visits whose beginning is known, in the order of coming.
    stays: Vec<Stay<'a>>,
    /// Oldest first.
    found: Vec<Opening>,
}

/// A visit whose beginning is known.
pub(crate) struct Stay<'a> {
    /// When it began.
    pub(crate) start: Moment,
    /// How it ended, if it did.
    pub(crate) end: End,
    person: &'a Person,
}

/// One time during which somebody was in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Opening {
    /// Somebody came into an empty room.
    pub(crate) start: Moment,
    /// The last one left, if that is known.
    pub(crate) end: End,
    /// The latest moment at which somebody was there for certain.
    pub(crate) last: Moment,
    /// The places of its visits among all of them.
    first: usize,
    after: usize,
}

impl<'a> Openings<'a> {
    /// The openings of a room with these visitors.
    pub(crate) fn of(people: impl IntoIterator<Item = &'a Person>) -> Self {
        let of_person = |person: &'a Person| {
            let stay = move |start| move |end| Stay { start, end, person };
            person.visits.iter().filter_map(move |visit| Some(stay(visit.start?)(visit.end)))
        };
        let mut stays: Vec<Stay> = people.into_iter().flat_map(of_person).collect();
        stays.sort_unstable_by(|a, b| (a.start, &a.person.name).cmp(&(b.start, &b.person.name)));
        let found = join_up(&stays);
        Self { stays, found }
    }

    /// All of them, oldest first.
    pub(crate) fn all(&self) -> &[Opening] {
        &self.found
    }

    /// Who came first.
    pub(super) fn first(&self, opening: &Opening) -> &'a Name {
        &self.stays[opening.first].person.name
    }

    /// The visits it consists of, in the order of coming.
    pub(crate) fn stays(&self, opening: &Opening) -> &[Stay<'a>] {
        &self.stays[opening.first..opening.after]
    }

    /// Who was there, each once, in the order of coming.
    pub(crate) fn people(&self, opening: &Opening) -> Vec<&'a Name> {
        let mut seen = FxHashSet::default();
        let names = self.stays(opening).iter().map(|stay| &stay.person.name);
        names.filter(|name| seen.insert(*name)).collect()
    }
}

/// Visits that overlap or touch are one opening.
fn join_up(stays: &[Stay]) -> Vec<Opening> {
    let mut found = Vec::new();
    let mut growing: Option<Growing> = None;
    for (place, stay) in stays.iter().enumerate() {
        if let Some(opening) = growing.take_if(|opening| !opening.reaches(stay.start)) {
            found.push(opening.done(place));
        }
        growing.get_or_insert_with(|| Growing::at(stay.start, place)).add(stay);
    }
    found.extend(growing.map(|opening| opening.done(stays.len())));
    found
}

/// An opening that may still take in visits.
struct Growing {
    start: Moment,
    first: usize,
    open: bool,
    /// The latest moment that belongs to it for certain.
    last: Moment,
    /// The latest known end.
    ended: Option<Moment>,
    /// The latest beginning of a visit of unknown end, which counts as that moment.
    vanished: Option<Moment>,
}

impl Growing {
    fn at(start: Moment, first: usize) -> Self {
        Self { start, first, open: false, last: start, ended: None, vanished: None }
    }

    fn add(&mut self, stay: &Stay) {
        self.last = self.last.max(stay.start);
        match stay.end {
            End::Open => self.open = true,
            End::At(end) => {
                self.last = self.last.max(end);
                self.ended = self.ended.max(Some(end));
            }
            End::Unknown => self.vanished = self.vanished.max(Some(stay.start)),
        }
    }

    fn reaches(&self, moment: Moment) -> bool {
        self.open || moment <= self.last
    }

    fn done(self, after: usize) -> Opening {
        let end = match self.ended {
            _ if self.open => End::Open,
            Some(end) if self.vanished < self.ended => End::At(end),
            _ => End::Unknown,
        };
        Opening { start: self.start, end, last: self.last, first: self.first, after }
    }
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
