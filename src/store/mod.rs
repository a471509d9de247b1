//! The presence store: all facts of meetings and people, on disk, in an embedded SQLite.
//!
//! It holds
//!
//! - the facts of each meeting: the parsed events, each stored once;
//! - the *sessions* that follow from these facts alone;
//! - who attended which meeting, and the last visits of each name and account;
//! - who waits to be let in, for the few meetings where somebody does.
//!
//! An event changes only the facts and sessions of its own meeting. One transaction stores the
//! change together with the position in the log. An event of any age therefore costs little, no
//! event is read twice, and bodies may be removed from the journal once their facts are stored.
//!
//! Settings are applied when [reading](Store::presence): which rooms are shown, who is who, when a
//! meeting is stale. They never change what is stored.
//!
//! In memory are all names, the last visits of each, the sessions of the last 35 days, and the
//! facts of the meetings that are being updated.
//!
//! Several processes may use one store. Each commit increments its *edition*. A process that finds
//! another edition than it knows reloads from disk.

mod as_of;
mod attendance;
mod backfill;
mod chunks;
mod commit;
mod copy;
mod encoded_event;
mod history;
mod last_visits;
mod loaded;
mod read;
mod recent;
mod schema;
mod seen;
mod unsettled;
mod verify;
mod waiting;

#[cfg(test)]
mod tests;

use std::path::Path;

use anyhow::{Context, Result, anyhow};
use rusqlite::Connection;
use rustc_hash::FxHashMap;

use crate::roster::{Newest, SymbolTable, is_due, states_a_fact};
use crate::time::moment::Moment;
use crate::zoom::{Event, Key};

use attendance::MeetingCache;
use last_visits::LastVisits;
use loaded::LoadedMeeting;
use recent::RecentSessions;
use waiting::Waits;

pub use encoded_event::EncodedEvent;
pub use seen::{SeenName, SeenNumber};
pub use unsettled::UnsettledMeeting;

/// The version of the facts derived from an event. Increment it when Lookout parses more from an
/// event: it then rereads all events in the background.
const FACTS_VERSION: u32 = 2;

/// Earlier than every event.
const MIN_MOMENT: Moment = Moment::from_seconds(i64::MIN);

/// The maximum number of facts in memory between two commits.
const MAX_LOADED_FACTS: usize = 100_000;

/// How far the journal and the archive were read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Position {
    /// The journal's id, or empty.
    pub journal: String,
    /// The journal's previous id. The journal still has it if the change of id was interrupted.
    pub former: String,
    /// The id of the last event read from the journal.
    pub last_id: u64,
    /// The key of that event. In a restored journal, another event may have the same id.
    pub last_key: Option<Key>,
    /// How far the archive was read, encoded by the archive; empty if it was not read.
    pub archive: Vec<u8>,
    /// How far the journal was reread because [`FACTS_VERSION`] has changed; `None` if no reread is
    /// in progress.
    pub reread: Option<u64>,
}

/// All facts of meetings and people, on disk.
#[derive(Debug)]
pub struct Store {
    db: Connection,
    memory: Memory,
}

/// The part of the store that is in memory.
#[derive(Debug)]
struct Memory {
    header: StoreHeader,
    symbols: SymbolTable,
    /// The number of names and of accounts on disk.
    saved: (usize, usize),
    /// The ids of the loaded meetings.
    ids: FxHashMap<Box<str>, i64>,
    loaded: FxHashMap<i64, LoadedMeeting>,
    next_meeting: i64,
    /// Events that do not count yet, with their ids in the journal.
    future: Vec<(u64, Event)>,
    future_changes: FutureChanges,
    newest: Newest,
    recent: RecentSessions,
    waits: Waits,
    last_visits: LastVisits,
    meeting_cache: MeetingCache,
}

/// The row that describes the store as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
struct StoreHeader {
    position: Position,
    edition: i64,
}

#[derive(Debug, Default)]
struct FutureChanges {
    new: Vec<(u64, Event)>,
    due: Vec<Event>,
}

/// The content of the store is corrupt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it is damaged")]
pub struct Damaged;

/// The tables belong to another version of Lookout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("another version of Lookout made it")]
pub struct OtherVersion;

/// Whether the store has to be replaced, because the error is in its content.
pub fn is_unusable(error: &anyhow::Error) -> bool {
    error.is::<Damaged>() || error.is::<OtherVersion>()
}

/// Marks `error` as [`Damaged`] if SQLite reports a corrupt database.
fn classify(error: anyhow::Error) -> anyhow::Error {
    use rusqlite::ErrorCode::{DatabaseCorrupt, NotADatabase};
    let code = error.downcast_ref().and_then(rusqlite::Error::sqlite_error_code);
    match code {
        Some(DatabaseCorrupt | NotADatabase) => error.context(Damaged),
        _ => error,
    }
}

/// When to update the last visits of people whose sessions have changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LastVisitUpdate {
    /// In this commit; required before presence is read.
    Now,
    /// In a later commit, because more events follow.
    Deferred,
}

/// The result of a commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CommitOutcome {
    /// Everything was written.
    Done,
    /// Another process has written meanwhile. The uncommitted events were dropped: continue at the
    /// current [position](Store::position).
    Conflict,
}

impl Store {
    /// Opens the store at `path`, which is created if it is missing.
    ///
    /// # Errors
    ///
    /// The file can't be opened, written or read as a store of this version.
    pub fn open(path: &Path) -> Result<Self> {
        schema::open(path)
            .and_then(|db| Self::with(db.ok_or(OtherVersion)?))
            .map_err(classify)
            .with_context(|| format!("cannot open the store of presence `{}`", path.display()))
    }

    /// Creates a store in the empty file `path`, only to fill it and to
    /// [replace](Self::replace_with) another one by it. A failure may damage it.
    ///
    /// # Errors
    ///
    /// The file can't be opened or written.
    pub fn create_temporary(path: &Path) -> Result<Self> {
        Self::with(schema::open_temporary(path)?)
    }

    /// Creates a store in memory.
    ///
    /// # Errors
    ///
    /// SQLite's.
    pub fn in_memory() -> Result<Self> {
        Self::with(schema::in_memory()?)
    }

    fn with(db: Connection) -> Result<Self> {
        db.set_prepared_statement_cache_capacity(64);
        let memory = Memory::read(&db)?;
        Ok(Self { db, memory })
    }

    /// How far the logs were read.
    pub fn position(&self) -> &Position {
        &self.memory.header.position
    }

    /// Reloads if another process has written. Returns whether it has.
    ///
    /// # Errors
    ///
    /// The store can't be read.
    pub fn refresh(&mut self) -> Result<bool> {
        let has_moved =
            read::read_edition(&self.db).map_err(classify)? != self.memory.header.edition;
        if has_moved {
            self.reload().map_err(classify)?;
        }
        Ok(has_moved)
    }

    /// Applies an event at `now`, or keeps it until it counts. `source` is its id in the journal, or
    /// 0. Nothing is on disk until it is [committed](Self::commit).
    ///
    /// # Errors
    ///
    /// The store can't be read.
    pub fn take_in(&mut self, source: u64, encoded: &EncodedEvent, now: Moment) -> Result<()> {
        let event = &encoded.event;
        if !states_a_fact(event) {
            return Ok(());
        }
        if is_due(event, now) {
            return self.memory.apply(&self.db, source, encoded).map_err(classify);
        }
        let memory = &mut self.memory;
        if !memory.future.iter().any(|(_, known)| known == event) {
            memory.future.push((source, event.clone()));
            memory.future_changes.new.push((source, event.clone()));
        }
        Ok(())
    }

    /// Applies the kept events that count at `now`. Returns their number.
    ///
    /// # Errors
    ///
    /// The store can't be read.
    pub fn apply_due(&mut self, now: Moment) -> Result<usize> {
        let future = &mut self.memory.future;
        let due: Vec<_> = future.extract_if(.., |(_, event)| is_due(event, now)).collect();
        for (source, event) in &due {
            self.memory.apply(&self.db, *source, &event.clone().into()).map_err(classify)?;
        }
        let count = due.len();
        self.memory.future_changes.due.extend(due.into_iter().map(|(_, event)| event));
        Ok(count)
    }

    /// The number of events that do not count yet.
    pub fn future_event_count(&self) -> usize {
        self.memory.future.len()
    }

    /// Syncs all commits to disk, so that they survive a power cut.
    ///
    /// # Errors
    ///
    /// The store can't be synced, or another process is reading it.
    pub fn sync(&self) -> Result<()> {
        let is_busy: i64 =
            self.db.query_row("PRAGMA wal_checkpoint(FULL)", [], |row| row.get(0))?;
        if is_busy != 0 {
            return Err(anyhow!("another process is reading it; Lookout retries"));
        }
        Ok(())
    }

    /// Replaces what is in memory by what is on disk.
    fn reload(&mut self) -> Result<()> {
        self.memory = Memory::read(&self.db)?;
        Ok(())
    }
}

impl Memory {
    fn apply(&mut self, db: &Connection, source: u64, encoded: &EncodedEvent) -> Result<()> {
        let Some(meeting) = &encoded.event.meeting else { return Ok(()) };
        let id = self.meeting_id(db, &meeting.uuid)?;
        let symbols = &mut self.symbols;
        if let Some(loaded) = self.loaded.get_mut(&id) {
            loaded.take_in(source, encoded, symbols);
        }
        Ok(())
    }

    /// Loads a meeting into memory and returns its id.
    fn meeting_id(&mut self, db: &Connection, uuid: &str) -> Result<i64> {
        if let Some(id) = self.ids.get(uuid) {
            return Ok(*id);
        }
        let mut loaded = LoadedMeeting::new(uuid);
        let id = match read::meeting_id(db, uuid)? {
            Some(id) => {
                let (from, to) = chunks::chunk_ids(id);
                let mut query = db.prepare_cached(
                    "SELECT id, events FROM facts WHERE id >= ?1 AND id < ?2 ORDER BY id",
                )?;
                let mut rows = query.query([from, to])?;
                while let Some(row) = rows.next()? {
                    let (_, chunk) = chunks::split_id(row.get(0)?);
                    let sealed = row.get_ref(1)?.as_blob()?;
                    let read = loaded.read(chunk, sealed, &mut self.symbols);
                    read.with_context(|| format!("the facts of the meeting `{uuid}`"))?;
                }
                loaded.mark_as_written();
                id
            }
            None => {
                self.next_meeting += 1;
                self.next_meeting - 1
            }
        };
        self.ids.insert(uuid.into(), id);
        self.loaded.insert(id, loaded);
        Ok(id)
    }
}
