//! Messages to chats: who came, who went, when the room opened and emptied.
//!
//! A [`Message`] is what a target is told; an [`Encoder`] writes it as the target's
//! service wants it: words by templates, names escaped as the service's [`dialect`] needs.
//! Both are pure: templates are loaded before, and a moment is an argument.

mod dialect;
pub mod encode;
mod escape;
pub mod message;
mod names;
mod post;
mod samples;
mod templates;
mod writing;

pub use encode::{Encoder, Service};
pub use message::{Card, CardState, Inside, Message, News, Room, Summary};
