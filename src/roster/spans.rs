//! Derives spans from the facts of one meeting: when each leg was in.
//!
//! Rules 1 to 6 and 17 of the [roster](crate::roster), in two steps. [`sessions`] applies the rules that
//! need only the facts of the meeting. [`Bounds::close`] applies rule 5, which also depends on other
//! meetings of the number and on the current time.

use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

use super::binding;
use super::facts::{Facts, GroupRef, IdentityFacts, LegAction, LegEvent};
use super::identity::Identity;
use super::interner::SymbolTable;
use super::meeting::{GroupId, Meeting};
use super::sharing::Sharing;
use crate::time::moment::Moment;

/// One uninterrupted presence of one leg, or a leave without a join.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Span {
    /// When it began; for [`SpanEnd::UnmatchedLeave`], the time of the leave.
    pub start: Moment,
    pub end: SpanEnd,
}

/// How a span ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum SpanEnd {
    /// It has not ended.
    Open {
        /// Since when its leg has been sharing, if it is.
        sharing_since: Option<Moment>,
    },
    /// At a known moment.
    At(Moment),
    /// At an unknown moment.
    Unknown,
    /// Not a span at all: a leave without a join.
    UnmatchedLeave,
}

/// When one connection, or one leg without a connection, was in a meeting, by the facts of that
/// meeting alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Sessions {
    pub who: Identity,
    /// In order.
    pub spans: SmallVec<[Span; 1]>,
}

/// What ends the open spans of a meeting besides its own facts.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    /// When the newest meeting of the number was first seen.
    pub newest: Option<Moment>,
    /// When the meeting becomes stale; `None`: never.
    pub stale_at: Option<Moment>,
    pub now: Moment,
}

impl Span {
    pub(crate) fn is_open(&self) -> bool {
        matches!(self.end, SpanEnd::Open { .. })
    }
}

impl Meeting {
    /// The sessions of a group; `None` if it has none.
    pub(crate) fn sessions(&self, group: GroupId, symbols: &SymbolTable) -> Option<Sessions> {
        sessions(self, group.into(), symbols)
    }

    /// The sessions of all groups that have any.
    pub(crate) fn all_sessions(
        &self,
        symbols: &SymbolTable,
    ) -> impl Iterator<Item = (GroupId, Sessions)> {
        self.groups().filter_map(move |group| Some((group, self.sessions(group, symbols)?)))
    }
}

impl Bounds {
    /// Rule 5: ends an open span, end unknown, if the meeting is stale or has a successor.
    pub(crate) fn close(&self, span: Span) -> Span {
        if !span.is_open() {
            return span;
        }
        let newer = self.newest.is_some_and(|newest| newest > span.start);
        let stale = self.stale_at.is_some_and(|stale_at| stale_at <= self.now);
        let end = if newer || stale { SpanEnd::Unknown } else { span.end };
        Span { end, ..span }
    }
}

/// Rules 1 to 4, 6 and 17: the sessions of a group; `None` if it has none.
pub(super) fn sessions(
    meeting: &Meeting,
    group_ref: GroupRef,
    symbols: &SymbolTable,
) -> Option<Sessions> {
    let facts = meeting.facts();
    let mut group = Group::default();
    match group_ref {
        GroupRef::Connection(connection) => {
            let own = facts.connections.get_index(connection as usize);
            group.identities.extend(own.map(|(_, identity)| identity));
            for leg in meeting.legs_of(connection as usize) {
                group.add(facts, leg);
            }
        }
        GroupRef::Leg(leg) => {
            let leg = leg as usize;
            if facts.legs.get_index(leg).is_none_or(|(_, leg)| leg.connection.is_some()) {
                return None;
            }
            group.add(facts, leg);
        }
    }
    if group.spans.is_empty() && group.unmatched_leaves.is_empty() {
        return None;
    }
    let who = binding::identity(&group.identities, meeting, symbols);
    Some(Sessions { who, spans: group.resolve_ends(meeting) })
}

/// The legs of one connection, or one leg that has none.
#[derive(Default)]
struct Group<'a> {
    identities: Vec<&'a IdentityFacts>,
    spans: Vec<LegSpan>,
    /// Leaves without an earlier join of their leg.
    unmatched_leaves: Vec<Moment>,
    /// The last event of the legs.
    last_event: Option<Moment>,
}

struct LegSpan {
    span: Span,
    leg: usize,
}

impl<'a> Group<'a> {
    /// Adds the spans of a leg. Rule 1: a join opens, a leave closes; a leave before any join is
    /// unmatched. Sharing that lasts belongs to the open span (rules 1 to 4 of
    /// [`sharing`](super::sharing)).
    fn add(&mut self, facts: &'a Facts, index: usize) {
        let leg = &facts.legs[index];
        self.identities.extend(leg.own.as_deref());
        self.last_event = self.last_event.max(leg.events.last().map(|event| event.at));
        let mut joined = false;
        let mut open = None;
        let mut sharing = Sharing::default();
        for LegEvent { at, action } in leg.actions() {
            match action {
                LegAction::Join | LegAction::JoinObserved => {
                    joined = true;
                    open = open.or(Some(at));
                }
                LegAction::StartSharing => sharing.start(at),
                LegAction::StopSharing => sharing.stop(at),
                LegAction::Leave | LegAction::LeaveObserved => {
                    sharing = Sharing::default();
                    match open.take() {
                        Some(start) => self.push(index, start, SpanEnd::At(at)),
                        None if !joined => self.unmatched_leaves.push(at),
                        None => {}
                    }
                }
            }
        }
        if let Some(start) = open {
            let sharing_since = sharing.since(start);
            self.push(index, start, SpanEnd::Open { sharing_since });
        }
    }

    fn push(&mut self, leg: usize, start: Moment, end: SpanEnd) {
        self.spans.push(LegSpan { span: Span { start, end }, leg });
    }

    fn resolve_ends(mut self, meeting: &Meeting) -> SmallVec<[Span; 1]> {
        let facts = meeting.facts();
        if self.spans.len() > 1 {
            self.spans.sort_by(|a, b| {
                let by_id = || facts.leg_id(a.leg).cmp_text(facts.leg_id(b.leg));
                a.span.start.cmp(&b.span.start).then_with(by_id)
            });
        }
        self.unmatched_leaves.sort_unstable();
        let is_said_over = meeting.last_said_over() > self.last_shown_in();
        let settled = self.spans.iter().enumerate().map(|(index, &LegSpan { span, .. })| {
            if !span.is_open() {
                return span;
            }
            let end = match self.end_of_open(index, facts) {
                Some(known) => SpanEnd::At(known),
                None if is_said_over => SpanEnd::Unknown,
                None => span.end,
            };
            Span { end, ..span }
        });
        let bare =
            self.unmatched_leaves.iter().map(|&start| Span { start, end: SpanEnd::UnmatchedLeave });
        settled.chain(bare).collect()
    }

    /// When something last showed that the participant was in (rule 17).
    fn last_shown_in(&self) -> Option<Moment> {
        let active = self.identities.iter().filter_map(|identity| identity.active()).max();
        self.last_event.max(active)
    }

    /// Rules 2, 3, 4 and 6: the known end of a span that no leave of its own leg closed.
    fn end_of_open(&self, index: usize, facts: &Facts) -> Option<Moment> {
        let start = self.spans[index].span.start;
        // An open span is the last of its leg, so whatever follows is of another one.
        let later_leg = self.spans.get(index + 1).map(|next| next.span.start);
        let leave = self.unmatched_leaves.iter().find(|&&at| at > start);
        let ended = facts.ended.iter().find(|&&at| at >= start);
        // A leave wins over `ended`, also a later one (rule 4).
        let by_leave = leave.or(ended).copied();
        later_leg.into_iter().chain(by_leave).min()
    }
}
