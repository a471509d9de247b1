//! Erases a person from the journal, for `lookout forget`.

use std::path::Path;

use anyhow::Result;

use crate::forget::{Forgetting, Found, Verdict};
use crate::journal::{Change, Eraser, Reader};

/// The most rows in one transaction, so that a running writer never waits long.
const MAX_BATCH: usize = 200;

/// Shows all events of the journal at `path` to `forgetting`; returns whether it learnt anything.
///
/// # Errors
///
/// The journal can't be read.
pub fn learn(path: &Path, forgetting: &mut Forgetting) -> Result<bool> {
    let mut has_learnt = false;
    let Some(reader) = Reader::open(path)? else { return Ok(false) };
    reader.events_after(0, |entry| {
        has_learnt |= forgetting.learn(&entry.document);
        Ok(())
    })?;
    Ok(has_learnt)
}

/// What the journal at `path` has of the person.
///
/// # Errors
///
/// The journal can't be read.
pub fn find(path: &Path, forgetting: &Forgetting) -> Result<Found> {
    let mut found = Found::default();
    let Some(reader) = Reader::open(path)? else { return Ok(found) };
    reader.events_after(0, |entry| {
        found.add_event(forgetting, &entry.document);
        Ok(())
    })?;
    reader.quarantined(|_, delivery| {
        found.add_quarantined(forgetting, &delivery.body);
        Ok(())
    })?;
    Ok(found)
}

/// Removes from the journal at `path` what it has of the person. [`Eraser::finish`] then has to
/// overwrite the traces in the file.
///
/// # Errors
///
/// The journal can't be read or written; what was removed before stays removed.
pub fn erase(path: &Path, forgetting: &Forgetting) -> Result<()> {
    let Some(reader) = Reader::open(path)? else { return Ok(()) };
    let mut eraser = Eraser::open(path)?;
    let mut batch = Vec::with_capacity(MAX_BATCH);
    let mut add = |change| {
        batch.push(change);
        if batch.len() < MAX_BATCH { Ok(()) } else { eraser.apply(&std::mem::take(&mut batch)) }
    };
    reader.events_after(0, |entry| match forgetting.judge(&entry.document) {
        Verdict::Stays => Ok(()),
        Verdict::Changes(document) => add(Change::ReplaceEvent(entry.id, document)),
        Verdict::Goes => add(Change::RemoveEvent(entry.id)),
    })?;
    reader.quarantined(|place, delivery| match forgetting.is_in(&delivery.body) {
        true => add(Change::RemoveQuarantined(place)),
        false => Ok(()),
    })?;
    eraser.apply(&batch)
}
