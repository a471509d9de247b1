//! Rows as they are read: each is verified by its checksum, and one that does not match is not
//! believed.

use rusqlite::Row;

use crate::journal::checksum::{self, Envelope};
use crate::journal::{Entry, Quarantined};
use crate::zoom::Key;

/// A row, or what is left of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Checked<T> {
    /// The row is as it was written; its checksum, if it has none yet.
    Sound(T, Option<u32>),
    /// The row at this place is not.
    Damaged(u64),
}

impl<T> Checked<T> {
    /// The row, if it is sound.
    pub fn sound(self) -> Option<T> {
        match self {
            Self::Sound(row, _) => Some(row),
            Self::Damaged(_) => None,
        }
    }
}

/// The columns of an event; a journal of an earlier version `has_checksums` not yet.
pub fn event_columns(has_checksums: bool) -> &'static str {
    match has_checksums {
        true => "id, key, received_ms, request_id, document, at, checksum",
        false => "id, key, received_ms, request_id, document, at, NULL",
    }
}

/// The columns of a quarantined delivery.
pub fn quarantined_columns(has_checksums: bool) -> &'static str {
    match has_checksums {
        true => "id, key, received_ms, request_id, body, checksum",
        false => "id, key, received_ms, request_id, body, NULL",
    }
}

/// An event from its columns.
pub fn event(row: &Row<'_>) -> rusqlite::Result<Checked<Entry>> {
    let id = row.get(0)?;
    let read = || -> rusqlite::Result<_> {
        let entry = Entry {
            id,
            key: Key::from_bytes(row.get(1)?),
            received_ms: row.get(2)?,
            request_id: row.get(3)?,
            document: row.get(4)?,
        };
        let checksum =
            checksum::of_event(envelope_of(&entry), row.get(5)?, entry.document.as_bytes());
        Ok((entry, checksum, row.get(6)?))
    };
    Ok(checked(id, read()))
}

/// A quarantined delivery, and its place, from its columns.
pub fn quarantined(row: &Row<'_>) -> rusqlite::Result<Checked<(u64, Quarantined)>> {
    let id = row.get(0)?;
    let read = || -> rusqlite::Result<_> {
        let odd = Quarantined {
            key: Key::from_bytes(row.get(1)?),
            received_ms: row.get(2)?,
            request_id: row.get(3)?,
            body: row.get(4)?,
        };
        let envelope = Envelope {
            received_ms: odd.received_ms,
            key: odd.key.as_bytes(),
            request_id: odd.request_id.as_deref(),
        };
        let checksum = checksum::of_quarantined(envelope, &odd.body);
        Ok(((id, odd), checksum, row.get(5)?))
    };
    Ok(checked(id, read()))
}

fn envelope_of(entry: &Entry) -> Envelope<'_> {
    Envelope {
        received_ms: entry.received_ms,
        key: entry.key.as_bytes(),
        request_id: entry.request_id.as_deref(),
    }
}

/// A value of the wrong type, or one that is no UTF-8, is damage like any other.
fn checked<T>(id: u64, read: rusqlite::Result<(T, u32, Option<u32>)>) -> Checked<T> {
    match read {
        Ok((row, checksum, None)) => Checked::Sound(row, Some(checksum)),
        Ok((row, checksum, Some(expected))) if checksum == expected => Checked::Sound(row, None),
        _ => Checked::Damaged(id),
    }
}
