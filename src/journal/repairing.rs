//! A new journal from what is sound of a damaged one, and from copies of the rest.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use rusqlite::{Connection, OptionalExtension, params};
use tempfile::TempDir;

use crate::journal::checksum::{self, Envelope};
use crate::journal::damage::{self, Place, Table};
use crate::journal::restoring::{self, NAME, Staged};
use crate::journal::{Entry, Quarantined, Reader, schema};
use crate::zoom;

/// Keys copied together.
const KEYS: usize = 1000;

/// A journal under repair, beside the damaged one.
#[derive(Debug)]
pub struct Salvage {
    directory: TempDir,
    new: Connection,
    id: String,
    is_pruned: bool,
    /// Rows that could not be read.
    missing: BTreeSet<Place>,
    /// Keys could not all be read, so an unknown key may be one of ours.
    lacks_keys: bool,
}

impl Salvage {
    /// Copies what is sound of the journal at `path` into a new one in its directory.
    ///
    /// # Errors
    ///
    /// Nothing of it can be read, or the new one can't be written.
    pub fn begin(path: &Path) -> Result<Self> {
        let unreadable =
            || format!("nothing of `{}` can be read; run `lookout restore FILE`", path.display());
        let old = Reader::open(path).with_context(unreadable)?.with_context(unreadable)?;
        let directory = restoring::staging_directory(path)?;
        let new = schema::open_writer(&directory.path().join(NAME))?;
        // It is synced once, at the end.
        new.execute_batch(
            "CREATE TEMP TABLE bodies (key BLOB PRIMARY KEY) WITHOUT ROWID; BEGIN IMMEDIATE",
        )?;
        let mut salvage = Self {
            directory,
            id: old.journal_id().unwrap_or_default(),
            is_pruned: true,
            missing: BTreeSet::new(),
            lacks_keys: false,
            new,
        };
        salvage.copy(&old).with_context(unreadable)?;
        salvage.missing = damage::places(path);
        Ok(salvage)
    }

    fn copy(&mut self, old: &Reader) -> Result<()> {
        self.lacks_keys = copy_keys(old.connection(), &self.new)?;
        let mut first = None;
        old.events_after(0, |entry| {
            first.get_or_insert(entry.id);
            insert_event(&self.new, Some(entry.id), &entry)
        })?;
        old.quarantined(|place, odd| insert_quarantined(&self.new, Some(place), &odd))?;
        let begins_at_1 = first.is_none_or(|first| first == 1);
        self.is_pruned = old.pruned().unwrap_or(!begins_at_1);
        for table in [Table::Events, Table::Quarantine] {
            keep_last_place(&self.new, table, old.last_place(table).unwrap_or_default())?;
        }
        Ok(())
    }

    /// How many rows are missing.
    pub fn missing(&self) -> usize {
        self.missing.len()
    }

    /// Fills in what is missing from a `backup` of the same journal.
    ///
    /// # Errors
    ///
    /// It is of another journal.
    pub fn fill_from_backup(&mut self, backup: &Staged) -> Result<()> {
        let backup = backup.reader()?;
        self.refuse_backup_of_other(&backup)?;
        for (table, id) in self.missing.clone() {
            let is_found = match table {
                Table::Events => match backup.event_at(id)? {
                    Some(entry) => insert_event(&self.new, Some(id), &entry).map(|()| true)?,
                    None => false,
                },
                Table::Quarantine => match backup.quarantined_at(id)? {
                    Some(odd) => insert_quarantined(&self.new, Some(id), &odd).map(|()| true)?,
                    None => false,
                },
            };
            if is_found {
                self.missing.remove(&(table, id));
            }
        }
        Ok(())
    }

    /// The first event that both have tells whether one is a copy of the other.
    fn refuse_backup_of_other(&self, backup: &Reader) -> Result<()> {
        let mut ours = self.new.prepare("SELECT id, key FROM events ORDER BY id LIMIT 1000")?;
        let mut ours = ours.query([])?;
        while let Some(row) = ours.next()? {
            let (id, key): (u64, [u8; 32]) = (row.get(0)?, row.get(1)?);
            if let Some(theirs) = backup.key_at(id)? {
                ensure!(*theirs.as_bytes() == key, "it is a backup of another journal");
                return Ok(());
            }
        }
        Ok(())
    }

    /// Takes in an event of an archive, if it may be one of those that are missing. Which those
    /// are is not known: any event whose body is gone, and that is no older than those that are
    /// kept.
    pub fn offer_event(&mut self, entry: &Entry) -> Result<()> {
        if self.may_be_missing(Table::Events, entry.key.as_bytes(), entry.received_ms)? {
            insert_event(&self.new, None, entry)?;
            self.is_filled(Table::Events);
        }
        Ok(())
    }

    /// The same for a quarantined delivery.
    pub fn offer_quarantined(&mut self, odd: &Quarantined) -> Result<()> {
        if self.may_be_missing(Table::Quarantine, odd.key.as_bytes(), odd.received_ms)? {
            insert_quarantined(&self.new, None, odd)?;
            self.is_filled(Table::Quarantine);
        }
        Ok(())
    }

    fn may_be_missing(&self, table: Table, key: &[u8; 32], received_ms: i64) -> Result<bool> {
        if !self.missing.iter().any(|(of, _)| *of == table) {
            return Ok(false);
        }
        let is_there = |query: &str| -> Result<bool> {
            let found = self.new.prepare_cached(query)?.query_row([key], |_| Ok(())).optional()?;
            Ok(found.is_some())
        };
        let is_ours = self.lacks_keys || is_there("SELECT 1 FROM keys WHERE key = ?1")?;
        if !is_ours || is_there("SELECT 1 FROM temp.bodies WHERE key = ?1")? {
            return Ok(false);
        }
        let table = table.name();
        let query = format!("SELECT coalesce(min(received_ms), ?1) <= ?1 FROM {table}");
        Ok(!self.is_pruned
            || self.new.prepare_cached(&query)?.query_row([received_ms], |row| row.get(0))?)
    }

    fn is_filled(&mut self, table: Table) {
        let filled = self.missing.iter().copied().find(|(of, _)| *of == table);
        if let Some(filled) = filled {
            self.missing.remove(&filled);
        }
    }

    /// Ends it: the new journal is sound, and ready to be put in place.
    ///
    /// # Errors
    ///
    /// It can't be written.
    pub fn finish(self) -> Result<Staged> {
        let Self { directory, new, id: backup_id, is_pruned, .. } = self;
        let id = schema::new_id(&new)?;
        schema::set_id(&new, &id)?;
        new.execute("UPDATE journal SET pruned = ?1", [is_pruned])?;
        new.execute_batch("COMMIT")?;
        restoring::close(new)?;
        restoring::ensure_sound(&directory.path().join(NAME))?;
        Ok(Staged { directory, backup_id, id, is_pruned })
    }
}

/// Copies all keys that can be read; whether some could not.
fn copy_keys(old: &Connection, new: &Connection) -> Result<bool> {
    let mut query = old.prepare("SELECT key FROM keys WHERE key > ?1 ORDER BY key LIMIT ?2")?;
    let mut insert = new.prepare("INSERT OR IGNORE INTO keys (key) VALUES (?1)")?;
    let (mut last, mut skip, mut lacks) = (Vec::new(), 1_u64, false);
    loop {
        let mut rows = query.query(params![last, KEYS])?;
        let mut read = 0;
        let is_readable = loop {
            match rows.next() {
                Ok(Some(row)) => {
                    last = row.get(0).unwrap_or(last);
                    insert.execute([&last])?;
                    read += 1;
                }
                Ok(None) => break true,
                Err(error) if damage::is_damage(&error) => break false,
                Err(error) => return Err(error.into()),
            }
        };
        if is_readable && read < KEYS {
            return Ok(lacks);
        }
        if is_readable || read > 0 {
            skip = 1;
        }
        if !is_readable {
            lacks = true;
            // Keys are evenly spread: further and further, until another page is reached.
            let Some(next) = prefix(&last).checked_add(skip) else { return Ok(true) };
            last = next.to_be_bytes().to_vec();
            skip = skip.saturating_mul(2);
        }
    }
}

/// The first eight bytes of a key.
fn prefix(key: &[u8]) -> u64 {
    let mut prefix = [0; 8];
    prefix.iter_mut().zip(key).for_each(|(to, from)| *to = *from);
    u64::from_be_bytes(prefix)
}

fn insert_event(new: &Connection, id: Option<u64>, entry: &Entry) -> Result<()> {
    let Entry { key, received_ms, request_id, document, .. } = entry;
    let at = zoom::understand(document, *received_ms).at.seconds();
    let envelope = Envelope {
        received_ms: *received_ms,
        key: key.as_bytes(),
        request_id: request_id.as_deref(),
    };
    let checksum = checksum::of_event(envelope, at, document.as_bytes());
    hold(new, key.as_bytes())?;
    new.prepare_cached(
        "INSERT INTO events (id, at, received_ms, key, request_id, document, checksum)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?
    .execute(params![id, at, received_ms, key.as_bytes(), request_id, document, checksum])?;
    Ok(())
}

fn insert_quarantined(new: &Connection, id: Option<u64>, odd: &Quarantined) -> Result<()> {
    let Quarantined { key, received_ms, request_id, body } = odd;
    let envelope = Envelope {
        received_ms: *received_ms,
        key: key.as_bytes(),
        request_id: request_id.as_deref(),
    };
    let checksum = checksum::of_quarantined(envelope, body);
    hold(new, key.as_bytes())?;
    new.prepare_cached(
        "INSERT INTO quarantine (id, received_ms, key, request_id, body, checksum)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?
    .execute(params![id, received_ms, key.as_bytes(), request_id, body, checksum])?;
    Ok(())
}

/// Notes that the body of `key` is there.
fn hold(new: &Connection, key: &[u8; 32]) -> Result<()> {
    new.prepare_cached("INSERT OR IGNORE INTO keys (key) VALUES (?1)")?.execute([key])?;
    new.prepare_cached("INSERT OR IGNORE INTO temp.bodies (key) VALUES (?1)")?.execute([key])?;
    Ok(())
}

/// Places are not used twice.
fn keep_last_place(new: &Connection, table: Table, last: u64) -> Result<()> {
    let name = table.name();
    new.execute("DELETE FROM sqlite_sequence WHERE name = ?1", [name])?;
    let query = format!(
        "INSERT INTO sqlite_sequence (name, seq)
         SELECT ?1, max(?2, coalesce((SELECT max(id) FROM {name}), 0))"
    );
    new.execute(&query, params![name, last])?;
    Ok(())
}
