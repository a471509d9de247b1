//! All visits of all times, in the order in which they began, without holding all of them.
//!
//! Meetings are added in the order of their first facts. No span of a later meeting begins before
//! that moment, so whatever ended before it is complete. In memory are the visits that may still
//! grow, and those that wait for one that began earlier.
//!
//! The visits are those that [`PresenceBuilder`](super::PresenceBuilder) lists. The one difference:
//! callers with equal masked numbers stay apart however long ago they called.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::binary_heap::PeekMut;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};

use rustc_hash::FxHashMap;

use super::callers::{self, caller_names};
use super::context::{DerivationContext, Newest, RoomSpan};
use super::interner::SymbolTable;
use super::meeting::MeetingInfo;
use super::presence::{End, Visit};
use super::resolver::PersonResolver;
use super::rules::Rules;
use super::spans::{Sessions, Span};
use super::visits::{merge_spans, span_order};
use crate::time::moment::Moment;
use crate::zoom::Name;

/// Earlier than every fact.
const MIN_MOMENT: Moment = Moment::from_seconds(i64::MIN);

/// Later than every fact.
const MAX_MOMENT: Moment = Moment::from_seconds(i64::MAX);

/// One visit, with whose it is and where it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonVisit<'a> {
    /// The name shown: that of a `[[people]]` entry, else the display name.
    pub name: Cow<'a, Name>,
    /// The index of the room in the settings; 0 where none are configured.
    pub room: u32,
    /// From when to when.
    pub visit: Visit,
}

impl PersonVisit<'_> {
    /// Its first known moment.
    pub fn first(&self) -> Moment {
        match (self.visit.start, self.visit.end) {
            (Some(start), _) => start,
            (None, End::At(end)) => end,
            (None, End::Open | End::Unknown) => MIN_MOMENT,
        }
    }
}

/// A span that has not begun yet: its place in order, itself, its room, its person.
type Waiting = ((Moment, bool), Span, u32, u32);

/// What visits are ordered by: the first moment, the person, which of several callers, the room.
type Place<'a> = (Moment, &'a Name, usize, u32);

/// Merges the spans of meetings into visits.
pub(crate) struct VisitSweep<'a> {
    context: DerivationContext<'a>,
    resolver: PersonResolver<'a>,
    waiting: BinaryHeap<Reverse<Waiting>>,
    /// The stay of each person that may still grow.
    growing: FxHashMap<u32, Stay>,
    /// When each of these began.
    begins: BTreeSet<(Moment, u32)>,
    /// When each of these ends, unless it is open.
    ends: BTreeSet<(Moment, u32)>,
    /// Complete visits that wait for earlier ones.
    complete: BTreeMap<Place<'a>, PersonVisit<'a>>,
}

/// Spans of one person without a gap, over all rooms.
struct Stay {
    begin: Moment,
    /// The last moment that certainly belongs to it; `None` while it is open.
    reach: Option<Moment>,
    spans: Vec<RoomSpan>,
}

impl<'a> VisitSweep<'a> {
    /// A sweep without meetings. Sessions added later refer to `symbols`.
    pub(crate) fn new(
        symbols: &'a SymbolTable,
        rules: &'a Rules,
        now: Moment,
        newest: &'a Newest,
    ) -> Self {
        Self {
            context: DerivationContext::new(rules, now, newest),
            resolver: PersonResolver::new(symbols, rules),
            waiting: BinaryHeap::new(),
            growing: FxHashMap::default(),
            begins: BTreeSet::new(),
            ends: BTreeSet::new(),
            complete: BTreeMap::new(),
        }
    }

    /// Adds a meeting whose first fact is at `first_fact`, not before that of the meeting added last.
    pub(crate) fn add<'s>(
        &mut self,
        first_fact: Moment,
        meeting: &MeetingInfo,
        sessions: impl IntoIterator<Item = &'s Sessions>,
    ) {
        self.advance(first_fact);
        let Some((room, bounds)) = self.context.room_and_bounds(meeting) else { return };
        for Sessions { who, spans } in sessions {
            let Some(person) = self.resolver.resolve(who) else { continue };
            let spans = spans.iter().map(|span| bounds.close(*span));
            let waiting = spans.map(|span| Reverse((span_order(&span), span, room, person)));
            self.waiting.extend(waiting);
        }
    }

    /// The next visit that no later meeting can change or precede.
    pub(crate) fn next(&mut self) -> Option<PersonVisit<'a>> {
        let next_begin = self.begins.first().map(|(begin, _)| *begin);
        let next_span = self.waiting.peek().map(|Reverse(((start, _), ..))| *start);
        let known_to = next_begin.into_iter().chain(next_span).min().unwrap_or(MAX_MOMENT);
        let first = self.complete.first_entry().filter(|first| first.key().0 < known_to);
        first.map(|first| first.remove())
    }

    /// Completes everything: no meeting follows.
    pub(crate) fn finish(&mut self) {
        self.advance(MAX_MOMENT);
        let people: Vec<u32> = self.growing.keys().copied().collect();
        people.into_iter().for_each(|person| self.complete(person));
    }

    /// Takes in the spans that begin before `moment`, and completes the stays that ended before it.
    fn advance(&mut self, moment: Moment) {
        while let Some((_, span, room, person)) = self.next_begun_before(moment) {
            self.take_in(person, RoomSpan { room, span });
        }
        while let Some((_, person)) = self.ends.first().filter(|(end, _)| *end < moment).copied() {
            self.complete(person);
        }
    }

    fn next_begun_before(&mut self, moment: Moment) -> Option<Waiting> {
        let next = self.waiting.peek_mut()?;
        (next.0.0.0 < moment).then(|| PeekMut::pop(next).0)
    }

    fn take_in(&mut self, person: u32, found: RoomSpan) {
        let start = found.span.start;
        let stay = self.growing.get(&person);
        if stay.and_then(|stay| stay.reach).is_some_and(|reach| reach < start) {
            self.complete(person);
        }
        let stay = self.growing.entry(person).or_insert_with(|| {
            self.begins.insert((start, person));
            Stay { begin: start, reach: Some(start), spans: Vec::new() }
        });
        if let Some(reach) = stay.reach {
            self.ends.remove(&(reach, person));
            stay.reach = callers::last(&found).map(|last| reach.max(last));
        }
        self.ends.extend(stay.reach.map(|reach| (reach, person)));
        stay.spans.push(found);
    }

    /// Merges the stay of a person into visits to each room.
    fn complete(&mut self, person: u32) {
        let Some(Stay { begin, reach, spans }) = self.growing.remove(&person) else { return };
        self.begins.remove(&(begin, person));
        if let Some(reach) = reach {
            self.ends.remove(&(reach, person));
        }
        let name = self.resolver.people()[person as usize];
        if !name.is_telephone_mask() {
            self.merge(name, 0, Cow::Borrowed(name), &spans);
            return;
        }
        let callers = callers::split_all(spans);
        let names: Vec<_> = caller_names(name, &self.resolver).take(callers.len()).collect();
        for (number, (numbered, spans)) in names.into_iter().zip(callers).enumerate() {
            self.merge(name, number, Cow::Owned(numbered), &spans);
        }
    }

    fn merge(&mut self, person: &'a Name, caller: usize, name: Cow<'a, Name>, spans: &[RoomSpan]) {
        let rooms: BTreeSet<u32> = spans.iter().map(|found| found.room).collect();
        for room in rooms {
            let here = spans.iter().filter(|found| found.room == room);
            merge_spans(here.map(|found| found.span), |derived| {
                let visit = PersonVisit { name: name.clone(), room, visit: derived.visit };
                self.complete.insert((visit.first(), person, caller, room), visit);
            });
        }
    }
}
