//! Events brought into the order of their facts, on disk.
//!
//! An archive is read in the order of its documents. Where that is not nearly the order of
//! their facts, as after events of years were copied in, nothing can be summed up on the way,
//! and all of them would have to be in memory at once. SQLite sorts them instead, in a
//! temporary file that nobody else can open and that ends with its connection.

use anyhow::{Context, Result};
use rusqlite::{Connection, params};

use crate::generator::replay::Take;
use crate::moment::Moment;

/// A database without a name is SQLite's for a temporary one.
const TEMPORARY: &str = "";

/// Nothing of it has to last, so nothing is synced. One transaction is never committed.
const CREATE: &str = "
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
BEGIN;
CREATE TABLE events (at INTEGER NOT NULL, received_ms INTEGER NOT NULL, document TEXT NOT NULL);
";

/// Events to be sorted.
#[derive(Debug)]
pub struct Sorted {
    connection: Connection,
}

impl Sorted {
    /// None yet.
    pub fn new() -> Result<Self> {
        let connection = Connection::open(TEMPORARY).context("cannot make a temporary file")?;
        connection.execute_batch(CREATE)?;
        Ok(Self { connection })
    }

    /// Takes in an event whose fact is of `at`.
    pub fn add(&self, at: Moment, document: &str, received_ms: i64) -> Result<()> {
        let statement = "INSERT INTO events (at, received_ms, document) VALUES (?1, ?2, ?3)";
        let values = params![at.seconds(), received_ms, document];
        let added = self.connection.prepare_cached(statement)?.execute(values);
        added.context("cannot sort the events in a temporary file; make room in `/var/tmp`")?;
        Ok(())
    }

    /// Hands all events on, in the order of their facts, for as long as `take` takes them.
    pub fn read(&mut self, take: &mut Take<'_>) -> Result<()> {
        let query = "SELECT document, received_ms FROM events ORDER BY at";
        let mut query = self.connection.prepare_cached(query)?;
        let mut rows = query.query([])?;
        while let Some(row) = rows.next()?
            && take(row.get_ref(0)?.as_str()?, row.get(1)?)
        {}
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_come_back_in_the_order_of_their_facts() {
        let mut sorted = Sorted::new().expect("a temporary file");
        for at in [3, 1, 2] {
            let moment = Moment::from_seconds(at);
            sorted.add(moment, &at.to_string(), at * 10).expect("there is room");
        }
        let mut read = Vec::new();
        let mut take = |document: &str, received_ms| {
            read.push((document.to_owned(), received_ms));
            document != "2"
        };
        sorted.read(&mut take).expect("readable");
        assert_eq!(read, [("1".to_owned(), 10), ("2".to_owned(), 20)]);
    }
}
