//! Whether the store says what follows from its facts.

use std::collections::BTreeMap;

use anyhow::Result;

use super::{Store, attended, chunks, classified};
use crate::roster::{GroupId, Meeting, Sessions, Words};

impl Store {
    /// What is wrong with the first part of the store that is; `None`: nothing. Reads all of it.
    ///
    /// # Errors
    ///
    /// It can't be read.
    pub fn verify(&self) -> Result<Option<String>> {
        let structure: String =
            self.db.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
        if structure != "ok" {
            return Ok(Some(structure));
        }
        let mut words = self.memory.words.clone();
        let mut meetings = self.db.prepare("SELECT id, uuid FROM meeting ORDER BY id")?;
        let mut meetings = meetings.query([])?;
        while let Some(row) = meetings.next()? {
            let (id, uuid): (i64, String) = (row.get(0)?, row.get(1)?);
            match self.follows(id, &uuid, &mut words).map_err(classified) {
                Ok(true) => {}
                Ok(false) => {
                    return Ok(Some(format!(
                        "what is known of the meeting `{uuid}` does not follow from its events"
                    )));
                }
                Err(error) if super::is_of_no_use(&error) => {
                    return Ok(Some(format!("the meeting `{uuid}` is damaged")));
                }
                Err(error) => return Err(error),
            }
        }
        Ok(None)
    }

    /// Whether the sessions of a meeting are those that follow from its facts.
    fn follows(&self, id: i64, uuid: &str, words: &mut Words) -> Result<bool> {
        let (from, to) = chunks::chunk_ids(id);
        let mut query = self
            .db
            .prepare_cached("SELECT events FROM facts WHERE id >= ?1 AND id < ?2 ORDER BY id")?;
        let mut rows = query.query([from, to])?;
        let mut meeting = Meeting::default();
        while let Some(row) = rows.next()? {
            let bytes = chunks::unseal(row.get_ref(0)?.as_blob()?)?;
            for fact in chunks::read_facts(bytes, uuid) {
                let (_, _, event) = fact?;
                meeting.apply(&event, words);
            }
        }
        let stored = attended::read_chunks(&self.db, id)?;
        let stored: BTreeMap<GroupId, Sessions> =
            stored.into_iter().flat_map(|(_, sessions)| sessions).collect();
        Ok(stored == derived(&meeting, words))
    }
}

fn derived(meeting: &Meeting, words: &Words) -> BTreeMap<GroupId, Sessions> {
    let sessions = |group| Some((group, meeting.sessions(group, words)?));
    meeting.groups().filter_map(sessions).collect()
}
