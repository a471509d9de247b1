//! Builds a new journal from the intact rows of a damaged one, and from copies of the others.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use rusqlite::{Connection, OptionalExtension, params};
use tempfile::TempDir;

use crate::journal::damage::{self, RowId, Table};
use crate::journal::restore::{self, NAME, Staged};
use crate::journal::{Entry, Quarantined, Reader, connection, insert, schema};
use crate::zoom::{self, Key};

/// How many keys are copied at once.
const KEYS: usize = 1000;

/// A new journal in the making, next to the damaged one.
#[derive(Debug)]
pub struct Salvage {
    directory: TempDir,
    new: Connection,
    id: String,
    is_pruned: bool,
    /// Rows that could not be read.
    missing: BTreeSet<RowId>,
    /// Some keys could not be read, so a key that is not found may be one of them.
    lacks_keys: bool,
}

impl Salvage {
    /// Copies the intact rows of the journal at `path` into a new one in its directory.
    ///
    /// # Errors
    ///
    /// Nothing of it can be read, or the new one can't be written.
    pub fn begin(path: &Path) -> Result<Self> {
        let unreadable =
            || format!("nothing of `{}` can be read; run `lookout restore FILE`", path.display());
        let old = Reader::open(path).with_context(unreadable)?.with_context(unreadable)?;
        let directory = restore::staging_directory(path)?;
        let new = connection::open_writer(&directory.path().join(NAME))?;
        // One transaction, so that everything is synced once at the end.
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
        salvage.missing = damage::damaged_rows(path);
        Ok(salvage)
    }

    fn copy(&mut self, old: &Reader) -> Result<()> {
        self.lacks_keys = copy_keys(old.connection(), &self.new)?;
        let mut first = None;
        old.events_after(0, |entry| {
            first.get_or_insert(entry.id);
            self.insert_event(Some(entry.id), &entry)
        })?;
        old.quarantined(|place, delivery| self.insert_quarantined(Some(place), &delivery))?;
        let begins_at_1 = first.is_none_or(|first| first == 1);
        self.is_pruned = old.pruned().unwrap_or(!begins_at_1);
        for table in [Table::Events, Table::Quarantine] {
            keep_last_place(&self.new, table, old.last_place(table).unwrap_or_default())?;
        }
        Ok(())
    }

    fn insert_event(&self, id: Option<u64>, entry: &Entry) -> Result<()> {
        let at = zoom::understand(&entry.document, entry.received_ms).at.seconds();
        self.insert_key(entry.key)?;
        insert::event(&self.new, id, entry.envelope(), at, &entry.document)
    }

    fn insert_quarantined(&self, id: Option<u64>, delivery: &Quarantined) -> Result<()> {
        self.insert_key(delivery.key)?;
        insert::quarantined(&self.new, id, delivery.envelope(), &delivery.body)
    }

    /// Stores the key of a body that the new journal has.
    fn insert_key(&self, key: Key) -> Result<()> {
        insert::key(&self.new, key)?;
        let insert = "INSERT OR IGNORE INTO temp.bodies (key) VALUES (?1)";
        self.new.prepare_cached(insert)?.execute([key.as_bytes()])?;
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
                    Some(entry) => self.insert_event(Some(id), &entry).map(|()| true)?,
                    None => false,
                },
                Table::Quarantine => match backup.quarantined_at(id)? {
                    Some(delivery) => {
                        self.insert_quarantined(Some(id), &delivery).map(|()| true)?
                    }
                    None => false,
                },
            };
            if is_found {
                self.missing.remove(&(table, id));
            }
        }
        Ok(())
    }

    /// Compares the first event that both have.
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

    /// Adds an event of an archive if it may be a missing one: the keys of missing events are not
    /// known, so it may be any event whose body is gone, and that pruning has not removed.
    pub fn offer_event(&mut self, entry: &Entry) -> Result<()> {
        if self.may_be_missing(Table::Events, entry.key, entry.received_ms)? {
            self.insert_event(None, entry)?;
            self.remove_missing(Table::Events);
        }
        Ok(())
    }

    /// The same for a quarantined delivery.
    pub fn offer_quarantined(&mut self, delivery: &Quarantined) -> Result<()> {
        if self.may_be_missing(Table::Quarantine, delivery.key, delivery.received_ms)? {
            self.insert_quarantined(None, delivery)?;
            self.remove_missing(Table::Quarantine);
        }
        Ok(())
    }

    fn may_be_missing(&self, table: Table, key: Key, received_ms: i64) -> Result<bool> {
        if !self.missing.iter().any(|(of, _)| *of == table) {
            return Ok(false);
        }
        let is_there = |query: &str| -> Result<bool> {
            let found = self.new.prepare_cached(query)?.query_row([key.as_bytes()], |_| Ok(()));
            Ok(found.optional()?.is_some())
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

    /// Counts one row of `table` as found, whichever it is.
    fn remove_missing(&mut self, table: Table) {
        let found = self.missing.iter().copied().find(|(of, _)| *of == table);
        if let Some(found) = found {
            self.missing.remove(&found);
        }
    }

    /// Commits and verifies the new journal, which is then ready to replace the damaged one.
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
        connection::close(new)?;
        restore::ensure_sound(&directory.path().join(NAME))?;
        Ok(Staged { directory, backup_id, id, is_pruned })
    }
}

/// Copies all keys that can be read; returns whether some could not.
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
            // Keys are evenly distributed: skips ever more of them, until it reaches another page.
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

/// Makes sure that the new journal does not reuse places up to `last`.
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
