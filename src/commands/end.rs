//! `lookout end [ROOM]`: says that nobody is in a room any more, or waits for it, where Zoom did not.
//! Also while `serve` runs.

use std::collections::BTreeSet;
use std::io::Write;

use anyhow::{Result, ensure};
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

/// Where somebody is: a room of the settings or, where they have none, the meetings of a number.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    /// By its index in the settings.
    Room(u32),
    /// Nothing is known of the number where Zoom sent none.
    Number(Option<String>),
}

impl Place {
    /// The place that `text` names.
    fn named(settings: &Settings, text: &str) -> Result<Self, UsageError> {
        Ok(match settings.rooms.is_empty() {
            true => Self::Number(Some(arguments::meeting_number("ROOM", text)?)),
            false => Self::Room(arguments::room_index(settings, "ROOM", text)?),
        })
    }

    fn of(settings: &Settings, meeting: &UnsettledMeeting) -> Self {
        match settings.rooms.is_empty() {
            true => Self::Number(meeting.number.clone()),
            false => Self::Room(meeting.room),
        }
    }

    /// As messages name it.
    fn text(&self, settings: &Settings) -> String {
        match self {
            Self::Room(index) => match settings.rooms.get(*index as usize) {
                Some(room) => format!("`{}`", room.slug),
                None => "the room".to_owned(),
            },
            Self::Number(Some(number)) => format!("`{}`", number.escape_debug()),
            Self::Number(None) => "a meeting without a number".to_owned(),
        }
    }
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
    let room = room.map(|text| Place::named(settings, text)).transpose()?;
    let now_ms = clock::now_ms();
    let Some(mut log) = stored_events::read(settings, runtime, clock::now())? else {
        writeln!(notes, "{NOTHING_STORED}")?;
        return Ok(());
    };
    let mut meetings = log.unsettled(clock::now())?;
    drop(log);
    meetings.retain(|meeting| {
        let has_anybody = meeting.inside + meeting.waiting > 0;
        has_anybody && room.as_ref().is_none_or(|room| Place::of(settings, meeting) == *room)
    });
    let places: BTreeSet<_> = meetings.iter().map(|it| Place::of(settings, it)).collect();
    if places.len() > 1 {
        return Err(which_room(settings, &places).into());
    }
    let Some(found) = places.first() else {
        let place = room.map_or("any room".to_owned(), |room| room.text(settings));
        writeln!(notes, "nobody is in {place}, so there is nothing to end")?;
        return Ok(());
    };
    store(settings, &meetings, now_ms)?;
    writeln!(notes, "{}: {}", found.text(settings), done(&meetings))?;
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

/// Stores that nobody is in any of `meetings` any more. Only a machine that takes deliveries has a
/// journal, and only there something ships what is added to it.
fn store(settings: &Settings, meetings: &[UnsettledMeeting], now_ms: i64) -> Result<()> {
    let path = &settings.journal.path;
    ensure!(
        path.try_exists()?,
        "there is no journal at `{}`; run this on a machine where `lookout serve` or `lookout intake` takes \
         Zoom's deliveries",
        path.display()
    );
    let redaction = settings.redaction();
    let record = |meeting: &UnsettledMeeting| {
        let document = observation::emptied(&meeting.meeting(), meeting.over_ms(now_ms), QUESTION);
        Record::of_observation(document, now_ms, &redaction)
    };
    let journal = Journal::open(path)?;
    let stored = journal.append_all(meetings.iter().map(record).collect());
    journal.close();
    stored?;
    Ok(())
}

fn which_room(settings: &Settings, places: &BTreeSet<Place>) -> UsageError {
    let named: Vec<_> = places.iter().map(|place| place.text(settings)).collect();
    UsageError(format!("somebody is in {}; name one of them", named.join(" and in ")))
}
