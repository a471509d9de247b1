//! A copy of the journal, made beside a running writer.
//!
//! The copy is another journal: it gets an id of its own. So whoever kept something of the
//! original, as a checkpoint or a published site does, reads a restored copy from its
//! beginning, and never takes its events for those that the original had at their places.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use anyhow::{Context, Result, bail};
use rusqlite::Connection;

use crate::files::scratch::{self, Purpose, Scratch};
use crate::journal::{Reader, restoring, schema};

/// Copies the journal at `from`, as of one moment, to `to`; `beside` makes what belongs to
/// the copy, whose id it is given, before the copy is in place. An earlier backup is replaced,
/// anything else is not.
///
/// # Errors
///
/// No journal, or a place that can't be written; what was at `to` is then still there.
pub fn back_up(from: &Path, to: &Path, beside: impl FnOnce(&str) -> Result<()>) -> Result<()> {
    let Some(journal) = Reader::open(from)? else {
        bail!("there is no journal at `{}` yet", from.display());
    };
    refuse_to_replace_others(from, to)?;
    let dir = scratch::directory(to);
    let failed = || format!("cannot write the backup `{}`", to.display());
    let scratch = Scratch::beside(to, Purpose::Backup).with_context(failed)?;
    let new = scratch.file();
    schema::create_for_ourselves(&new).with_context(failed)?;
    let place = new.to_str().context("the path of a backup has to be UTF-8")?;
    let copied = journal.connection().execute("VACUUM INTO ?1", [place]);
    copied.map_err(|error| schema::explained(error.into())).with_context(failed)?;
    let id = with_an_id_of_its_own(&new).with_context(failed)?;
    restoring::ensure_sound(&new).with_context(|| {
        format!(
            "the journal `{}` is damaged, so `{}` stays as it was; run `lookout check --deep`, then `lookout repair`",
            from.display(),
            to.display()
        )
    })?;
    beside(&id)?;
    File::open(&new).and_then(|new| new.sync_all()).with_context(failed)?;
    scratch.put_in_place(to).with_context(failed)?;
    schema::sync_directory(dir)
}

/// Only what is a journal itself may be an earlier backup.
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

fn with_an_id_of_its_own(path: &Path) -> Result<String> {
    let copy = Connection::open(path)?;
    let id = schema::new_id(&copy)?;
    schema::set_id(&copy, &id)?;
    Ok(id)
}
