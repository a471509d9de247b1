//! What happens to people while they are in, apart from leaving.

use crate::simulate::cast;
use crate::simulate::dice::PerMille;
use crate::simulate::odds::Incident;
use crate::simulate::scene::{Breakout, Scene};

use super::doings::LEFT;
use super::{Doing, Session, SessionId, Story};

/// `leave_reason` names a third of the moves.
const MOVE_NAMED: PerMille = PerMille(333);

const MOVED: &str = "left the meeting. Reason : joined breakout room";
const LOST: &str = "left the meeting. Reason : Network connection error";
const SENT_OUT: &str = "left the meeting. Reason : put in waiting room";

const CHAT: [&str; 4] =
    ["hello 👋", "brb", "link: https://example.org/?a=1&b=\"2\"", "see you tomorrow"];

/// Events that Lookout has no word for.
const UNKNOWN: [&str; 3] = [
    "meeting.participant_reaction_sent",
    "meeting.ai_companion_started",
    "meeting.live_streaming_started",
];

impl Story {
    /// Something happens to somebody who is in.
    pub(super) fn incident(&mut self, at_ms: i64, id: SessionId) {
        if !self.sessions.contains_key(&id) {
            return;
        }
        match self.dice.weighed(self.plan.odds.incidents) {
            Incident::Move => self.change_room(at_ms, id),
            Incident::Rename => self.rename(id),
            Incident::Share => self.share(at_ms, id),
            Incident::Role => self.change_role(at_ms, id),
            Incident::Chat => {
                let message = *self.dice.pick(&CHAT);
                self.tell_of_session(at_ms, Scene::Chat { message }, id);
            }
            Incident::SecondDevice => {
                let Session { room, who, .. } = self.sessions[&id];
                let name = self.cast[who].device_name.clone();
                self.enter(at_ms, room, who, name);
            }
            Incident::Reconnect => self.reconnect(at_ms, id),
            Incident::Telephone => self.telephone(at_ms, id),
            Incident::SentOut => self.send_out(at_ms, id),
            Incident::Unknown => {
                let event = *self.dice.pick(&UNKNOWN);
                self.tell_of_session(at_ms, Scene::Unknown { event }, id);
            }
        }
        if self.sessions.contains_key(&id) && self.dice.happens(self.plan.odds.incident) {
            let wait_ms = self.dice.between(10_000..=20 * 60_000);
            self.agenda.put(at_ms + wait_ms, Doing::Incident(id));
        }
    }

    /// A move: leave and join of the main meeting in one second, same connection, new leg.
    fn change_room(&mut self, at_ms: i64, id: SessionId) {
        self.stop_sharing(at_ms, id);
        let Some(mut session) = self.sessions.remove(&id) else {
            return;
        };
        let back = session.breakout.take();
        let reason = if back.is_none() && self.dice.happens(MOVE_NAMED) { MOVED } else { LEFT };
        self.tell_left(at_ms, reason, &session);
        let room = match &back {
            Some((uuid, user_id)) => {
                self.tell_of(at_ms, Scene::LeftBreakout(Breakout { uuid, user_id }), &session);
                None
            }
            None => Some(self.breakout_room()),
        };
        session.user_id = self.rooms[session.room].user_id();
        self.tell_of(at_ms, Scene::Joined, &session);
        if let Some((uuid, user_id)) = &room {
            self.tell_of(at_ms, Scene::JoinedBreakout(Breakout { uuid, user_id }), &session);
        }
        session.breakout = room;
        self.sessions.insert(id, session);
    }

    fn breakout_room(&mut self) -> (String, String) {
        (cast::meeting_uuid(&mut self.dice), cast::breakout_user_id(&mut self.dice))
    }

    /// Silent: the new name shows with the next event.
    fn rename(&mut self, id: SessionId) {
        if let Some(session) = self.sessions.get_mut(&id) {
            session.name.clone_from(&self.cast[session.who].other_name);
        }
    }

    fn share(&mut self, at_ms: i64, id: SessionId) {
        self.stop_sharing(at_ms, id);
        if let Some(session) = self.sessions.get_mut(&id) {
            session.sharing = true;
        }
        self.tell_of_session(at_ms, Scene::SharingStarted, id);
        let wait_ms = self.dice.between(20_000..=30 * 60_000);
        self.agenda.put(at_ms + wait_ms, Doing::StopSharing(id));
    }

    pub(super) fn stop_sharing(&mut self, at_ms: i64, id: SessionId) {
        let Some(session) = self.sessions.get_mut(&id) else {
            return;
        };
        if std::mem::take(&mut session.sharing) {
            self.tell_of_session(at_ms, Scene::SharingEnded, id);
        }
    }

    fn change_role(&mut self, at_ms: i64, id: SessionId) {
        let Some(session) = self.sessions.get_mut(&id) else {
            return;
        };
        session.host = !session.host;
        let (old, new) = if session.host { ("attendee", "host") } else { ("host", "attendee") };
        self.tell_of_session(at_ms, Scene::RoleChanged { old, new }, id);
    }

    /// The connection breaks; the rejoin is told before Zoom notices and tells the leave.
    fn reconnect(&mut self, at_ms: i64, id: SessionId) {
        let Some(session) = self.sessions.get(&id).cloned() else {
            return;
        };
        let rejoin_ms = at_ms + self.dice.between(5_000..=40_000);
        self.enter(rejoin_ms, session.room, session.who, session.name.clone());
        let noticed_ms = at_ms + self.dice.between(60_000..=90_000);
        self.tell_left(noticed_ms, LOST, &session);
        self.part(id);
    }

    fn telephone(&mut self, at_ms: i64, id: SessionId) {
        self.tell_of_session(at_ms, Scene::CalloutRinging, id);
        self.tell_of_session(at_ms + 6_000, Scene::CalloutAccepted, id);
        let bind_user_id = self.sessions.get(&id).map_or(0, |session| session.user_id);
        self.tell_of_session(at_ms + 9_000, Scene::Bound { bind_user_id }, id);
    }

    fn send_out(&mut self, at_ms: i64, id: SessionId) {
        let Some(session) = self.sessions.get(&id).cloned() else {
            return;
        };
        self.tell_left(at_ms, SENT_OUT, &session);
        self.tell_of(at_ms, Scene::PutInWaitingRoom, &session);
        let back_ms = at_ms + self.dice.between(10_000..=60_000);
        self.tell_of(back_ms, Scene::Admitted, &session);
        self.enter(back_ms, session.room, session.who, session.name.clone());
        self.part(id);
    }
}
