//! People who walk in and out of rooms, and what Zoom would deliver of it.
//!
//! A story is a simulation of events in order of their time. Its agenda holds
//! what people are going to do; doing it tells scenes to the post, which decides
//! when and how often each is delivered. It never ends and keeps in memory only
//! who is in, what they will do next, and what is on its way.
//!
//! Pure: the plan decides everything, and no clock is read.

mod doings;
mod incidents;
mod pace;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use crate::time::moment::Moment;

use super::body::{Guest, Meeting};
use super::cast::{self, Character};
use super::dice::Dice;
use super::plan::{Plan, RoomPlan};
use super::post::{Delivery, Place, Post};
use super::timeline::Timeline;

/// An endless story, told in deliveries in the order in which they are sent.
#[derive(Debug, Clone)]
pub struct Story {
    plan: Plan,
    dice: Dice,
    cast: Vec<Character>,
    /// In how many places each of the cast is.
    busy: Vec<u8>,
    rooms: Vec<Room>,
    sessions: BTreeMap<SessionId, Session>,
    next_session: SessionId,
    visits: u64,
    agenda: Timeline<Doing>,
    post: Post,
}

type SessionId = u64;

/// What somebody is going to do.
#[derive(Debug, Clone)]
enum Doing {
    /// Who was in before the story began, comes in.
    Seat { who: usize },
    /// Something happens by the plan's pace, and the next thing is put on the agenda.
    Go,
    /// Somebody in front of a closed door or in the waiting room comes in.
    LetIn(Waiting),
    /// Somebody leaves.
    Leave(SessionId),
    /// Something happens to somebody who is in.
    Incident(SessionId),
    /// Sharing stops.
    StopSharing(SessionId),
    /// A room nobody came back to closes.
    Close { room: usize, opened: u64 },
}

/// Somebody who is about to come in.
#[derive(Debug, Clone)]
struct Waiting {
    who: usize,
    room: usize,
    user_id: u64,
    connection: String,
    at: Door,
}

/// What holds somebody up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Door {
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
    sharing: bool,
    host: bool,
    /// Nothing is told of a session before it is in.
    since_ms: i64,
}

/// A room and the meeting that is on in it.
#[derive(Debug, Clone)]
struct Room {
    plan: RoomPlan,
    meeting: Option<Meeting>,
    /// Whether `started` is due or told.
    begun: bool,
    /// How many meetings this room had.
    opened: u64,
    inside: usize,
    next_user_id: u64,
}

impl Story {
    /// The story of this plan. A plan without people or rooms gets one of each.
    pub fn new(plan: Plan) -> Self {
        let rooms = plan.rooms.len().max(1);
        let mut dice = Dice::new(plan.seed);
        let cast = (0..plan.people.max(1))
            .map(|index| Character::invent(index, rooms, &mut dice))
            .collect();
        Self::with_cast(plan, dice, cast)
    }

    /// The story of this plan with the people named here.
    pub(super) fn of_named(plan: Plan, names: &[&str]) -> Self {
        let rooms = plan.rooms.len().max(1);
        let mut dice = Dice::new(plan.seed);
        let named = |(index, name): (usize, &&str)| {
            Character::named((*name).to_owned(), index, rooms, &mut dice)
        };
        let cast = names.iter().enumerate().map(named).collect();
        Self::with_cast(plan, dice, cast)
    }

    fn with_cast(mut plan: Plan, mut dice: Dice, cast: Vec<Character>) -> Self {
        if plan.rooms.is_empty() {
            plan.rooms = RoomPlan::invented(1);
        }
        let start_ms = plan.start.seconds() * 1000;
        let mut agenda = Timeline::new();
        for who in 0..plan.already_in.min(cast.len()) {
            agenda.put(start_ms - dice.between(20_000..=40 * 60_000), Doing::Seat { who });
        }
        agenda.put(start_ms + 1_000, Doing::Go);
        Self {
            busy: vec![0; cast.len()],
            rooms: plan.rooms.iter().map(Room::new).collect(),
            sessions: BTreeMap::new(),
            next_session: 0,
            visits: 0,
            agenda,
            post: Post::new(plan.start, plan.odds.clone()),
            cast,
            dice,
            plan,
        }
    }
}

impl Iterator for Story {
    type Item = Delivery;

    /// Never `None`.
    fn next(&mut self) -> Option<Delivery> {
        loop {
            let now_ms = self.agenda.first_at_ms()?;
            if let Some(delivery) = self.post.take_due(now_ms) {
                return Some(delivery);
            }
            let (at_ms, doing) = self.agenda.take_first()?;
            self.perform(at_ms, doing);
        }
    }
}

impl Room {
    fn new(plan: &RoomPlan) -> Self {
        let first_user_id = 16_778_240;
        Self {
            plan: plan.clone(),
            meeting: None,
            begun: false,
            opened: 0,
            inside: 0,
            next_user_id: first_user_id,
        }
    }

    /// A number for a new leg.
    fn user_id(&mut self) -> u64 {
        self.next_user_id += 1024;
        self.next_user_id
    }

    /// Makes sure that there is a meeting to come to; whether it began is another matter.
    fn prepare(&mut self, at_ms: i64, dice: &mut Dice) {
        if self.meeting.is_none() {
            self.opened += 1;
            self.begun = false;
            let uuid = cast::meeting_uuid(dice);
            let start_time = Moment::from_millis(at_ms).to_string();
            self.meeting = Some(Meeting { uuid, start_time });
        }
    }

    fn place(&self, fact_ms: i64) -> Place<'_> {
        let meeting = self.meeting.as_ref().expect("whoever is here keeps the meeting open");
        Place { room: &self.plan, meeting, fact_ms }
    }
}

impl Session {
    fn guest<'a>(&'a self, cast: &'a [Character]) -> Guest<'a> {
        Guest {
            character: &cast[self.who],
            name: &self.name,
            user_id: self.user_id,
            connection: &self.connection,
        }
    }
}
