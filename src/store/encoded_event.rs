//! An event with the fact that the store keeps of it.

use super::chunks;
use crate::zoom::Event;

/// An event, encoded for the store. The thread that parses events also encodes them, so that the one
/// that stores them has less to do.
#[derive(Debug)]
pub struct EncodedEvent {
    pub(super) event: Event,
    pub(super) fact: Vec<u8>,
}

impl From<Event> for EncodedEvent {
    fn from(event: Event) -> Self {
        let fact = chunks::encode_fact(&event);
        Self { event, fact }
    }
}
