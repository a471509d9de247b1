//! The facts about waiting to be let into a meeting, merged by union and maximum.
//!
//! They are apart from the other facts, so that a meeting without any pays nothing for them.

use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use super::facts::{self, IdentityFacts, LegId, Table};
use super::id::Id;
use super::interner::Symbol;
use crate::time::moment::Moment;
use crate::zoom::Participant;

/// The facts about waiting for one meeting.
#[derive(Debug, Clone, Default)]
pub(super) struct WaitFacts {
    pub begun: Table<Waiter, Begun>,
    /// For each id, when its participant last stopped waiting.
    ended: FxHashMap<LegId, Moment>,
    /// The same for each name.
    ended_by_name: FxHashMap<Symbol, NameEnd>,
}

/// All that identifies the participant of one event.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Waiter {
    /// The `participant_uuid` and the `user_id`. Who waits for the host has neither.
    pub ids: SmallVec<[LegId; 2]>,
    /// The name, as compared.
    pub name: Option<Symbol>,
}

/// When a participant began to wait, in order, and the identity reported then.
#[derive(Debug, Clone, Default)]
pub(super) struct Begun {
    pub at: SmallVec<[Moment; 1]>,
    pub who: IdentityFacts,
}

/// When somebody of a name last stopped waiting.
#[derive(Debug, Clone, Copy, Default)]
struct NameEnd {
    any: Option<Moment>,
    /// The same, by events without ids.
    without_ids: Option<Moment>,
}

impl Waiter {
    /// The participant of an event; `name` is the name as compared.
    pub(super) fn new(participant: &Participant, name: Option<Symbol>) -> Self {
        let connection = participant.connection.as_deref().map(Id::new).map(LegId::Connection);
        let user = participant.user_id.as_deref().map(Id::new).map(LegId::User);
        Self { ids: connection.into_iter().chain(user).collect(), name }
    }

    /// The id that identifies the participant best.
    pub(super) fn key(&self) -> Option<LegId> {
        self.ids.first().cloned().or(self.name.map(LegId::Named))
    }
}

impl WaitFacts {
    /// Records that a participant began to wait. Returns where to record the identity.
    pub(super) fn start(&mut self, waiter: Waiter, at: Moment) -> &mut IdentityFacts {
        let begun = self.begun.entry(waiter).or_default();
        facts::insert(&mut begun.at, at);
        &mut begun.who
    }

    /// Records that a participant stopped waiting.
    pub(super) fn end(&mut self, waiter: &Waiter, at: Moment) {
        if let Some(name) = waiter.name {
            let end = self.ended_by_name.entry(name).or_default();
            end.any = end.any.max(Some(at));
            if waiter.ids.is_empty() {
                end.without_ids = end.without_ids.max(Some(at));
            }
        }
        for id in &waiter.ids {
            let end = self.ended.entry(id.clone()).or_insert(at);
            *end = at.max(*end);
        }
    }

    /// When a participant last stopped waiting, by events about waiting. Names count where one of
    /// the two has no ids.
    pub(super) fn last_end(&self, waiter: &Waiter) -> Option<Moment> {
        let by_id = waiter.ids.iter().filter_map(|id| self.ended.get(id)).max().copied();
        let by_name = waiter.name.and_then(|name| self.ended_by_name.get(&name));
        let by_name = by_name.and_then(|end| match waiter.ids.is_empty() {
            true => end.any,
            false => end.without_ids,
        });
        by_id.max(by_name)
    }
}
