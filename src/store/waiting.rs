//! Who waits to be let in: a row for each meeting where somebody waits by the facts of that meeting.
//!
//! Usually there is none, so all rows are in memory.

use std::collections::BTreeMap;

use anyhow::{Result, ensure};
use rusqlite::{Connection, OptionalExtension, params};

use super::{Damaged, chunks, recent};
use crate::roster::{MeetingInfo, PresenceBuilder, SymbolTable, Wait};
use crate::time::moment::Moment;

/// The meetings where somebody waits.
#[derive(Debug, Clone, Default)]
pub(super) struct Waits {
    meetings: BTreeMap<i64, (MeetingInfo, Vec<Wait>)>,
}

impl Waits {
    /// Reads all rows, which may refer only to `symbols`.
    pub(super) fn read(db: &Connection, symbols: &SymbolTable) -> Result<Self> {
        let mut query = db.prepare("SELECT meeting, of FROM waiting")?;
        let mut rows = query.query([])?;
        let mut read = Self::default();
        while let Some(row) = rows.next()? {
            let meeting = row.get(0)?;
            let waits = decode(row.get_ref(1)?.as_blob()?)?;
            ensure!(waits.iter().all(|wait| wait.who.is_known_to(symbols)), Damaged);
            read.set(meeting, &recent::read_info_of(db, meeting)?, waits);
        }
        Ok(read)
    }

    /// Those of the meetings in which nothing happened after `moment`.
    pub(super) fn up_to(&self, db: &Connection, moment: Moment) -> Result<Self> {
        let mut query = db.prepare_cached("SELECT last_fact <= ?2 FROM meeting WHERE id = ?1")?;
        let mut waits = self.clone();
        for meeting in self.meetings.keys() {
            let is_past: bool = query.query_row([*meeting, moment.seconds()], |row| row.get(0))?;
            if !is_past {
                waits.meetings.remove(meeting);
            }
        }
        Ok(waits)
    }

    /// Replaces what is known of a meeting.
    pub(super) fn set(&mut self, meeting: i64, info: &MeetingInfo, waits: Vec<Wait>) {
        if waits.is_empty() {
            self.meetings.remove(&meeting);
        } else {
            self.meetings.insert(meeting, (info.clone(), waits));
        }
    }

    /// The same, also on disk.
    pub(super) fn write(
        &mut self,
        db: &Connection,
        meeting: i64,
        info: &MeetingInfo,
        waits: Vec<Wait>,
    ) -> Result<()> {
        let before = self.meetings.get(&meeting).map(|(_, waits)| &waits[..]);
        if before.unwrap_or_default() != waits {
            put(db, meeting, &waits)?;
        }
        self.set(meeting, info, waits);
        Ok(())
    }

    /// The meetings where somebody waits, by id.
    pub(super) fn meetings(&self) -> impl Iterator<Item = (i64, &MeetingInfo, &[Wait])> {
        self.meetings.iter().map(|(id, (info, waits))| (*id, info, &waits[..]))
    }

    pub(super) fn add_to(&self, builder: &mut PresenceBuilder<'_>) {
        for (info, waits) in self.meetings.values() {
            builder.add_waits(info, waits);
        }
    }
}

/// Who waits to be let into a meeting, from disk.
pub(super) fn read_waits(db: &Connection, meeting: i64) -> Result<Vec<Wait>> {
    let mut query = db.prepare_cached("SELECT of FROM waiting WHERE meeting = ?1")?;
    let sealed: Option<Vec<u8>> = query.query_row([meeting], |row| row.get(0)).optional()?;
    sealed.map_or(Ok(Vec::new()), |sealed| decode(&sealed))
}

/// Replaces the row of a meeting.
fn put(db: &Connection, meeting: i64, waits: &[Wait]) -> Result<()> {
    if waits.is_empty() {
        db.prepare_cached("DELETE FROM waiting WHERE meeting = ?1")?.execute([meeting])?;
        return Ok(());
    }
    let encoded = postcard::to_stdvec(waits).expect("numbers always encode");
    db.prepare_cached("INSERT OR REPLACE INTO waiting (meeting, of) VALUES (?1, ?2)")?
        .execute(params![meeting, chunks::add_checksum(encoded)])?;
    Ok(())
}

fn decode(sealed: &[u8]) -> Result<Vec<Wait>> {
    Ok(postcard::from_bytes(chunks::verify_checksum(sealed)?).map_err(|_| Damaged)?)
}
