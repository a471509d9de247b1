//! Rows of waits that an earlier version of Lookout left behind.

use anyhow::Result;
use rusqlite::{Connection, Transaction, TransactionBehavior};

use super::{FACTS_VERSION, read, waiting};
use crate::roster::Meeting;

/// Derives the rows again from the facts, if an earlier version wrote last: it may have replaced
/// everything else and left these as they were.
pub(super) fn derive(db: &Connection) -> Result<()> {
    let understood: u32 = db.query_row("SELECT understood FROM store", [], |row| row.get(0))?;
    if understood >= FACTS_VERSION {
        return Ok(());
    }
    let db = Transaction::new_unchecked(db, TransactionBehavior::Immediate)?;
    let mut symbols = read::read_symbols(&db)?;
    for (id, uuid) in meetings_of_rows(&db)? {
        let mut meeting = Meeting::default();
        if let Some(uuid) = uuid {
            read::for_each_event(&db, id, &uuid, |_, event| {
                meeting.apply(&event, &mut symbols);
                Ok(())
            })?;
        }
        waiting::put(&db, id, &meeting.waits(&symbols))?;
    }
    db.commit()?;
    Ok(())
}

/// The id of the meeting of each row, and its `uuid` if there is such a meeting.
fn meetings_of_rows(db: &Connection) -> Result<Vec<(i64, Option<String>)>> {
    let mut query = db.prepare(
        "SELECT waiting.meeting, meeting.uuid FROM waiting LEFT JOIN meeting ON id = waiting.meeting",
    )?;
    let rows = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}
