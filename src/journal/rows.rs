//! Reads rows, and verifies each by its checksum.

use rusqlite::Row;

use crate::journal::damage::RowId;
use crate::journal::{Entry, Quarantined, checksum};
use crate::zoom::Key;

/// Checksums to add to rows that have none.
pub type Checksums = Vec<(RowId, u32)>;

/// A row after verification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Checked<T> {
    /// The row is intact. `Some` is the checksum to add to a row that has none.
    Sound(T, Option<u32>),
    /// The row at this place is damaged.
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

/// The columns of an event; journals of older versions have no checksums.
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

/// Reads an event.
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
        let checksum = checksum::of_event(entry.envelope(), row.get(5)?, &entry.document);
        Ok((entry, checksum, row.get(6)?))
    };
    Ok(checked(id, read()))
}

/// Reads a quarantined delivery and its place.
pub fn quarantined(row: &Row<'_>) -> rusqlite::Result<Checked<(u64, Quarantined)>> {
    let id = row.get(0)?;
    let read = || -> rusqlite::Result<_> {
        let delivery = Quarantined {
            key: Key::from_bytes(row.get(1)?),
            received_ms: row.get(2)?,
            request_id: row.get(3)?,
            body: row.get(4)?,
        };
        let checksum = checksum::of_quarantined(delivery.envelope(), &delivery.body);
        Ok(((id, delivery), checksum, row.get(5)?))
    };
    Ok(checked(id, read()))
}

/// A value of the wrong type, or text that is not UTF-8, is damage as well.
fn checked<T>(id: u64, read: rusqlite::Result<(T, u32, Option<u32>)>) -> Checked<T> {
    match read {
        Ok((row, checksum, None)) => Checked::Sound(row, Some(checksum)),
        Ok((row, checksum, Some(expected))) if checksum == expected => Checked::Sound(row, None),
        _ => Checked::Damaged(id),
    }
}
