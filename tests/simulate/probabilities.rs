//! Every probability of a story.
//!
//! The kinds were measured in live traffic or are documented by Zoom. The rates are chosen so that
//! each kind occurs within a few thousand deliveries.

use lookout::simulate::PerMille;

/// Something that happens to somebody who is in, apart from leaving.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Incident {
    /// Goes to a breakout room, or comes back: a leave and a join in one second.
    Move,
    /// Takes another name; only the next event shows it.
    Rename,
    /// Starts to share, or shares something else; stops a little later.
    Share,
    /// Becomes host, co-host or attendee.
    Role,
    /// Writes a chat message.
    Chat,
    /// Joins with a second device, which leaves on its own.
    SecondDevice,
    /// Loses the connection: the rejoin comes before the leave.
    Reconnect,
    /// Calls in by telephone and binds it to the leg.
    Telephone,
    /// Is put in the waiting room and admitted again.
    PutInWaitingRoom,
    /// Causes an event that Lookout does not know.
    Unknown,
}

/// The probabilities of one story.
#[derive(Debug, Clone)]
pub struct Probabilities {
    /// A `started` is never sent.
    pub lost_started: PerMille,
    /// An `ended` is never sent.
    pub lost_ended: PerMille,
    /// A leave is never sent.
    pub lost_leave: PerMille,
    /// A `sharing_ended` is never sent.
    pub lost_sharing_ended: PerMille,
    /// A leave is sent 60 to 90 s late.
    pub late_leave: PerMille,
    /// A delivery arrives up to a minute late, so after younger ones.
    pub delayed: PerMille,
    /// A delivery arrives twice, with the same body and request id.
    pub duplicated: PerMille,
    /// A duplicate arrives as late as Zoom's retries: 5, 25 or 85 minutes.
    pub retried: PerMille,
    /// A leave has no name.
    pub leave_without_name: PerMille,
    /// `object.id` is a number, in the events where both were seen.
    pub id_as_number: PerMille,
    /// `event_ts` is a text.
    pub event_ts_as_text: PerMille,
    /// A host's leave ends the meeting for all.
    pub ended_for_all: PerMille,
    /// A visit begins in the waiting room.
    pub waiting_room: PerMille,
    /// Somebody waits for the host of a meeting that has not begun.
    pub before_host: PerMille,
    /// There is an incident during a visit, and another one after each.
    pub incident: PerMille,
    /// The kinds of incidents and their weights.
    pub incidents: &'static [(Incident, u32)],
    /// The shortest and longest time from `event_ts` to the arrival, in milliseconds; measured.
    pub travel_ms: (i64, i64),
}

impl Probabilities {
    /// Everything that was seen in live traffic.
    pub const REALISTIC: Self = Self {
        lost_started: PerMille(30),
        lost_ended: PerMille(60),
        lost_leave: PerMille(12),
        lost_sharing_ended: PerMille(60),
        late_leave: PerMille(12),
        delayed: PerMille(10),
        duplicated: PerMille(25),
        retried: PerMille(200),
        leave_without_name: PerMille(30),
        id_as_number: PerMille(40),
        event_ts_as_text: PerMille(5),
        ended_for_all: PerMille(20),
        waiting_room: PerMille(40),
        before_host: PerMille(30),
        incident: PerMille(300),
        incidents: &[
            (Incident::Move, 30),
            (Incident::Share, 15),
            (Incident::Chat, 12),
            (Incident::Rename, 10),
            (Incident::SecondDevice, 10),
            (Incident::Reconnect, 10),
            (Incident::Role, 6),
            (Incident::Unknown, 4),
            (Incident::Telephone, 2),
            (Incident::PutInWaitingRoom, 1),
        ],
        travel_ms: (-1_100, 2_400),
    };
}
