//! How often things go as they should not: every chance of a story, in one place.
//!
//! The kinds are those measured in live traffic or named by Zoom; the rates are
//! chosen so that each kind occurs within a few thousand deliveries.

use super::dice::PerMille;

/// Something that happens to somebody who is in, apart from leaving.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Incident {
    /// Goes to a breakout room, or comes back: a leave and a join in one second.
    Move,
    /// Takes another name, which shows with the next event only.
    Rename,
    /// Begins to share, or shares something else from now on; stops a little later.
    Share,
    /// Becomes host, co-host or attendee.
    Role,
    /// Writes in the chat.
    Chat,
    /// Joins with a second device, which leaves on its own.
    SecondDevice,
    /// Loses the connection: the rejoin comes before the leave.
    Reconnect,
    /// Calls in by telephone and binds it to the leg.
    Telephone,
    /// Is sent back to the waiting room and let in again.
    SentOut,
    /// Does something that Lookout has no word for.
    Unknown,
}

/// The chances of one story.
#[derive(Debug, Clone)]
pub struct Odds {
    /// Of a `started` never sent.
    pub lost_started: PerMille,
    /// Of an `ended` never sent.
    pub lost_ended: PerMille,
    /// Of a leave never sent.
    pub lost_leave: PerMille,
    /// Of the end of somebody's sharing never sent.
    pub lost_sharing_ended: PerMille,
    /// Of a leave sent 60 to 90 s late.
    pub late_leave: PerMille,
    /// Of any delivery coming up to a minute late, so after younger ones.
    pub delayed: PerMille,
    /// Of any delivery coming twice, same body and request id.
    pub duplicated: PerMille,
    /// Of a duplicate coming as late as Zoom's retries: 5, 25 or 85 minutes.
    pub retried: PerMille,
    /// Of a leave without the name.
    pub leave_without_name: PerMille,
    /// Of `object.id` being a number, in the events where both were seen.
    pub number_as_number: PerMille,
    /// Of `event_ts` being a text.
    pub stamp_as_text: PerMille,
    /// Of one leave ending the meeting for all.
    pub ended_for_all: PerMille,
    /// Of a visit beginning in the waiting room.
    pub waiting_room: PerMille,
    /// Of somebody waiting for the host of a meeting that has not begun.
    pub before_host: PerMille,
    /// Of an incident during a visit, and of another one after each.
    pub incident: PerMille,
    /// What the incident is, by weight.
    pub incidents: &'static [(Incident, u32)],
    /// After its fact's stamp a delivery comes so many milliseconds later; measured.
    pub travel_ms: (i64, i64),
}

impl Odds {
    /// Everything that was ever seen.
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
        number_as_number: PerMille(40),
        stamp_as_text: PerMille(5),
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
            (Incident::SentOut, 1),
        ],
        travel_ms: (-1_100, 2_400),
    };

    /// Nothing is lost or late: what a newcomer sees should explain itself.
    pub const CALM: Self = Self {
        lost_started: PerMille(0),
        lost_ended: PerMille(0),
        lost_leave: PerMille(0),
        lost_sharing_ended: PerMille(0),
        late_leave: PerMille(0),
        delayed: PerMille(0),
        duplicated: PerMille(20),
        retried: PerMille(0),
        leave_without_name: PerMille(20),
        number_as_number: PerMille(40),
        stamp_as_text: PerMille(0),
        ended_for_all: PerMille(0),
        waiting_room: PerMille(0),
        before_host: PerMille(0),
        incident: PerMille(120),
        incidents: &[
            (Incident::Move, 3),
            (Incident::Share, 4),
            (Incident::SecondDevice, 1),
            (Incident::Reconnect, 1),
        ],
        travel_ms: (50, 350),
    };
}
