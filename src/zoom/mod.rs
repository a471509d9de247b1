//! Reading Zoom: signature, challenge, delivery → event. Pure.
//!
//! A delivery is verified on its raw bytes ([`signature`]), read into a document
//! ([`delivery`]) that is stored, and understood later, as often as needed, as an
//! [`Event`] ([`wire`] → [`event`]). Zoom's own shapes do not leave this folder.

mod blanking;
pub mod challenge;
pub mod delivery;
pub mod escapes;
pub mod event;
pub mod json;
pub mod key;
pub mod redaction;
pub mod signature;
pub mod surrogate;
mod telephone;
mod wire;

pub use event::{Bound, Event, Kind, Meeting, Participant};
pub use key::Key;
pub use redaction::Redaction;
pub use wire::{NEEDED_KEYS, understand};

pub use crate::types::Name;
