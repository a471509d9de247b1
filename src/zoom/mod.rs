//! Reading Zoom: signature, challenge, delivery → event. Pure.

pub mod event;
pub mod name;

pub use event::{Event, Kind, Meeting, Participant};
pub use name::Name;
