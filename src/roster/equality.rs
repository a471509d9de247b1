//! Whether two rosters know the same.
//!
//! Inside, facts refer to one another by places that depend on the order of
//! arrival. Compared are the texts that those places stand for.

use std::collections::{BTreeMap, BTreeSet};

use super::facts::{Identity, LegId, Mark, Meeting, Stretch};
use super::fold::Roster;
use crate::moment::Moment;
use crate::zoom::Name;

impl PartialEq for Roster {
    fn eq(&self, other: &Self) -> bool {
        let known = |roster: &Self| roster.meetings.len();
        known(self) == known(other)
            && self.newest == other.newest
            && self.past == other.past
            && self.meetings.iter().all(|(uuid, meeting)| {
                let theirs = other.meetings.get(uuid);
                theirs.is_some_and(|theirs| self.view(meeting) == other.view(theirs))
            })
    }
}

impl Eq for Roster {}

/// A meeting with every place replaced by the text it stands for.
#[derive(PartialEq)]
struct MeetingView<'a> {
    number: Option<&'a (Moment, Box<str>)>,
    seen: Option<Stretch>,
    facts: Stretch,
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
}

impl Roster {
    fn view<'a>(&'a self, meeting: &'a Meeting) -> MeetingView<'a> {
        let legs = meeting.legs.iter().map(|(id, leg)| {
            let connection =
                leg.connection.map(|(at, place)| (at, meeting.connection_id(place).to_string()));
            let view = LegView {
                marks: &leg.marks,
                connection,
                own: leg.own.as_ref().map(|own| self.view_identity(own)),
            };
            (self.view_leg_id(id), view)
        });
        let connections = meeting.connections.iter();
        MeetingView {
            number: meeting.number.as_ref(),
            seen: meeting.seen,
            facts: meeting.facts,
            ended: &meeting.ended,
            legs: legs.collect(),
            connections: connections
                .map(|(id, identity)| (id.to_string(), self.view_identity(identity)))
                .collect(),
        }
    }

    fn view_leg_id(&self, id: &LegId) -> (u8, String) {
        match id {
            LegId::User(id) => (0, id.to_string()),
            LegId::Connection(id) => (1, id.to_string()),
            LegId::Named(name) => (2, self.names.text(*name).to_string()),
        }
    }

    fn view_identity<'a>(&'a self, identity: &'a Identity) -> IdentityView<'a> {
        let ids = identity.zoom_user_ids.iter();
        IdentityView {
            sighting: identity
                .sighting
                .map(|seen| (seen.at, seen.stamp_ms, self.names.text(seen.name))),
            zoom_user_ids: ids.map(|id| &**self.zoom_user_ids.text(*id)).collect(),
        }
    }
}
