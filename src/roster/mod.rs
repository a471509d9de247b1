//! Who was in which room, and when: a pure fold over events.
//!
//! The state is a set of facts, merged by union and maximum. Events may therefore arrive late,
//! twice or in any order. Who is present is *derived* from the facts at a moment.
//!
//! In reading order:
//!
//! - [`Roster`] (`fold`) turns events into facts (`facts`), meeting by meeting (`meeting`).
//! - [`Roster::presence`] builds a [`Presence`] (`builder`). For each meeting it needs the settings
//!   and the other meetings (`context`), the spans of its legs (`spans`), and what each leg shares
//!   (`sharing`). It finds the person of each span (`resolver`, `binding`) and merges the spans of
//!   a person into visits (`visits`, `interval`). Callers with equal masked numbers are split (`callers`).
//!   Beside that, it collects who waits to be let in (`wait_facts`, `waits`, `waiting_people`).
//! - Names and account ids are stored once and referred to by number (`interner`).
//!
//! `sweep` merges the spans of all times, for lists of visits.
//!
//! The [store](crate::store) does the same for more events than fit in memory.

#![doc = include_str!("rules.md")]

mod binding;
mod builder;
mod callers;
mod context;
mod facts;
mod fold;
mod future;
mod id;
mod identity;
mod interner;
mod interval;
mod listing;
mod meeting;
mod presence;
mod resolver;
mod rules;
mod sharing;
mod spans;
mod sweep;
mod visits;
mod wait_facts;
mod waiting_people;
mod waits;

#[cfg(test)]
pub(crate) mod tests;

pub(crate) use builder::PresenceBuilder;
pub(crate) use callers::first_caller;
pub(crate) use context::{DerivationContext, Newest, RoomSpan, add_newest};
pub(crate) use future::{due_at, is_due};
pub(crate) use identity::Identity;
pub(crate) use interner::{Seen, Symbol, SymbolTable};
pub(crate) use interval::MergedInterval;
pub(crate) use listing::VISITS_LISTED_S;
pub(crate) use meeting::{
    ChangedSessions, GroupId, Meeting, MeetingInfo, TimeRange, states_a_fact,
};
pub(crate) use spans::{Sessions, Span, SpanEnd};
pub(crate) use sweep::VisitSweep;
pub(crate) use visits::{DerivedVisit, RequiredSince, merge_spans, span_order};
pub(crate) use waits::Wait;

pub use fold::Roster;
pub use presence::{End, Person, PersonWaiting, Presence, RoomPresence, Visit, Waiting};
pub use rules::{NEVER, Rules};
pub use sweep::PersonVisit;
