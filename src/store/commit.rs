//! Commits: writes the applied events, and what follows from them, in one transaction with the
//! position.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};

use super::attendance::{self, IdentityKey};
use super::chunks::{self, Grouped};
use super::loaded::{Changes, LoadedMeeting};
use super::read::{read_edition, read_newest_of};
use super::recent::{self, ChunkEnd};
use super::{
    CommitOutcome, FACTS_VERSION, LastVisitUpdate, MAX_LOADED_FACTS, Memory, Position, Store,
    StoreHeader, classify,
};
use crate::roster::{GroupId, Seen, Sessions, SymbolTable};
use crate::time::moment::Moment;
use crate::zoom::Name;

impl Store {
    /// Writes all applied events and the position, in one transaction.
    ///
    /// # Errors
    ///
    /// The store can't be writer. Nothing is then writer, and the applied events are dropped.
    pub fn commit(
        &mut self,
        position: &Position,
        last_visits: LastVisitUpdate,
    ) -> Result<CommitOutcome> {
        let outcome = self.try_commit(position, last_visits).map_err(classify);
        if !matches!(outcome, Ok(CommitOutcome::Done)) {
            self.reload()?;
        }
        outcome
    }

    fn try_commit(
        &mut self,
        position: &Position,
        last_visits: LastVisitUpdate,
    ) -> Result<CommitOutcome> {
        let Self { db, memory } = self;
        let transaction = Transaction::new_unchecked(db, TransactionBehavior::Immediate)?;
        memory.write(transaction, position, last_visits)
    }
}

impl Memory {
    fn write(
        &mut self,
        db: Transaction<'_>,
        position: &Position,
        last_visits: LastVisitUpdate,
    ) -> Result<CommitOutcome> {
        if read_edition(&db)? != self.header.edition {
            return Ok(CommitOutcome::Conflict);
        }
        self.write_symbols(&db)?;
        let mut changed: Vec<i64> = self
            .loaded
            .iter()
            .filter(|(_, loaded)| loaded.has_changes())
            .map(|(id, _)| *id)
            .collect();
        changed.sort_unstable();
        for id in changed {
            self.write_meeting(&db, id)?;
        }
        self.write_future(&db)?;
        if last_visits == LastVisitUpdate::Now {
            self.last_visits.update(&db, &mut self.meeting_cache)?;
        }
        let mut header = self.header.clone();
        header.edition += 1;
        header.position = position.clone();
        write_header(&db, &header)?;
        db.commit()?;
        self.header = header;
        self.evict();
        Ok(CommitOutcome::Done)
    }

    fn write_symbols(&mut self, db: &Connection) -> Result<()> {
        let (names, accounts) = self.saved;
        let mut insert =
            db.prepare_cached("INSERT INTO name (id, text, checksum) VALUES (?1, ?2, ?3)")?;
        let texts = self.symbols.names.values();
        self.saved.0 = texts.len();
        for (id, name) in (1_u32..).zip(texts).skip(names) {
            let name = name.map(Name::as_str).unwrap_or_default();
            insert.execute(params![id, name, chunks::name_checksum(id, name, None)])?;
        }
        let mut insert =
            db.prepare_cached("INSERT INTO account (id, text, checksum) VALUES (?1, ?2, ?3)")?;
        let texts = self.symbols.zoom_user_ids.values();
        self.saved.1 = texts.len();
        for (id, account) in (1_u32..).zip(texts).skip(accounts) {
            let account = account.map(|account| &**account).unwrap_or_default();
            insert.execute(params![id, account, chunks::row_checksum(&(id, account))])?;
        }
        let mut update = db.prepare_cached(
            "UPDATE name SET seen_at = ?2, seen_stamp_ms = ?3, checksum = ?4 WHERE id = ?1",
        )?;
        for (symbol, seen) in self.symbols.take_seen() {
            let (id, name) = (symbol.number(), self.symbols.names.text(symbol));
            let checksum = chunks::name_checksum(id, name.as_str(), Some(seen));
            let stamp_ms = match seen {
                Seen::Aside(_) => None,
                Seen::Event(_, stamp_ms) => Some(stamp_ms),
            };
            update.execute(params![id, seen.at().seconds(), stamp_ms, checksum])?;
        }
        Ok(())
    }

    /// Writes the new facts of a meeting and the sessions that they change.
    fn write_meeting(&mut self, db: &Connection, id: i64) -> Result<()> {
        let Some(loaded) = self.loaded.get_mut(&id) else { return Ok(()) };
        loaded.last_used = self.header.edition.unsigned_abs();
        write_facts(db, id, loaded)?;
        let changes = loaded.take_changes();
        let info = loaded.meeting.info().clone();
        let before = std::mem::replace(&mut loaded.written, info.clone());
        write_info(db, id, loaded)?;
        let has_moved = before.number() != info.number() || before.seen.is_none();
        self.recent.set_info(id, &info);
        if loaded.meeting.has_waiting_facts() {
            self.waits.write(db, id, &info, loaded.meeting.waits(&self.symbols))?;
        }
        let mut writer = SessionWriter { db, id, symbols: &self.symbols, whose: BTreeMap::new() };
        for (chunk, groups) in writer.outdated_chunks(loaded, &changes, has_moved)? {
            let sessions = writer.sessions(loaded, chunk, &groups, has_moved)?;
            let reach = ChunkEnd::of(&sessions);
            self.recent.put((id, chunk), &info, reach.map(|reach| (&sessions, reach)));
        }
        writer.write_attendance()?;
        let whose = writer.whose;
        self.meeting_cache.invalidate(id);
        for number in [before.number(), info.number()].into_iter().flatten() {
            match read_newest_of(db, number)? {
                Some(first) => self.newest.insert(number.into(), first),
                None => self.newest.remove(number),
            };
        }
        let numbers = match has_moved && before.seen.is_some() {
            true => vec![before.number(), info.number()],
            false => vec![info.number()],
        };
        for number in numbers {
            self.last_visits.mark_outdated(db, whose.keys().copied(), number)?;
        }
        Ok(())
    }

    fn write_future(&mut self, db: &Connection) -> Result<()> {
        let changes = std::mem::take(&mut self.future_changes);
        let mut insert =
            db.prepare_cached("INSERT OR IGNORE INTO future (event, source) VALUES (?1, ?2)")?;
        for (source, event) in &changes.new {
            insert.execute(params![postcard::to_stdvec(event)?, source])?;
        }
        let mut delete = db.prepare_cached("DELETE FROM future WHERE event = ?1")?;
        for event in &changes.due {
            delete.execute([postcard::to_stdvec(event)?])?;
        }
        Ok(())
    }

    /// Evicts the meetings that changed least recently, if too many facts are in memory.
    fn evict(&mut self) {
        let mut size: usize = self.loaded.values().map(LoadedMeeting::fact_count).sum();
        if size <= MAX_LOADED_FACTS {
            return;
        }
        let mut by_use: Vec<(u64, i64)> =
            self.loaded.iter().map(|(id, loaded)| (loaded.last_used, *id)).collect();
        by_use.sort_unstable();
        // Keep the meeting that changed last, however large it is.
        by_use.pop();
        for (_, id) in by_use {
            if size <= MAX_LOADED_FACTS / 2 {
                break;
            }
            if let Some(loaded) = self.loaded.remove(&id) {
                size -= loaded.fact_count();
                self.ids.remove(&loaded.uuid);
            }
        }
    }
}

pub(super) fn write_header(
    db: &Connection,
    StoreHeader { position, edition }: &StoreHeader,
) -> Result<()> {
    db.prepare_cached(
        "UPDATE store SET journal = ?1, position = ?2, last_key = ?3, archive = ?4,
             understood = ?5, reread = ?6, edition = ?7, former = ?8",
    )?
    .execute(params![
        position.journal,
        position.last_id,
        position.last_key.as_ref().map(crate::zoom::Key::as_bytes),
        position.archive,
        FACTS_VERSION,
        position.reread,
        edition,
        position.former
    ])?;
    Ok(())
}

fn write_facts(db: &Connection, id: i64, loaded: &mut LoadedMeeting) -> Result<()> {
    let mut replace =
        db.prepare_cached("INSERT OR REPLACE INTO facts (id, events) VALUES (?1, ?2)")?;
    for (chunk, facts) in loaded.take_chunks() {
        replace.execute(params![chunks::chunk_id(id, chunk), chunks::add_checksum(facts)])?;
    }
    Ok(())
}

fn write_info(db: &Connection, id: i64, loaded: &LoadedMeeting) -> Result<()> {
    let info = recent::info_params(&loaded.written);
    let (number, number_at, first, last) = info;
    let facts = loaded.facts.map(|facts| (facts.first.seconds(), facts.last.seconds()));
    let (first_fact, last_fact) = facts.unwrap_or_default();
    let checksum = chunks::row_checksum(&(id, &*loaded.uuid, info, (first_fact, last_fact)));
    db.prepare_cached(
        "INSERT OR REPLACE INTO meeting
             (id, uuid, number, number_at, first_seen, last_seen, first_fact, last_fact, checksum)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    )?
    .execute(params![
        id,
        loaded.uuid,
        number,
        number_at,
        first,
        last,
        first_fact,
        last_fact,
        checksum
    ])?;
    Ok(())
}

/// Writes the sessions of one meeting.
struct SessionWriter<'a> {
    db: &'a Connection,
    id: i64,
    symbols: &'a SymbolTable,
    /// The names and accounts whose sessions have changed, and until when each was in the meeting.
    whose: BTreeMap<IdentityKey, Option<Moment>>,
}

impl SessionWriter<'_> {
    /// The groups whose sessions have to be derived again, by chunk.
    fn outdated_chunks(
        &self,
        loaded: &LoadedMeeting,
        changes: &Changes,
        all: bool,
    ) -> Result<BTreeMap<u32, BTreeSet<GroupId>>> {
        let mut outdated = BTreeMap::<u32, BTreeSet<GroupId>>::new();
        let mut add = |group: GroupId| {
            outdated.entry(chunks::chunk_of_group(group)).or_default().insert(group);
        };
        changes.groups.iter().copied().for_each(&mut add);
        if changes.all || all {
            loaded.meeting.groups().for_each(&mut add);
            // A leg that now has a connection is no longer a group of its own.
            for (_, sessions) in attendance::read_chunks(self.db, self.id)? {
                sessions.iter().for_each(|(group, _)| add(*group));
            }
        }
        Ok(outdated)
    }

    /// Derives the sessions of `groups` again and writes their chunk. Returns its new content.
    fn sessions(
        &mut self,
        loaded: &LoadedMeeting,
        chunk: u32,
        groups: &BTreeSet<GroupId>,
        all_differ: bool,
    ) -> Result<Grouped> {
        let place = chunks::chunk_id(self.id, chunk);
        let mut query = self.db.prepare_cached("SELECT of FROM sessions WHERE id = ?1")?;
        let before: Option<Vec<u8>> = query.query_row([place], |row| row.get(0)).optional()?;
        let before = before.map(|sealed| chunks::decode_sessions(&sealed)).transpose()?;
        let mut now: BTreeMap<GroupId, Sessions> = before.into_iter().flatten().collect();
        let mut is_other = false;
        for group in groups {
            let sessions = loaded.meeting.sessions(*group, self.symbols);
            let differs = now.get(group) != sessions.as_ref();
            is_other |= differs;
            if differs || all_differ {
                if let Some(before) = now.get(group) {
                    self.record(before, None);
                }
                if let Some(after) = &sessions {
                    self.record(after, after.spans.iter().map(recent::last_of).max());
                    self.write_accounts(after)?;
                }
            }
            match sessions {
                Some(sessions) => now.insert(*group, sessions),
                None => now.remove(group),
            };
        }
        let now: Grouped = now.into_iter().collect();
        if is_other {
            self.put(place, &now)?;
        }
        Ok(now)
    }

    fn record(&mut self, sessions: &Sessions, reach: Option<Moment>) {
        for who in IdentityKey::all_of(&sessions.who) {
            let latest = self.whose.entry(who).or_default();
            *latest = (*latest).max(reach);
        }
    }

    fn put(&self, place: i64, sessions: &Grouped) -> Result<()> {
        match ChunkEnd::of(sessions) {
            Some(ChunkEnd { last, has_open }) => self
                .db
                .prepare_cached(
                    "INSERT OR REPLACE INTO sessions (id, reach, has_open, of) VALUES (?1, ?2, ?3, ?4)",
                )?
                .execute(params![
                    place,
                    last.seconds(),
                    has_open,
                    chunks::encode_sessions(sessions)
                ])?,
            None => {
                self.db.prepare_cached("DELETE FROM sessions WHERE id = ?1")?.execute([place])?
            }
        };
        Ok(())
    }

    /// Writes who was in the meeting and until when. A later time on disk stays: it is an upper
    /// bound.
    fn write_attendance(&self) -> Result<()> {
        let mut upsert = self.db.prepare_cached(
            "INSERT INTO attended (who, meeting, reach, checksum) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT DO UPDATE SET reach = excluded.reach, checksum = excluded.checksum
             WHERE excluded.reach > reach",
        )?;
        for (who, reach) in &self.whose {
            let Some(reach) = reach else { continue };
            let (who, reach) = (who.id(), reach.seconds());
            let checksum = chunks::row_checksum(&(who, self.id, reach));
            upsert.execute(params![who, self.id, reach, checksum])?;
        }
        Ok(())
    }

    /// Writes which names and accounts were reported for the same participant.
    fn write_accounts(&self, sessions: &Sessions) -> Result<()> {
        if sessions.who.zoom_user_ids.is_empty() {
            return Ok(());
        }
        let mut insert = self
            .db
            .prepare_cached("INSERT OR IGNORE INTO account_of (who, account) VALUES (?1, ?2)")?;
        for account in sessions.who.zoom_user_ids.iter().copied().map(IdentityKey::Account) {
            for who in IdentityKey::all_of(&sessions.who).filter(|who| *who != account) {
                insert.execute(params![who.id(), account.id()])?;
            }
        }
        Ok(())
    }
}
