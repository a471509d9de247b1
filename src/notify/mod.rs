//! Messages to chats: who came, who went, when the room opened and emptied.
//!
//! A [`Message`] is what a target is told; an [`Encoder`] writes it as the target's
//! service wants it: words by templates, names escaped as the service needs.
//! Both are pure: templates are loaded before, and a moment is an argument.

mod desk;
mod dialect;
mod difference;
pub mod digest;
pub mod encode;
mod escape;
mod forgotten;
pub mod keep;
pub mod kept;
pub mod message;
mod metrics;
mod names;
pub mod pace;
mod post;
pub mod request;
mod samples;
mod sending;
mod service;
mod sight;
pub mod snapshot;
pub mod survey;
pub mod target;
mod templates;
pub mod told;
mod writing;

#[cfg(test)]
mod tests;

pub use encode::{Encoder, Service};
pub use message::{Card, CardState, Inside, Message, News, Room, Summary};
pub use metrics::Metrics;
pub use service::{Notifier, start};
pub use snapshot::{Snapshot, Snapshots};
