//! Quarantined deliveries, read again by a Lookout that may understand more than the one that
//! stored them.

use std::path::Path;

use anyhow::Result;
use rusqlite::{Connection, TransactionBehavior, params};

use crate::journal::{Content, Quarantined, Reader, schema, storing, writers};
use crate::zoom::Redaction;
use crate::zoom::challenge::CHALLENGE;
use crate::zoom::delivery::Document;

/// Deliveries in one transaction: few, as a running writer waits for it.
const BATCH: usize = 100;

/// Stores each delivery in quarantine that can be read by now as an event, without what `redaction` removes.
/// Returns how many there were. Safe beside a running writer.
///
/// # Errors
///
/// A journal that can't be read or written; those that were not stored stay in quarantine.
pub fn reread_quarantine(path: &Path, redaction: &Redaction) -> Result<usize> {
    let Some(reader) = Reader::open(path)? else { return Ok(0) };
    let mut places = Vec::new();
    reader.quarantined(|place, odd| {
        places.extend(is_readable(&odd).then_some(place));
        Ok(())
    })?;
    if places.is_empty() {
        return Ok(0);
    }
    let _lock = writers::join(path)?;
    let mut journal = schema::open_writer(path)?;
    let mut read = 0;
    for places in places.chunks(BATCH) {
        let transaction = journal.transaction_with_behavior(TransactionBehavior::Immediate)?;
        for place in places {
            read += usize::from(reread(&transaction, *place, redaction)?);
        }
        transaction.commit()?;
    }
    Ok(read)
}

/// A challenge was never an event, and its time is over.
fn is_readable(odd: &Quarantined) -> bool {
    Document::read(&odd.body).is_ok_and(|document| document.event() != CHALLENGE)
}

/// Moves the delivery at `place` to the events; `false` where it is gone by now.
fn reread(journal: &Connection, place: u64, redaction: &Redaction) -> Result<bool> {
    let query = "DELETE FROM quarantine WHERE id = ?1
                 RETURNING received_ms, key, request_id, body";
    let mut taking = journal.prepare_cached(query)?;
    let mut rows = taking.query(params![place])?;
    let Some(row) = rows.next()? else { return Ok(false) };
    let received_ms = row.get(0)?;
    let (key, request_id): ([u8; 32], Option<String>) = (row.get(1)?, row.get(2)?);
    let content = Content::of(row.get_ref(3)?.as_blob()?, received_ms, redaction);
    storing::insert_body(journal, &key, received_ms, request_id.as_deref(), &content)?;
    Ok(true)
}
