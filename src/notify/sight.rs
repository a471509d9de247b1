//! One room as a target may see it.

use crate::config::Privacy;
use crate::dashboard::Visible;
use crate::moment::Moment;
use crate::notify::message::Inside;
use crate::roster::{End, Person, Visit};
use crate::zoom::Name;

/// One room at one moment. Privacy has been applied.
pub struct Sight<'a> {
    visible: Visible<'a>,
}

/// A time during which somebody was in without a break.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Opening {
    /// When the first one came.
    pub from: Moment,
    /// When the last one left.
    pub end: End,
    /// The latest moment at which somebody was there for certain.
    pub last: Moment,
}

impl<'a> Sight<'a> {
    /// What `privacy` lets be seen of `people`, and of those who have no name.
    pub fn of(people: &'a [Person], nameless_present: usize, privacy: &Privacy) -> Self {
        Self { visible: Visible::of(people, nameless_present, privacy) }
    }

    /// How many are in, as far as the target may know.
    pub fn count(&self) -> usize {
        self.visible.count()
    }

    /// How many are in who may not be named.
    pub fn others(&self) -> usize {
        self.visible.others
    }

    /// Who may be named, in or not.
    pub fn people(&self) -> &[&'a Person] {
        &self.visible.people
    }

    /// Who is in, the first to come first.
    pub fn inside(&self) -> Vec<Inside> {
        let present = self.visible.present().into_iter();
        present.map(|(person, since)| Inside { name: person.name.clone(), since }).collect()
    }

    /// Who shares the screen, and since when, the first to begin first.
    pub fn sharing(&self) -> Vec<(Moment, Name)> {
        let shares = |person: &&Person| Some((person.sharing_since?, person.name.clone()));
        let mut sharing: Vec<_> = self.visible.people.iter().filter_map(shares).collect();
        sharing.sort();
        sharing
    }

    /// The latest opening, over or not, by the visits of those who may be named.
    pub fn opening(&self) -> Option<Opening> {
        openings(self.visible.people.iter().copied()).pop()
    }

    /// Who was there during `opening`, the first to come first.
    pub fn attendance(&self, opening: &Opening) -> Vec<Name> {
        let came = |person: &&'a Person| {
            let visits = person.visits.iter();
            let first = visits.filter_map(|visit| within(visit, opening)).min()?;
            Some((first, person.name.clone()))
        };
        let mut came: Vec<_> = self.visible.people.iter().filter_map(came).collect();
        came.sort();
        came.into_iter().map(|(_, name)| name).collect()
    }

    /// How many were in at once during `opening`, at most, of those who may be named.
    pub fn peak(&self, opening: &Opening) -> usize {
        let visits = self.visible.people.iter().flat_map(|person| &person.visits);
        let mut steps = Vec::new();
        for visit in visits {
            if let Some(start) = within(visit, opening) {
                steps.push((start, 1));
                // Whoever leaves in the second in which another comes was there before.
                steps.extend(known_end(visit).map(|end| (end.max(start.plus(1)), -1)));
            }
        }
        steps.sort_unstable();
        let mut inside = 0_isize;
        let counts = steps.into_iter().map(|(_, step)| {
            inside += step;
            inside
        });
        counts.max().map_or(0, isize::unsigned_abs)
    }
}

/// The times during which one of `people` was in without a break, in order.
pub(super) fn openings<'a>(people: impl Iterator<Item = &'a Person>) -> Vec<Opening> {
    let mut visits: Vec<_> = people
        .flat_map(|person| &person.visits)
        .filter_map(|visit| Some((visit.start?, visit.end)))
        .collect();
    visits.sort_unstable_by_key(|(start, _)| *start);
    let mut openings: Vec<Opening> = Vec::new();
    for (start, end) in visits {
        let next = Opening { from: start, end, last: last(start, end) };
        match openings.last_mut() {
            Some(growing) if growing.end == End::Open || start <= growing.last => {
                *growing = growing.joined_with(next);
            }
            _ => openings.push(next),
        }
    }
    openings
}

impl Opening {
    fn joined_with(self, next: Self) -> Self {
        let end = match (self.end, next.end) {
            (End::Open, _) | (_, End::Open) => End::Open,
            // Nobody knows when it ended if that is so of whoever was there last.
            _ if next.last >= self.last => next.end,
            _ => self.end,
        };
        Self { from: self.from, end, last: self.last.max(next.last) }
    }
}

/// The latest moment that belongs to a visit for certain.
fn last(start: Moment, end: End) -> Moment {
    match end {
        End::At(end) => end.max(start),
        End::Open | End::Unknown => start,
    }
}

fn known_end(visit: &Visit) -> Option<Moment> {
    match visit.end {
        End::Open => None,
        End::At(end) => Some(end),
        End::Unknown => visit.start,
    }
}

/// When `visit` began, if it was part of `opening`.
fn within(visit: &Visit, opening: &Opening) -> Option<Moment> {
    let start = visit.start?;
    let is_part = start >= opening.from && (opening.end == End::Open || start <= opening.last);
    is_part.then_some(start)
}
