//! Parsers of option values, with error messages that say what to write instead.

use std::net::SocketAddr;

use crate::config;
use crate::time::moment::Moment;

/// A whole number from 0 up.
pub fn number(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| "write a whole number from 0 up".to_owned())
}

/// An address and a port, as in the settings.
pub fn listen(text: &str) -> Result<SocketAddr, String> {
    config::listen(text)
}

/// A date, a time and a zone.
pub fn moment(text: &str) -> Result<Moment, String> {
    Moment::parse_rfc3339(text)
        .ok_or_else(|| "write date, time and zone, such as 2026-01-05T20:00:00Z".to_owned())
}

/// Options that do not go together; the message says what to write instead.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct UsageError(pub String);
