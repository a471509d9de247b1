//! Who was in which room, and when: a pure fold over events.
//!
//! The state is a set of facts merged by union and maximum, so events may come
//! late, twice or in any order; who is present is *derived* at a moment.
//!
//! In reading order: [`Roster`] takes in events (`fold`) as facts (`facts`) of
//! meetings (`meeting`). [`Roster::presence`] (`derive`) sees each meeting among the
//! others (`frame`), finds the spans of its legs (`spans`) and what is shared in them
//! (`sharing`), tells whose they are (`cast`), and joins those of each person into visits (`visits`).
//! The [store](crate::store) does the same for more events than fit in memory.

#![doc = include_str!("rules.md")]

mod bound;
mod callers;
mod cast;
mod derive;
mod facts;
mod fold;
mod frame;
mod future;
mod id;
mod meeting;
mod presence;
mod rules;
mod sharing;
mod spans;
mod visits;
mod words;

#[cfg(test)]
pub(crate) mod tests;

pub(crate) use derive::{Gathered, LISTED};
pub(crate) use frame::{Newest, RoomSpan};
pub(crate) use future::{counts_from, has_come};
pub(crate) use meeting::{Changed, GroupId, Meeting, Outline, Stretch, states_a_fact};
pub(crate) use spans::{Said, Sessions, Span, SpanEnd};
pub(crate) use visits::{KnownFrom, Stay, join_up, order as span_order};
pub(crate) use words::{Word, Words};

pub use fold::Roster;
pub use presence::{End, Person, Presence, Room, Visit};
pub use rules::{NEVER, Rules};
