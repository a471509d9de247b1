//! The result of deriving: people and their visits at a moment.

use crate::time::moment::Moment;
use crate::zoom::Name;

/// Who is and was where, as of one moment.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Presence {
    /// All people over all shown rooms together, ordered by name: the CSV and the overview.
    pub people: Vec<Person>,
    /// Connections without a name that are present in some shown room.
    pub nameless_present: usize,
    /// Who waits to be let into some shown room.
    pub waiting: Waiting,
    /// One for each configured room, in the order of the settings.
    pub rooms: Vec<RoomPresence>,
    /// When this changes next even if no event arrives (a meeting becomes stale).
    pub next_change: Option<Moment>,
}

impl Presence {
    /// Orders people by name.
    pub(crate) fn sort(&mut self) {
        let rooms = self.rooms.iter_mut().map(|room| (&mut room.people, &mut room.waiting));
        for (people, waiting) in rooms.chain([(&mut self.people, &mut self.waiting)]) {
            people.sort_by(|a, b| a.name.cmp(&b.name));
            waiting.sort();
        }
    }
}

/// One configured room.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RoomPresence {
    /// The people with visits in this room, ordered by name.
    pub people: Vec<Person>,
    /// Connections without a name that are present in this room.
    pub nameless_present: usize,
    /// Who waits to be let into this room.
    pub waiting: Waiting,
}

/// Who waits to be let in.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Waiting {
    /// Those who have a name, ordered by name.
    pub people: Vec<PersonWaiting>,
    /// Since when each participant without a name has been waiting, in order.
    pub nameless: Vec<Moment>,
}

impl Waiting {
    /// How many wait.
    pub fn count(&self) -> usize {
        self.people.len() + self.nameless.len()
    }

    /// Orders people by name.
    pub(super) fn sort(&mut self) {
        self.people.sort_by(|a, b| a.name.cmp(&b.name));
        self.nameless.sort_unstable();
    }
}

/// One person who waits to be let in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonWaiting {
    /// The name shown.
    pub name: Name,
    /// Since when.
    pub since: Moment,
}

/// One person with the visits of the last 35 days.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// The name shown: that of a `[[people]]` entry, else the display name.
    pub name: Name,
    /// Oldest first, never overlapping.
    pub visits: Vec<Visit>,
    /// The start of the latest visit whose start is known, however long ago.
    pub last_join: Option<Moment>,
    /// The latest known end of a visit that is not open, however long ago.
    pub last_left: Option<Moment>,
    /// Since when the person is in; `None` when out.
    pub present_since: Option<Moment>,
    /// Since when the person has been sharing a screen; `None` when not, and always `None` when out.
    pub sharing_since: Option<Moment>,
}

impl Person {
    /// The later of Last Join and Last Left.
    pub fn last_action(&self) -> Option<Moment> {
        self.last_join.max(self.last_left)
    }
}

/// One unbroken stay, legs merged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Visit {
    /// `None` where only the leave is known.
    pub start: Option<Moment>,
    /// Whether and when it ended.
    pub end: End,
}

/// Whether and when a visit ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// It has not ended.
    Open,
    /// It ended at this moment.
    At(Moment),
    /// It is over; the time is unknown.
    Unknown,
}
