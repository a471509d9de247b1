//! Zoom's webhooks: signature, challenge, and parsing deliveries into events. Pure.
//!
//! A delivery is verified on its raw bytes ([`signature`]) and parsed into a document ([`delivery`]),
//! which is stored. Later, and as often as needed, the document is parsed into an [`Event`]
//! ([`wire`] → [`event`]). Zoom's JSON structure is known only in this folder.
//!
//! What Zoom's API answers ([`api`]) is stored as documents of our own ([`observation`]).

pub mod api;
pub mod challenge;
pub mod delivery;
pub mod escapes;
pub mod event;
pub mod json;
pub mod key;
pub mod observation;
mod raw_redaction;
pub mod redaction;
pub mod signature;
pub mod surrogate;
mod telephone;
mod wire;

pub use event::{Bound, Event, Kind, Meeting, Participant};
pub use key::Key;
pub use redaction::Redaction;
pub use wire::{NEEDED_KEYS, topic_of, understand};

pub use crate::types::Name;
