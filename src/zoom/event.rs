//! The parsed event: one fact about a meeting and, usually, a participant.
//!
//! The roster folds events and the store keeps them, so changing these types changes what is on disk.
//! A replay creates millions of events, nearly all with short ids, for which [`CompactString`] needs no
//! allocation.

use compact_str::CompactString;
use serde::{Deserialize, Serialize};

use crate::time::moment::Moment;
use crate::types::Name;

/// One event: a fact and the time from which it holds.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Event {
    /// What happened.
    pub kind: Kind,
    /// The time of the fact (the [rules](crate::roster), "Facts").
    pub at: Moment,
    /// `event_ts` in milliseconds, else the time of receipt. Orders names seen in the same second.
    pub stamp_ms: i64,
    /// The meeting, if the event has one.
    pub meeting: Option<Meeting>,
    /// The participant, if the event has one.
    pub participant: Option<Participant>,
}

/// The kind of an event, the same for `meeting.*` and `webinar.*`. The store keeps its place in this
/// list, so add kinds at the end.
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
    /// A participant entered a breakout room; presence does not change.
    BreakoutJoined,
    /// A participant left a breakout room; presence does not change.
    BreakoutLeft,
    /// A participant's role changed.
    RoleChanged,
    /// A participant started sharing.
    SharingStarted,
    /// A participant stopped sharing.
    SharingEnded,
    /// A telephone was bound to the participant who calls by it; presence does not change.
    Bound,
    /// Any other event; it provides at most a name.
    Other,
    /// A leg begins, by [Zoom's API](crate::zoom::observation).
    JoinObserved,
    /// A leg ends, by Zoom's API.
    LeaveObserved,
    /// The meeting was not going on, by Zoom's API.
    NotGoingOn,
    /// A participant began to wait to be let in; presence does not change.
    WaitStarted,
    /// A participant no longer waits to be let in; presence does not change.
    WaitEnded,
    /// Nobody was in the meeting any more, by the operator.
    Emptied,
}

impl Kind {
    /// Whether this event makes its meeting *seen* (the [rules](crate::roster), "Meeting").
    pub fn makes_meeting_seen(self) -> bool {
        !matches!(
            self,
            Self::Bound
                | Self::Other
                | Self::NotGoingOn
                | Self::WaitStarted
                | Self::WaitEnded
                | Self::Emptied
        )
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
    /// `user_id`, which identifies the leg within its meeting.
    pub user_id: Option<CompactString>,
    /// `participant_uuid`, which identifies the connection.
    pub connection: Option<CompactString>,
    /// `user_name`, cleaned.
    pub name: Option<Name>,
    /// The Zoom accounts in `participant_user_id` and `id`.
    pub zoom_user_ids: Vec<CompactString>,
    /// The participant to whom this telephone is bound, if the event says so.
    pub bound_to: Option<Bound>,
}

/// The participant to whom a telephone was bound. At least one field is set.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Bound {
    /// `bind_user_id`: one of their legs.
    pub user_id: Option<CompactString>,
    /// `bind_participant_uuid`: their connection.
    pub connection: Option<CompactString>,
}
