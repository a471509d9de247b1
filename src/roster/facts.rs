//! What is kept of a meeting's events: facts merged by union and maximum.
//!
//! Nothing here knows who is present; it only remembers what was said, in a
//! form in which neither order nor repetition can show (the [rules](crate::roster), "Facts
//! kept").

use std::cmp::Ordering;
use std::hash::Hash;

use compact_str::CompactString;
use indexmap::{Equivalent, IndexMap};
use rustc_hash::FxBuildHasher;
use smallvec::{Array, SmallVec};

use super::id::Id;
use super::meeting::Place;
use super::words::{Dictionary, Word};
use crate::time::moment::Moment;
use crate::zoom::{Name, Participant};

/// Walked from end to end when deriving, so its values lie side by side.
pub(super) type Table<K, V> = IndexMap<K, V, FxBuildHasher>;

/// The facts of one meeting's participants, and its end.
#[derive(Debug, Clone, Default)]
pub(super) struct Facts {
    /// When it ended, in order; one moment unless Zoom contradicts itself.
    pub ended: SmallVec<[Moment; 1]>,
    pub legs: Table<LegId, Leg>,
    pub connections: Table<Id, Identity>,
}

/// What names a leg within its meeting.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum LegId {
    /// `user_id`: the rule.
    User(Id),
    /// `participant_uuid`, where there is no `user_id`.
    Connection(Id),
    /// The name, where there is nothing else.
    Named(Word),
}

/// One leg.
#[derive(Debug, Clone, Default)]
pub(super) struct Leg {
    /// What it did, in order; mostly one join and one leave.
    pub marks: SmallVec<[Mark; 2]>,
    /// The place of its connection in [`Facts::connections`], with the time of the fact that said
    /// so last.
    pub connection: Option<(Moment, u32)>,
    /// Sightings that named no connection.
    pub own: Option<Box<Identity>>,
}

/// What a leg did, and when. Ordered by time, and in one second by [`Step`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Mark {
    pub at: Moment,
    pub step: Step,
}

/// What a leg does, in the order in which the steps of one second are taken: whatever begins in it
/// also ends in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Step {
    Join,
    StartSharing,
    StopSharing,
    Leave,
}

impl Step {
    /// Whether this makes a leg. Sharing does not: somebody who only shares was never in.
    pub(super) fn makes_leg(self) -> bool {
        matches!(self, Self::Join | Self::Leave)
    }
}

/// Whom a connection (or a leg without one) was said to be.
#[derive(Debug, Clone, Default)]
pub(super) struct Identity {
    /// The latest sighting of a name.
    pub sighting: Option<Sighting>,
    /// Every account ever named.
    pub zoom_user_ids: SmallVec<[Word; 4]>,
    /// The latest word of whose it is.
    pub bound: Option<Box<Binding>>,
}

/// That somebody's legs are those of another participant, as a telephone's are once its caller is
/// known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Binding {
    pub at: Moment,
    /// A leg of that participant, or [the connection](LegId::Connection).
    pub to: LegId,
}

/// A name, and when it was seen.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sighting {
    pub at: Moment,
    pub stamp_ms: i64,
    pub name: Word,
}

impl Facts {
    /// The place of a connection, which is taken in if it is new.
    pub(super) fn connection(&mut self, id: &Id) -> u32 {
        let place = place(&mut self.connections, id, || (id.clone(), Identity::default()));
        u32::try_from(place).expect("four billion connections do not fit in memory")
    }

    /// The place of a leg, which is taken in if it is new.
    pub(super) fn leg(&mut self, id: &LegId) -> usize {
        place(&mut self.legs, id, || (id.clone(), Leg::default()))
    }

    /// Takes `connection` to be the leg's, as said at `at`: the later by (time, text) holds.
    pub(super) fn learn_connection(&mut self, leg: usize, at: Moment, connection: u32) {
        let is_news = self.legs[leg].connection.is_none_or(|(since, known)| {
            let text = |place| self.connection_id(place);
            let is_later_text = || text(known).cmp_text(text(connection)).is_lt();
            since < at || since == at && known != connection && is_later_text()
        });
        if is_news {
            self.legs[leg].connection = Some((at, connection));
        }
    }

    /// The place of the connection that `leg` is of, or is.
    pub(super) fn connection_of(&self, leg: &LegId) -> Option<usize> {
        match leg {
            LegId::Connection(id) => self.connections.get_index_of(id),
            leg => self.legs.get(leg)?.connection.map(|(_, place)| place as usize),
        }
    }

    /// The id of the leg at `place`.
    pub(super) fn leg_id(&self, place: usize) -> &LegId {
        let leg = self.legs.get_index(place);
        leg.expect("legs are never taken out").0
    }

    /// The id of the connection at `place`.
    pub(super) fn connection_id(&self, place: u32) -> &Id {
        let connection = self.connections.get_index(place as usize);
        connection.expect("connections are never taken out").0
    }

    /// The group that `leg` is of, if it is known.
    pub(super) fn group_of(&self, leg: &LegId) -> Option<Place> {
        let (place, _, leg) = self.legs.get_full(leg)?;
        Some(match leg.connection {
            Some((_, connection)) => Place::Connection(connection),
            None => {
                Place::Leg(u32::try_from(place).expect("four billion legs do not fit in memory"))
            }
        })
    }
}

impl LegId {
    /// The leg that an event about `participant` is about; `None` where it says nothing at all.
    pub(super) fn of(participant: &Participant, name: Option<Word>) -> Option<Self> {
        let id = |text: &Option<CompactString>| text.as_deref().map(Id::new);
        id(&participant.user_id)
            .map(Self::User)
            .or_else(|| id(&participant.connection).map(Self::Connection))
            .or_else(|| name.map(Self::Named))
    }

    /// Compares as text. Legs named by a name alone have no connection, so no other leg to compare with.
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

impl Identity {
    /// Takes a sighting: the later by (time, `event_ts`, name) holds.
    pub(super) fn see(&mut self, sighting: Sighting, names: &Dictionary<Name>) {
        if self.sighting.is_none_or(|known| known.is_before(&sighting, names)) {
            self.sighting = Some(sighting);
        }
    }

    /// Takes a binding: the later by (time, text) holds.
    pub(super) fn bind(&mut self, binding: Binding) {
        if self.bound.as_ref().is_none_or(|known| known.is_before(&binding)) {
            self.bound = Some(Box::new(binding));
        }
    }

    /// Takes an account's id.
    pub(super) fn learn_id(&mut self, id: Word) {
        if !self.zoom_user_ids.contains(&id) {
            self.zoom_user_ids.push(id);
        }
    }
}

impl Binding {
    /// Whether `other` is the later one.
    pub(super) fn is_before(&self, other: &Self) -> bool {
        self.at.cmp(&other.at).then_with(|| self.to.cmp_text(&other.to)).is_lt()
    }
}

impl Sighting {
    /// Whether `other` is the later one.
    pub(super) fn is_before(&self, other: &Self, names: &Dictionary<Name>) -> bool {
        let when = |sighting: &Self| (sighting.at, sighting.stamp_ms);
        let by_name = || names.text(self.name).cmp(names.text(other.name));
        when(self).cmp(&when(other)).then_with(by_name).is_lt()
    }
}

/// Puts `item` into an ordered set, if it is not there yet.
pub(super) fn insert<A: Array>(set: &mut SmallVec<A>, item: A::Item)
where
    A::Item: Ord,
{
    if let Err(place) = set.binary_search(&item) {
        set.insert(place, item);
    }
}

/// The place of `key`, which is put at the end as `new` says if it is not there.
pub(super) fn place<K: Hash + Eq, V, Q: Hash + Equivalent<K> + ?Sized>(
    table: &mut Table<K, V>,
    key: &Q,
    new: impl FnOnce() -> (K, V),
) -> usize {
    // Looking first spares copying a key that is known, as nearly all are.
    table.get_index_of(key).unwrap_or_else(|| {
        let (key, value) = new();
        table.insert_full(key, value).0
    })
}
