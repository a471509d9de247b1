//! Forgets a person: decides which stored events are theirs, and where else their name occurs.
//!
//! An event is removed if it is about the person: if it has one of their names or accounts, or belongs to a
//! connection that had one at any time. A connection is one device of one person, from joining to
//! leaving, so what happened on it under another name, or under none, is removed as well. So is a
//! registration whose first and last names form the name. Events of others stay, but texts in them
//! that contain the name, such as the topic `Ada's Zoom Meeting`, are emptied, even if the name is
//! escaped. What only resembles the name may be another person's ([`Forgetting::near`]): it is
//! reported, and stays.
//!
//! This module is pure: it decides, and each store removes.

mod near;
mod text;

use std::collections::BTreeSet;
pub(crate) use text::without_percents;

use compact_str::CompactString;

use crate::config::Person;
use crate::zoom::json::Json;
use crate::zoom::{self, Bound, Event, Name, Participant};

/// Who is to be forgotten, and what was found to be theirs.
#[derive(Debug, Clone)]
pub struct Forgetting {
    /// The names as written.
    names: BTreeSet<Name>,
    /// The names as compared.
    compared: BTreeSet<Name>,
    zoom_user_ids: BTreeSet<CompactString>,
    legs: BTreeSet<Leg>,
    other_names: BTreeSet<Name>,
}

/// What happens to one event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It has nothing to do with the person.
    Stays,
    /// It is another person's, and is stored as this from now on.
    Changes(String),
    /// It is about the person, and is removed.
    Goes,
}

/// What a place, such as the journal, has of a person.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// How many events are about the person.
    pub theirs: u64,
    /// How many events of others hold the name.
    pub others: u64,
    /// How many quarantined deliveries hold the name.
    pub quarantined: u64,
    /// [Near matches](Forgetting::near) in what stays.
    pub near: BTreeSet<Name>,
}

impl Found {
    /// Adds an event, if it has anything of the person.
    pub fn add_event(&mut self, forgetting: &Forgetting, document: &str) {
        match forgetting.judge(document) {
            Verdict::Stays => forgetting.near(document, &mut self.near),
            Verdict::Changes(document) => {
                self.others += 1;
                forgetting.near(&document, &mut self.near);
            }
            Verdict::Goes => self.theirs += 1,
        }
    }

    /// Adds a quarantined delivery, if it has anything of the person.
    pub fn add_quarantined(&mut self, forgetting: &Forgetting, body: &[u8]) {
        if forgetting.is_in(body) {
            self.quarantined += 1;
        } else {
            forgetting.near_in(body, &mut self.near);
        }
    }
}

/// A leg or a connection: the meeting's uuid, and an id.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Leg {
    User(CompactString, CompactString),
    Connection(CompactString, CompactString),
}

impl Forgetting {
    /// Forgets `name` and, if it belongs to one of `people`, their accounts, or their other names if
    /// they have no accounts. As on the page, an alias of a person with accounts may be
    /// anyone's name.
    pub fn new(name: &Name, people: &[Person]) -> Self {
        let is_meant = |person: &&Person| {
            person.known_names().any(|known| known.comparable() == name.comparable())
        };
        let person = people.iter().find(is_meant);
        let mut names = BTreeSet::from([name.clone()]);
        names.extend(person.iter().flat_map(|person| person.known_names()).cloned());
        let ids = person.iter().flat_map(|person| &person.zoom_user_ids);
        Self {
            compared: names.iter().map(|name| name.comparable().into_owned()).collect(),
            names,
            zoom_user_ids: ids.map(CompactString::from).collect(),
            legs: BTreeSet::new(),
            other_names: BTreeSet::new(),
        }
    }

    /// The names to forget, in order.
    pub fn names(&self) -> impl Iterator<Item = &Name> {
        self.names.iter()
    }

    /// Whether `name` is one of the names to forget.
    pub fn means(&self, name: &Name) -> bool {
        self.compared.contains(&*name.comparable())
    }

    /// The accounts to forget, in order.
    pub fn zoom_user_ids(&self) -> impl Iterator<Item = &str> {
        self.zoom_user_ids.iter().map(CompactString::as_str)
    }

    /// Other names in the events to remove, in order.
    pub fn other_names(&self) -> impl Iterator<Item = &Name> {
        self.other_names.iter()
    }

    /// Learns from an event which connections are the person's; returns whether it learnt anything.
    /// Call it for all events, repeatedly, until it learns nothing more.
    pub fn learn(&mut self, document: &str) -> bool {
        self.learn_event(zoom::understand(document, 0))
    }

    /// The same for an event that was parsed already.
    pub fn learn_event(&mut self, event: Event) -> bool {
        let (Some(meeting), Some(participant)) = (event.meeting, event.participant) else {
            return false;
        };
        let legs = legs(&meeting.uuid, &participant);
        // A telephone is theirs once it has been bound to them.
        let bound_to = participant.bound_to.as_ref();
        let mut bound_to =
            bound_to.into_iter().flat_map(|bound| legs_of_bound(&meeting.uuid, bound));
        let is_theirs = self.is_named(&participant)
            || legs.iter().any(|leg| self.legs.contains(leg))
            || bound_to.any(|leg| self.legs.contains(&leg));
        if !is_theirs {
            return false;
        }
        let others = participant.name.filter(|name| !self.means(name));
        self.other_names.extend(others);
        let known = self.legs.len();
        self.legs.extend(legs);
        self.legs.len() > known
    }

    /// Decides what happens to an event.
    pub fn judge(&self, document: &str) -> Verdict {
        if self.is_theirs(&zoom::understand(document, 0)) {
            return Verdict::Goes;
        }
        if !self.may_hold(document) {
            return Verdict::Stays;
        }
        let Ok(mut json) = Json::parse(document) else { return Verdict::Stays };
        let object = json.get("payload").and_then(|payload| payload.get("object"));
        let registrant = object.and_then(|object| object.get("registrant"));
        if registrant.is_some_and(|registrant| self.is_registered(registrant)) {
            return Verdict::Goes;
        }
        if self.empty("", &mut json) { Verdict::Changes(json.to_string()) } else { Verdict::Stays }
    }

    /// Whether an event is about the person.
    pub fn is_theirs(&self, event: &Event) -> bool {
        let Some(participant) = &event.participant else { return false };
        let uuid = event.meeting.as_ref().map(|meeting| &meeting.uuid);
        let legs = uuid.map(|uuid| legs(uuid, participant)).unwrap_or_default();
        self.is_named(participant) || legs.iter().any(|leg| self.legs.contains(leg))
    }

    /// Whether unreadable bytes contain one of the names, in any notation.
    pub fn is_in(&self, bytes: &[u8]) -> bool {
        text::holds_any(&text::text_of(bytes), &self.compared)
    }

    /// Adds to `near` what resembles one of the names in an event that stays: a whole name, or words of
    /// another text. To forget such a name removes the events in which it was found, or empties
    /// the text.
    pub fn near(&self, document: &str, near: &mut BTreeSet<Name>) {
        if near::may_hold(document, &self.compared)
            && let Ok(json) = Json::parse(document)
        {
            near::in_json(&json, "", &self.compared, near);
        }
    }

    /// The same for a name without events.
    pub fn near_name(&self, name: &Name, near: &mut BTreeSet<Name>) {
        near::in_name(name, &self.compared, near);
    }

    /// The same for unreadable bytes.
    pub fn near_in(&self, bytes: &[u8], near: &mut BTreeSet<Name>) {
        near::in_bytes(bytes, &self.compared, near);
    }

    /// Whether the first and the last name form one of the names to forget, in either order.
    pub fn is_first_and_last(&self, first: &str, last: &str) -> bool {
        let means = |name: String| Name::clean(&name).is_some_and(|name| self.means(&name));
        means(format!("{first} {last}")) || means(format!("{last} {first}"))
    }

    /// Whether the text `value` of the entry `key` has to be emptied.
    pub fn empties(&self, key: &str, value: &str) -> bool {
        if text::is_identifier(key) {
            return false;
        }
        // Another name may contain this one: `Ada Byron` is not `Ada`.
        if text::is_name(key) {
            return text::is_any(value, &self.compared);
        }
        text::holds_any(value, &self.compared)
    }

    fn is_named(&self, participant: &Participant) -> bool {
        participant.name.as_ref().is_some_and(|name| self.means(name))
            || participant.zoom_user_ids.iter().any(|id| self.zoom_user_ids.contains(id))
    }

    /// A quick test before the slow one: most events don't contain the name.
    fn may_hold(&self, document: &str) -> bool {
        !document.is_ascii()
            || document.contains(['\\', '%', '+'])
            || self.compared.iter().any(|name| {
                let mut words = name.as_str().split_whitespace();
                words.all(|word| document.contains(word))
            })
    }

    /// Empties the texts that contain a name, at any depth; returns whether there were any.
    fn empty(&self, key: &str, json: &mut Json) -> bool {
        match json {
            Json::Text(text) if self.empties(key, text) => !std::mem::take(text).is_empty(),
            Json::Torn { text, .. } if self.empties(key, text) => {
                *json = Json::Text(String::new());
                true
            }
            Json::List(items) => {
                items.iter_mut().fold(false, |any, item| self.empty(key, item) | any)
            }
            Json::Object(_) if self.is_registered(json) => empty_all(json),
            Json::Object(entries) => {
                entries.iter_mut().fold(false, |any, (key, value)| self.empty(key, value) | any)
            }
            _ => false,
        }
    }

    fn is_registered(&self, json: &Json) -> bool {
        let name = |key| json.get(key).and_then(Json::as_str).unwrap_or_default();
        self.is_first_and_last(name("first_name"), name("last_name"))
    }
}

/// Empties all texts, at any depth: they are about the person.
fn empty_all(json: &mut Json) -> bool {
    match json {
        Json::Text(text) => !std::mem::take(text).is_empty(),
        Json::Torn { .. } => {
            *json = Json::Text(String::new());
            true
        }
        Json::List(items) => items.iter_mut().fold(false, |any, item| empty_all(item) | any),
        Json::Object(entries) => {
            entries.iter_mut().fold(false, |any, (_, value)| empty_all(value) | any)
        }
        _ => false,
    }
}

fn legs(uuid: &CompactString, participant: &Participant) -> Vec<Leg> {
    named_legs(uuid, participant.user_id.as_ref(), participant.connection.as_ref())
}

/// The legs that a telephone was bound to.
fn legs_of_bound(uuid: &CompactString, bound: &Bound) -> Vec<Leg> {
    named_legs(uuid, bound.user_id.as_ref(), bound.connection.as_ref())
}

fn named_legs(
    uuid: &CompactString,
    user_id: Option<&CompactString>,
    connection: Option<&CompactString>,
) -> Vec<Leg> {
    let user = user_id.map(|id| Leg::User(uuid.clone(), id.clone()));
    let connection = connection.map(|id| Leg::Connection(uuid.clone(), id.clone()));
    user.into_iter().chain(connection).collect()
}

#[cfg(test)]
mod tests;
