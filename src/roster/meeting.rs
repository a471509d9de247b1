//! The facts of one meeting, folded from its events.
//!
//! The sessions of a participant depend on the events of that participant and on few others.
//! [`Meeting::apply`] therefore returns which sessions an event may have changed, so an event costs
//! little even in a long meeting.

use std::borrow::Cow;

use smallvec::SmallVec;

use super::facts::{
    self, Binding, Facts, GroupRef, IdentityFacts, LegAction, LegEvent, LegId, Sighting,
};
use super::id::Id;
use super::interner::{Seen, Symbol, SymbolTable};
use super::wait_facts::{WaitFacts, Waiter};
use crate::time::moment::Moment;
use crate::zoom::{Event, Kind, Name, Participant};

/// The facts of one meeting.
#[derive(Debug, Clone, Default)]
pub(crate) struct Meeting {
    info: MeetingInfo,
    facts: Facts,
    /// Who waited to be let in, if anybody did.
    waiting: Option<Box<WaitFacts>>,
    /// For each connection, the indexes of its legs.
    legs: Vec<SmallVec<[u32; 2]>>,
    /// Whether any telephone was bound to a participant, so that sessions of one depend on events of
    /// the other.
    has_bindings: bool,
}

/// The facts about a meeting as a whole.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct MeetingInfo {
    /// The meeting's number, with the time of the latest fact that states it.
    pub number: Option<(Moment, Box<str>)>,
    /// First and last time seen.
    pub seen: Option<TimeRange>,
}

/// A first and a last moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TimeRange {
    pub first: Moment,
    pub last: Moment,
}

/// A connection, or a leg without one. Its sessions are derived together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct GroupId(pub u32);

/// The sessions that an event may have changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ChangedSessions {
    Nothing,
    Group(GroupId),
    All,
}

impl Meeting {
    pub(crate) fn info(&self) -> &MeetingInfo {
        &self.info
    }

    /// Applies one event of this meeting that [states a fact](states_a_fact).
    pub(crate) fn apply(&mut self, event: &Event, symbols: &mut SymbolTable) -> ChangedSessions {
        let before = self.last_said_over();
        if event.kind.makes_meeting_seen() {
            self.info.see(event.at);
        }
        match event.kind {
            Kind::NotGoingOn => {
                self.facts.not_going_on = self.facts.not_going_on.max(Some(event.at));
            }
            Kind::Emptied => self.facts.emptied = self.facts.emptied.max(Some(event.at)),
            _ => {}
        }
        let number = event.meeting.as_ref().and_then(|named| named.number.as_deref());
        if let Some(number) = number {
            self.info.record_number(event.at, number);
        }
        let changed = match &event.participant {
            Some(participant) => self.apply_participant(event, participant, symbols),
            None => ChangedSessions::Nothing,
        };
        if event.kind == Kind::Ended {
            facts::insert(&mut self.facts.ended, event.at);
            return ChangedSessions::All;
        }
        let concerns_all = self.has_bindings && changed != ChangedSessions::Nothing;
        if concerns_all || before != self.last_said_over() { ChangedSessions::All } else { changed }
    }

    /// All groups.
    pub(crate) fn groups(&self) -> impl Iterator<Item = GroupId> {
        let connections = (0..).zip(&self.legs).map(|(index, _)| GroupRef::Connection(index));
        let legs = (0..).zip(self.facts.legs.values());
        let alone = legs.filter(|(_, leg)| leg.connection.is_none());
        connections.chain(alone.map(|(index, _)| GroupRef::Leg(index))).map(GroupId::from)
    }

    /// The last moment at which nobody was in any more, as Zoom's API or the operator said (rule 17).
    /// An answer of the API counts only if it is later than everything that Zoom's events state.
    pub(super) fn last_said_over(&self) -> Option<Moment> {
        let last_seen = self.info.seen.map(|seen| seen.last);
        let answered = self.facts.not_going_on.filter(|at| Some(*at) > last_seen);
        answered.max(self.facts.emptied)
    }

    pub(super) fn facts(&self) -> &Facts {
        &self.facts
    }

    pub(super) fn wait_facts(&self) -> Option<&WaitFacts> {
        self.waiting.as_deref()
    }

    /// The indexes of a connection's legs.
    pub(super) fn legs_of(&self, connection: usize) -> impl Iterator<Item = usize> {
        self.legs.get(connection).into_iter().flatten().map(|leg| *leg as usize)
    }

    fn apply_participant(
        &mut self,
        event: &Event,
        participant: &Participant,
        symbols: &mut SymbolTable,
    ) -> ChangedSessions {
        let identity = EventIdentity::new(participant, symbols);
        let connection = participant.connection.as_deref().map(Id::new);
        let connection = connection.map(|id| self.facts.connection(&id));
        self.legs.resize_with(self.facts.connections.len(), SmallVec::new);
        let leg = LegId::of(participant, identity.compared);
        let mut moved = false;
        if let (Some(action), Some(leg)) = (action(event.kind), &leg) {
            let leg = self.facts.leg(leg);
            let leg_event = LegEvent { at: event.at, action };
            facts::insert(&mut self.facts.legs[leg].events, leg_event);
            if let (Some(connection), true) = (connection, action.makes_leg()) {
                moved = self.record_connection(leg, event.at, connection);
            }
        }
        self.record_identity(event, participant, &identity, connection, leg.as_ref(), symbols);
        self.record_wait(event, participant, &identity, symbols);
        let by_leg = leg.and_then(|leg| self.facts.group_of(&leg)).map(GroupId::from);
        let by_connection = connection.map(|index| GroupRef::Connection(index).into());
        match (by_leg, by_connection) {
            _ if moved => ChangedSessions::All,
            (Some(a), Some(b)) if a != b => ChangedSessions::All,
            (Some(group), _) | (None, Some(group)) => ChangedSessions::Group(group),
            (None, None) => ChangedSessions::Nothing,
        }
    }

    /// Records whether the participant began or stopped to wait to be let in.
    fn record_wait(
        &mut self,
        event: &Event,
        participant: &Participant,
        identity: &EventIdentity,
        symbols: &mut SymbolTable,
    ) {
        if !matches!(event.kind, Kind::WaitStarted | Kind::WaitEnded) {
            return;
        }
        let waiter = Waiter::new(participant, identity.compared);
        let waiting = self.waiting.get_or_insert_default();
        if event.kind == Kind::WaitEnded {
            return waiting.end(&waiter, event.at);
        }
        let who = waiting.start(waiter, event.at);
        identity.zoom_user_ids.iter().for_each(|id| who.add_account(*id));
        if let Some(name) = identity.name {
            let seen = Seen::Event(event.at, event.stamp_ms);
            who.see(Sighting { seen, name }, &symbols.names);
            // Whoever waits must not decide how somebody who is in is shown.
            symbols.see(name, Seen::Aside(event.at));
        }
    }

    /// Records that the leg belongs to `connection`. Returns whether its group has changed.
    fn record_connection(&mut self, leg: usize, at: Moment, connection: u32) -> bool {
        let is_new = self.facts.legs[leg].events.len() == 1;
        let before = self.facts.legs[leg].connection.map(|(_, connection)| connection);
        self.facts.record_connection(leg, at, connection);
        let after = self.facts.legs[leg].connection.map(|(_, connection)| connection);
        if before == after {
            return false;
        }
        let index = u32::try_from(leg).expect("four billion legs do not fit in memory");
        if let Some(before) = before {
            self.legs[before as usize].retain(|leg| *leg != index);
        }
        if let Some(after) = after {
            self.legs[after as usize].push(index);
        }
        before.is_some() || !is_new || self.facts.legs[leg].own.is_some()
    }

    fn record_identity(
        &mut self,
        event: &Event,
        participant: &Participant,
        identity: &EventIdentity,
        connection: Option<u32>,
        leg: Option<&LegId>,
        symbols: &mut SymbolTable,
    ) {
        let binding = binding(event, participant);
        let makes_leg = action(event.kind).is_some_and(LegAction::makes_leg);
        let is_active = event.kind.makes_meeting_seen() && !makes_leg;
        let is_anonymous = identity.name.is_none() && identity.zoom_user_ids.is_empty();
        if is_anonymous && binding.is_none() && !is_active {
            return;
        }
        let facts: &mut IdentityFacts = match (connection, leg) {
            (Some(index), _) => &mut self.facts.connections[index as usize],
            // Without ids, a name identifies a leg only if the event creates one.
            (None, Some(LegId::Named(_))) if !makes_leg => return,
            (None, Some(leg)) => {
                let leg = self.facts.leg(leg);
                self.facts.legs[leg].own.get_or_insert_default()
            }
            (None, None) => return,
        };
        for &id in &identity.zoom_user_ids {
            facts.add_account(id);
        }
        self.has_bindings |= binding.is_some();
        if let Some(binding) = binding {
            facts.bind(binding);
        }
        if is_active {
            facts.act(event.at);
        }
        if let Some(name) = identity.name {
            let seen = seen(event);
            facts.see(Sighting { seen, name }, &symbols.names);
            let is_wait = matches!(event.kind, Kind::WaitStarted | Kind::WaitEnded);
            symbols.see(name, if is_wait { Seen::Aside(event.at) } else { seen });
        }
    }
}

impl MeetingInfo {
    /// The meeting's number.
    pub(crate) fn number(&self) -> Option<&str> {
        self.number.as_ref().map(|(_, text)| &**text)
    }

    /// Records the number stated at `at`: the later by (time, text) holds.
    fn record_number(&mut self, at: Moment, text: &str) {
        match &mut self.number {
            // Nearly every event repeats the number; don't copy it.
            Some((since, number)) if **number == *text => *since = at.max(*since),
            Some((since, number)) if (*since, &**number) >= (at, text) => {}
            number => *number = Some((at, text.into())),
        }
    }

    fn see(&mut self, at: Moment) {
        self.seen = Some(TimeRange::including(self.seen, at));
    }
}

impl TimeRange {
    /// `known`, extended to include `at`.
    pub(crate) fn including(known: Option<Self>, at: Moment) -> Self {
        let Self { first, last } = known.unwrap_or(Self { first: at, last: at });
        Self { first: first.min(at), last: last.max(at) }
    }
}

impl From<GroupRef> for GroupId {
    fn from(group: GroupRef) -> Self {
        match group {
            GroupRef::Connection(index) => Self(index * 2),
            GroupRef::Leg(index) => Self(index * 2 + 1),
        }
    }
}

impl From<GroupId> for GroupRef {
    fn from(GroupId(id): GroupId) -> Self {
        if id.is_multiple_of(2) { Self::Connection(id / 2) } else { Self::Leg(id / 2) }
    }
}

/// Whether some rule reads the event, either for what happened or for the identity of a leg or
/// connection. Other events change nothing, however old their meeting is (rule 14).
pub(crate) fn states_a_fact(event: &Event) -> bool {
    let identifies = |participant: &Participant| {
        let has_id = participant.connection.is_some() || participant.user_id.is_some();
        let has_identity = participant.name.is_some() || !participant.zoom_user_ids.is_empty();
        has_id && (has_identity || participant.bound_to.is_some())
    };
    event.meeting.is_some()
        && (event.kind != Kind::Other || event.participant.as_ref().is_some_and(identifies))
}

/// The identity of the participant in one event.
struct EventIdentity {
    name: Option<Symbol>,
    /// The comparable form of the name.
    compared: Option<Symbol>,
    zoom_user_ids: SmallVec<[Symbol; 2]>,
}

impl EventIdentity {
    fn new(participant: &Participant, symbols: &mut SymbolTable) -> Self {
        let ids = participant.zoom_user_ids.iter();
        let name = participant.name.as_ref().map(|name| symbols.names.intern(name));
        let compared = participant.name.as_ref().map(Name::comparable);
        let compared = match compared {
            Some(Cow::Owned(compared)) => Some(symbols.names.intern(&compared)),
            _ => name,
        };
        Self {
            name,
            compared,
            zoom_user_ids: ids.map(|id| symbols.zoom_user_ids.intern(id.as_str())).collect(),
        }
    }
}

/// How an event tells the name of its participant. Zoom's API may know another than the meeting shows.
fn seen(event: &Event) -> Seen {
    match event.kind {
        Kind::JoinObserved | Kind::LeaveObserved => Seen::Aside(event.at),
        _ => Seen::Event(event.at, event.stamp_ms),
    }
}

/// The participant to whom this event binds a telephone, if it does.
fn binding(event: &Event, participant: &Participant) -> Option<Binding> {
    let bound = participant.bound_to.as_ref()?;
    let connection = bound.connection.as_deref().map(|id| LegId::Connection(Id::new(id)));
    let to = connection.or_else(|| bound.user_id.as_deref().map(|id| LegId::User(Id::new(id))))?;
    Some(Binding { at: event.at, to })
}

/// What the leg did in an event of this kind, if any rule reads it.
fn action(kind: Kind) -> Option<LegAction> {
    match kind {
        Kind::Joined => Some(LegAction::Join),
        Kind::JoinObserved => Some(LegAction::JoinObserved),
        Kind::Left => Some(LegAction::Leave),
        Kind::LeaveObserved => Some(LegAction::LeaveObserved),
        Kind::SharingStarted => Some(LegAction::StartSharing),
        Kind::SharingEnded => Some(LegAction::StopSharing),
        _ => None,
    }
}
