//! The store: what all events say of meetings and people, on disk, in an embedded SQLite.
//!
//! It holds the facts of each meeting, which are the understood events, each once; the
//! *sessions* that follow from these facts alone; and who attended which meeting, and when last. An
//! event changes the facts and sessions of its meeting only, in one transaction with the position in the
//! log. So an event of any age costs little, no event has to be read twice, and bodies may be
//! removed from the journal once they are here.
//!
//! Everything that settings decide is applied when [reading](Store::presence): which rooms there
//! are, who is who, when a meeting is stale. No setting ever changes what is stored.
//!
//! What is in memory: the texts of all names, each name's last visit, the sessions of the last 35
//! days, and the facts of the meetings that something is said of now.
//!
//! Several processes may use one store. Each commit raises its *edition*; whoever finds another
//! one than it knows begins anew with what is on disk.

mod attended;
mod chunks;
mod completing;
mod copying;
mod hot;
mod last_visits;
mod past;
mod schema;
mod verifying;
mod window;
mod writing;

#[cfg(test)]
mod tests;

use std::path::Path;

use anyhow::{Context, Result, anyhow};
use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};
use rustc_hash::FxHashMap;

use crate::roster::{
    Gathered, LISTED, Newest, Presence, Rules, Word, Words, counts_from, has_come, states_a_fact,
};
use crate::time::moment::Moment;
use crate::zoom::{Event, Key, Name};

use attended::Attended;
use completing::Completing;
use hot::Hot;
use last_visits::LastVisits;
use window::Window;

/// To be raised whenever more is understood of an event: everything is then read again, in the
/// background.
const UNDERSTANDING: u32 = 1;

/// Before everything.
const BEGINNING: Moment = Moment::from_seconds(i64::MIN);

/// At most so many facts stay in memory between two commits.
const HOT_FACTS: usize = 100_000;

/// How far the logs were read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Position {
    /// The journal's id; empty for none.
    pub journal: String,
    /// The id that it had before it became this one, which it has still if that was interrupted.
    pub former: String,
    /// The last event that was read there.
    pub last_id: u64,
    /// The key of that event: another one may have its place in a journal that was put back.
    pub last_key: Option<Key>,
    /// How far the archive was read, in its own words; empty where it was not.
    pub archive: Vec<u8>,
    /// How far the journal was read again, because more is understood of events by now; `None`: to
    /// its end, or it need not be.
    pub reread: Option<u64>,
}

/// What is known of meetings and people, on disk.
#[derive(Debug)]
pub struct Store {
    db: Connection,
    memory: Memory,
}

/// What of it is in memory.
#[derive(Debug)]
struct Memory {
    state: State,
    words: Words,
    /// How many names and accounts are on disk.
    saved: (usize, usize),
    /// The ids of meetings whose facts are in memory.
    ids: FxHashMap<Box<str>, i64>,
    hot: FxHashMap<i64, Hot>,
    next_meeting: i64,
    /// Events whose time is yet to come, with their places in the journal.
    future: Vec<(u64, Event)>,
    future_changes: FutureChanges,
    newest: Newest,
    window: Window,
    last_visits: LastVisits,
    attended: Attended,
}

/// The row that says what the store is of.
#[derive(Debug, Clone, PartialEq, Eq)]
struct State {
    position: Position,
    edition: i64,
}

#[derive(Debug, Default)]
struct FutureChanges {
    new: Vec<(u64, Event)>,
    due: Vec<Event>,
}

/// The store holds what it was never given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it is damaged")]
pub struct Damaged;

/// The tables are not those of this version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("another version of Lookout made it")]
pub struct OtherVersion;

/// Whether what went wrong is the store's content, so that another one has to take its place.
pub fn is_of_no_use(error: &anyhow::Error) -> bool {
    error.is::<Damaged>() || error.is::<OtherVersion>()
}

/// `error`, as [`Damaged`] where SQLite says that.
fn classified(error: anyhow::Error) -> anyhow::Error {
    use rusqlite::ErrorCode::{DatabaseCorrupt, NotADatabase};
    let code = error.downcast_ref().and_then(rusqlite::Error::sqlite_error_code);
    match code {
        Some(DatabaseCorrupt | NotADatabase) => error.context(Damaged),
        _ => error,
    }
}

/// When to look for the last visits of those whose sessions are others by now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settle {
    /// With this commit, so that it can be read.
    Now,
    /// With a later one: more is to come.
    Later,
}

/// What became of a commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Committed {
    /// It is done.
    Done,
    /// Another process has written meanwhile, and what was taken in is dropped: read on from
    /// the [position](Store::position) that holds now.
    Moved,
}

impl Store {
    /// Opens the store at `path`, made if need be.
    ///
    /// # Errors
    ///
    /// A file that can't be opened, written or understood.
    pub fn open(path: &Path) -> Result<Self> {
        let failed = || format!("cannot open the store of presence `{}`", path.display());
        let open = || {
            let db = schema::open(path)?.ok_or(OtherVersion)?;
            Self::with(db)
        };
        open().map_err(classified).with_context(failed)
    }

    /// A store that lasts as long as this value.
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
        &self.memory.state.position
    }

    /// Takes in what another process has written; whether it has.
    ///
    /// # Errors
    ///
    /// The store can't be read.
    pub fn refresh(&mut self) -> Result<bool> {
        let has_moved = read_edition(&self.db).map_err(classified)? != self.memory.state.edition;
        if has_moved {
            self.reload().map_err(classified)?;
        }
        Ok(has_moved)
    }

    /// Takes in an event at `now`, the one at `source` in the journal (0: from elsewhere). One whose time
    /// has not come counts later. Nothing lasts before it is [committed](Self::commit).
    ///
    /// # Errors
    ///
    /// The store can't be read.
    pub fn take_in(&mut self, source: u64, event: &Event, now: Moment) -> Result<()> {
        if !states_a_fact(event) {
            return Ok(());
        }
        if has_come(event, now) {
            return self.memory.apply(&self.db, source, event).map_err(classified);
        }
        let memory = &mut self.memory;
        if !memory.future.iter().any(|(_, known)| known == event) {
            memory.future.push((source, event.clone()));
            memory.future_changes.new.push((source, event.clone()));
        }
        Ok(())
    }

    /// Applies the events whose time has come by `now`; returns how many these were.
    ///
    /// # Errors
    ///
    /// The store can't be read.
    pub fn apply_due(&mut self, now: Moment) -> Result<usize> {
        let future = &mut self.memory.future;
        let due: Vec<_> = future.extract_if(.., |(_, event)| has_come(event, now)).collect();
        for (source, event) in &due {
            self.memory.apply(&self.db, *source, event).map_err(classified)?;
        }
        let count = due.len();
        self.memory.future_changes.due.extend(due.into_iter().map(|(_, event)| event));
        Ok(count)
    }

    /// Who is and was where, at `now`, as far as all that was taken in is committed.
    ///
    /// # Errors
    ///
    /// The store can't be read.
    pub fn presence(&mut self, rules: &Rules, now: Moment) -> Result<Presence> {
        self.derive(rules, now).map_err(classified)
    }

    fn derive(&mut self, rules: &Rules, now: Moment) -> Result<Presence> {
        let (db, memory, since) = (&self.db, &mut self.memory, now.plus(-LISTED));
        memory.window.load(db, since)?;
        let mut gathered = Gathered::new(&memory.words, rules, now, &memory.newest);
        for (outline, sessions) in memory.window.meetings() {
            gathered.add(outline, sessions);
        }
        let mut completing = Completing {
            db,
            window: &memory.window,
            last_visits: &memory.last_visits,
            attended: &mut memory.attended,
            since,
            shared: completing::shared(db, &memory.words, rules)?,
            until: None,
            whole: FxHashMap::default(),
        };
        completing.complete(&mut gathered)?;
        let next_due = memory.future.iter().map(|(_, event)| counts_from(event)).min();
        Ok(gathered.presence(next_due))
    }

    /// How many events count only once their time has come.
    pub fn events_to_come(&self) -> usize {
        self.memory.future.len()
    }

    /// Sees to it that what is committed outlasts a power cut.
    ///
    /// # Errors
    ///
    /// It can't be synced.
    pub fn sync(&self) -> Result<()> {
        let is_busy: i64 =
            self.db.query_row("PRAGMA wal_checkpoint(FULL)", [], |row| row.get(0))?;
        if is_busy != 0 {
            return Err(anyhow!("another process is reading it; it is tried again"));
        }
        Ok(())
    }

    /// Forgets what is in memory, and begins with what is on disk.
    fn reload(&mut self) -> Result<()> {
        self.memory = Memory::read(&self.db)?;
        Ok(())
    }
}

impl Memory {
    fn read(db: &Connection) -> Result<Self> {
        let reading = Transaction::new_unchecked(db, TransactionBehavior::Deferred)?;
        let words = read_words(&reading)?;
        let saved = (words.names.texts().len(), words.zoom_user_ids.texts().len());
        let next = "SELECT coalesce(max(id), 0) + 1 FROM meeting";
        Ok(Self {
            state: read_state(&reading)?,
            saved,
            words,
            ids: FxHashMap::default(),
            hot: FxHashMap::default(),
            next_meeting: reading.query_row(next, [], |row| row.get(0))?,
            future: read_future(&reading)?,
            future_changes: FutureChanges::default(),
            newest: read_newest(&reading)?,
            window: Window::default(),
            last_visits: LastVisits::read(&reading)?,
            attended: Attended::default(),
        })
    }

    fn apply(&mut self, db: &Connection, source: u64, event: &Event) -> Result<()> {
        let Some(meeting) = &event.meeting else { return Ok(()) };
        let id = self.meeting_id(db, &meeting.uuid)?;
        let words = &mut self.words;
        if let Some(hot) = self.hot.get_mut(&id) {
            hot.take_in(source, event, words);
        }
        Ok(())
    }

    /// The id of a meeting whose facts are in memory from now on.
    fn meeting_id(&mut self, db: &Connection, uuid: &str) -> Result<i64> {
        if let Some(id) = self.ids.get(uuid) {
            return Ok(*id);
        }
        let mut query = db.prepare_cached("SELECT id FROM meeting WHERE uuid = ?1")?;
        let known: Option<i64> = query.query_row([uuid], |row| row.get(0)).optional()?;
        let mut hot = Hot::new(uuid);
        let id = match known {
            Some(id) => {
                let (from, to) = chunks::chunk_ids(id);
                let mut query = db.prepare_cached(
                    "SELECT id, events FROM facts WHERE id >= ?1 AND id < ?2 ORDER BY id",
                )?;
                let mut rows = query.query([from, to])?;
                while let Some(row) = rows.next()? {
                    let (_, chunk) = chunks::of_id(row.get(0)?);
                    let sealed = row.get_ref(1)?.as_blob()?;
                    let read = hot.read(chunk, sealed, &mut self.words);
                    read.with_context(|| format!("the facts of the meeting `{uuid}`"))?;
                }
                hot.is_as_written();
                id
            }
            None => {
                self.next_meeting += 1;
                self.next_meeting - 1
            }
        };
        self.ids.insert(uuid.into(), id);
        self.hot.insert(id, hot);
        Ok(id)
    }
}

fn read_edition(db: &Connection) -> Result<i64> {
    let mut query = db.prepare_cached("SELECT edition FROM store")?;
    Ok(query.query_row([], |row| row.get(0))?)
}

fn read_state(db: &Connection) -> Result<State> {
    let query = "SELECT journal, position, last_key, archive, understood, reread, edition, former FROM store";
    let state = db.query_row(query, [], |row| {
        let last_key: Option<[u8; 32]> = row.get(2)?;
        let (last_id, understood): (u64, u32) = (row.get(1)?, row.get(4)?);
        let is_behind = understood < UNDERSTANDING && last_id > 0;
        let position = Position {
            reread: if is_behind { Some(0) } else { row.get(5)? },
            journal: row.get(0)?,
            former: row.get(7)?,
            last_id,
            last_key: last_key.map(Key::from_bytes),
            archive: row.get(3)?,
        };
        Ok(State { position, edition: row.get(6)? })
    });
    state.context("what it is of cannot be read")
}

fn read_words(db: &Connection) -> Result<Words> {
    let mut words = Words::default();
    let mut query =
        db.prepare("SELECT id, text, seen_at, seen_stamp_ms, checksum FROM name ORDER BY id")?;
    let mut rows = query.query([])?;
    while let Some(row) = rows.next()? {
        let (id, text): (u32, &str) = (row.get(0)?, row.get_ref(1)?.as_str()?);
        let (at, stamp_ms): (Option<i64>, Option<i64>) = (row.get(2)?, row.get(3)?);
        chunks::ensure_whole(&(id, text, at.zip(stamp_ms)), row.get(4)?)?;
        let word = Word::of(id).ok_or(Damaged)?;
        words.names.put(word, Name::clean(text).ok_or(Damaged)?);
        if let Some((at, stamp_ms)) = at.zip(stamp_ms) {
            words.see(word, (Moment::from_seconds(at), stamp_ms));
        }
    }
    let mut query = db.prepare("SELECT id, text, checksum FROM account ORDER BY id")?;
    let mut rows = query.query([])?;
    while let Some(row) = rows.next()? {
        let (id, text): (u32, &str) = (row.get(0)?, row.get_ref(1)?.as_str()?);
        chunks::ensure_whole(&(id, text), row.get(2)?)?;
        words.zoom_user_ids.put(Word::of(id).ok_or(Damaged)?, text.into());
    }
    words.take_seen();
    Ok(words)
}

fn read_future(db: &Connection) -> Result<Vec<(u64, Event)>> {
    let mut query = db.prepare("SELECT source, event FROM future ORDER BY event")?;
    let mut rows = query.query([])?;
    let mut future = Vec::new();
    while let Some(row) = rows.next()? {
        let event = postcard::from_bytes(row.get_ref(1)?.as_blob()?);
        future.push((row.get(0)?, event.context(Damaged)?));
    }
    Ok(future)
}

/// Steps from number to number: there are few of them, and many meetings.
fn read_newest(db: &Connection) -> Result<Newest> {
    let mut query = db.prepare(
        "WITH RECURSIVE numbers (number) AS (
             SELECT min(number) FROM meeting
             UNION ALL
             SELECT (SELECT min(number) FROM meeting WHERE number > numbers.number)
             FROM numbers WHERE number IS NOT NULL
         )
         SELECT number, (SELECT max(first_seen) FROM meeting WHERE number = numbers.number)
         FROM numbers WHERE number IS NOT NULL",
    )?;
    let mut rows = query.query([])?;
    let mut newest = Newest::default();
    while let Some(row) = rows.next()? {
        let first: Option<i64> = row.get(1)?;
        if let Some(first) = first {
            newest.insert(row.get_ref(0)?.as_str()?.into(), Moment::from_seconds(first));
        }
    }
    Ok(newest)
}

fn read_newest_of(db: &Connection, number: &str) -> Result<Option<Moment>> {
    let mut query = db.prepare_cached("SELECT max(first_seen) FROM meeting WHERE number = ?1")?;
    let first: Option<i64> = query.query_row(params![number], |row| row.get(0))?;
    Ok(first.map(Moment::from_seconds))
}
