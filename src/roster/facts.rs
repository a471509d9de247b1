//! What is kept of the events: facts merged by union and maximum.
//!
//! Nothing here knows who is present; it only remembers what was said, in a
//! form in which neither order nor repetition can show (`presence.md`, "Facts
//! kept"). Serialising is for the checkpoint alone, which is private to the roster.

use std::cmp::Ordering;
use std::hash::Hash;

use indexmap::{Equivalent, IndexMap};
use rustc_hash::FxBuildHasher;
use serde::{Deserialize, Serialize};
use smallvec::{Array, SmallVec};

use super::dictionary::{Dictionary, Word};
use super::id::Id;
use crate::moment::Moment;
use crate::zoom::{Name, Participant};

/// Walked from end to end when deriving, so its values lie side by side.
pub(super) type Table<K, V> = IndexMap<K, V, FxBuildHasher>;

/// The facts of one meeting.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Meeting {
    /// The room's number, with the time of the fact that said so last.
    pub number: Option<(Moment, Box<str>)>,
    /// First and last time seen.
    pub seen: Option<Stretch>,
    /// First and last fact, seen or not.
    pub facts: Stretch,
    /// When it ended, in order; one moment unless Zoom contradicts itself.
    pub ended: SmallVec<[Moment; 1]>,
    #[serde(with = "indexmap::map::serde_seq")]
    pub legs: Table<LegId, Leg>,
    #[serde(with = "indexmap::map::serde_seq")]
    pub connections: Table<Id, Identity>,
}

/// A first and a last moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Stretch {
    pub first: Moment,
    pub last: Moment,
}

/// What names a leg within its meeting.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) enum LegId {
    /// `user_id`: the rule.
    User(Id),
    /// `participant_uuid`, where there is no `user_id`.
    Connection(Id),
    /// The name, where there is nothing else.
    Named(Word),
}

/// One leg.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Leg {
    /// Joins and leaves in order; mostly one of each.
    pub marks: SmallVec<[Mark; 2]>,
    /// The place of its connection in [`Meeting::connections`], with the time of the fact that
    /// said so last.
    pub connection: Option<(Moment, u32)>,
    /// Sightings that named no connection.
    pub own: Option<Box<Identity>>,
}

/// A join or a leave. Ordered by time, and a join before a leave of the same second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Mark {
    pub at: Moment,
    pub side: Side,
}

/// Which of the two a [`Mark`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) enum Side {
    Join,
    Leave,
}

/// Whom a connection (or a leg without one) was said to be.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Identity {
    /// The latest sighting of a name.
    pub sighting: Option<Sighting>,
    /// Every account ever named.
    pub zoom_user_ids: SmallVec<[Word; 4]>,
}

/// A name, and when it was seen.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(super) struct Sighting {
    pub at: Moment,
    pub stamp_ms: i64,
    pub name: Word,
}

impl Meeting {
    /// A meeting of which one fact is known.
    pub(super) fn new(at: Moment) -> Self {
        Self {
            number: None,
            seen: None,
            facts: Stretch::new(at),
            ended: SmallVec::new(),
            legs: Table::default(),
            connections: Table::default(),
        }
    }

    /// Whether `text`, said at `at`, is news about the meeting's number: the later by (time, text) holds.
    pub(super) fn is_newer_number(&self, at: Moment, text: &str) -> bool {
        let known = self.number.as_ref();
        known.is_none_or(|(since, number)| (*since, &**number) < (at, text))
    }

    /// Takes a number said at `at`.
    pub(super) fn learn_number(&mut self, at: Moment, text: &str) {
        if self.is_newer_number(at, text) {
            self.number = Some((at, text.into()));
        }
    }

    /// Widens when it was seen.
    pub(super) fn see(&mut self, stretch: Stretch) {
        self.seen = Some(self.seen.map_or(stretch, |seen| seen.and(stretch)));
    }

    /// The place of a connection, which is taken in if it is new.
    pub(super) fn connection(&mut self, id: &Id) -> u32 {
        let place = place(&mut self.connections, id, || (id.clone(), Identity::default()));
        u32::try_from(place).expect("four billion connections do not fit in memory")
    }

    /// The leg, which is taken in if it is new.
    pub(super) fn leg(&mut self, id: &LegId) -> &mut Leg {
        let place = place(&mut self.legs, id, || (id.clone(), Leg::default()));
        &mut self.legs[place]
    }

    /// Takes `connection` to be the leg's, as said at `at`: the later by (time, text) holds.
    pub(super) fn learn_connection(&mut self, leg: &LegId, at: Moment, connection: u32) {
        let known = self.leg(leg).connection;
        let is_news = known.is_none_or(|(since, known)| {
            since < at
                || since == at
                    && self.connection_id(known).is_text_before(self.connection_id(connection))
        });
        if is_news {
            self.leg(leg).connection = Some((at, connection));
        }
    }

    /// Gives back memory that growing left unused.
    pub(super) fn shrink_to_fit(&mut self) {
        self.legs.shrink_to_fit();
        self.connections.shrink_to_fit();
    }

    /// The id of the leg at `place`.
    pub(super) fn leg_id(&self, place: usize) -> &LegId {
        let (id, _) = self.legs.get_index(place).expect("legs are never taken out");
        id
    }

    /// The id of the connection at `place`.
    pub(super) fn connection_id(&self, place: u32) -> &Id {
        let (id, _) =
            self.connections.get_index(place as usize).expect("connections are never taken out");
        id
    }

    /// The room's number, as text.
    pub(super) fn number(&self) -> Option<&str> {
        self.number.as_ref().map(|(_, text)| &**text)
    }
}

impl Stretch {
    pub(super) fn new(at: Moment) -> Self {
        Self { first: at, last: at }
    }

    /// The stretch that holds both.
    pub(super) fn and(self, other: Self) -> Self {
        Self { first: self.first.min(other.first), last: self.last.max(other.last) }
    }
}

impl LegId {
    /// The leg that an event about `participant` is about; `None` where it says nothing at all.
    pub(super) fn of(participant: &Participant, name: Option<Word>) -> Option<Self> {
        let user = participant.user_id.as_deref().map(|id| Self::User(Id::new(id)));
        user.or_else(|| Some(Self::Connection(Id::new(participant.connection.as_deref()?))))
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

    /// Takes an account's id.
    pub(super) fn learn_id(&mut self, id: Word) {
        if !self.zoom_user_ids.contains(&id) {
            self.zoom_user_ids.push(id);
        }
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
