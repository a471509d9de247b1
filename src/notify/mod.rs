//! Messages to chat rooms: who came, who went, when the room opened and emptied.
//!
//! A [`Message`] is what a target is told; an [`Encoder`] writes it as the target's
//! service wants it. Both are pure: words and templates are loaded before, and a
//! moment is an argument.

mod difference;
pub mod digest;
pub mod encode;
pub mod message;
mod sight;
pub mod told;

#[cfg(test)]
mod tests;

pub use encode::{Encoder, Service};
pub use message::{Card, CardState, Inside, Message, News, Room, Summary};
