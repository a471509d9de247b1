//! Builds the presence at a moment from the sessions of meetings, person by person.
//!
//! No earlier result is reused.

use super::callers::list_callers;
use super::context::{DerivationContext, Newest, RoomSpan};
use super::interner::SymbolTable;
use super::listing::{VISITS_LISTED_S, list};
use super::meeting::MeetingInfo;
use super::presence::{Presence, RoomPresence};
use super::resolver::PersonResolver;
use super::rules::Rules;
use super::spans::Sessions;
use super::waiting_people::WaitingPeople;
use super::waits::Wait;
use crate::time::moment::Moment;

/// Collects the sessions of meetings by person.
pub(crate) struct PresenceBuilder<'a> {
    context: DerivationContext<'a>,
    resolver: PersonResolver<'a>,
    now: Moment,
    /// For each person of the resolver.
    spans: Vec<Vec<RoomSpan>>,
    /// For each room, the number of present connections without a person.
    nameless: Vec<usize>,
    /// Who waits to be let into some room, and into each.
    waiting: WaitingPeople,
    waiting_in: Vec<WaitingPeople>,
    next_change: Option<Moment>,
}

impl<'a> PresenceBuilder<'a> {
    /// A builder without sessions. Sessions added later refer to `symbols`.
    pub(crate) fn new(
        symbols: &'a SymbolTable,
        rules: &'a Rules,
        now: Moment,
        newest: &'a Newest,
    ) -> Self {
        let resolver = PersonResolver::new(symbols, rules);
        let rooms = rules.rooms.len().max(1);
        Self {
            context: DerivationContext::new(rules, now, newest),
            spans: vec![Vec::new(); resolver.people().len()],
            resolver,
            now,
            nameless: vec![0; rooms],
            waiting: WaitingPeople::default(),
            waiting_in: vec![WaitingPeople::default(); rooms],
            next_change: None,
        }
    }

    /// Adds the sessions of a meeting, unless the meeting is in no shown room.
    pub(crate) fn add<'s>(
        &mut self,
        meeting: &MeetingInfo,
        sessions: impl IntoIterator<Item = &'s Sessions>,
    ) {
        let Some((room, bounds)) = self.context.room_and_bounds(meeting) else { return };
        for Sessions { who, spans } in sessions {
            let person = self.resolver.resolve(who);
            for span in spans {
                let found = RoomSpan { room, span: bounds.close(*span) };
                self.add_span(person, found, bounds.stale_at);
            }
        }
    }

    fn add_span(&mut self, person: Option<u32>, found: RoomSpan, stale_at: Option<Moment>) {
        let is_open = found.span.is_open();
        if is_open {
            self.next_change = self.next_change.into_iter().chain(stale_at).min();
        }
        match person {
            Some(person) => self.spans[person as usize].push(found),
            None => self.nameless[found.room as usize] += usize::from(is_open),
        }
    }

    /// Adds those who wait for a meeting, unless the meeting is in no shown room.
    pub(crate) fn add_waits<'w>(
        &mut self,
        meeting: &MeetingInfo,
        waits: impl IntoIterator<Item = &'w Wait>,
    ) {
        let Some((room, waits)) = self.context.room_and_open_waits(meeting, waits) else { return };
        for Wait { who, since } in waits {
            let stale_at = self.context.wait_stale_at(meeting, *since);
            self.next_change = self.next_change.into_iter().chain(stale_at).min();
            let person = self.resolver.resolve(who);
            self.waiting.add(person, *since);
            self.waiting_in[room as usize].add(person, *since);
        }
    }

    pub(crate) fn resolver(&self) -> &PersonResolver<'a> {
        &self.resolver
    }

    pub(crate) fn context(&self) -> &DerivationContext<'a> {
        &self.context
    }

    /// The spans of a person, to which the caller may add older ones.
    pub(crate) fn spans_mut(&mut self, person: u32) -> &mut Vec<RoomSpan> {
        &mut self.spans[person as usize]
    }

    /// The presence that follows from the sessions added so far.
    ///
    /// It lists the visits that lasted into the 35 days before now. Last Join and Last Left are
    /// right if all spans up to theirs were added. `next_due` is when the next future event counts.
    pub(crate) fn build(self, next_due: Option<Moment>) -> Presence {
        let Self { resolver, spans, nameless, waiting, waiting_in, now, next_change, context } =
            self;
        let mut people: Vec<_> = resolver.people().iter().copied().zip(spans).collect();
        people.sort_unstable_by_key(|(name, _)| *name);
        let mut presence = Presence {
            nameless_present: nameless.iter().sum(),
            waiting: waiting.list(resolver.people()),
            rooms: nameless.into_iter().map(empty_room).collect(),
            next_change: next_change.into_iter().chain(next_due).min(),
            ..Presence::default()
        };
        presence.rooms.truncate(context.room_count());
        for (room, waiting) in presence.rooms.iter_mut().zip(waiting_in) {
            room.waiting = waiting.list(resolver.people());
        }
        let since = now.plus(-VISITS_LISTED_S);
        let mut has_callers = false;
        for (name, spans) in people {
            if name.is_telephone_mask() {
                list_callers(&mut presence, &resolver, name, spans, since);
                has_callers = true;
            } else {
                list(&mut presence, name, spans, since);
            }
        }
        if has_callers {
            presence.sort();
        }
        presence
    }
}

fn empty_room(nameless_present: usize) -> RoomPresence {
    RoomPresence { nameless_present, ..RoomPresence::default() }
}
