//! Stores deliveries, each key once.

use anyhow::Result;
use rusqlite::{Connection, TransactionBehavior, params};

use crate::journal::request::{Append, Appended};
use crate::journal::{Content, Envelope, Record, checksum};
use crate::zoom::Key;

/// Stores a group in one transaction.
pub fn group(connection: &mut Connection, group: &[Append]) -> Result<Vec<Appended>> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let outcomes: Result<Vec<_>> =
        group.iter().map(|append| record(&transaction, &append.record)).collect();
    let outcomes = outcomes?;
    transaction.commit()?;
    Ok(outcomes)
}

fn record(connection: &Connection, record: &Record) -> Result<Appended> {
    if !key(connection, record.key)? {
        return Ok(Appended::Known);
    }
    match &record.content {
        Content::Event { document, at } => {
            event(connection, None, record.envelope(), at.seconds(), document)?;
        }
        Content::Quarantined(body) => quarantined(connection, None, record.envelope(), body)?,
    }
    Ok(Appended::New)
}

/// Stores `key`; false if it is stored already.
pub fn key(connection: &Connection, key: Key) -> Result<bool> {
    let mut insert = connection.prepare_cached("INSERT OR IGNORE INTO keys (key) VALUES (?1)")?;
    Ok(insert.execute([key.as_bytes()])? > 0)
}

/// Whether a delivery with `key` was ever stored, even if its body has been removed since.
pub fn is_known(connection: &Connection, key: Key) -> Result<bool> {
    let mut query = connection.prepare_cached("SELECT 1 FROM keys WHERE key = ?1")?;
    Ok(query.exists([key.as_bytes()])?)
}

/// Stores an event, but not its key. `id` is its place, `None` for the next; `at` is the time of its
/// fact in seconds.
pub fn event(
    connection: &Connection,
    id: Option<u64>,
    envelope: Envelope<'_>,
    at: i64,
    document: &str,
) -> Result<()> {
    let Envelope { key, received_ms, request_id } = envelope;
    let (key, checksum) = (key.as_bytes(), checksum::of_event(envelope, at, document));
    let insert = "INSERT INTO events (id, at, received_ms, key, request_id, document, checksum)
                  VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    let values = params![id, at, received_ms, key, request_id, document, checksum];
    connection.prepare_cached(insert)?.execute(values)?;
    Ok(())
}

/// Stores a quarantined delivery, but not its key. `id` is its place, `None` for the next.
pub fn quarantined(
    connection: &Connection,
    id: Option<u64>,
    envelope: Envelope<'_>,
    body: &[u8],
) -> Result<()> {
    let Envelope { key, received_ms, request_id } = envelope;
    let (key, checksum) = (key.as_bytes(), checksum::of_quarantined(envelope, body));
    let insert = "INSERT INTO quarantine (id, received_ms, key, request_id, body, checksum)
                  VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    let values = params![id, received_ms, key, request_id, body, checksum];
    connection.prepare_cached(insert)?.execute(values)?;
    Ok(())
}
