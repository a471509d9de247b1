//! Parsers of option values, with error messages that say what to write instead.

use std::net::SocketAddr;

use chrono::NaiveDate;

use crate::config::{self, Settings, suggest};
use crate::time::moment::Moment;
use crate::time::zone::Zone;

/// An end of a period: a moment, or a day whose moments depend on the zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edge {
    /// A date, a time and a zone.
    At(Moment),
    /// A day.
    On(NaiveDate),
}

impl Edge {
    /// The first moment that it includes.
    pub fn first(self, zone: &Zone) -> Moment {
        match self {
            Self::At(moment) => moment,
            Self::On(day) => zone.start_of(day),
        }
    }

    /// The first moment after it; of a day, the beginning of the next one.
    pub fn end(self, zone: &Zone) -> Moment {
        match self {
            Self::At(moment) => moment,
            Self::On(day) => zone.start_of(day.succ_opt().unwrap_or(day)),
        }
    }
}

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

/// A date, a time and a zone; or only a date.
pub fn edge(text: &str) -> Result<Edge, String> {
    let day = || NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().map(Edge::On);
    Moment::parse_rfc3339(text).map(Edge::At).or_else(day).ok_or_else(|| {
        "write a date, such as 2026-01-05, or date, time and zone, such as 2026-01-05T20:00:00Z"
            .to_owned()
    })
}

/// The index in the settings of the room that `text` names: by its name, slug or meeting number.
/// `argument` is where it was typed.
///
/// # Errors
///
/// There is no such room.
pub fn room_index(settings: &Settings, argument: &str, text: &str) -> Result<u32, UsageError> {
    let rooms = &settings.rooms;
    let number = digits_of(text);
    let is_meant = |room: &&config::Room| {
        room.name == text || room.slug.as_str() == text || room.meeting_id == number
    };
    if let Some((index, _)) = (0..).zip(rooms).find(|(_, room)| is_meant(room)) {
        return Ok(index);
    }
    let shown = text.escape_debug();
    if rooms.is_empty() {
        return Err(UsageError(format!(
            "{argument}: no `[[rooms]]` are configured, so all meetings count as one room; add them, or leave {argument} out"
        )));
    }
    let words = rooms.iter().flat_map(|room| [room.name.as_str(), room.slug.as_str()]);
    let problem = match suggest(text, words) {
        Some(near) => format!("{argument}: no room is called `{shown}`; did you mean `{near}`?"),
        None => {
            let all: Vec<_> = rooms.iter().map(|room| format!("`{}`", room.slug)).collect();
            format!("{argument}: no room is called `{shown}`; there are {}", all.join(", "))
        }
    };
    Err(UsageError(problem))
}

/// The meeting number that `text` is, where no rooms are configured. `argument` is where it was typed.
///
/// # Errors
///
/// It is no number.
pub fn meeting_number(argument: &str, text: &str) -> Result<String, UsageError> {
    let number = digits_of(text);
    if !number.is_empty() && number.chars().all(|c| c.is_ascii_digit()) {
        return Ok(number);
    }
    Err(UsageError(format!(
        "{argument}: no `[[rooms]]` are configured, so write a meeting number, such as 123 456 7890, instead of `{}`",
        text.escape_debug()
    )))
}

/// A meeting number as Zoom sends it, from one as Zoom shows it.
fn digits_of(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace() && *c != '-').collect()
}
