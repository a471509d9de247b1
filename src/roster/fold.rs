//! The fold: events in, facts kept, presence derived.

use std::collections::BTreeSet;

use indexmap::IndexMap;
use rustc_hash::FxBuildHasher;

use super::derive::Gathered;
use super::frame::Newest;
use super::future;
use super::meeting::{Meeting, states_a_fact};
use super::presence::Presence;
use super::rules::Rules;
use super::words::Words;
use crate::time::moment::Moment;
use crate::zoom::Event;

/// Everything that some events say of meetings and people, from which presence is derived.
///
/// A set of facts merged by union and maximum: two rosters that were given the same events give
/// the same answers, in whatever order and however often they were given. It is all in memory; the
/// [store](crate::store) keeps the same on disk.
#[derive(Debug, Clone, Default)]
pub struct Roster {
    words: Words,
    meetings: IndexMap<Box<str>, Meeting, FxBuildHasher>,
    /// Events whose time is yet to come.
    future: BTreeSet<Event>,
}

impl Roster {
    /// A roster without facts.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes in one event. One that names no meeting is no fact, and changes nothing; nor does
    /// one of a kind that no rule reads (the [rules](crate::roster), 14).
    pub fn apply(&mut self, event: &Event) {
        let Some(named) = event.meeting.as_ref().filter(|_| states_a_fact(event)) else { return };
        let meeting = match self.meetings.get_mut(named.uuid.as_str()) {
            Some(meeting) => meeting,
            None => self.meetings.entry(named.uuid.as_str().into()).or_default(),
        };
        meeting.apply(event, &mut self.words);
    }

    /// Takes in one event at `now`, as [`apply`](Self::apply) does, or keeps it until its time.
    pub fn take_in(&mut self, event: &Event, now: Moment) {
        if future::has_come(event, now) {
            self.apply(event);
        } else if states_a_fact(event) {
            self.future.insert(event.clone());
        }
    }

    /// Applies the events whose time has come by `now`; returns how many these were.
    pub fn apply_due(&mut self, now: Moment) -> usize {
        let mut due = Vec::new();
        self.future.retain(|event| {
            let has_come = future::has_come(event, now);
            due.extend(has_come.then(|| event.clone()));
            !has_come
        });
        due.iter().for_each(|event| self.apply(event));
        due.len()
    }

    /// Who is and was where, at `now`.
    ///
    /// Listed are the visits that lasted into the 35 days before `now`; Last Join and Last Left are
    /// known however long ago.
    pub fn presence(&self, rules: &Rules, now: Moment) -> Presence {
        let mut newest = Newest::default();
        for outline in self.meetings.values().map(Meeting::outline) {
            if let (Some(number), Some(seen)) = (outline.number(), outline.seen) {
                let newest = newest.entry(number.into()).or_insert(seen.first);
                *newest = seen.first.max(*newest);
            }
        }
        let mut gathered = Gathered::new(&self.words, rules, now, &newest);
        for meeting in self.meetings.values() {
            let sessions: Vec<_> =
                meeting.groups().filter_map(|group| meeting.sessions(group, &self.words)).collect();
            gathered.add(meeting.outline(), &sessions);
        }
        gathered.presence(self.future.iter().map(future::counts_from).min())
    }
}
