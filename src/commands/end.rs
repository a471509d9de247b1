//! `lookout end [ROOM]`: says that nobody is in a room any more, or waits for it, where Zoom did not.
//! Also while `serve` runs.

use std::collections::BTreeSet;
use std::io::Write;

use anyhow::Result;
use tokio::runtime::Handle;

use crate::app::counted::counted;
use crate::commands::arguments::{self, UsageError};
use crate::commands::stored_events::{self, NOTHING_STORED};
use crate::config::Settings;
use crate::journal::{Journal, Record};
use crate::store::UnsettledMeeting;
use crate::time::clock;
use crate::zoom::observation;

/// The question that is stored with the answer.
const QUESTION: &str = "lookout end";

/// Arguments of `end`.
#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    /// The room: its name, slug or meeting number; without it, the only room with somebody in
    #[arg(value_name = "ROOM")]
    pub room: Option<String>,
}

/// Ends the stays of everybody in the room, and says so on `notes`. The archive, if there is one, is read
/// on `runtime`.
///
/// # Errors
///
/// The room is unknown or not certain, or the events can't be read or written.
pub fn run(
    settings: &Settings,
    args: &Args,
    runtime: &Handle,
    notes: &mut impl Write,
) -> Result<()> {
    let room = args.room.as_deref();
    let room = room.map(|text| arguments::room_index(settings, "ROOM", text)).transpose()?;
    let now_ms = clock::now_ms();
    let Some(mut log) = stored_events::read(settings, runtime, clock::now())? else {
        writeln!(notes, "{NOTHING_STORED}")?;
        return Ok(());
    };
    let mut meetings = log.unsettled(clock::now())?;
    drop(log);
    meetings.retain(|meeting| {
        let has_anybody = meeting.inside + meeting.waiting > 0;
        has_anybody && room.is_none_or(|room| meeting.room == room)
    });
    let rooms: BTreeSet<u32> = meetings.iter().map(|meeting| meeting.room).collect();
    if rooms.len() > 1 {
        return Err(which_room(settings, &rooms).into());
    }
    let Some(found) = rooms.first().copied() else {
        let place = room.map_or("any room".to_owned(), |room| name_of(settings, room));
        writeln!(notes, "nobody is in {place}, so there is nothing to end")?;
        return Ok(());
    };
    store(settings, &meetings, now_ms)?;
    writeln!(notes, "{}: {}", name_of(settings, found), done(&meetings))?;
    Ok(())
}

/// What became of those in `meetings`.
fn done(meetings: &[UnsettledMeeting]) -> String {
    let sum = |of: fn(&UnsettledMeeting) -> usize| meetings.iter().map(|it| of(it) as u64).sum();
    let inside = counted(sum(|it| it.inside), "connection is", "connections are");
    let waiting = match sum(|it| it.waiting) {
        0 => String::new(),
        waiting => {
            format!("; {} no longer", counted(waiting, "participant waits", "participants wait"))
        }
    };
    format!("{inside} over, at an unknown time{waiting}; whoever joins again is in")
}

/// Stores that none of `meetings` goes on.
fn store(settings: &Settings, meetings: &[UnsettledMeeting], now_ms: i64) -> Result<()> {
    let redaction = settings.redaction();
    let record = |meeting: &UnsettledMeeting| {
        let over_ms = meeting.over_ms(now_ms);
        let document = observation::not_going_on(&meeting.meeting(), over_ms, QUESTION, "over");
        Record::of_observation(document, now_ms, &redaction)
    };
    let journal = Journal::open(&settings.journal.path)?;
    let stored = journal.append_all(meetings.iter().map(record).collect());
    journal.close();
    stored?;
    Ok(())
}

fn which_room(settings: &Settings, rooms: &BTreeSet<u32>) -> UsageError {
    let named: Vec<_> = rooms.iter().map(|room| name_of(settings, *room)).collect();
    UsageError(format!("somebody is in {}; name one of them", named.join(" and in ")))
}

/// The room as messages name it.
fn name_of(settings: &Settings, room: u32) -> String {
    settings
        .rooms
        .get(room as usize)
        .map_or("the room".to_owned(), |room| format!("`{}`", room.slug))
}
