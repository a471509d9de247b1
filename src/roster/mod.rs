//! Who was in which room, and when: a pure fold over events.
//!
//! The state is a set of facts merged by union and maximum, so events may come
//! late, twice or in any order; who is present is *derived* at a moment.

mod presence;

pub use presence::{End, Person, Presence, Room, Visit};
