//! The backlog: what an archive does not have yet.

use anyhow::Result;
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::journal::damage::Table;
use crate::journal::rows;
use crate::journal::{Entry, Quarantined, Reader};

/// The most bytes to read at once: MongoDB limits the size of a message.
const MAX_BYTES: usize = 8 << 20;

/// How far an archive has the journal: everything up to these places.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Shipped {
    /// The place of the last event.
    pub event: u64,
    /// The place of the last quarantined delivery.
    pub quarantined: u64,
}

/// What to ship next.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Backlog {
    /// Events, in order of arrival.
    pub events: Vec<Entry>,
    /// Quarantined deliveries, in order of arrival.
    pub quarantined: Vec<Quarantined>,
    /// How many of both wait, including these.
    pub waiting: u64,
    last_event: u64,
    last_quarantined: u64,
}

impl Backlog {
    /// How far the archive has the journal once it has these.
    pub fn shipped_after(&self, before: Shipped) -> Shipped {
        Shipped {
            event: before.event.max(self.last_event),
            quarantined: before.quarantined.max(self.last_quarantined),
        }
    }
}

impl Reader {
    /// How far the archive named `archive` has the journal.
    pub fn shipped(&self, archive: &str) -> Result<Shipped> {
        if self.is_before_archives()? {
            return Ok(Shipped::default());
        }
        let query = "SELECT event, quarantined FROM shipped WHERE archive = ?1";
        let row = self.connection().query_row(query, [archive], |row| {
            Ok(Shipped { event: row.get(0)?, quarantined: row.get(1)? })
        });
        Ok(row.optional()?.unwrap_or_default())
    }

    /// How far any archive has the journal, at most.
    pub fn shipped_to_any(&self) -> Result<Shipped> {
        if self.is_before_archives()? {
            return Ok(Shipped::default());
        }
        let query = "SELECT coalesce(max(event), 0), coalesce(max(quarantined), 0) FROM shipped";
        let row = |row: &Row<'_>| Ok(Shipped { event: row.get(0)?, quarantined: row.get(1)? });
        Ok(self.connection().query_row(query, [], row)?)
    }

    /// What follows `shipped`, at most `most` of each kind.
    pub fn backlog(&self, shipped: Shipped, most: usize) -> Result<Backlog> {
        let mut backlog = Backlog::default();
        self.next_events(shipped.event, most, &mut backlog)?;
        self.next_quarantined(shipped.quarantined, most, &mut backlog)?;
        backlog.waiting = self.waiting(shipped)?;
        Ok(backlog)
    }

    fn next_events(&self, after: u64, most: usize, backlog: &mut Backlog) -> Result<()> {
        let columns = rows::event_columns(self.has_checksums());
        let query = format!("SELECT {columns} FROM events WHERE id > ?1 ORDER BY id LIMIT ?2");
        let mut query = self.connection().prepare_cached(&query)?;
        let mut rows = query.query(params![after, most])?;
        let mut bytes = 0;
        while bytes < MAX_BYTES
            && let Some(row) = rows.next()?
        {
            backlog.last_event = row.get(0)?;
            let Some(entry) = rows::event(row)?.sound() else {
                self.report_damage(Table::Events, backlog.last_event);
                continue;
            };
            bytes += entry.document.len();
            backlog.events.push(entry);
        }
        Ok(())
    }

    fn next_quarantined(&self, after: u64, most: usize, backlog: &mut Backlog) -> Result<()> {
        let columns = rows::quarantined_columns(self.has_checksums());
        let query = format!("SELECT {columns} FROM quarantine WHERE id > ?1 ORDER BY id LIMIT ?2");
        let mut query = self.connection().prepare_cached(&query)?;
        let mut rows = query.query(params![after, most])?;
        let mut bytes = 0;
        while bytes < MAX_BYTES
            && let Some(row) = rows.next()?
        {
            backlog.last_quarantined = row.get(0)?;
            let Some((_, delivery)) = rows::quarantined(row)?.sound() else {
                self.report_damage(Table::Quarantine, backlog.last_quarantined);
                continue;
            };
            bytes += delivery.body.len();
            backlog.quarantined.push(delivery);
        }
        Ok(())
    }

    /// The difference of places is a count: places are consecutive, and rows are removed only after
    /// they are shipped, except by `forget`.
    fn waiting(&self, shipped: Shipped) -> Result<u64> {
        let last = |query: &str| -> Result<u64> {
            Ok(self.connection().prepare_cached(query)?.query_row([], |row| row.get(0))?)
        };
        let events = last("SELECT coalesce(max(id), 0) FROM events")?;
        let quarantined = last("SELECT coalesce(max(id), 0) FROM quarantine")?;
        Ok(events.saturating_sub(shipped.event) + quarantined.saturating_sub(shipped.quarantined))
    }

    /// Whether an older version without archives wrote this journal last.
    fn is_before_archives(&self) -> Result<bool> {
        let query = "SELECT count(*) = 0 FROM sqlite_master WHERE name = 'shipped'";
        Ok(self.connection().query_row(query, [], |row| row.get(0))?)
    }
}

/// Saves how far the archive named `archive` has the journal.
pub fn save_shipped(connection: &Connection, archive: &str, shipped: Shipped) -> Result<()> {
    let statement = "INSERT INTO shipped (archive, event, quarantined) VALUES (?1, ?2, ?3)
                     ON CONFLICT (archive) DO UPDATE SET
                     event = max(event, excluded.event),
                     quarantined = max(quarantined, excluded.quarantined)";
    let values = params![archive, shipped.event, shipped.quarantined];
    connection.prepare_cached(statement)?.execute(values)?;
    Ok(())
}
