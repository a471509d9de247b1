//! Copies the journal while a writer may be running.
//!
//! The copy gets an id of its own. So a store or a published site that belongs to the original reads a
//! restored copy from the start, and does not confuse its events with those of the original at
//! the same places.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use anyhow::{Context, Result, bail};
use rusqlite::Connection;

use crate::files::temporary_file::{Purpose, TemporaryFile};
use crate::files::{directory, regular_file};
use crate::journal::{Reader, connection, restore, schema};

/// Copies the journal at `from`, as of one moment, to `to`. `before_persist` gets the id of the copy
/// before the copy is in place. An earlier backup at `to` is replaced, any other file is not.
///
/// # Errors
///
/// There is no journal, or `to` can't be written; the file at `to` is then unchanged.
pub fn back_up(
    from: &Path,
    to: &Path,
    before_persist: impl FnOnce(&str) -> Result<()>,
) -> Result<()> {
    let Some(journal) = Reader::open(from)? else {
        bail!("there is no journal at `{}` yet", from.display());
    };
    refuse_to_replace_others(from, to)?;
    let failed = || format!("cannot write the backup `{}`", to.display());
    let temporary = TemporaryFile::beside(to, Purpose::Backup).with_context(failed)?;
    let new = temporary.path();
    regular_file::create_private(&new).with_context(failed)?;
    let place = new.to_str().context("the path of a backup has to be UTF-8")?;
    let copied = journal.connection().execute("VACUUM INTO ?1", [place]);
    copied.map_err(|error| connection::explained(error.into())).with_context(failed)?;
    let id = set_new_id(&new).with_context(failed)?;
    restore::ensure_sound(&new).with_context(|| {
        format!(
            "the journal `{}` is damaged, so `{}` stays as it was; run `lookout check --deep`, then `lookout repair`",
            from.display(),
            to.display()
        )
    })?;
    before_persist(&id)?;
    File::open(&new).and_then(|new| new.sync_all()).with_context(failed)?;
    temporary.persist(to).with_context(failed)?;
    directory::sync(directory::of(to))
}

/// Only an empty file or another journal may be replaced.
fn refuse_to_replace_others(from: &Path, to: &Path) -> Result<()> {
    let shown = to.display();
    match fs::canonicalize(to) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error).with_context(|| format!("cannot look at `{shown}`")),
        Ok(there) if fs::canonicalize(from).is_ok_and(|from| from == there) => {
            bail!("`{shown}` is the journal itself; name another file")
        }
        Ok(there) if is_empty(&there) || matches!(Reader::open(&there), Ok(Some(_))) => Ok(()),
        Ok(_) => bail!("`{shown}` is not a backup of Lookout, so it stays; name another file"),
    }
}

fn is_empty(path: &Path) -> bool {
    File::open(path)
        .and_then(|file| file.metadata())
        .is_ok_and(|data| data.is_file() && data.len() == 0)
}

fn set_new_id(path: &Path) -> Result<String> {
    let copy = Connection::open(path)?;
    let id = schema::new_id(&copy)?;
    schema::set_id(&copy, &id)?;
    Ok(id)
}
