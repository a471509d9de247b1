//! Whether two rosters know the same.
//!
//! Inside, facts refer to one another by places that depend on the order of
//! arrival. Compared are the texts that those places stand for.

use std::collections::{BTreeMap, BTreeSet};

use super::facts::{Facts, Identity, LegId, Mark};
use super::fold::Roster;
use super::meeting::Meeting;
use super::words::{Seen, Words};
use crate::moment::Moment;
use crate::zoom::Name;

impl PartialEq for Roster {
    fn eq(&self, other: &Self) -> bool {
        self.meetings.len() == other.meetings.len()
            && self.newest == other.newest
            && self.past == other.past
            && self.future == other.future
            && names_seen(&self.words) == names_seen(&other.words)
            && self.meetings.iter().all(|(uuid, ours)| {
                let theirs = other.meetings.get(uuid);
                theirs.is_some_and(|theirs| same(ours, &self.words, theirs, &other.words))
            })
    }
}

impl Eq for Roster {}

fn names_seen(words: &Words) -> BTreeMap<&Name, Seen> {
    words.names_seen().filter_map(|(name, seen)| Some((name, seen?))).collect()
}

fn same(ours: &Meeting, our_words: &Words, theirs: &Meeting, their_words: &Words) -> bool {
    ours.number == theirs.number
        && ours.seen == theirs.seen
        && ours.known == theirs.known
        && match (ours.facts(our_words), theirs.facts(their_words)) {
            (Ok(ours), Ok(theirs)) => view(&ours, our_words) == view(&theirs, their_words),
            _ => false,
        }
}

/// Facts with every place replaced by the text it stands for.
#[derive(PartialEq)]
struct View<'a> {
    ended: &'a [Moment],
    legs: BTreeMap<(u8, String), LegView<'a>>,
    connections: BTreeMap<String, IdentityView<'a>>,
}

#[derive(PartialEq)]
struct LegView<'a> {
    marks: &'a [Mark],
    connection: Option<(Moment, String)>,
    own: Option<IdentityView<'a>>,
}

#[derive(PartialEq)]
struct IdentityView<'a> {
    sighting: Option<(Moment, i64, &'a Name)>,
    zoom_user_ids: BTreeSet<&'a str>,
    bound: Option<(Moment, (u8, String))>,
}

fn view<'a>(facts: &'a Facts, words: &'a Words) -> View<'a> {
    let legs = facts.legs.iter().map(|(id, leg)| {
        let connection = leg.connection;
        let view = LegView {
            marks: &leg.marks,
            connection: connection.map(|(at, place)| (at, facts.connection_id(place).to_string())),
            own: leg.own.as_ref().map(|own| view_identity(own, words)),
        };
        (view_leg_id(id, words), view)
    });
    let connections = facts.connections.iter();
    View {
        ended: &facts.ended,
        legs: legs.collect(),
        connections: connections
            .map(|(id, identity)| (id.to_string(), view_identity(identity, words)))
            .collect(),
    }
}

fn view_leg_id(id: &LegId, words: &Words) -> (u8, String) {
    match id {
        LegId::User(id) => (0, id.to_string()),
        LegId::Connection(id) => (1, id.to_string()),
        LegId::Named(name) => (2, words.names.text(*name).to_string()),
    }
}

fn view_identity<'a>(identity: &'a Identity, words: &'a Words) -> IdentityView<'a> {
    let sighting = identity.sighting;
    let ids = identity.zoom_user_ids.iter();
    let bound = identity.bound.as_ref();
    IdentityView {
        bound: bound.map(|bound| (bound.at, view_leg_id(&bound.to, words))),
        sighting: sighting.map(|seen| (seen.at, seen.stamp_ms, words.names.text(seen.name))),
        zoom_user_ids: ids.map(|id| &**words.zoom_user_ids.text(*id)).collect(),
    }
}
