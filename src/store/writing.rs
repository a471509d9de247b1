//! Committing: what was taken in goes to disk, in one transaction with the position.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};

use super::attended::{self, Who};
use super::chunks::{self, Grouped};
use super::hot::{Changes, Hot};
use super::window::{self, Reach};
use super::{
    Committed, HOT_FACTS, Memory, Position, Settle, State, Store, UNDERSTANDING, classified,
    read_edition, read_newest_of,
};
use crate::roster::{GroupId, Sessions, Words};
use crate::time::moment::Moment;
use crate::zoom::Name;

impl Store {
    /// Writes everything that was taken in, with how far the logs were read, as one.
    ///
    /// # Errors
    ///
    /// The disk's. Nothing of it is then done, and what was taken in is dropped.
    pub fn commit(&mut self, position: &Position, settle: Settle) -> Result<Committed> {
        let outcome = self.try_commit(position, settle).map_err(classified);
        if !matches!(outcome, Ok(Committed::Done)) {
            self.reload()?;
        }
        outcome
    }

    fn try_commit(&mut self, position: &Position, settle: Settle) -> Result<Committed> {
        let Self { db, memory } = self;
        let transaction = Transaction::new_unchecked(db, TransactionBehavior::Immediate)?;
        memory.write(transaction, position, settle)
    }
}

impl Memory {
    fn write(
        &mut self,
        db: Transaction<'_>,
        position: &Position,
        settle: Settle,
    ) -> Result<Committed> {
        if read_edition(&db)? != self.state.edition {
            return Ok(Committed::Moved);
        }
        self.write_words(&db)?;
        let mut changed: Vec<i64> =
            self.hot.iter().filter(|(_, hot)| hot.has_changes()).map(|(id, _)| *id).collect();
        changed.sort_unstable();
        for id in changed {
            self.write_meeting(&db, id)?;
        }
        self.write_future(&db)?;
        if settle == Settle::Now {
            self.last_visits.settle(&db, &mut self.attended)?;
        }
        let mut state = self.state.clone();
        state.edition += 1;
        state.position = position.clone();
        write_state(&db, &state)?;
        db.commit()?;
        self.state = state;
        self.cool();
        Ok(Committed::Done)
    }

    fn write_words(&mut self, db: &Connection) -> Result<()> {
        let (names, accounts) = self.saved;
        let mut insert =
            db.prepare_cached("INSERT INTO name (id, text, checksum) VALUES (?1, ?2, ?3)")?;
        let texts = self.words.names.texts();
        self.saved.0 = texts.len();
        for (id, name) in (1_u32..).zip(texts).skip(names) {
            let name = name.map(Name::as_str).unwrap_or_default();
            let unseen: Option<(i64, i64)> = None;
            insert.execute(params![id, name, chunks::of_row(&(id, name, unseen))])?;
        }
        let mut insert =
            db.prepare_cached("INSERT INTO account (id, text, checksum) VALUES (?1, ?2, ?3)")?;
        let texts = self.words.zoom_user_ids.texts();
        self.saved.1 = texts.len();
        for (id, account) in (1_u32..).zip(texts).skip(accounts) {
            let account = account.map(|account| &**account).unwrap_or_default();
            insert.execute(params![id, account, chunks::of_row(&(id, account))])?;
        }
        let mut update = db.prepare_cached(
            "UPDATE name SET seen_at = ?2, seen_stamp_ms = ?3, checksum = ?4 WHERE id = ?1",
        )?;
        for (word, (at, stamp_ms)) in self.words.take_seen() {
            let (id, at, name) = (word.number(), at.seconds(), self.words.names.text(word));
            let checksum = chunks::of_row(&(id, name.as_str(), Some((at, stamp_ms))));
            update.execute(params![id, at, stamp_ms, checksum])?;
        }
        Ok(())
    }

    /// Writes a meeting's new facts, and the sessions that they change.
    fn write_meeting(&mut self, db: &Connection, id: i64) -> Result<()> {
        let Some(hot) = self.hot.get_mut(&id) else { return Ok(()) };
        hot.used = self.state.edition.unsigned_abs();
        write_facts(db, id, hot)?;
        let changes = hot.take_changes();
        let outline = hot.meeting.outline().clone();
        let before = std::mem::replace(&mut hot.written, outline.clone());
        write_outline(db, id, hot)?;
        let has_moved = before.number() != outline.number() || before.seen.is_none();
        self.window.put_outline(id, &outline);
        let mut written = Written { db, id, words: &self.words, whose: BTreeMap::new() };
        for (chunk, groups) in written.outdated_chunks(hot, &changes, has_moved)? {
            let sessions = written.sessions(hot, chunk, &groups, has_moved)?;
            let reach = Reach::of(&sessions);
            self.window.put((id, chunk), &outline, reach.map(|reach| (&sessions, reach)));
        }
        written.attend()?;
        let whose = written.whose;
        self.attended.is_outdated(id);
        for number in [before.number(), outline.number()].into_iter().flatten() {
            match read_newest_of(db, number)? {
                Some(first) => self.newest.insert(number.into(), first),
                None => self.newest.remove(number),
            };
        }
        let numbers = match has_moved && before.seen.is_some() {
            true => vec![before.number(), outline.number()],
            false => vec![outline.number()],
        };
        for number in numbers {
            self.last_visits.are_outdated(db, whose.keys().copied(), number)?;
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

    /// Lets go of the facts of meetings of which nothing was said for the longest time.
    fn cool(&mut self) {
        let mut size: usize = self.hot.values().map(Hot::size).sum();
        if size <= HOT_FACTS {
            return;
        }
        let mut by_use: Vec<(u64, i64)> =
            self.hot.iter().map(|(id, hot)| (hot.used, *id)).collect();
        by_use.sort_unstable();
        // The last one may be large, and is in use.
        by_use.pop();
        for (_, id) in by_use {
            if size <= HOT_FACTS / 2 {
                break;
            }
            if let Some(hot) = self.hot.remove(&id) {
                size -= hot.size();
                self.ids.remove(&hot.uuid);
            }
        }
    }
}

pub(super) fn write_state(db: &Connection, State { position, edition }: &State) -> Result<()> {
    db.prepare_cached(
        "UPDATE store SET journal = ?1, position = ?2, last_key = ?3, archive = ?4,
             understood = ?5, reread = ?6, edition = ?7, former = ?8",
    )?
    .execute(params![
        position.journal,
        position.last_id,
        position.last_key.as_ref().map(crate::zoom::Key::as_bytes),
        position.archive,
        UNDERSTANDING,
        position.reread,
        edition,
        position.former
    ])?;
    Ok(())
}

fn write_facts(db: &Connection, id: i64, hot: &mut Hot) -> Result<()> {
    let mut replace =
        db.prepare_cached("INSERT OR REPLACE INTO facts (id, events) VALUES (?1, ?2)")?;
    for (chunk, facts) in hot.take_chunks() {
        replace.execute(params![chunks::chunk_id(id, chunk), chunks::seal(facts)])?;
    }
    Ok(())
}

fn write_outline(db: &Connection, id: i64, hot: &Hot) -> Result<()> {
    let outline = window::outline_params(&hot.written);
    let (number, number_at, first, last) = outline;
    let facts = hot.facts.map(|facts| (facts.first.seconds(), facts.last.seconds()));
    let (first_fact, last_fact) = facts.unwrap_or_default();
    let checksum = chunks::of_row(&(id, &*hot.uuid, outline, (first_fact, last_fact)));
    db.prepare_cached(
        "INSERT OR REPLACE INTO meeting
             (id, uuid, number, number_at, first_seen, last_seen, first_fact, last_fact, checksum)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    )?
    .execute(params![
        id, hot.uuid, number, number_at, first, last, first_fact, last_fact, checksum
    ])?;
    Ok(())
}

/// A meeting whose sessions are being written.
struct Written<'a> {
    db: &'a Connection,
    id: i64,
    words: &'a Words,
    /// Whose sessions are others than before, and until when they were in the meeting by now.
    whose: BTreeMap<Who, Option<Moment>>,
}

impl Written<'_> {
    /// The groups whose sessions have to be derived anew, by chunk.
    fn outdated_chunks(
        &self,
        hot: &Hot,
        changes: &Changes,
        all: bool,
    ) -> Result<BTreeMap<u32, BTreeSet<GroupId>>> {
        let mut outdated = BTreeMap::<u32, BTreeSet<GroupId>>::new();
        let mut add = |group: GroupId| {
            outdated.entry(chunks::of_group(group)).or_default().insert(group);
        };
        changes.groups.iter().copied().for_each(&mut add);
        if changes.all || all {
            hot.meeting.groups().for_each(&mut add);
            // A leg that is of a connection by now is no group of its own any more.
            for (_, sessions) in attended::read_chunks(self.db, self.id)? {
                sessions.iter().for_each(|(group, _)| add(*group));
            }
        }
        Ok(outdated)
    }

    /// Writes a chunk in which the sessions of `groups` are derived anew. Returns all that it has now.
    fn sessions(
        &mut self,
        hot: &Hot,
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
            let sessions = hot.meeting.sessions(*group, self.words);
            let differs = now.get(group) != sessions.as_ref();
            is_other |= differs;
            if differs || all_differ {
                if let Some(before) = now.get(group) {
                    self.note(before, None);
                }
                if let Some(after) = &sessions {
                    self.note(after, after.spans.iter().map(window::last_of).max());
                    self.note_accounts(after)?;
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

    fn note(&mut self, sessions: &Sessions, reach: Option<Moment>) {
        for who in Who::all_of(&sessions.who) {
            let latest = self.whose.entry(who).or_default();
            *latest = (*latest).max(reach);
        }
    }

    fn put(&self, place: i64, sessions: &Grouped) -> Result<()> {
        match Reach::of(sessions) {
            Some(Reach { last, has_open }) => self
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

    /// Writes who was in the meeting, and until when. Where they turn out to have left earlier, what is
    /// there stays: it is never too early.
    fn attend(&self) -> Result<()> {
        let mut upsert = self.db.prepare_cached(
            "INSERT INTO attended (who, meeting, reach, checksum) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT DO UPDATE SET reach = excluded.reach, checksum = excluded.checksum
             WHERE excluded.reach > reach",
        )?;
        for (who, reach) in &self.whose {
            let Some(reach) = reach else { continue };
            let (who, reach) = (who.id(), reach.seconds());
            let checksum = chunks::of_row(&(who, self.id, reach));
            upsert.execute(params![who, self.id, reach, checksum])?;
        }
        Ok(())
    }

    /// Notes which names and accounts are said of one participant together.
    fn note_accounts(&self, sessions: &Sessions) -> Result<()> {
        if sessions.who.zoom_user_ids.is_empty() {
            return Ok(());
        }
        let mut insert = self
            .db
            .prepare_cached("INSERT OR IGNORE INTO account_of (who, account) VALUES (?1, ?2)")?;
        for account in sessions.who.zoom_user_ids.iter().copied().map(Who::Account) {
            for who in Who::all_of(&sessions.who).filter(|who| *who != account) {
                insert.execute(params![who.id(), account.id()])?;
            }
        }
        Ok(())
    }
}
