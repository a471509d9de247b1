//! What happens in a session, apart from joining and leaving.

use lookout::simulate::PerMille;

use crate::simulate::event::{Breakout, ZoomEvent};
use crate::simulate::ids;
use crate::simulate::probabilities::Incident;

use super::actions::LEFT;
use super::{Action, Session, SessionId, Story};

/// How often `leave_reason` mentions the move.
const MOVE_MENTIONED: PerMille = PerMille(333);

const MOVED: &str = "left the meeting. Reason : joined breakout room";
const LOST: &str = "left the meeting. Reason : Network connection error";
const PUT_IN_WAITING_ROOM: &str = "left the meeting. Reason : put in waiting room";

const CHAT: [&str; 4] =
    ["hello 👋", "brb", "link: https://example.org/?a=1&b=\"2\"", "see you tomorrow"];

/// Events that Lookout does not know.
const UNKNOWN: [&str; 3] = [
    "meeting.participant_reaction_sent",
    "meeting.ai_companion_started",
    "meeting.live_streaming_started",
];

impl Story {
    /// Performs a random incident in a session.
    pub(super) fn incident(&mut self, at_ms: i64, id: SessionId) {
        if !self.sessions.contains_key(&id) {
            return;
        }
        match self.rng.weighted(self.plan.probabilities.incidents) {
            Incident::Move => self.change_room(at_ms, id),
            Incident::Rename => self.rename(id),
            Incident::Share => self.share(at_ms, id),
            Incident::Role => self.change_role(at_ms, id),
            Incident::Chat => {
                let message = *self.rng.pick(&CHAT);
                self.emit_for_session(at_ms, ZoomEvent::Chat { message }, id);
            }
            Incident::SecondDevice => {
                let Session { room, who, .. } = self.sessions[&id];
                let name = self.participants[who].device_name.clone();
                self.join(at_ms, room, who, name);
            }
            Incident::Reconnect => self.reconnect(at_ms, id),
            Incident::Telephone => self.telephone(at_ms, id),
            Incident::PutInWaitingRoom => self.put_in_waiting_room(at_ms, id),
            Incident::Unknown => {
                let name = *self.rng.pick(&UNKNOWN);
                self.emit_for_session(at_ms, ZoomEvent::Unknown { name }, id);
            }
        }
        if self.sessions.contains_key(&id) && self.rng.happens(self.plan.probabilities.incident) {
            let wait_ms = self.rng.between(10_000..=20 * 60_000);
            self.queue.push(at_ms + wait_ms, Action::Incident(id));
        }
    }

    /// Moves to a breakout room or back: a leave and a join of the main meeting in the same second,
    /// with the same connection and a new leg.
    fn change_room(&mut self, at_ms: i64, id: SessionId) {
        self.stop_sharing(at_ms, id);
        let Some(mut session) = self.sessions.remove(&id) else {
            return;
        };
        let back = session.breakout.take();
        let reason = if back.is_none() && self.rng.happens(MOVE_MENTIONED) { MOVED } else { LEFT };
        self.emit_left(at_ms, reason, &session);
        let room = match &back {
            Some((uuid, user_id)) => {
                self.emit_for(at_ms, ZoomEvent::LeftBreakout(Breakout { uuid, user_id }), &session);
                None
            }
            None => Some(self.breakout_room()),
        };
        session.user_id = self.rooms[session.room].new_user_id();
        self.emit_for(at_ms, ZoomEvent::Joined, &session);
        if let Some((uuid, user_id)) = &room {
            self.emit_for(at_ms, ZoomEvent::JoinedBreakout(Breakout { uuid, user_id }), &session);
        }
        session.breakout = room;
        self.sessions.insert(id, session);
    }

    fn breakout_room(&mut self) -> (String, String) {
        (ids::meeting_uuid(&mut self.rng), ids::breakout_user_id(&mut self.rng))
    }

    /// Changes the name without an event; the next event shows it.
    fn rename(&mut self, id: SessionId) {
        if let Some(session) = self.sessions.get_mut(&id) {
            session.name.clone_from(&self.participants[session.who].other_name);
        }
    }

    fn share(&mut self, at_ms: i64, id: SessionId) {
        self.stop_sharing(at_ms, id);
        if let Some(session) = self.sessions.get_mut(&id) {
            session.is_sharing = true;
        }
        self.emit_for_session(at_ms, ZoomEvent::SharingStarted, id);
        let wait_ms = self.rng.between(20_000..=30 * 60_000);
        self.queue.push(at_ms + wait_ms, Action::StopSharing(id));
    }

    pub(super) fn stop_sharing(&mut self, at_ms: i64, id: SessionId) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        if std::mem::take(&mut session.is_sharing) {
            self.emit_for_session(at_ms, ZoomEvent::SharingEnded, id);
        }
    }

    fn change_role(&mut self, at_ms: i64, id: SessionId) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        session.is_host = !session.is_host;
        let (old, new) = if session.is_host { ("attendee", "host") } else { ("host", "attendee") };
        self.emit_for_session(at_ms, ZoomEvent::RoleChanged { old, new }, id);
    }

    /// Loses the connection. Zoom sends the new join before it notices and sends the leave.
    fn reconnect(&mut self, at_ms: i64, id: SessionId) {
        let Some(session) = self.sessions.get(&id).cloned() else { return };
        let rejoin_ms = at_ms + self.rng.between(5_000..=40_000);
        self.join(rejoin_ms, session.room, session.who, session.name.clone());
        let noticed_ms = at_ms + self.rng.between(60_000..=90_000);
        self.emit_left(noticed_ms, LOST, &session);
        self.remove_session(id);
    }

    fn telephone(&mut self, at_ms: i64, id: SessionId) {
        self.emit_for_session(at_ms, ZoomEvent::CalloutRinging, id);
        self.emit_for_session(at_ms + 6_000, ZoomEvent::CalloutAccepted, id);
        let bind_user_id = self.sessions.get(&id).map_or(0, |session| session.user_id);
        self.emit_for_session(at_ms + 9_000, ZoomEvent::Bound { bind_user_id }, id);
    }

    fn put_in_waiting_room(&mut self, at_ms: i64, id: SessionId) {
        let Some(session) = self.sessions.get(&id).cloned() else { return };
        self.emit_left(at_ms, PUT_IN_WAITING_ROOM, &session);
        self.emit_for(at_ms, ZoomEvent::PutInWaitingRoom, &session);
        let back_ms = at_ms + self.rng.between(10_000..=60_000);
        self.emit_for(back_ms, ZoomEvent::Admitted, &session);
        self.join(back_ms, session.room, session.who, session.name.clone());
        self.remove_session(id);
    }
}
