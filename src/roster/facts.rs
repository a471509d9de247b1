//! The facts of a meeting, merged by union and maximum.
//!
//! Neither the order nor the repetition of events changes the facts (the [rules](crate::roster),
//! "Facts"). Nothing here derives presence.

use std::cmp::Ordering;
use std::hash::Hash;

use compact_str::CompactString;
use indexmap::{Equivalent, IndexMap};
use rustc_hash::FxBuildHasher;
use smallvec::{Array, SmallVec};

use super::id::Id;
use super::interner::{Interner, Seen, Symbol};
use crate::time::moment::Moment;
use crate::zoom::{Name, Participant};

/// The index of a group in the facts.
#[derive(Debug, Clone, Copy)]
pub(super) enum GroupRef {
    Connection(u32),
    Leg(u32),
}

/// A map whose values are contiguous, because deriving walks all of them.
pub(super) type Table<K, V> = IndexMap<K, V, FxBuildHasher>;

/// The facts of one meeting's participants, and its end.
#[derive(Debug, Clone, Default)]
pub(super) struct Facts {
    /// When it ended, in order. Usually one moment.
    pub ended: SmallVec<[Moment; 1]>,
    /// When it was last observed not to be going on.
    pub not_going_on: Option<Moment>,
    /// When the operator last said that nobody was in any more.
    pub emptied: Option<Moment>,
    pub legs: Table<LegId, Leg>,
    pub connections: Table<Id, IdentityFacts>,
}

/// Identifies a leg within its meeting.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum LegId {
    /// The `user_id`, which nearly all legs have.
    User(Id),
    /// The `participant_uuid`, without a `user_id`.
    Connection(Id),
    /// The name, without either.
    Named(Symbol),
}

/// One leg.
#[derive(Debug, Clone, Default)]
pub(super) struct Leg {
    /// What it did, in order; usually one join and one leave.
    pub events: SmallVec<[LegEvent; 2]>,
    /// The index of its connection in [`Facts::connections`], with the time of the latest fact that
    /// says so.
    pub connection: Option<(Moment, u32)>,
    /// The identity reported without a connection.
    pub own: Option<Box<IdentityFacts>>,
}

/// What a leg did, and when. Ordered by time, and in one second by [`LegAction`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct LegEvent {
    pub at: Moment,
    pub action: LegAction,
}

/// What a leg does. The order is that of actions within one second, so that whatever begins in a
/// second also ends in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum LegAction {
    Join,
    /// A join that only [Zoom's API](crate::zoom::observation) stated.
    JoinObserved,
    StartSharing,
    StopSharing,
    Leave,
    /// A leave that only Zoom's API stated.
    LeaveObserved,
}

impl LegAction {
    /// Whether this creates a leg. Sharing does not: a participant who only shares was never in.
    pub(super) fn makes_leg(self) -> bool {
        !matches!(self, Self::StartSharing | Self::StopSharing)
    }
}

impl Leg {
    /// What it did, in order. A join or leave that was observed counts only if no event of Zoom's
    /// states one (rule 17): both mean the same, and may differ by a second.
    pub(super) fn actions(&self) -> impl Iterator<Item = LegEvent> {
        let has = |action| self.events.iter().any(|event| event.action == action);
        self.events.iter().filter_map(move |event| {
            let action = match event.action {
                LegAction::JoinObserved if has(LegAction::Join) => return None,
                LegAction::JoinObserved => LegAction::Join,
                LegAction::LeaveObserved if has(LegAction::Leave) => return None,
                LegAction::LeaveObserved => LegAction::Leave,
                action => action,
            };
            Some(LegEvent { action, ..*event })
        })
    }
}

/// The identity reported for a connection, or for a leg without one.
#[derive(Debug, Clone, Default)]
pub(super) struct IdentityFacts {
    /// The latest sighting of a name.
    pub sighting: Option<Sighting>,
    /// Every account reported.
    pub zoom_user_ids: SmallVec<[Symbol; 4]>,
    /// What few participants have.
    pub rare: Option<Box<RareFacts>>,
}

/// Facts about the identity of few participants.
#[derive(Debug, Clone, Default)]
pub(super) struct RareFacts {
    /// The latest binding to another participant.
    pub bound: Option<Binding>,
    /// Names other than the latest.
    pub other_names: SmallVec<[Symbol; 2]>,
    /// The last event that shows that they were in and neither began nor ended it, such as a change of
    /// role.
    pub active: Option<Moment>,
}

/// States that the legs belong to another participant, as those of a telephone do once its caller is
/// known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Binding {
    pub at: Moment,
    /// A leg of that participant, or [its connection](LegId::Connection).
    pub to: LegId,
}

/// A name, and when it was seen.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sighting {
    pub seen: Seen,
    pub name: Symbol,
}

impl Facts {
    /// The index of a connection, which is added if it is new.
    pub(super) fn connection(&mut self, id: &Id) -> u32 {
        let index =
            index_or_insert(&mut self.connections, id, || (id.clone(), IdentityFacts::default()));
        u32::try_from(index).expect("four billion connections do not fit in memory")
    }

    /// The index of a leg, which is added if it is new.
    pub(super) fn leg(&mut self, id: &LegId) -> usize {
        index_or_insert(&mut self.legs, id, || (id.clone(), Leg::default()))
    }

    /// Records that the leg belongs to `connection`: the later by (time, text) holds.
    pub(super) fn record_connection(&mut self, leg: usize, at: Moment, connection: u32) {
        let is_new = self.legs[leg].connection.is_none_or(|(since, known)| {
            let text = |index| self.connection_id(index);
            let is_later_text = || text(known).cmp_text(text(connection)).is_lt();
            since < at || since == at && known != connection && is_later_text()
        });
        if is_new {
            self.legs[leg].connection = Some((at, connection));
        }
    }

    /// The index of the connection of `leg`.
    pub(super) fn connection_of(&self, leg: &LegId) -> Option<usize> {
        match leg {
            LegId::Connection(id) => self.connections.get_index_of(id),
            leg => self.legs.get(leg)?.connection.map(|(_, index)| index as usize),
        }
    }

    /// The id of the leg at `index`.
    pub(super) fn leg_id(&self, index: usize) -> &LegId {
        let leg = self.legs.get_index(index);
        leg.expect("legs are never removed").0
    }

    /// The id of the connection at `index`.
    pub(super) fn connection_id(&self, index: u32) -> &Id {
        let connection = self.connections.get_index(index as usize);
        connection.expect("connections are never removed").0
    }

    /// The group of `leg`, if the leg exists.
    pub(super) fn group_of(&self, leg: &LegId) -> Option<GroupRef> {
        let (index, _, leg) = self.legs.get_full(leg)?;
        Some(match leg.connection {
            Some((_, connection)) => GroupRef::Connection(connection),
            None => {
                GroupRef::Leg(u32::try_from(index).expect("four billion legs do not fit in memory"))
            }
        })
    }
}

impl LegId {
    /// The leg of `participant` in an event; `None` if nothing identifies it.
    pub(super) fn of(participant: &Participant, name: Option<Symbol>) -> Option<Self> {
        let id = |text: &Option<CompactString>| text.as_deref().map(Id::new);
        id(&participant.user_id)
            .map(Self::User)
            .or_else(|| id(&participant.connection).map(Self::Connection))
            .or_else(|| name.map(Self::Named))
    }

    /// Compares as text. A leg identified by its name has no connection, so it is never compared
    /// with another leg.
    pub(super) fn cmp_text(&self, other: &Self) -> Ordering {
        let rank = |id: &Self| match id {
            Self::User(_) => 0,
            Self::Connection(_) => 1,
            Self::Named(_) => 2,
        };
        let text = |id: &Self| match id {
            Self::User(id) | Self::Connection(id) => Some(id.to_string()),
            Self::Named(_) => None,
        };
        text(self).cmp(&text(other)).then(rank(self).cmp(&rank(other)))
    }
}

impl IdentityFacts {
    /// Records a sighting: the later by (time, `event_ts`, name) holds; one by Zoom's API only if there
    /// is no other.
    pub(super) fn see(&mut self, sighting: Sighting, names: &Interner<Name>) {
        let Some(known) = self.sighting else {
            self.sighting = Some(sighting);
            return;
        };
        let is_later = known.is_before(&sighting, names);
        if is_later {
            self.sighting = Some(sighting);
        }
        if known.name != sighting.name {
            let other = if is_later { known.name } else { sighting.name };
            insert(&mut self.rare.get_or_insert_default().other_names, other);
        }
    }

    /// All names that were ever seen.
    pub(super) fn names(&self) -> impl Iterator<Item = Symbol> {
        let latest = self.sighting.iter().map(|sighting| sighting.name);
        let others = self.rare.iter().flat_map(|rare| &rare.other_names).copied();
        latest.chain(others)
    }

    /// The latest binding.
    pub(super) fn bound(&self) -> Option<&Binding> {
        self.rare.as_ref()?.bound.as_ref()
    }

    /// Records a binding: the later by (time, text) holds.
    pub(super) fn bind(&mut self, binding: Binding) {
        if self.bound().is_none_or(|known| known.is_before(&binding)) {
            self.rare.get_or_insert_default().bound = Some(binding);
        }
    }

    /// When they were last seen to do something in the meeting.
    pub(super) fn active(&self) -> Option<Moment> {
        self.rare.as_ref()?.active
    }

    /// Records that they did something in the meeting.
    pub(super) fn act(&mut self, at: Moment) {
        let active = &mut self.rare.get_or_insert_default().active;
        *active = (*active).max(Some(at));
    }

    pub(super) fn add_account(&mut self, id: Symbol) {
        if !self.zoom_user_ids.contains(&id) {
            self.zoom_user_ids.push(id);
        }
    }
}

impl Binding {
    /// Whether `other` is later.
    pub(super) fn is_before(&self, other: &Self) -> bool {
        self.at.cmp(&other.at).then_with(|| self.to.cmp_text(&other.to)).is_lt()
    }
}

impl Sighting {
    /// Whether `other` is later.
    pub(super) fn is_before(&self, other: &Self, names: &Interner<Name>) -> bool {
        let by_name = || names.text(self.name).cmp(names.text(other.name));
        self.seen.cmp(&other.seen).then_with(by_name).is_lt()
    }
}

/// Inserts `item` into a sorted set.
pub(super) fn insert<A: Array>(set: &mut SmallVec<A>, item: A::Item)
where
    A::Item: Ord,
{
    if let Err(index) = set.binary_search(&item) {
        set.insert(index, item);
    }
}

/// The index of `key`, which is appended as `new` if it is missing.
fn index_or_insert<K: Hash + Eq, V, Q: Hash + Equivalent<K> + ?Sized>(
    table: &mut Table<K, V>,
    key: &Q,
    new: impl FnOnce() -> (K, V),
) -> usize {
    // Most keys exist: look before cloning the key.
    table.get_index_of(key).unwrap_or_else(|| {
        let (key, value) = new();
        table.insert_full(key, value).0
    })
}
