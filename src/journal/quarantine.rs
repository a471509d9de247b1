//! Reads quarantined deliveries again: a newer Lookout may understand more of them than the one that
//! stored them, and other settings may remove more from the rest.

use std::path::Path;

use anyhow::Result;
use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};

use crate::journal::rows::{self, Checked};
use crate::journal::{Content, Quarantined, Reader, checksum, connection, insert, writer_lock};
use crate::zoom::Redaction;
use crate::zoom::challenge::CHALLENGE;
use crate::zoom::delivery::Document;

/// The most deliveries in one transaction: a running writer waits for it.
const MAX_BATCH: usize = 100;

/// What became of quarantined deliveries.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Reprocessed {
    /// How many are events now.
    pub events: u64,
    /// From how many more was removed.
    pub redacted: u64,
}

/// Stores the quarantined deliveries that can be read now as events, and removes from the others what
/// `redaction` says. A writer may be running.
///
/// # Errors
///
/// The journal can't be read or written; deliveries not yet changed stay as they are.
pub fn reprocess_quarantine(path: &Path, redaction: &Redaction) -> Result<Reprocessed> {
    let mut done = Reprocessed::default();
    let Some(stored) = Reader::open(path)? else { return Ok(done) };
    let mut places = Vec::new();
    stored.quarantined(|place, delivery| {
        places.extend(new_content(&delivery, redaction).map(|_| place));
        Ok(())
    })?;
    if places.is_empty() {
        return Ok(done);
    }
    let _lock = writer_lock::share(path)?;
    let mut journal = connection::open_writer(path)?;
    for places in places.chunks(MAX_BATCH) {
        let transaction = journal.transaction_with_behavior(TransactionBehavior::Immediate)?;
        for place in places {
            reprocess(&transaction, *place, redaction, &mut done)?;
        }
        transaction.commit()?;
    }
    Ok(done)
}

/// The new content of a quarantined delivery; `None` if it stays the same. A challenge is not an event,
/// and nobody waits for its answer any more.
fn new_content(delivery: &Quarantined, redaction: &Redaction) -> Option<Content> {
    let is_challenge = |document: &Document| document.event() == CHALLENGE;
    if Document::read(&delivery.body).is_ok_and(|document| is_challenge(&document)) {
        return None;
    }
    match Content::of(&delivery.body, delivery.received_ms, redaction) {
        Content::Quarantined(body) if body == delivery.body => None,
        content => Some(content),
    }
}

/// Reprocesses the delivery at `place`, unless it was removed in the meantime.
fn reprocess(
    journal: &Connection,
    place: u64,
    redaction: &Redaction,
    done: &mut Reprocessed,
) -> Result<()> {
    let columns = rows::quarantined_columns(true);
    let query = format!("SELECT {columns} FROM quarantine WHERE id = ?1");
    let found = journal.prepare_cached(&query)?.query_row([place], rows::quarantined).optional()?;
    let Some((_, delivery)) = found.and_then(Checked::sound) else { return Ok(()) };
    match new_content(&delivery, redaction) {
        None => {}
        Some(Content::Quarantined(body)) => {
            let checksum = checksum::of_quarantined(delivery.envelope(), &body);
            let redacting = "UPDATE quarantine SET body = ?2, checksum = ?3 WHERE id = ?1";
            journal.prepare_cached(redacting)?.execute(params![place, body, checksum])?;
            done.redacted += 1;
        }
        Some(Content::Event { document, at }) => {
            journal.prepare_cached("DELETE FROM quarantine WHERE id = ?1")?.execute([place])?;
            insert::event(journal, None, delivery.envelope(), at.seconds(), &document)?;
            done.events += 1;
        }
    }
    Ok(())
}
