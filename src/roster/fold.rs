//! The fold: events in, facts kept, presence derived.

use std::collections::BTreeSet;

use indexmap::IndexMap;
use rustc_hash::FxBuildHasher;

use super::builder::PresenceBuilder;
use super::context::{Newest, add_newest};
use super::future;
use super::interner::SymbolTable;
use super::meeting::{Meeting, states_a_fact};
use super::presence::Presence;
use super::rules::Rules;
use crate::time::moment::Moment;
use crate::zoom::Event;

/// All facts of some events, from which presence is derived.
///
/// Two rosters with the same events give the same presence, in whatever order and however often
/// the events were applied. A roster is in memory; the [store](crate::store) keeps the same facts
/// on disk.
#[derive(Debug, Clone, Default)]
pub struct Roster {
    symbols: SymbolTable,
    meetings: IndexMap<Box<str>, Meeting, FxBuildHasher>,
    /// Events that do not count yet.
    future: BTreeSet<Event>,
}

impl Roster {
    /// A roster without facts.
    pub fn new() -> Self {
        Self::default()
    }

    /// Applies one event. An event without a meeting, or of a kind that no rule reads, changes
    /// nothing (rule 14 of the [roster](crate::roster)).
    pub fn apply(&mut self, event: &Event) {
        let Some(named) = event.meeting.as_ref().filter(|_| states_a_fact(event)) else { return };
        let meeting = match self.meetings.get_mut(named.uuid.as_str()) {
            Some(meeting) => meeting,
            None => self.meetings.entry(named.uuid.as_str().into()).or_default(),
        };
        meeting.apply(event, &mut self.symbols);
    }

    /// [Applies](Self::apply) one event if it counts at `now`, else keeps it until then.
    pub fn take_in(&mut self, event: &Event, now: Moment) {
        if future::is_due(event, now) {
            self.apply(event);
        } else if states_a_fact(event) {
            self.future.insert(event.clone());
        }
    }

    /// Applies the kept events that count at `now`. Returns their number.
    pub fn apply_due(&mut self, now: Moment) -> usize {
        let future = std::mem::take(&mut self.future);
        let (due, later): (BTreeSet<_>, _) =
            future.into_iter().partition(|event| future::is_due(event, now));
        self.future = later;
        due.iter().for_each(|event| self.apply(event));
        due.len()
    }

    /// Who is and was where, at `now`.
    ///
    /// It lists the visits that lasted into the 35 days before `now`. Last Join and Last Left may
    /// be older.
    pub fn presence(&self, rules: &Rules, now: Moment) -> Presence {
        let mut newest = Newest::default();
        for meeting in self.meetings.values() {
            add_newest(&mut newest, meeting.info());
        }
        let mut builder = PresenceBuilder::new(&self.symbols, rules, now, &newest);
        for meeting in self.meetings.values() {
            let sessions: Vec<_> = meeting.all_sessions(&self.symbols).collect();
            builder.add(meeting.info(), sessions.iter().map(|(_, sessions)| sessions));
            builder.add_waits(meeting.info(), &meeting.waits(&self.symbols));
        }
        builder.build(self.future.iter().map(future::due_at).min())
    }
}
