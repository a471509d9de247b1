//! What was seen, as tables for a terminal. Hostile text comes last in its line, in quotation marks.

use std::cmp::Reverse;
use std::fmt::Write;

use crate::app::counted::counted;
use crate::commands::quoted::quoted;
use crate::commands::standing::Standing;
use crate::config::Settings;
use crate::generator::{MeetingSeen, NameSeen, Seen};
use crate::time::moment::Moment;

/// At most this many accounts of a name are listed.
const MAX_ACCOUNTS: usize = 3;

/// The tables: who is in, all names, all meetings.
pub(super) fn text(seen: &Seen, settings: &Settings) -> String {
    let mut names: Vec<_> = seen.names.iter().collect();
    names.sort_by_key(|name| (name.inside.is_empty(), Reverse(name.last_seen), &name.name));
    let mut meetings: Vec<_> = seen.meetings.iter().collect();
    meetings
        .sort_by_key(|meeting| (meeting.inside == 0, Reverse(meeting.last_seen), &meeting.number));
    let zone = settings.site.time_zone.name();
    let inside = names.iter().filter(|name| !name.inside.is_empty()).count();
    let mut text = format!(
        "{inside} in now; {} and {} seen; times in {zone}\n",
        counted(names.len() as u64, "name", "names"),
        counted(meetings.len() as u64, "meeting", "meetings")
    );
    if !names.is_empty() {
        text += "\nLAST SEEN         VISITS  SHOWN     NAME\n";
        names.iter().for_each(|name| add_name(&mut text, name, settings));
    }
    if !meetings.is_empty() {
        text += "\nLAST SEEN         VISITS  SHOWN     MEETING_ID    ROOM, TOPIC\n";
        meetings.iter().for_each(|meeting| add_meeting(&mut text, meeting, settings));
    }
    text + "\n`lookout who --paste` prints lines for the settings\n"
}

fn add_name(text: &mut String, seen: &NameSeen, settings: &Settings) {
    let Standing { entry, shown } = Standing::of(&seen.name, &seen.accounts, settings);
    let last =
        if seen.inside.is_empty() { time(settings, seen.last_seen) } else { "in now".to_owned() };
    put(
        text,
        format_args!(
            "{last:16}  {:6}  {:8}  {}",
            seen.visits,
            shown.word(),
            quoted(seen.name.as_str())
        ),
    );
    if let Some(entry) = entry.filter(|entry| entry.name != seen.name) {
        put(text, format_args!(" is {}", quoted(entry.name.as_str())));
    }
    let accounts = seen.accounts.iter().take(MAX_ACCOUNTS).map(|account| quoted(account));
    let accounts = accounts.collect::<Vec<_>>().join(", ");
    match seen.accounts.len().checked_sub(MAX_ACCOUNTS) {
        Some(more @ 1..) => put(text, format_args!("; accounts {accounts} and {more} more")),
        _ if accounts.is_empty() => {}
        _ => put(text, format_args!("; account {accounts}")),
    }
    text.push('\n');
}

fn add_meeting(text: &mut String, seen: &MeetingSeen, settings: &Settings) {
    let room = settings.rooms.iter().find(|room| room.meeting_id == seen.number);
    let last = match seen.inside {
        0 => time(settings, seen.last_seen),
        inside => format!("{inside} in now"),
    };
    let is_room = match (room, settings.rooms.is_empty()) {
        (Some(_), _) => "yes",
        (None, true) => "all",
        (None, false) => "no",
    };
    // A number is text of Zoom's, too.
    let number = quoted(&seen.number);
    put(text, format_args!("{last:16}  {:6}  {is_room:8}  {number:12}", seen.visits));
    if let Some(room) = room {
        put(text, format_args!("  {}", quoted(&room.name)));
    }
    let topic = seen
        .topic
        .as_deref()
        .map_or_else(|| "topic unknown".to_owned(), |topic| format!("topic {}", quoted(topic)));
    put(text, format_args!("  {topic}\n"));
}

/// A moment as clocks in the site's zone show it.
fn time(settings: &Settings, moment: Moment) -> String {
    let local = settings.site.time_zone.local(moment);
    local.map_or_else(|| moment.to_string(), |local| local.format("%Y-%m-%d %H:%M").to_string())
}

fn put(text: &mut String, what: std::fmt::Arguments<'_>) {
    text.write_fmt(what).expect("a String takes anything");
}
