//! What Lookout understands of a delivery: one fact about a meeting and, mostly, a participant.
//!
//! The roster folds these, and the store keeps them: changing their shape changes what is on disk.
//! Nothing of Zoom's JSON leaves this module's neighbours. Reading everything again makes millions of
//! events, and nearly all of their ids are short: [`CompactString`] spares each an allocation.

use compact_str::CompactString;
use serde::{Deserialize, Serialize};

use crate::time::moment::Moment;
use crate::types::Name;

/// One understood event: a fact and when it holds from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Event {
    /// What happened.
    pub kind: Kind,
    /// The time of the fact (the [rules](crate::roster), "Facts kept").
    pub at: Moment,
    /// `event_ts` in milliseconds, else the time of receipt: orders sightings of one second.
    pub stamp_ms: i64,
    /// The meeting, where the event names one.
    pub meeting: Option<Meeting>,
    /// The participant, where the event is about one.
    pub participant: Option<Participant>,
}

/// What kind of fact an event is. `meeting.*` and `webinar.*` are one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Kind {
    /// The meeting began.
    Started,
    /// The meeting is over.
    Ended,
    /// A leg begins.
    Joined,
    /// A leg ends.
    Left,
    /// Somebody entered a breakout room; presence does not change.
    BreakoutJoined,
    /// Somebody left a breakout room; presence does not change.
    BreakoutLeft,
    /// A role changed hands.
    RoleChanged,
    /// Somebody began to share.
    SharingStarted,
    /// Somebody stopped sharing.
    SharingEnded,
    /// A telephone was bound to the participant who calls by it; presence does not change.
    Bound,
    /// Anything else: at most a name is learnt from it.
    Other,
}

impl Kind {
    /// Whether this event makes its meeting *seen* (the [rules](crate::roster), "Meeting").
    pub fn makes_meeting_seen(self) -> bool {
        !matches!(self, Self::Bound | Self::Other)
    }
}

/// One meeting instance.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Meeting {
    /// `object.uuid`, opaque.
    pub uuid: CompactString,
    /// `object.id`, the room's stable number, as text.
    pub number: Option<CompactString>,
}

/// The participant of an event. `""`, `null` and missing are all `None`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
pub struct Participant {
    /// `user_id`, which names the leg within its meeting.
    pub user_id: Option<CompactString>,
    /// `participant_uuid`, which names the connection.
    pub connection: Option<CompactString>,
    /// `user_name`, cleaned.
    pub name: Option<Name>,
    /// `participant_user_id` and `id`, as far as given: whom Zoom knows it to be.
    pub zoom_user_ids: Vec<CompactString>,
    /// Whose telephone this participant is, where the event says so.
    pub bound_to: Option<Bound>,
}

/// The participant whom a telephone was bound to. At least one of the two is given.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Bound {
    /// `bind_user_id`: one of their legs.
    pub user_id: Option<CompactString>,
    /// `bind_participant_uuid`: their connection.
    pub connection: Option<CompactString>,
}
