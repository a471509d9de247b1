//! What the generator passes to the workers: who is where, and the current settings.

use std::sync::Arc;

use tokio::sync::watch;

use crate::config::Settings;
use crate::dashboard::{Openings, masked};
use crate::notify::delivery_state::FRESH_S;
use crate::roster::{End, Person, Presence, Visit};
use crate::time::moment::Moment;

/// Receives the latest snapshot; `None` before the first.
pub type Snapshots = watch::Receiver<Option<Arc<Snapshot>>>;

/// Who is where, with the settings of that moment: they say which room is which, and who may be
/// named, so the two always travel together.
#[derive(Debug)]
pub struct Snapshot {
    /// Who is where.
    pub presence: Presence,
    /// The current settings.
    pub settings: Arc<Settings>,
}

impl Snapshot {
    /// Takes from `presence`, derived at `now`, what targets need; nothing if `settings` has no
    /// target.
    pub fn new(presence: &Presence, settings: &Arc<Settings>, now: Moment) -> Self {
        let presence = if settings.notify.is_empty() {
            Presence::default()
        } else {
            recent(&masked(presence, &settings.privacy), now)
        };
        Self { presence, settings: Arc::clone(settings) }
    }
}

/// Keeps what a message could mention at `now`: who is in, who left recently, and the visits of the
/// latest opening. A snapshot stays in memory, so it must not hold three years of visits.
pub(super) fn recent(presence: &Presence, now: Moment) -> Presence {
    let rooms = presence.rooms.iter();
    Presence {
        people: recent_people(&presence.people, now),
        nameless_present: presence.nameless_present,
        waiting: presence.waiting.clone(),
        rooms: rooms
            .map(|room| crate::roster::RoomPresence {
                people: recent_people(&room.people, now),
                nameless_present: room.nameless_present,
                waiting: room.waiting.clone(),
            })
            .collect(),
        next_change: presence.next_change,
    }
}

fn recent_people(people: &[Person], now: Moment) -> Vec<Person> {
    let fresh = now.plus(-FRESH_S);
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
        let is_needed = !visits.is_empty() || person.present_since.is_some();
        is_needed.then(|| Person { visits, ..without_visits(person) })
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
