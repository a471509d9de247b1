//! Verifies that the sessions and waits in the store follow from its facts.

use std::collections::BTreeMap;

use anyhow::Result;

use super::{Store, attendance, classify, read, waiting};
use crate::roster::{GroupId, Meeting, Sessions, SymbolTable};

impl Store {
    /// Reads the whole store and describes the first thing that is wrong; `None` if nothing is.
    ///
    /// # Errors
    ///
    /// The store can't be read.
    pub fn verify(&self) -> Result<Option<String>> {
        let structure: String =
            self.db.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
        if structure != "ok" {
            return Ok(Some(structure));
        }
        let mut symbols = self.memory.symbols.clone();
        let mut meetings = self.db.prepare("SELECT id, uuid FROM meeting ORDER BY id")?;
        let mut meetings = meetings.query([])?;
        while let Some(row) = meetings.next()? {
            let (id, uuid): (i64, String) = (row.get(0)?, row.get(1)?);
            match self.verify_meeting(id, &uuid, &mut symbols).map_err(classify) {
                Ok(true) => {}
                Ok(false) => {
                    return Ok(Some(format!(
                        "the sessions of the meeting `{uuid}` do not follow from its events"
                    )));
                }
                Err(error) if super::is_unusable(&error) => {
                    return Ok(Some(format!("the meeting `{uuid}` is damaged")));
                }
                Err(error) => return Err(error),
            }
        }
        Ok(None)
    }

    /// Whether the sessions and waits of a meeting follow from its facts.
    fn verify_meeting(&self, id: i64, uuid: &str, symbols: &mut SymbolTable) -> Result<bool> {
        let mut meeting = Meeting::default();
        read::for_each_event(&self.db, id, uuid, |_, event| {
            meeting.apply(&event, symbols);
            Ok(())
        })?;
        let stored = attendance::read_chunks(&self.db, id)?;
        let stored: BTreeMap<GroupId, Sessions> =
            stored.into_iter().flat_map(|(_, sessions)| sessions).collect();
        let waits = waiting::read_waits(&self.db, id)?;
        Ok(stored == meeting.all_sessions(symbols).collect() && waits == meeting.waits(symbols))
    }
}
