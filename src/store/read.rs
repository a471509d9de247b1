//! Reads from disk what the store keeps in memory, and derives presence from it.

use anyhow::{Context, Result, ensure};
use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};
use rustc_hash::FxHashMap;

use super::attendance::MeetingCache;
use super::backfill::{self, Backfill};
use super::last_visits::LastVisits;
use super::recent::RecentSessions;
use super::waiting::Waits;
use super::{
    Damaged, FACTS_VERSION, FutureChanges, Memory, Position, Store, StoreHeader, chunks, classify,
};
use crate::roster::{
    Newest, Presence, PresenceBuilder, Rules, Seen, Symbol, SymbolTable, VISITS_LISTED_S, due_at,
};
use crate::time::moment::Moment;
use crate::zoom::{Event, Key, Name};

impl Store {
    /// Who is and was where, at `now`, by the committed events.
    ///
    /// # Errors
    ///
    /// The store can't be read.
    pub fn presence(&mut self, rules: &Rules, now: Moment) -> Result<Presence> {
        self.derive(rules, now).map_err(classify)
    }

    fn derive(&mut self, rules: &Rules, now: Moment) -> Result<Presence> {
        let (db, memory, since) = (&self.db, &mut self.memory, now.plus(-VISITS_LISTED_S));
        memory.recent.load(db, since)?;
        let mut builder = PresenceBuilder::new(&memory.symbols, rules, now, &memory.newest);
        for (_, info, sessions) in memory.recent.meetings() {
            builder.add(info, sessions);
        }
        memory.waits.add_to(&mut builder);
        let mut backfill = Backfill {
            db,
            recent: &memory.recent,
            last_visits: &memory.last_visits,
            meeting_cache: &mut memory.meeting_cache,
            since,
            ambiguous: backfill::ambiguous_keys(db, &memory.symbols, rules)?,
            until: None,
            is_all_recent: FxHashMap::default(),
        };
        backfill.run(&mut builder)?;
        let next_due = memory.future.iter().map(|(_, event)| due_at(event)).min();
        Ok(builder.build(next_due))
    }
}

impl Memory {
    /// Reads everything that is always in memory.
    pub(super) fn read(db: &Connection) -> Result<Self> {
        let reading = Transaction::new_unchecked(db, TransactionBehavior::Deferred)?;
        let symbols = read_symbols(&reading)?;
        let waits = Waits::read(&reading, &symbols)?;
        let saved = (symbols.names.values().len(), symbols.zoom_user_ids.values().len());
        let next = "SELECT coalesce(max(id), 0) + 1 FROM meeting";
        Ok(Self {
            header: read_header(&reading)?,
            saved,
            symbols,
            ids: FxHashMap::default(),
            loaded: FxHashMap::default(),
            next_meeting: reading.query_row(next, [], |row| row.get(0))?,
            future: read_future(&reading)?,
            future_changes: FutureChanges::default(),
            newest: read_newest(&reading)?,
            recent: RecentSessions::default(),
            waits,
            last_visits: LastVisits::read(&reading)?,
            meeting_cache: MeetingCache::default(),
        })
    }
}

/// Calls `each` for all facts of a meeting, with the id of each in the journal, or 0.
pub(super) fn for_each_event(
    db: &Connection,
    meeting: i64,
    uuid: &str,
    mut each: impl FnMut(u64, Event) -> Result<()>,
) -> Result<()> {
    let mut query =
        db.prepare_cached("SELECT events FROM facts WHERE id >= ?1 AND id < ?2 ORDER BY id")?;
    let mut rows = query.query(<[i64; 2]>::from(chunks::chunk_ids(meeting)))?;
    while let Some(row) = rows.next()? {
        let bytes = chunks::verify_checksum(row.get_ref(0)?.as_blob()?)?;
        for fact in chunks::read_facts(bytes, uuid) {
            let (source, _, event) = fact?;
            each(source, event)?;
        }
    }
    Ok(())
}

/// The id of the meeting `uuid`, if it is in the store.
pub(super) fn meeting_id(db: &Connection, uuid: &str) -> Result<Option<i64>> {
    let mut query = db.prepare_cached("SELECT id FROM meeting WHERE uuid = ?1")?;
    Ok(query.query_row([uuid], |row| row.get(0)).optional()?)
}

pub(super) fn read_edition(db: &Connection) -> Result<i64> {
    let mut query = db.prepare_cached("SELECT edition FROM store")?;
    Ok(query.query_row([], |row| row.get(0))?)
}

fn read_header(db: &Connection) -> Result<StoreHeader> {
    let query = "SELECT journal, position, last_key, archive, understood, reread, edition, former FROM store";
    let header = db.query_row(query, [], |row| {
        let last_key: Option<[u8; 32]> = row.get(2)?;
        let (last_id, understood): (u64, u32) = (row.get(1)?, row.get(4)?);
        let is_behind = understood < FACTS_VERSION && last_id > 0;
        let position = Position {
            reread: if is_behind { Some(0) } else { row.get(5)? },
            journal: row.get(0)?,
            former: row.get(7)?,
            last_id,
            last_key: last_key.map(Key::from_bytes),
            archive: row.get(3)?,
        };
        Ok(StoreHeader { position, edition: row.get(6)? })
    });
    header.context("cannot read the header of the store")
}

pub(super) fn read_symbols(db: &Connection) -> Result<SymbolTable> {
    let mut symbols = SymbolTable::default();
    let mut query =
        db.prepare("SELECT id, text, seen_at, seen_stamp_ms, checksum FROM name ORDER BY id")?;
    let mut rows = query.query([])?;
    while let Some(row) = rows.next()? {
        let (id, text): (u32, &str) = (row.get(0)?, row.get_ref(1)?.as_str()?);
        let (at, stamp_ms): (Option<i64>, Option<i64>) = (row.get(2)?, row.get(3)?);
        let seen = at.map(Moment::from_seconds).map(|at| match stamp_ms {
            Some(stamp_ms) => Seen::Event(at, stamp_ms),
            None => Seen::Aside(at),
        });
        ensure!(chunks::name_checksum(id, text, seen) == row.get::<_, u32>(4)?, Damaged);
        let symbol = Symbol::from_number(id).ok_or(Damaged)?;
        symbols.names.insert(symbol, Name::clean(text).ok_or(Damaged)?);
        if let Some(seen) = seen {
            symbols.see(symbol, seen);
        }
    }
    let mut query = db.prepare("SELECT id, text, checksum FROM account ORDER BY id")?;
    let mut rows = query.query([])?;
    while let Some(row) = rows.next()? {
        let (id, text): (u32, &str) = (row.get(0)?, row.get_ref(1)?.as_str()?);
        chunks::verify_row(&(id, text), row.get(2)?)?;
        symbols.zoom_user_ids.insert(Symbol::from_number(id).ok_or(Damaged)?, text.into());
    }
    symbols.take_seen();
    Ok(symbols)
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

/// Skips from one number to the next, because there are many meetings of few numbers.
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

pub(super) fn read_newest_of(db: &Connection, number: &str) -> Result<Option<Moment>> {
    let mut query = db.prepare_cached("SELECT max(first_seen) FROM meeting WHERE number = ?1")?;
    let first: Option<i64> = query.query_row(params![number], |row| row.get(0))?;
    Ok(first.map(Moment::from_seconds))
}
