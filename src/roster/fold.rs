//! The fold: events in, facts kept.

use std::borrow::Cow;
use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

use super::facts::{self, Binding, Facts, LegId, Mark, Sighting, Step, Table};
use super::id::Id;
use super::meeting::{Meeting, Stretch};
use super::past::Past;
use super::words::{Dictionary, Word, Words};
use crate::moment::Moment;
use crate::zoom::{Event, Kind, Name, Participant};

/// Everything known of meetings and people, from which presence is derived.
///
/// A set of facts merged by union and maximum: two rosters that were given the
/// same events are equal, in whatever order and however often they were given.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Roster {
    pub(super) words: Words,
    #[serde(with = "indexmap::map::serde_seq")]
    pub(super) meetings: Table<Box<str>, Meeting>,
    pub(super) newest: Option<Moment>,
    /// What was summed up; `None` while every fact is kept in detail.
    pub(super) past: Option<Past>,
    /// Events whose time is yet to come.
    pub(super) future: BTreeSet<Event>,
}

/// The fact concerns what was already summed up: only a replay of all events can take it in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the event concerns what was summed up; replay the journal into a new roster")]
pub struct NeedsReplay;

impl Roster {
    /// A roster without facts.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes in one event. One that names no meeting is no fact, and changes nothing; nor does
    /// one of a kind that no rule reads, however old its meeting (`presence.md`, 14).
    ///
    /// # Errors
    ///
    /// [`NeedsReplay`] where the event concerns what was [summed up](Self::sum_up);
    /// the roster is then unchanged.
    pub fn apply(&mut self, event: &Event) -> Result<(), NeedsReplay> {
        let Some(named) = &event.meeting else {
            return Ok(());
        };
        if !states_a_fact(event) {
            return Ok(());
        }
        if let Some(past) = &self.past {
            past.admit(event.at, named, self.meetings.get(named.uuid.as_str()))?;
        }
        let meeting = meeting(&mut self.meetings, &named.uuid, event.at);
        let facts = meeting.open(&self.words)?;
        if event.kind == Kind::Ended {
            facts::insert(&mut facts.ended, event.at);
        }
        if let Some(participant) = &event.participant {
            let said = Said::by(participant, &mut self.words);
            let sighting = learn_participant(facts, event, participant, &said, &self.words.names);
            if let Some(Sighting { at, stamp_ms, name }) = sighting {
                self.words.see(name, (at, stamp_ms));
            }
        }
        meeting.known = meeting.known.and(Stretch::new(event.at));
        if event.kind.makes_meeting_seen() {
            meeting.see(Stretch::new(event.at));
        }
        if let Some(number) = &named.number {
            meeting.learn_number(event.at, number);
        }
        self.newest = self.newest.max(Some(event.at));
        Ok(())
    }

    /// The time of the newest fact.
    pub fn newest(&self) -> Option<Moment> {
        self.newest
    }
}

/// Whether any rule reads something of the event: what happened, or who a leg or connection is.
pub(super) fn states_a_fact(event: &Event) -> bool {
    let identifies = |participant: &Participant| {
        let of_whom = participant.connection.is_some() || participant.user_id.is_some();
        let says_who = participant.name.is_some() || !participant.zoom_user_ids.is_empty();
        of_whom && (says_who || participant.bound_to.is_some())
    };
    event.kind != Kind::Other || event.participant.as_ref().is_some_and(identifies)
}

/// Who an event says that its participant is.
struct Said {
    name: Option<Word>,
    /// The name as it is compared.
    compared: Option<Word>,
    zoom_user_ids: SmallVec<[Word; 2]>,
}

impl Said {
    fn by(participant: &Participant, words: &mut Words) -> Self {
        let ids = participant.zoom_user_ids.iter();
        let name = participant.name.as_ref().map(|name| words.names.word(name));
        let compared = participant.name.as_ref().map(Name::comparable);
        let compared = match compared {
            Some(Cow::Owned(compared)) => Some(words.names.word(&compared)),
            _ => name,
        };
        Self {
            name,
            compared,
            zoom_user_ids: ids.map(|id| words.zoom_user_ids.word(id.as_str())).collect(),
        }
    }
}

/// The meeting, which is taken in if it is new.
pub(super) fn meeting<'a>(
    meetings: &'a mut Table<Box<str>, Meeting>,
    uuid: &str,
    at: Moment,
) -> &'a mut Meeting {
    let place = facts::place(meetings, uuid, || (uuid.into(), Meeting::new(at)));
    &mut meetings[place]
}

/// Takes in what an event says of its participant; returns the sighting of a name, if it is one.
fn learn_participant(
    facts: &mut Facts,
    event: &Event,
    participant: &Participant,
    said: &Said,
    names: &Dictionary<Name>,
) -> Option<Sighting> {
    let connection = participant.connection.as_deref();
    let connection = connection.map(|id| facts.connection(&Id::new(id)));
    let leg = LegId::of(participant, said.compared);
    let step = step(event.kind);
    let makes_leg = step.is_some_and(Step::makes_leg);
    if let (Some(step), Some(leg)) = (step, &leg) {
        let leg = facts.leg(leg);
        let mark = Mark { at: event.at, step };
        facts::insert(&mut facts.legs[leg].marks, mark);
        if let (Some(connection), true) = (connection, makes_leg) {
            facts.learn_connection(leg, event.at, connection);
        }
    }
    let binding = binding(event, participant);
    if said.name.is_none() && said.zoom_user_ids.is_empty() && binding.is_none() {
        return None;
    }
    let identity = match (connection, &leg) {
        (Some(place), _) => &mut facts.connections[place as usize],
        // A name alone is a leg's where the event makes one, else nobody's.
        (None, Some(LegId::Named(_))) if !makes_leg => return None,
        (None, Some(leg)) => {
            let leg = facts.leg(leg);
            facts.legs[leg].own.get_or_insert_default()
        }
        (None, None) => return None,
    };
    for &id in &said.zoom_user_ids {
        identity.learn_id(id);
    }
    if let Some(binding) = binding {
        identity.bind(binding);
    }
    let sighting = Sighting { at: event.at, stamp_ms: event.stamp_ms, name: said.name? };
    identity.see(sighting, names);
    Some(sighting)
}

/// Whose the participant's legs are from now on, where the event says so.
fn binding(event: &Event, participant: &Participant) -> Option<Binding> {
    let bound = participant.bound_to.as_ref()?;
    let connection = bound.connection.as_deref().map(|id| LegId::Connection(Id::new(id)));
    let to = connection.or_else(|| bound.user_id.as_deref().map(|id| LegId::User(Id::new(id))))?;
    Some(Binding { at: event.at, to })
}

/// What the leg of an event of this kind did, as far as anything is derived from it.
fn step(kind: Kind) -> Option<Step> {
    match kind {
        Kind::Joined => Some(Step::Join),
        Kind::Left => Some(Step::Leave),
        Kind::SharingStarted => Some(Step::StartSharing),
        Kind::SharingEnded => Some(Step::StopSharing),
        _ => None,
    }
}
