//! Quarantined deliveries, read again by a Lookout that may understand more than the one that
//! stored them, and may have to remove more from what it does not understand.

use std::path::Path;

use anyhow::Result;
use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};

use crate::journal::checksum::{self, Envelope};
use crate::journal::rows::{self, Checked};
use crate::journal::{Content, Quarantined, Reader, schema, storing, writers};
use crate::zoom::Redaction;
use crate::zoom::challenge::CHALLENGE;
use crate::zoom::delivery::Document;

/// Deliveries in one transaction: few, as a running writer waits for it.
const BATCH: usize = 100;

/// What became of quarantined deliveries.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Reread {
    /// So many are events now.
    pub events: u64,
    /// So many are without what is not to be stored now.
    pub redacted: u64,
}

/// Stores each delivery in quarantine that can be read by now as an event, without what `redaction` removes,
/// and removes the same from the others. Safe beside a running writer.
///
/// # Errors
///
/// A journal that can't be read or written; what was not changed stays as it is.
pub fn reread_quarantine(path: &Path, redaction: &Redaction) -> Result<Reread> {
    let mut done = Reread::default();
    let Some(stored) = Reader::open(path)? else { return Ok(done) };
    let mut places = Vec::new();
    stored.quarantined(|place, odd| {
        places.extend(understood(&odd, redaction).map(|_| place));
        Ok(())
    })?;
    if places.is_empty() {
        return Ok(done);
    }
    let _lock = writers::join(path)?;
    let mut journal = schema::open_writer(path)?;
    for places in places.chunks(BATCH) {
        let transaction = journal.transaction_with_behavior(TransactionBehavior::Immediate)?;
        for place in places {
            reread(&transaction, *place, redaction, &mut done)?;
        }
        transaction.commit()?;
    }
    Ok(done)
}

/// What `odd` is to be stored as; `None` where it is stored so. A challenge was never an event, and
/// its time is over.
fn understood(odd: &Quarantined, redaction: &Redaction) -> Option<Content> {
    let is_challenge = |document: &Document| document.event() == CHALLENGE;
    if Document::read(&odd.body).is_ok_and(|document| is_challenge(&document)) {
        return None;
    }
    match Content::of(&odd.body, odd.received_ms, redaction) {
        Content::Quarantined(body) if body == odd.body => None,
        content => Some(content),
    }
}

/// Does so with the delivery at `place`, unless it is gone by now.
fn reread(
    journal: &Connection,
    place: u64,
    redaction: &Redaction,
    done: &mut Reread,
) -> Result<()> {
    let columns = rows::quarantined_columns(true);
    let query = format!("SELECT {columns} FROM quarantine WHERE id = ?1");
    let found = journal.prepare_cached(&query)?.query_row([place], rows::quarantined).optional()?;
    let Some((_, odd)) = found.and_then(Checked::sound) else { return Ok(()) };
    match understood(&odd, redaction) {
        None => {}
        Some(Content::Quarantined(body)) => {
            let envelope = Envelope {
                received_ms: odd.received_ms,
                key: odd.key.as_bytes(),
                request_id: odd.request_id.as_deref(),
            };
            let checksum = checksum::of_quarantined(envelope, &body);
            let redacting = "UPDATE quarantine SET body = ?2, checksum = ?3 WHERE id = ?1";
            journal.prepare_cached(redacting)?.execute(params![place, body, checksum])?;
            done.redacted += 1;
        }
        Some(content) => {
            journal.prepare_cached("DELETE FROM quarantine WHERE id = ?1")?.execute([place])?;
            let (key, request_id) = (odd.key.as_bytes(), odd.request_id.as_deref());
            storing::insert_body(journal, key, odd.received_ms, request_id, &content)?;
            done.events += 1;
        }
    }
    Ok(())
}
