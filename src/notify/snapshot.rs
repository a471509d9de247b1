//! Who is where, handed from the generator to the targets, with the settings that hold.

use std::sync::Arc;

use tokio::sync::watch;

use crate::config::Settings;
use crate::dashboard::{Openings, masked};
use crate::notify::told::FRESH;
use crate::roster::{End, Person, Presence, Visit};
use crate::time::moment::Moment;

/// What was last derived; `None` before the first.
pub type Snapshots = watch::Receiver<Option<Arc<Snapshot>>>;

/// Who is where, and by which settings: rooms are told apart by their places in these, and who
/// may be named is theirs to say. So neither is ever handed on without the other.
#[derive(Debug)]
pub struct Snapshot {
    /// Who is where.
    pub presence: Presence,
    /// The settings that hold.
    pub settings: Arc<Settings>,
}

impl Snapshot {
    /// What targets have to know of `presence`, which was derived at `now` by `settings`;
    /// nobody is where no target asks.
    pub fn new(presence: &Presence, settings: &Arc<Settings>, now: Moment) -> Self {
        let nobody_asks = settings.notify.is_empty();
        let presence = match nobody_asks {
            true => Presence::default(),
            false => recent(&masked(presence, &settings.privacy), now),
        };
        Self { presence, settings: Arc::clone(settings) }
    }
}

/// Keeps of `presence` only what a message could speak of at `now`: who is in, who left a short
/// while ago, and the visits of the latest opening. It is held in memory for long, and a
/// roster of three years is not.
pub(super) fn recent(presence: &Presence, now: Moment) -> Presence {
    let rooms = presence.rooms.iter();
    Presence {
        people: recent_people(&presence.people, now),
        nameless_present: presence.nameless_present,
        rooms: rooms
            .map(|room| crate::roster::Room {
                people: recent_people(&room.people, now),
                nameless_present: room.nameless_present,
            })
            .collect(),
        next_change: presence.next_change,
    }
}

fn recent_people(people: &[Person], now: Moment) -> Vec<Person> {
    let fresh = now.plus(-FRESH);
    let openings = Openings::of(people);
    let recent = openings.all().iter();
    let recent = recent.filter(|opening| opening.end == End::Open || opening.last >= fresh);
    let since = recent.map(|opening| opening.start).chain([fresh]).min().unwrap_or(fresh);
    let is_recent = |visit: &&Visit| match visit.end {
        End::Open => true,
        End::At(end) => end >= since,
        End::Unknown => visit.start.is_some_and(|start| start >= since),
    };
    let recent = people.iter().filter_map(|person| {
        let visits: Vec<_> = person.visits.iter().filter(is_recent).copied().collect();
        let is_worth_it = !visits.is_empty() || person.present_since.is_some();
        is_worth_it.then(|| Person { visits, ..without_visits(person) })
    });
    recent.collect()
}

fn without_visits(person: &Person) -> Person {
    let Person { name, last_join, last_left, present_since, sharing_since, .. } = person;
    Person {
        name: name.clone(),
        visits: Vec::new(),
        last_join: *last_join,
        last_left: *last_left,
        present_since: *present_since,
        sharing_since: *sharing_since,
    }
}
