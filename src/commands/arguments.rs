//! What is typed behind an option, understood, or refused in words of our own: those of a
//! library speak of digits and sockets.

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::time::Duration;

use reqwest::Url;

use crate::config;
use crate::time::moment::Moment;

/// A whole number from 1 up.
pub fn count(text: &str) -> Result<NonZeroUsize, String> {
    text.parse().map_err(|_| "write a whole number from 1 up".to_owned())
}

/// A whole number from 0 up.
pub fn number(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| "write a whole number from 0 up".to_owned())
}

/// A span of time above zero, as in the settings.
pub fn duration(text: &str) -> Result<Duration, String> {
    config::duration(text)
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

/// The address of an intake.
pub fn url(text: &str) -> Result<Url, String> {
    let url = text.parse::<Url>().ok().filter(|url| ["http", "https"].contains(&url.scheme()));
    url.ok_or_else(|| "write an address such as http://127.0.0.1:8787/webhooks/zoom".to_owned())
}
