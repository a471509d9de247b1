//! Who was in which room, and when: a pure fold over events.
//!
//! The state is a set of facts merged by union and maximum, so events may come
//! late, twice or in any order; who is present is *derived* at a moment.
//!
//! In reading order: [`Roster`] takes in events (`fold`) as facts (`facts`) of
//! meetings (`meeting`). [`Roster::presence`] (`derive`) sees each meeting among the
//! others (`frame`), finds the spans of its legs (`spans`) and what is shared in them
//! (`sharing`), tells whose they are (`cast`), and joins those of each person into visits (`visits`).
//! [`Roster::sum_up`] (`past`) bounds memory; [`checkpoint`] keeps a roster between
//! two runs.

pub mod checkpoint;

mod bound;
mod callers;
mod cast;
mod derive;
mod equality;
mod facts;
mod fold;
mod forgetting;
mod frame;
mod future;
mod id;
mod meeting;
mod merge;
mod past;
mod presence;
mod rules;
mod sharing;
mod spans;
mod visits;
mod words;

#[cfg(test)]
mod tests;

pub use fold::{NeedsReplay, Roster};
pub use presence::{End, Person, Presence, Room, Visit};
pub use rules::{Fingerprint, NEVER, Rules};
