//! A journal that becomes another one, or is copied, and its store with it.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Context, Result};

use crate::config::Settings;
use crate::files::{directory, temporary_file};
use crate::forget::Forgetting;
use crate::generator::{legacy, store_file};
use crate::journal::{self, Eraser, Reader};
use crate::store::{self, Position, Store};
use crate::time::clock;
use crate::zoom::Name;

/// Makes the journal another one, from which everybody begins anew who read the one it was:
/// `forgetting` is no longer in it, nor in the store. `announce` is told which journal becomes which
/// before it does.
pub fn begin_anew(
    settings: &Settings,
    forgetting: &Forgetting,
    announce: impl FnOnce(String, String) -> Result<()>,
) -> Result<()> {
    let path = &settings.journal.path;
    let _lock = store_file::lock(path)?;
    if !store_file::place(path).exists() && !path.exists() {
        return Ok(());
    }
    store_file::remove_unusable(path)?;
    let mut store = store_file::open(settings)?.store;
    let (mut before, mut id) = (String::new(), String::new());
    if let Some(reader) = Reader::open(path)? {
        before = reader.journal_id()?;
        drop(reader);
        id = Eraser::open(path)?.new_id()?;
        announce(before.clone(), id.clone())?;
    }
    // Whoever is interrupted here leaves a store that fits both.
    leave_out(&mut store, path, forgetting, (&before, &id))?;
    if !id.is_empty() {
        Eraser::open(path)?.set_id(&id)?;
    }
    legacy::remove(path, &before)
}

/// Removes whoever is to be forgotten from the store, which is of the journal `id` from then on.
fn leave_out(
    store: &mut Store,
    path: &Path,
    forgetting: &Forgetting,
    (former, id): (&str, &str),
) -> Result<()> {
    let mut forgetting = forgetting.clone();
    let mut is_news = true;
    while is_news {
        is_news = false;
        store.events(|_, event| {
            is_news |= forgetting.learn_event(event);
            Ok(())
        })?;
    }
    let scratch = store_file::scratch(path)?;
    let mut without = Store::open(&scratch.path())?;
    without.copy_events(store, clock::now(), |_, event| !forgetting.is_theirs(event))?;
    let (journal, former) = (id.to_owned(), former.to_owned());
    without.set_position(&Position { journal, former, ..store.position().clone() })?;
    store.replace_with(without, &scratch.path())?;
    store.vacuum()
}

/// What is wrong with the store of presence; `None`: nothing, or there is none.
///
/// # Errors
///
/// It can't be read.
pub fn verify_store(settings: &Settings) -> Result<Option<String>> {
    let place = store_file::place(&settings.journal.path);
    if !place.exists() {
        return Ok(None);
    }
    match Store::open(&place) {
        Ok(store) => store.verify(),
        Err(error) if store::is_unusable(&error) => Ok(Some(format!("{error:#}"))),
        Err(error) => Err(error),
    }
}

/// The names of all who are in the store.
///
/// # Errors
///
/// It can't be read.
pub fn names_in_store(settings: &Settings) -> Result<BTreeSet<Name>> {
    Ok(store_file::open(settings)?.store.names().cloned().collect())
}

/// Copies the journal to `to`; where old events are nowhere but in the store, that as well.
pub fn back_up(settings: &Settings, to: &Path) -> Result<()> {
    let path = &settings.journal.path;
    // While it is held, neither becomes another one.
    let _lock = store_file::lock(path)?;
    if let Err(error) = temporary_file::remove_abandoned(directory::of(to)) {
        tracing::warn!("what an earlier backup left there stays: {error}");
    }
    let reader = Reader::open(path)?;
    let pruned = reader.as_ref().map_or(Ok(false), Reader::pruned)?;
    let needs_store = pruned && settings.archive.is_none();
    drop(reader);
    journal::back_up(path, to, |id| {
        if !needs_store {
            return Ok(());
        }
        let (store, place) = (store_file::place(path), store_file::place(to));
        let failed =
            || format!("cannot copy the store `{}`, which has what was pruned", store.display());
        let copy = store_file::scratch(to)?;
        let copied = Store::open(&store).and_then(|store| store.back_up_to(&copy.path(), id));
        copied.with_context(failed)?;
        copy.persist(&place).with_context(failed)
    })
}
