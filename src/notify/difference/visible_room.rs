//! One room, as a target may see it.

use crate::config::Privacy;
use crate::dashboard::{Opening, Openings, Visible};
use crate::notify::message::PersonInside;
use crate::roster::{End, Person, PersonWaiting, Waiting};
use crate::time::moment::Moment;
use crate::zoom::Name;

/// One room at one moment, after privacy has been applied.
pub struct VisibleRoom<'a> {
    visible: Visible<'a>,
    /// From the visits of the people who may be named.
    openings: Openings<'a>,
    /// How many more are in who may be counted, but of whom the target does not hear.
    bystanders: usize,
    /// Who waits to be let in.
    waiting: Waiting,
}

impl<'a> VisibleRoom<'a> {
    /// Applies `privacy` to `people`, to the people present who have no name, and to who waits. If
    /// `only` is not empty, the room is seen as if no one else came in or waited, except that others
    /// who are in are counted.
    pub fn new(
        people: &'a [Person],
        nameless_present: usize,
        waiting: &Waiting,
        privacy: &Privacy,
        only: &[Name],
    ) -> Self {
        let mut visible = Visible::of(people, nameless_present, waiting, privacy);
        let mut waiting = waiting.clone();
        waiting.people.retain(|person| privacy.allows(&person.name));
        let mut bystanders = 0;
        if !only.is_empty() {
            let everybody = visible.count();
            let is_meant =
                |person: &Name| only.iter().any(|name| name.comparable() == person.comparable());
            waiting.people.retain(|person| is_meant(&person.name));
            waiting.nameless.clear();
            visible.people.retain(|person| is_meant(&person.name));
            visible.others = 0;
            bystanders = everybody - visible.count();
        }
        let openings = Openings::of(visible.people.iter().copied());
        Self { visible, openings, bystanders, waiting }
    }

    /// How many people are in, also those of whom the target does not hear.
    pub fn everybody(&self) -> usize {
        self.count() + self.bystanders
    }

    /// How many people are in of whom the target does not hear.
    pub fn bystanders(&self) -> usize {
        self.bystanders
    }

    /// How many people are in.
    pub fn count(&self) -> usize {
        self.visible.count()
    }

    /// How many people are in who may not be named.
    pub fn others(&self) -> usize {
        self.visible.others
    }

    /// The people who may be named, present or not.
    pub fn people(&self) -> &[&'a Person] {
        &self.visible.people
    }

    /// Who is in, ordered by when they joined.
    pub fn inside(&self) -> Vec<PersonInside> {
        let present = self.visible.present().into_iter();
        present.map(|(person, since)| PersonInside { name: person.name.clone(), since }).collect()
    }

    /// Who waits to be let in and may be named.
    pub fn waiting(&self) -> &[PersonWaiting] {
        &self.waiting.people
    }

    /// Since when each participant without a name has been waiting.
    pub fn waiting_nameless(&self) -> &[Moment] {
        &self.waiting.nameless
    }

    /// Who shares the screen, ordered by since when.
    pub fn sharing(&self) -> Vec<Name> {
        let mut sharing: Vec<_> = self
            .visible
            .people
            .iter()
            .filter_map(|person| Some((person.sharing_since?, person.name.clone())))
            .collect();
        sharing.sort();
        sharing.into_iter().map(|(_, name)| name).collect()
    }

    /// The latest opening, over or not, from the visits of the people who may be named.
    pub fn opening(&self) -> Option<Opening> {
        self.openings.all().last().copied()
    }

    /// Who was there during `opening`, ordered by when they joined.
    pub fn attendance(&self, opening: &Opening) -> Vec<Name> {
        self.openings.people(opening).into_iter().cloned().collect()
    }

    /// The largest number of people who may be named that were in at once during `opening`.
    pub fn peak(&self, opening: &Opening) -> usize {
        let mut steps: Vec<(Moment, isize)> = Vec::new();
        for stay in self.openings.visits(opening) {
            let end = match stay.end {
                End::Open => None,
                End::At(end) => Some(end),
                End::Unknown => Some(stay.start),
            };
            steps.push((stay.start, 1));
            // A person who leaves in the second in which another one joins counts in it.
            steps.extend(end.map(|end| (end.max(stay.start.plus(1)), -1)));
        }
        steps.sort_unstable();
        let (mut inside, mut peak) = (0, 0);
        for (_, step) in steps {
            inside += step;
            peak = peak.max(inside);
        }
        peak.unsigned_abs()
    }
}
