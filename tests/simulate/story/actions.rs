//! Joining and leaving, and the events they cause.

use lookout::simulate::PerMille;
use lookout::time::moment::Moment;

use crate::simulate::body::Guest;
use crate::simulate::event::ZoomEvent;
use crate::simulate::ids;

use super::{Action, Session, SessionId, Story, WaitReason, Waiting};

/// Some clients send no `participant_uuid`.
const NO_CONNECTION: PerMille = PerMille(15);
/// A visit may be to any room instead of the usual one.
const RANDOM_ROOM: PerMille = PerMille(200);
/// Somebody in the waiting room may give up.
const GIVES_UP: PerMille = PerMille(100);

pub(super) const LEFT: &str = "left the meeting. Reason : left the meeting";
const HOST_ENDED: &str = "left the meeting.<br>Reason: Host ended the meeting.";

impl Story {
    /// Performs an action. An action of somebody who has left does nothing.
    pub(super) fn perform(&mut self, at_ms: i64, action: Action) {
        match action {
            Action::Step => self.step(at_ms),
            Action::JoinHome { who } => {
                let name = self.participants[who].name.clone();
                self.join(at_ms, self.participants[who].home, who, name);
            }
            Action::Admit(waiting) => self.admit(at_ms, &waiting),
            Action::Leave(session) => self.leave(at_ms, session),
            Action::Incident(session) => self.incident(at_ms, session),
            Action::StopSharing(session) => self.stop_sharing(at_ms, session),
            Action::Close { room, meetings } => {
                let state = &self.rooms[room];
                if state.meetings == meetings && state.inside == 0 && state.meeting.is_some() {
                    self.end_meeting(at_ms, room);
                }
            }
        }
    }

    /// Somebody who is out joins or starts to wait. Nobody does if nearly all are in.
    pub(super) fn arrive(&mut self, at_ms: i64) {
        let Some(who) = self.pick_outside() else { return };
        self.visits += 1;
        let room = if self.rng.happens(RANDOM_ROOM) {
            self.rng.below(self.rooms.len())
        } else {
            self.participants[who].home
        };
        let has_started = self.rooms[room].meeting.is_some() && self.rooms[room].has_started;
        if has_started && self.rng.happens(self.plan.probabilities.waiting_room) {
            self.start_waiting(at_ms, room, who, WaitReason::WaitingRoom);
        } else if !has_started && self.rng.happens(self.plan.probabilities.before_host) {
            self.start_waiting(at_ms, room, who, WaitReason::NoHost);
        } else {
            let name = self.participants[who].name.clone();
            self.join(at_ms, room, who, name);
        }
    }

    /// Picks somebody who is out; low indices more often than high ones.
    fn pick_outside(&mut self) -> Option<usize> {
        let people = self.participants.len();
        let mut tries = 0..12;
        tries.find_map(|_| {
            let who = self.rng.below(people).min(self.rng.below(people));
            (self.open_sessions[who] == 0).then_some(who)
        })
    }

    fn start_waiting(&mut self, at_ms: i64, room: usize, who: usize, reason: WaitReason) {
        self.rooms[room].ensure_meeting(at_ms, &mut self.rng);
        self.open_sessions[who] += 1;
        let user_id = self.rooms[room].new_user_id();
        let waiting = Waiting { who, room, user_id, connection: ids::uuid(&mut self.rng), reason };
        let event = match reason {
            WaitReason::WaitingRoom => ZoomEvent::JoinedWaitingRoom,
            WaitReason::NoHost => ZoomEvent::WaitingForHost,
        };
        self.emit_for_waiting(at_ms, event, &waiting);
        let wait_ms = self.rng.between(5_000..=120_000);
        self.queue.push(at_ms + wait_ms, Action::Admit(waiting));
    }

    fn admit(&mut self, at_ms: i64, waiting: &Waiting) {
        self.open_sessions[waiting.who] -= 1;
        if self.rooms[waiting.room].meeting.is_some() {
            let events: &[ZoomEvent<'_>] = match waiting.reason {
                WaitReason::WaitingRoom if self.rng.happens(GIVES_UP) => {
                    return self.emit_for_waiting(at_ms, ZoomEvent::LeftWaitingRoom, waiting);
                }
                WaitReason::WaitingRoom => &[ZoomEvent::Admitted, ZoomEvent::LeftWaitingRoom],
                WaitReason::NoHost => &[ZoomEvent::WaitingForHostOver, ZoomEvent::JoinedBeforeHost],
            };
            for &event in events {
                self.emit_for_waiting(at_ms, event, waiting);
            }
        }
        let name = self.participants[waiting.who].name.clone();
        self.join(at_ms + 1_000, waiting.room, waiting.who, name);
    }

    /// Somebody joins.
    pub(super) fn join(&mut self, at_ms: i64, room: usize, who: usize, name: String) -> SessionId {
        let is_host = self.start_meeting(at_ms, room);
        let connection =
            if self.rng.happens(NO_CONNECTION) { String::new() } else { ids::uuid(&mut self.rng) };
        let user_id = self.rooms[room].new_user_id();
        let session = Session {
            who,
            room,
            name,
            user_id,
            connection,
            breakout: None,
            is_sharing: false,
            is_host,
            since_ms: at_ms,
        };
        self.rooms[room].inside += 1;
        self.open_sessions[who] += 1;
        self.emit_for(at_ms, ZoomEvent::Joined, &session);
        let id = self.next_session;
        self.next_session += 1;
        self.sessions.insert(id, session);
        self.plan_stay(at_ms, id);
        id
    }

    /// Starts the meeting unless it has started; returns whether it did.
    fn start_meeting(&mut self, at_ms: i64, room: usize) -> bool {
        let state = &mut self.rooms[room];
        state.ensure_meeting(at_ms, &mut self.rng);
        if state.has_started {
            return false;
        }
        state.has_started = true;
        if let Some(meeting) = &mut state.meeting {
            meeting.start_time = Moment::from_millis(at_ms).to_string();
        }
        self.outbox.emit(&mut self.rng, self.rooms[room].at(at_ms), ZoomEvent::Started, None);
        true
    }

    /// Somebody leaves. If it is the host, the meeting may end for all.
    pub(super) fn leave(&mut self, at_ms: i64, id: SessionId) {
        self.stop_sharing(at_ms, id);
        let Some(session) = self.remove_session(id) else { return };
        self.emit_left(at_ms, LEFT, &session);
        let (room, at_ms) = (session.room, at_ms.max(session.since_ms));
        if self.rooms[room].inside == 0 {
            let wait_ms = self.rng.between(0..=60_000);
            let meetings = self.rooms[room].meetings;
            self.queue.push(at_ms + wait_ms, Action::Close { room, meetings });
        } else if session.is_host && self.rng.happens(self.plan.probabilities.ended_for_all) {
            self.end_for_all(at_ms, room);
        }
    }

    fn end_for_all(&mut self, at_ms: i64, room: usize) {
        let inside = self.sessions.iter().filter(|(_, session)| session.room == room);
        let inside: Vec<SessionId> = inside.map(|(&id, _)| id).collect();
        for id in inside {
            if let Some(session) = self.remove_session(id) {
                self.emit_left(at_ms, HOST_ENDED, &session);
            }
        }
        self.end_meeting(at_ms, room);
    }

    fn end_meeting(&mut self, at_ms: i64, room: usize) {
        self.outbox.emit(&mut self.rng, self.rooms[room].at(at_ms), ZoomEvent::Ended, None);
        self.rooms[room].meeting = None;
    }

    /// Removes a session without an event.
    pub(super) fn remove_session(&mut self, id: SessionId) -> Option<Session> {
        let session = self.sessions.remove(&id)?;
        self.rooms[session.room].inside -= 1;
        self.open_sessions[session.who] -= 1;
        Some(session)
    }

    pub(super) fn emit_left(&mut self, at_ms: i64, reason: &str, session: &Session) {
        let has_name = !self.rng.happens(self.plan.probabilities.leave_without_name);
        self.emit_for(at_ms, ZoomEvent::Left { reason, has_name }, session);
    }

    pub(super) fn emit_for_session(&mut self, at_ms: i64, event: ZoomEvent<'_>, id: SessionId) {
        if let Some(session) = self.sessions.get(&id).cloned() {
            self.emit_for(at_ms, event, &session);
        }
    }

    pub(super) fn emit_for(&mut self, at_ms: i64, event: ZoomEvent<'_>, session: &Session) {
        let occurrence = self.rooms[session.room].at(at_ms.max(session.since_ms));
        self.outbox.emit(&mut self.rng, occurrence, event, Some(session.guest(&self.participants)));
    }

    fn emit_for_waiting(&mut self, at_ms: i64, event: ZoomEvent<'_>, waiting: &Waiting) {
        let participant = &self.participants[waiting.who];
        let guest = Guest {
            participant,
            name: &participant.name,
            user_id: waiting.user_id,
            connection: &waiting.connection,
        };
        let occurrence = self.rooms[waiting.room].at(at_ms);
        self.outbox.emit(&mut self.rng, occurrence, event, Some(guest));
    }
}
