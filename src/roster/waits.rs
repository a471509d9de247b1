//! Who waits to be let into a meeting, by the facts of that meeting alone.
//!
//! Rule 18 of the [roster](crate::roster). Waiting is shown beside presence and never decides it.
//! What ends a wait besides the facts of its meeting is in [`WaitBounds`].

use std::borrow::Cow;
use std::collections::hash_map::Entry;

use rustc_hash::{FxHashMap, FxHashSet};
use serde::{Deserialize, Serialize};

use super::binding;
use super::facts::{IdentityFacts, Leg, LegAction, LegId, Table};
use super::identity::Identity;
use super::interner::{Symbol, SymbolTable};
use super::meeting::Meeting;
use super::wait_facts::{Begun, WaitFacts, Waiter};
use crate::time::moment::Moment;
use crate::zoom::Name;

/// A participant who waits, by the facts of one meeting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Wait {
    pub who: Identity,
    pub since: Moment,
}

/// What ends the waits for a meeting besides its own facts.
#[derive(Debug, Clone, Copy)]
pub(crate) struct WaitBounds {
    /// When the meeting was first seen; `None`: it was not.
    pub first_seen: Option<Moment>,
    /// When the newest meeting of the number was first seen.
    pub newest: Option<Moment>,
}

impl WaitBounds {
    /// Whether a newer meeting of the number ended a wait that began at `since`.
    pub(crate) fn is_over(&self, since: Moment) -> bool {
        self.newest > self.first_seen.max(Some(since))
    }
}

impl Meeting {
    /// Whether anybody ever waited to be let in.
    pub(crate) fn has_waiting_facts(&self) -> bool {
        self.wait_facts().is_some()
    }

    /// Everybody who waits to be let in.
    pub(crate) fn waits(&self, symbols: &SymbolTable) -> Vec<Wait> {
        let Some(waiting) = self.wait_facts() else { return Vec::new() };
        let open: Vec<_> = self.not_ended(waiting);
        if open.is_empty() {
            return Vec::new();
        }
        let arrivals = Arrivals::of(self, waiting, symbols);
        let mut found: Table<LegId, (Moment, Vec<&IdentityFacts>)> = Table::default();
        for (waiter, begun, end) in open {
            let end = end.max(arrivals.of_waiter(waiter, symbols));
            let since = begun.at.iter().copied().find(|at| Some(*at) > end);
            let (Some(since), Some(key)) = (since, waiter.key()) else { continue };
            let (earliest, who) = found.entry(key).or_insert((since, Vec::new()));
            *earliest = since.min(*earliest);
            who.push(&begun.who);
        }
        let found = found.into_iter().map(|(key, (since, own))| {
            let facts = [own, binding::facts_of(&key, self)].concat();
            Wait { who: binding::identity(&facts, self, symbols), since }
        });
        found.collect()
    }

    /// The participants whose wait no event about their ids or about the meeting ended, with the
    /// last such end.
    fn not_ended<'a>(
        &self,
        waiting: &'a WaitFacts,
    ) -> Vec<(&'a Waiter, &'a Begun, Option<Moment>)> {
        let ended = self.facts().ended.last().copied().max(self.last_before_said_over());
        let open = waiting.begun.iter().filter_map(|(waiter, begun)| {
            let joined = waiter.ids.iter().filter_map(|id| self.last_join(id)).max();
            let end = ended.max(waiting.last_end(waiter)).max(joined);
            (begun.at.last().copied() > end).then_some((waiter, begun, end))
        });
        open.collect()
    }

    /// The last moment before it was said that nobody was in any more (rule 17).
    fn last_before_said_over(&self) -> Option<Moment> {
        self.last_said_over().map(|over| over.plus(-1))
    }

    /// When a leg or a connection last joined.
    fn last_join(&self, id: &LegId) -> Option<Moment> {
        let facts = self.facts();
        let joins = |leg: &Leg| joins(leg).last();
        match id {
            LegId::Connection(id) => {
                let index = facts.connections.get_index_of(id);
                let legs = index.into_iter().flat_map(|index| self.legs_of(index));
                legs.filter_map(|leg| joins(&facts.legs[leg])).max()
            }
            leg => facts.legs.get(leg).and_then(joins),
        }
    }
}

/// When a leg joined, in order.
fn joins(leg: &Leg) -> impl Iterator<Item = Moment> {
    leg.actions().filter(|event| event.action == LegAction::Join).map(|event| event.at)
}

/// When somebody of each name last arrived. Who moves to a breakout room joins again, but does not
/// arrive. Keys are comparable names.
#[derive(Default)]
struct Arrivals<'a> {
    by_name: FxHashMap<Cow<'a, Name>, Moment>,
    /// The same, of participants with ids under which nobody waited.
    by_name_unexpected: FxHashMap<Cow<'a, Name>, Moment>,
}

impl<'a> Arrivals<'a> {
    fn of(meeting: &'a Meeting, waiting: &WaitFacts, symbols: &'a SymbolTable) -> Self {
        let facts = meeting.facts();
        let expected: FxHashSet<&LegId> =
            waiting.begun.keys().flat_map(|waiter| &waiter.ids).collect();
        let mut arrivals = Self::default();
        for (index, (id, who)) in facts.connections.iter().enumerate() {
            let legs = || meeting.legs_of(index).filter_map(|leg| facts.legs.get_index(leg));
            let is_expected = expected.contains(&LegId::Connection(id.clone()))
                || legs().any(|(id, _)| expected.contains(id));
            let first = legs().flat_map(|(_, leg)| joins(leg)).min();
            let own = legs().filter_map(|(_, leg)| leg.own.as_deref());
            let names = own.chain([who]).flat_map(IdentityFacts::names);
            arrivals.add(first, names, is_expected, symbols);
        }
        for (id, leg) in facts.legs.iter().filter(|(_, leg)| leg.connection.is_none()) {
            // Without an id, whoever comes again has the same leg.
            let at = match id {
                LegId::Named(_) => joins(leg).last(),
                _ => joins(leg).next(),
            };
            let names = leg.own.iter().flat_map(|who| who.names());
            arrivals.add(at, names, expected.contains(id), symbols);
        }
        arrivals
    }

    fn add(
        &mut self,
        at: Option<Moment>,
        names: impl Iterator<Item = Symbol>,
        is_expected: bool,
        symbols: &'a SymbolTable,
    ) {
        let Some(at) = at else { return };
        for name in names {
            let name = symbols.names.text(name).comparable();
            if !is_expected {
                record_later(self.by_name_unexpected.entry(name.clone()), at);
            }
            record_later(self.by_name.entry(name), at);
        }
    }

    /// When somebody arrived who may be this participant, by name.
    fn of_waiter(&self, waiter: &Waiter, symbols: &SymbolTable) -> Option<Moment> {
        let name = symbols.names.text(waiter.name?);
        let arrivals = if waiter.ids.is_empty() { &self.by_name } else { &self.by_name_unexpected };
        arrivals.get(name).copied()
    }
}

fn record_later<K>(entry: Entry<'_, K, Moment>, at: Moment) {
    let latest = entry.or_insert(at);
    *latest = at.max(*latest);
}
