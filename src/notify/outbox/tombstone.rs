//! Tombstones: who was forgotten, without saying the name.
//!
//! A worker has the delivery state in memory, and receives the roster from elsewhere, sometimes
//! late. So that neither brings the name back, the outbox keeps a [`Tombstone`] until every
//! roster that it may receive is newer: a salted hash of the name, and the moment.
//!
//! Pure: salt and moment are arguments.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::notify::delivery_state::REMEMBERED_S;
use crate::roster::{Person, PersonWaiting, Presence, RoomPresence, Waiting};
use crate::time::moment::Moment;
use crate::zoom::Name;

/// Records that a person was forgotten.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tombstone {
    salt: String,
    hash: String,
    /// When: what happened until then is forgotten.
    at: Moment,
}

impl Tombstone {
    /// A tombstone of `name`, forgotten at `at`.
    pub fn new(name: &Name, salt: String, at: Moment) -> Self {
        Self { hash: hash(&salt, name), salt, at }
    }

    /// Whether it is for `name`.
    pub fn matches(&self, name: &Name) -> bool {
        self.hash == hash(&self.salt, name)
    }

    /// Whether it is still needed at `now`, for a worker that sees `presence`.
    pub fn is_needed(&self, presence: &Presence, now: Moment) -> bool {
        let is_outdated = |person: &Person| {
            self.matches(&person.name) && after(person, self.at).as_ref() != Some(person)
        };
        let has_waited =
            |waiting: &Waiting| waiting.people.iter().any(|person| self.forgets_wait(person));
        let is_outdated = |people: &[Person], waiting: &Waiting| {
            people.iter().any(is_outdated) || has_waited(waiting)
        };
        now.since(self.at) <= REMEMBERED_S
            || is_outdated(&presence.people, &presence.waiting)
            || presence.rooms.iter().any(|room| is_outdated(&room.people, &room.waiting))
    }

    /// Whether this wait began before the person was forgotten.
    fn forgets_wait(&self, person: &PersonWaiting) -> bool {
        person.since <= self.at && self.matches(&person.name)
    }
}

fn hash(salt: &str, name: &Name) -> String {
    let name = name.comparable();
    hex::encode(Sha256::digest(format!("{salt}\0{name}")))
}

/// `presence` without what is forgotten. A person who joined again later is there since then.
pub fn without_forgotten(presence: &Presence, tombstones: &[Tombstone]) -> Presence {
    let remaining = |people: &[Person]| -> Vec<Person> {
        people
            .iter()
            .filter_map(|person| {
                let matching = tombstones.iter().filter(|it| it.matches(&person.name));
                match matching.map(|it| it.at).max() {
                    None => Some(person.clone()),
                    Some(at) => after(person, at),
                }
            })
            .collect()
    };
    let still_waiting = |waiting: &Waiting| {
        let is_forgotten =
            |person: &&PersonWaiting| tombstones.iter().any(|it| it.forgets_wait(person));
        let people = waiting.people.iter().filter(|person| !is_forgotten(person));
        Waiting { people: people.cloned().collect(), nameless: waiting.nameless.clone() }
    };
    let rooms = presence.rooms.iter().map(|room| RoomPresence {
        people: remaining(&room.people),
        nameless_present: room.nameless_present,
        waiting: still_waiting(&room.waiting),
    });
    Presence {
        people: remaining(&presence.people),
        nameless_present: presence.nameless_present,
        waiting: still_waiting(&presence.waiting),
        rooms: rooms.collect(),
        next_change: presence.next_change,
    }
}

/// What is known of `person` from joins after `at`; `None` if there was none.
fn after(person: &Person, at: Moment) -> Option<Person> {
    let later = |moment: Option<Moment>| moment.filter(|moment| *moment > at);
    let last_join = later(person.last_join)?;
    let visits = person.visits.iter().filter(|visit| later(visit.start).is_some());
    Some(Person {
        name: person.name.clone(),
        visits: visits.copied().collect(),
        last_join: Some(last_join),
        last_left: later(person.last_left),
        present_since: later(person.present_since),
        sharing_since: later(person.sharing_since),
    })
}
