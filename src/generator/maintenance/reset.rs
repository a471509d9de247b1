//! Resets the journal's id after somebody was forgotten, so that every reader starts again.

use std::path::Path;

use anyhow::Result;

use crate::config::Settings;
use crate::forget::Forgetting;
use crate::generator::{old_checkpoint, store_file};
use crate::journal::{Eraser, Reader};
use crate::store::{Position, Store};
use crate::time::clock;

/// Gives the journal a new id, and removes who is in `forgetting` from the store. Readers of the
/// old id then read everything again.
///
/// `announce` receives the old and the new id before the journal changes.
///
/// # Errors
///
/// Something can't be read or written. The store then fits both ids, and the command can be run
/// again.
pub fn reset_journal(
    settings: &Settings,
    forgetting: &Forgetting,
    announce: impl FnOnce(String, String) -> Result<()>,
) -> Result<()> {
    let path = &settings.journal.path;
    let _lock = store_file::lock(path)?;
    if !store_file::path_of(path).try_exists()? && !path.try_exists()? {
        return Ok(());
    }
    store_file::remove_unusable(path)?;
    let mut store = store_file::open(settings)?.store;
    let (mut old_id, mut new_id) = (String::new(), String::new());
    if let Some(reader) = Reader::open(path)? {
        old_id = reader.journal_id()?;
        drop(reader);
        new_id = Eraser::open(path)?.new_id()?;
        announce(old_id.clone(), new_id.clone())?;
    }
    // After an interruption here, the store fits both ids.
    forget_in_store(&mut store, path, forgetting, (&old_id, &new_id))?;
    if !new_id.is_empty() {
        Eraser::open(path)?.set_id(&new_id)?;
    }
    old_checkpoint::remove(path, &old_id)
}

/// Removes from `store` who is in `forgetting`. The store then belongs to the journal `new_id`.
fn forget_in_store(
    store: &mut Store,
    path: &Path,
    forgetting: &Forgetting,
    (old_id, new_id): (&str, &str),
) -> Result<()> {
    let mut forgetting = forgetting.clone();
    let mut has_learnt = true;
    while has_learnt {
        has_learnt = false;
        store.events(|_, event| {
            has_learnt |= forgetting.learn_event(event);
            Ok(())
        })?;
    }
    let scratch = store_file::scratch(path)?;
    let mut rest = Store::create_temporary(&scratch.path())?;
    rest.copy_events(store, clock::now(), |_, event| !forgetting.is_theirs(event))?;
    let (journal, former) = (new_id.to_owned(), old_id.to_owned());
    rest.set_position(&Position { journal, former, ..store.position().clone() })?;
    store.replace_with(rest, &scratch.path())?;
    store.vacuum()
}
