//! What was seen, as one JSON object.

use anyhow::Result;
use serde::Serialize;

use crate::commands::quoted::is_unseen;
use crate::commands::standing::{Shown, Standing};
use crate::config::Settings;
use crate::generator::{MeetingSeen, NameSeen, Seen};

#[derive(Serialize)]
struct List<'a> {
    names: Vec<NameRow<'a>>,
    meetings: Vec<MeetingRow<'a>>,
}

#[derive(Serialize)]
struct NameRow<'a> {
    name: &'a str,
    /// The name of the `[[people]]` entry.
    person: Option<&'a str>,
    published: bool,
    hidden: bool,
    visits: u64,
    last_seen: String,
    inside: Vec<Inside<'a>>,
    accounts: &'a [String],
}

#[derive(Serialize)]
struct Inside<'a> {
    meeting_id: &'a str,
    since: String,
}

#[derive(Serialize)]
struct MeetingRow<'a> {
    meeting_id: &'a str,
    topic: Option<&'a str>,
    /// The name of the room in the settings.
    room: Option<&'a str>,
    visits: u64,
    inside: usize,
    last_seen: String,
}

/// One line of JSON without any character that a terminal acts on.
pub(super) fn encode(seen: &Seen, settings: &Settings) -> Result<String> {
    let list = List {
        names: seen.names.iter().map(|name| name_row(name, settings)).collect(),
        meetings: seen.meetings.iter().map(|meeting| meeting_row(meeting, settings)).collect(),
    };
    // These stand in texts only, and serde_json leaves them as they are.
    let mut line = String::new();
    for c in serde_json::to_string(&list)?.chars() {
        match c {
            c if is_unseen(c) => line += &format!("\\u{:04x}", u32::from(c)),
            c => line.push(c),
        }
    }
    line.push('\n');
    Ok(line)
}

fn name_row<'a>(seen: &'a NameSeen, settings: &'a Settings) -> NameRow<'a> {
    let zone = &settings.site.time_zone;
    let Standing { entry, shown } = Standing::of(&seen.name, &seen.accounts, settings);
    let inside = seen
        .inside
        .iter()
        .map(|(number, since)| Inside { meeting_id: number, since: zone.to_rfc3339(*since) });
    NameRow {
        name: seen.name.as_str(),
        person: entry.map(|person| person.name.as_str()),
        published: shown == Shown::Published,
        hidden: shown == Shown::Hidden,
        visits: seen.visits,
        last_seen: zone.to_rfc3339(seen.last_seen),
        inside: inside.collect(),
        accounts: &seen.accounts,
    }
}

fn meeting_row<'a>(seen: &'a MeetingSeen, settings: &'a Settings) -> MeetingRow<'a> {
    let room = settings.rooms.iter().find(|room| room.meeting_id == seen.number);
    MeetingRow {
        meeting_id: &seen.number,
        topic: seen.topic.as_deref(),
        room: room.map(|room| room.name.as_str()),
        visits: seen.visits,
        inside: seen.inside,
        last_seen: settings.site.time_zone.to_rfc3339(seen.last_seen),
    }
}
