//! People who join and leave rooms, and the deliveries that Zoom would send.
//!
//! A story is a discrete-event simulation. Its queue holds the next actions of people in order of
//! their time; an action emits events to the outbox, which decides when and how often each is
//! delivered. A story never ends. It keeps in memory only who is in, the next actions, and the
//! pending deliveries.
//!
//! Pure: the plan decides everything, and no clock is read.

mod actions;
mod incidents;
mod pace;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use lookout::simulate::Rng;
use lookout::time::moment::Moment;

use super::body::{Guest, Meeting};
use super::ids;
use super::outbox::{Delivery, Occurrence, Outbox};
use super::participant::Participant;
use super::plan::{Plan, RoomPlan};
use super::time_queue::TimeQueue;

/// An endless sequence of deliveries, in the order in which they are sent.
#[derive(Debug, Clone)]
pub struct Story {
    plan: Plan,
    rng: Rng,
    participants: Vec<Participant>,
    /// The number of sessions of each participant.
    open_sessions: Vec<u8>,
    rooms: Vec<Room>,
    sessions: BTreeMap<SessionId, Session>,
    next_session: SessionId,
    visits: u64,
    queue: TimeQueue<Action>,
    outbox: Outbox,
}

type SessionId = u64;

/// What happens next.
#[derive(Debug, Clone)]
enum Action {
    /// Somebody joins their usual room.
    JoinHome { who: usize },
    /// Something happens at the plan's pace, and the next step is scheduled.
    Step,
    /// Somebody who waits is admitted.
    Admit(Waiting),
    /// Somebody leaves.
    Leave(SessionId),
    /// There is an incident in a session.
    Incident(SessionId),
    /// Sharing stops.
    StopSharing(SessionId),
    /// A meeting ends, if nobody has come back.
    Close { room: usize, meetings: u64 },
}

/// Somebody who waits to be admitted.
#[derive(Debug, Clone)]
struct Waiting {
    who: usize,
    room: usize,
    user_id: u64,
    connection: String,
    reason: WaitReason,
}

/// Why somebody waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum WaitReason {
    WaitingRoom,
    NoHost,
}

/// One connection to a meeting: a person with one device.
#[derive(Debug, Clone)]
struct Session {
    who: usize,
    room: usize,
    name: String,
    user_id: u64,
    connection: String,
    breakout: Option<(String, String)>,
    is_sharing: bool,
    is_host: bool,
    /// When it joined; no event of it is earlier.
    since_ms: i64,
}

/// A room and its current meeting.
#[derive(Debug, Clone)]
struct Room {
    plan: RoomPlan,
    meeting: Option<Meeting>,
    /// Whether the current meeting has started.
    has_started: bool,
    /// How many meetings this room has had.
    meetings: u64,
    inside: usize,
    next_user_id: u64,
}

impl Story {
    /// The story of this plan. A plan without people or rooms gets one of each.
    pub fn new(mut plan: Plan) -> Self {
        if plan.rooms.is_empty() {
            plan.rooms = RoomPlan::invented(1);
        }
        let mut rng = Rng::new(plan.seed);
        let participants: Vec<Participant> = (0..plan.people.max(1))
            .map(|index| Participant::invent(index, plan.rooms.len(), &mut rng))
            .collect();
        let start_ms = plan.start.seconds() * 1000;
        let mut queue = TimeQueue::new();
        for who in 0..plan.already_in.min(participants.len()) {
            let at_ms = start_ms - rng.between(20_000..=40 * 60_000);
            queue.push(at_ms, Action::JoinHome { who });
        }
        queue.push(start_ms + 1_000, Action::Step);
        Self {
            open_sessions: vec![0; participants.len()],
            rooms: plan.rooms.iter().map(Room::new).collect(),
            sessions: BTreeMap::new(),
            next_session: 0,
            visits: 0,
            queue,
            outbox: Outbox::new(plan.start, plan.probabilities.clone()),
            participants,
            rng,
            plan,
        }
    }
}

impl Iterator for Story {
    type Item = Delivery;

    /// Never `None`.
    fn next(&mut self) -> Option<Delivery> {
        loop {
            let now_ms = self.queue.first_at_ms()?;
            if let Some(delivery) = self.outbox.take_due(now_ms) {
                return Some(delivery);
            }
            let (at_ms, action) = self.queue.pop()?;
            self.perform(at_ms, action);
        }
    }
}

impl Room {
    fn new(plan: &RoomPlan) -> Self {
        let first_user_id = 16_778_240;
        Self {
            plan: plan.clone(),
            meeting: None,
            has_started: false,
            meetings: 0,
            inside: 0,
            next_user_id: first_user_id,
        }
    }

    /// The `user_id` of a new leg.
    fn new_user_id(&mut self) -> u64 {
        self.next_user_id += 1024;
        self.next_user_id
    }

    /// Ensures that there is a meeting, which may not have started.
    fn ensure_meeting(&mut self, at_ms: i64, rng: &mut Rng) {
        if self.meeting.is_none() {
            self.meetings += 1;
            self.has_started = false;
            let uuid = ids::meeting_uuid(rng);
            let start_time = Moment::from_millis(at_ms).to_string();
            self.meeting = Some(Meeting { uuid, start_time });
        }
    }

    fn at(&self, at_ms: i64) -> Occurrence<'_> {
        let meeting = self.meeting.as_ref().expect("a room in use has a meeting");
        Occurrence { room: &self.plan, meeting, at_ms }
    }
}

impl Session {
    fn guest<'a>(&'a self, participants: &'a [Participant]) -> Guest<'a> {
        Guest {
            participant: &participants[self.who],
            name: &self.name,
            user_id: self.user_id,
            connection: &self.connection,
        }
    }
}
