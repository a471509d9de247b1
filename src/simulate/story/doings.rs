//! Coming and going, and the scenes it makes.

use crate::simulate::body::Guest;
use crate::simulate::cast;
use crate::simulate::dice::PerMille;
use crate::simulate::scene::Scene;
use crate::time::moment::Moment;

use super::{Doing, Door, Session, SessionId, Story, Waiting};

/// Some clients send no `participant_uuid`.
const NO_CONNECTION: PerMille = PerMille(15);
/// Who has a usual room goes elsewhere now and then.
const ELSEWHERE: PerMille = PerMille(200);
/// Who waits in the waiting room may give up.
const GIVES_UP: PerMille = PerMille(100);

pub(super) const LEFT: &str = "left the meeting. Reason : left the meeting";
const HOST_ENDED: &str = "left the meeting.<br>Reason: Host ended the meeting.";

impl Story {
    /// Does what was on the agenda; who has left meanwhile does nothing.
    pub(super) fn perform(&mut self, at_ms: i64, doing: Doing) {
        match doing {
            Doing::Go => self.go(at_ms),
            Doing::Seat { who } => {
                let name = self.cast[who].name.clone();
                self.enter(at_ms, self.cast[who].home, who, name);
            }
            Doing::LetIn(waiting) => self.let_in(at_ms, &waiting),
            Doing::Leave(session) => self.leave(at_ms, session),
            Doing::Incident(session) => self.incident(at_ms, session),
            Doing::StopSharing(session) => self.stop_sharing(at_ms, session),
            Doing::Close { room, opened } => {
                let state = &self.rooms[room];
                if state.opened == opened && state.inside == 0 && state.meeting.is_some() {
                    self.close(at_ms, room);
                }
            }
        }
    }

    /// Somebody who is nowhere comes; nobody, if hardly anybody is left to come.
    pub(super) fn arrive(&mut self, at_ms: i64) {
        let Some(who) = self.somebody_outside() else {
            return;
        };
        self.visits += 1;
        let room = if self.dice.happens(ELSEWHERE) {
            self.dice.below(self.rooms.len())
        } else {
            self.cast[who].home
        };
        let begun = self.rooms[room].meeting.is_some() && self.rooms[room].begun;
        if begun && self.dice.happens(self.plan.odds.waiting_room) {
            self.wait(at_ms, room, who, Door::WaitingRoom);
        } else if !begun && self.dice.happens(self.plan.odds.before_host) {
            self.wait(at_ms, room, who, Door::NoHost);
        } else {
            let name = self.cast[who].name.clone();
            self.enter(at_ms, room, who, name);
        }
    }

    /// The first of the cast come more often than the last.
    fn somebody_outside(&mut self) -> Option<usize> {
        let people = self.cast.len();
        let mut tries = 0..12;
        tries.find_map(|_| {
            let who = self.dice.below(people).min(self.dice.below(people));
            (self.busy[who] == 0).then_some(who)
        })
    }

    fn wait(&mut self, at_ms: i64, room: usize, who: usize, at: Door) {
        self.rooms[room].prepare(at_ms, &mut self.dice);
        self.busy[who] += 1;
        let user_id = self.rooms[room].user_id();
        let waiting = Waiting { who, room, user_id, connection: cast::uuid(&mut self.dice), at };
        let scene = match at {
            Door::WaitingRoom => Scene::JoinedWaitingRoom,
            Door::NoHost => Scene::WaitingForHost,
        };
        self.tell_of_waiting(at_ms, scene, &waiting);
        let wait_ms = self.dice.between(5_000..=120_000);
        self.agenda.put(at_ms + wait_ms, Doing::LetIn(waiting));
    }

    fn let_in(&mut self, at_ms: i64, waiting: &Waiting) {
        self.busy[waiting.who] -= 1;
        if self.rooms[waiting.room].meeting.is_some() {
            let scenes: &[Scene<'_>] = match waiting.at {
                Door::WaitingRoom if self.dice.happens(GIVES_UP) => {
                    return self.tell_of_waiting(at_ms, Scene::LeftWaitingRoom, waiting);
                }
                Door::WaitingRoom => &[Scene::Admitted, Scene::LeftWaitingRoom],
                Door::NoHost => &[Scene::WaitingForHostOver, Scene::JoinedBeforeHost],
            };
            for &scene in scenes {
                self.tell_of_waiting(at_ms, scene, waiting);
            }
        }
        let name = self.cast[waiting.who].name.clone();
        self.enter(at_ms + 1_000, waiting.room, waiting.who, name);
    }

    /// Somebody is in from now on.
    pub(super) fn enter(&mut self, at_ms: i64, room: usize, who: usize, name: String) -> SessionId {
        let host = self.open(at_ms, room);
        let connection = if self.dice.happens(NO_CONNECTION) {
            String::new()
        } else {
            cast::uuid(&mut self.dice)
        };
        let user_id = self.rooms[room].user_id();
        let session = Session {
            who,
            room,
            name,
            user_id,
            connection,
            breakout: None,
            sharing: false,
            host,
            since_ms: at_ms,
        };
        self.rooms[room].inside += 1;
        self.busy[who] += 1;
        self.tell_of(at_ms, Scene::Joined, &session);
        let id = self.next_session;
        self.next_session += 1;
        self.sessions.insert(id, session);
        self.plan_the_stay(at_ms, id);
        id
    }

    /// Begins the meeting if none is on; whether it did.
    fn open(&mut self, at_ms: i64, room: usize) -> bool {
        let state = &mut self.rooms[room];
        state.prepare(at_ms, &mut self.dice);
        if state.begun {
            return false;
        }
        state.begun = true;
        if let Some(meeting) = &mut state.meeting {
            meeting.start_time = Moment::from_millis(at_ms).to_string();
        }
        self.post.tell(&mut self.dice, self.rooms[room].place(at_ms), Scene::Started, None);
        true
    }

    /// Somebody leaves, and if it is the host, perhaps the meeting ends for all.
    pub(super) fn leave(&mut self, at_ms: i64, id: SessionId) {
        self.stop_sharing(at_ms, id);
        let Some(session) = self.part(id) else { return };
        self.tell_left(at_ms, LEFT, &session);
        let (room, at_ms) = (session.room, at_ms.max(session.since_ms));
        if self.rooms[room].inside == 0 {
            let wait_ms = self.dice.between(0..=60_000);
            let opened = self.rooms[room].opened;
            self.agenda.put(at_ms + wait_ms, Doing::Close { room, opened });
        } else if session.host && self.dice.happens(self.plan.odds.ended_for_all) {
            self.end_for_all(at_ms, room);
        }
    }

    fn end_for_all(&mut self, at_ms: i64, room: usize) {
        let inside = self.sessions.iter().filter(|(_, session)| session.room == room);
        let inside: Vec<SessionId> = inside.map(|(&id, _)| id).collect();
        for id in inside {
            if let Some(session) = self.part(id) {
                self.tell_left(at_ms, HOST_ENDED, &session);
            }
        }
        self.close(at_ms, room);
    }

    fn close(&mut self, at_ms: i64, room: usize) {
        self.post.tell(&mut self.dice, self.rooms[room].place(at_ms), Scene::Ended, None);
        self.rooms[room].meeting = None;
    }

    /// Takes a session out, without a word.
    pub(super) fn part(&mut self, id: SessionId) -> Option<Session> {
        let session = self.sessions.remove(&id)?;
        self.rooms[session.room].inside -= 1;
        self.busy[session.who] -= 1;
        Some(session)
    }

    pub(super) fn tell_left(&mut self, at_ms: i64, reason: &str, session: &Session) {
        let named = !self.dice.happens(self.plan.odds.leave_without_name);
        self.tell_of(at_ms, Scene::Left { reason, named }, session);
    }

    pub(super) fn tell_of_session(&mut self, at_ms: i64, scene: Scene<'_>, id: SessionId) {
        let Some(session) = self.sessions.get(&id) else {
            return;
        };
        let place = self.rooms[session.room].place(at_ms.max(session.since_ms));
        self.post.tell(&mut self.dice, place, scene, Some(session.guest(&self.cast)));
    }

    pub(super) fn tell_of(&mut self, at_ms: i64, scene: Scene<'_>, session: &Session) {
        let place = self.rooms[session.room].place(at_ms.max(session.since_ms));
        self.post.tell(&mut self.dice, place, scene, Some(session.guest(&self.cast)));
    }

    fn tell_of_waiting(&mut self, at_ms: i64, scene: Scene<'_>, waiting: &Waiting) {
        let character = &self.cast[waiting.who];
        let guest = Guest {
            character,
            name: &character.name,
            user_id: waiting.user_id,
            connection: &waiting.connection,
        };
        let place = self.rooms[waiting.room].place(at_ms);
        self.post.tell(&mut self.dice, place, scene, Some(guest));
    }
}
