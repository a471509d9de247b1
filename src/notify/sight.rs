//! One room as a target may see it.

use crate::config::Privacy;
use crate::dashboard::{Opening, Openings, Visible};
use crate::notify::message::Inside;
use crate::roster::{End, Person};
use crate::time::moment::Moment;
use crate::zoom::Name;

/// One room at one moment. Privacy has been applied.
pub struct Sight<'a> {
    visible: Visible<'a>,
    /// By the visits of those who may be named.
    openings: Openings<'a>,
}

impl<'a> Sight<'a> {
    /// What `privacy` lets be seen of `people`, and of those who have no name.
    pub fn of(people: &'a [Person], nameless_present: usize, privacy: &Privacy) -> Self {
        let visible = Visible::of(people, nameless_present, privacy);
        let openings = Openings::of(visible.people.iter().copied());
        Self { visible, openings }
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
        self.openings.all().last().copied()
    }

    /// Who was there during `opening`, the first to come first.
    pub fn attendance(&self, opening: &Opening) -> Vec<Name> {
        self.openings.people(opening).into_iter().cloned().collect()
    }

    /// How many were in at once during `opening`, at most, of those who may be named.
    pub fn peak(&self, opening: &Opening) -> usize {
        let mut steps = Vec::new();
        for stay in self.openings.stays(opening) {
            let end = match stay.end {
                End::Open => None,
                End::At(end) => Some(end),
                End::Unknown => Some(stay.start),
            };
            steps.push((stay.start, 1));
            // Whoever leaves in the second in which another comes was there before.
            steps.extend(end.map(|end| (end.max(stay.start.plus(1)), -1)));
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
