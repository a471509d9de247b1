//! One meeting: what its events say, folded into facts.
//!
//! The sessions of a participant depend on the events of that participant, and on few others, so
//! taking in an event tells which sessions it may have [changed](Changed). A meeting of any
//! length costs little per event.

use std::borrow::Cow;

use smallvec::SmallVec;

use super::facts::{self, Binding, Facts, Identity, LegId, Mark, Sighting, Step};
use super::id::Id;
use super::spans::{self, Sessions};
use super::words::{Word, Words};
use crate::time::moment::Moment;
use crate::zoom::{Event, Kind, Name, Participant};

/// The facts of one meeting.
#[derive(Debug, Clone, Default)]
pub(crate) struct Meeting {
    outline: Outline,
    facts: Facts,
    /// For each connection, the places of its legs.
    legs: Vec<SmallVec<[u32; 2]>>,
    /// Whether a telephone was bound to anybody, so that one's sessions depend on another's events.
    has_bindings: bool,
}

/// What is known of a meeting besides its sessions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Outline {
    /// The room's number, with the time of the fact that said so last.
    pub number: Option<(Moment, Box<str>)>,
    /// First and last time seen.
    pub seen: Option<Stretch>,
}

/// A first and a last moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stretch {
    pub first: Moment,
    pub last: Moment,
}

/// A connection, or a leg that has none: those whose sessions are derived together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct GroupId(pub u32);

/// Which sessions an event may have changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Changed {
    Nothing,
    Group(GroupId),
    All,
}

/// Where a group is among the facts.
#[derive(Debug, Clone, Copy)]
pub(super) enum Place {
    Connection(u32),
    Leg(u32),
}

impl Meeting {
    /// What is known besides the sessions.
    pub(crate) fn outline(&self) -> &Outline {
        &self.outline
    }

    /// Takes in one event of this meeting that [states a fact](states_a_fact).
    pub(crate) fn apply(&mut self, event: &Event, words: &mut Words) -> Changed {
        if event.kind.makes_meeting_seen() {
            self.outline.see(event.at);
        }
        let number = event.meeting.as_ref().and_then(|named| named.number.as_deref());
        if let Some(number) = number {
            self.outline.learn_number(event.at, number);
        }
        let changed = match &event.participant {
            Some(participant) => self.learn_participant(event, participant, words),
            None => Changed::Nothing,
        };
        if event.kind == Kind::Ended {
            facts::insert(&mut self.facts.ended, event.at);
            return Changed::All;
        }
        if self.has_bindings && changed != Changed::Nothing { Changed::All } else { changed }
    }

    /// All groups there are.
    pub(crate) fn groups(&self) -> impl Iterator<Item = GroupId> {
        let connections = (0..).zip(&self.legs).map(|(place, _)| Place::Connection(place));
        let legs = (0..).zip(self.facts.legs.values());
        let alone = legs.filter(|(_, leg)| leg.connection.is_none());
        connections.chain(alone.map(|(place, _)| Place::Leg(place))).map(GroupId::from)
    }

    /// The sessions of a group; `None` where there are none.
    pub(crate) fn sessions(&self, group: GroupId, words: &Words) -> Option<Sessions> {
        spans::sessions(self, group.into(), words)
    }

    pub(super) fn facts(&self) -> &Facts {
        &self.facts
    }

    /// The places of a connection's legs.
    pub(super) fn legs_of(&self, connection: usize) -> impl Iterator<Item = usize> {
        self.legs.get(connection).into_iter().flatten().map(|leg| *leg as usize)
    }

    /// Takes in what an event says of its participant.
    fn learn_participant(
        &mut self,
        event: &Event,
        participant: &Participant,
        words: &mut Words,
    ) -> Changed {
        let said = Said::by(participant, words);
        let connection = participant.connection.as_deref().map(Id::new);
        let connection = connection.map(|id| self.facts.connection(&id));
        self.legs.resize_with(self.facts.connections.len(), SmallVec::new);
        let leg = LegId::of(participant, said.compared);
        let mut moved = false;
        if let (Some(step), Some(leg)) = (step(event.kind), &leg) {
            let leg = self.facts.leg(leg);
            let mark = Mark { at: event.at, step };
            facts::insert(&mut self.facts.legs[leg].marks, mark);
            if let (Some(connection), true) = (connection, step.makes_leg()) {
                moved = self.learn_connection(leg, event.at, connection);
            }
        }
        self.learn_identity(event, participant, &said, connection, leg.as_ref(), words);
        let by_leg = leg.and_then(|leg| self.facts.group_of(&leg)).map(GroupId::from);
        let by_connection = connection.map(|place| Place::Connection(place).into());
        match (by_leg, by_connection) {
            _ if moved => Changed::All,
            (Some(a), Some(b)) if a != b => Changed::All,
            (Some(group), _) | (None, Some(group)) => Changed::Group(group),
            (None, None) => Changed::Nothing,
        }
    }

    /// Takes a connection to be the leg's; whether the leg was of another group before.
    fn learn_connection(&mut self, leg: usize, at: Moment, connection: u32) -> bool {
        let of = |facts: &Facts| facts.legs[leg].connection.map(|(_, connection)| connection);
        let (before, is_new) = (of(&self.facts), self.facts.legs[leg].marks.len() == 1);
        self.facts.learn_connection(leg, at, connection);
        let after = of(&self.facts);
        if before == after {
            return false;
        }
        let place = u32::try_from(leg).expect("four billion legs do not fit in memory");
        if let Some(before) = before {
            self.legs[before as usize].retain(|leg| *leg != place);
        }
        if let Some(after) = after {
            self.legs[after as usize].push(place);
        }
        before.is_some() || !is_new || self.facts.legs[leg].own.is_some()
    }

    fn learn_identity(
        &mut self,
        event: &Event,
        participant: &Participant,
        said: &Said,
        connection: Option<u32>,
        leg: Option<&LegId>,
        words: &mut Words,
    ) {
        let binding = binding(event, participant);
        if said.name.is_none() && said.zoom_user_ids.is_empty() && binding.is_none() {
            return;
        }
        let makes_leg = step(event.kind).is_some_and(Step::makes_leg);
        let identity: &mut Identity = match (connection, leg) {
            (Some(place), _) => &mut self.facts.connections[place as usize],
            // A name alone is a leg's where the event makes one, else nobody's.
            (None, Some(LegId::Named(_))) if !makes_leg => return,
            (None, Some(leg)) => {
                let leg = self.facts.leg(leg);
                self.facts.legs[leg].own.get_or_insert_default()
            }
            (None, None) => return,
        };
        for &id in &said.zoom_user_ids {
            identity.learn_id(id);
        }
        self.has_bindings |= binding.is_some();
        if let Some(binding) = binding {
            identity.bind(binding);
        }
        if let Some(name) = said.name {
            let sighting = Sighting { at: event.at, stamp_ms: event.stamp_ms, name };
            identity.see(sighting, &words.names);
            words.see(name, (event.at, event.stamp_ms));
        }
    }
}

impl Outline {
    /// The room's number, as text.
    pub(crate) fn number(&self) -> Option<&str> {
        self.number.as_ref().map(|(_, text)| &**text)
    }

    /// Takes a number said at `at`: the later by (time, text) holds.
    fn learn_number(&mut self, at: Moment, text: &str) {
        match &mut self.number {
            // What nearly every event says; no need to copy the text for it.
            Some((since, number)) if **number == *text => *since = at.max(*since),
            Some((since, number)) if (*since, &**number) >= (at, text) => {}
            number => *number = Some((at, text.into())),
        }
    }

    fn see(&mut self, at: Moment) {
        self.seen = Some(Stretch::around(self.seen, at));
    }
}

impl Stretch {
    /// The stretch that also holds `at`.
    pub(crate) fn around(known: Option<Self>, at: Moment) -> Self {
        let Self { first, last } = known.unwrap_or(Self { first: at, last: at });
        Self { first: first.min(at), last: last.max(at) }
    }
}

impl From<Place> for GroupId {
    fn from(place: Place) -> Self {
        match place {
            Place::Connection(place) => Self(place * 2),
            Place::Leg(place) => Self(place * 2 + 1),
        }
    }
}

impl From<GroupId> for Place {
    fn from(GroupId(id): GroupId) -> Self {
        if id.is_multiple_of(2) { Self::Connection(id / 2) } else { Self::Leg(id / 2) }
    }
}

/// Whether any rule reads something of the event: what happened, or who a leg or connection is.
/// One of a kind that no rule reads changes nothing, however old its meeting (rule 14).
pub(crate) fn states_a_fact(event: &Event) -> bool {
    let identifies = |participant: &Participant| {
        let of_whom = participant.connection.is_some() || participant.user_id.is_some();
        let says_who = participant.name.is_some() || !participant.zoom_user_ids.is_empty();
        of_whom && (says_who || participant.bound_to.is_some())
    };
    event.meeting.is_some()
        && (event.kind != Kind::Other || event.participant.as_ref().is_some_and(identifies))
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
