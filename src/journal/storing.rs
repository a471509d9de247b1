//! What is written for a delivery, and whether it was.

use anyhow::Result;
use rusqlite::{Connection, params};

use crate::journal::checksum::{self, Envelope};
use crate::journal::writer::{Append, Appended};
use crate::journal::{Content, Record};
use crate::zoom::Key;

/// Stores a group in one transaction.
pub(super) fn write(connection: &mut Connection, group: &[Append]) -> Result<Vec<Appended>> {
    let transaction =
        connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    let outcomes: Result<Vec<_>> =
        group.iter().map(|append| insert(&transaction, &append.record)).collect();
    let outcomes = outcomes?;
    transaction.commit()?;
    Ok(outcomes)
}

fn insert(connection: &Connection, record: &Record) -> Result<Appended> {
    let key = record.key.as_bytes();
    let new = connection
        .prepare_cached("INSERT OR IGNORE INTO keys (key) VALUES (?1)")?
        .execute(params![key])?;
    if new == 0 {
        return Ok(Appended::Known);
    }
    insert_body(
        connection,
        key,
        record.received_ms,
        record.request_id.as_deref(),
        &record.content,
    )?;
    Ok(Appended::New)
}

/// Whether the delivery of `key` was stored at any time, also if its body was removed since.
pub(super) fn is_known(connection: &Connection, key: Key) -> Result<bool> {
    let mut query = connection.prepare_cached("SELECT 1 FROM keys WHERE key = ?1")?;
    Ok(query.exists(params![key.as_bytes()])?)
}

/// Stores what was delivered; its key is known already.
pub(super) fn insert_body(
    connection: &Connection,
    key: &[u8; 32],
    received_ms: i64,
    request_id: Option<&str>,
    content: &Content,
) -> Result<()> {
    let envelope = Envelope { received_ms, key, request_id };
    match content {
        Content::Event { document, at } => {
            let at = at.seconds();
            let checksum = checksum::of_event(envelope, at, document.as_bytes());
            connection
                .prepare_cached(
                    "INSERT INTO events (at, received_ms, key, request_id, document, checksum)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                )?
                .execute(params![at, received_ms, key, request_id, document, checksum])?
        }
        Content::Quarantined(body) => {
            let checksum = checksum::of_quarantined(envelope, body);
            connection
                .prepare_cached(
                    "INSERT INTO quarantine (received_ms, key, request_id, body, checksum)
                     VALUES (?1, ?2, ?3, ?4, ?5)",
                )?
                .execute(params![received_ms, key, request_id, body, checksum])?
        }
    };
    Ok(())
}
