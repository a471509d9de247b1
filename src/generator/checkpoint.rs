//! The checkpoint beside the journal: a cache that may be deleted at any time, as long as
//! the journal holds every event (`journal.keep`).
//!
//! Whoever writes it holds a [lock()], and so does whoever makes the journal another one: no
//! checkpoint of what was is put in place afterwards.

use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};

use crate::archive;
use crate::beside;
use crate::journal::Reader;
use crate::lock::{self, Lock};
use crate::regular_file;
use crate::roster::Roster;
use crate::roster::checkpoint::{self, Header, Ignored};
use crate::scratch::{self, Purpose, Scratch};

/// The longest checkpoint, in bytes; one of 10,000 people over three years has 7 MB.
const LONGEST: u64 = 1 << 30;

const EXTENSION: &str = "checkpoint";

/// The name of its lock.
const LOCK: &str = "checkpoint";

/// How long to wait for somebody else: a backup of a large journal takes a while.
const LOCK_PATIENCE: Duration = Duration::from_secs(600);

/// A roster, and what it had taken in.
pub struct Checkpoint {
    /// The facts.
    pub roster: Roster,
    /// The journal's last event.
    pub last_id: u64,
    /// How far the archive was read, if it was.
    pub archive: Option<archive::Position>,
}

/// Where the checkpoint of the journal at `path` lies.
pub fn place(path: &Path) -> PathBuf {
    beside::beside(path, EXTENSION)
}

/// The checkpoint of the journal at `path` as bytes, wherever it lies, if there is one of
/// `journal_id`.
pub fn bytes(path: &Path, journal_id: &str) -> Option<Vec<u8>> {
    all_bytes(path).into_iter().find(|bytes| is_of_journal(bytes, journal_id))
}

/// Whatever may be the checkpoint of the journal at `path`, wherever it lies.
pub fn all_bytes(path: &Path) -> Vec<Vec<u8>> {
    let places = std::iter::once(place(path)).chain(beside::also_beside(path, EXTENSION));
    places.filter_map(|place| regular_file::read(&place, LONGEST).ok()).collect()
}

/// Removes the checkpoint of the journal at `path`.
pub fn remove(path: &Path) -> Result<()> {
    remove_file(&place(path))
}

/// Removes checkpoints of the journal at `path` that lie where none is written any more.
fn remove_from_other_places(path: &Path, journal_id: &str) -> Result<()> {
    let mut others = beside::also_beside(path, EXTENSION);
    others.try_for_each(|other| match regular_file::read(&other, LONGEST) {
        Ok(bytes) if is_of_journal(&bytes, journal_id) => remove_file(&other),
        _ => Ok(()),
    })
}

/// Removes whatever else may hold names of the journal at `path`, once somebody was forgotten:
/// checkpoints in other places, and those that only another version could read.
pub fn remove_others(path: &Path, journal_id: &str) -> Result<()> {
    remove_file(&unusable(path))?;
    if let Some(former) = beside::formerly_beside(path, EXTENSION)
        && let Ok(bytes) = regular_file::read(&former, LONGEST)
        && checkpoint::journal(&bytes) == Err(Ignored::OtherVersion)
    {
        remove_file(&former)?;
    }
    remove_from_other_places(path, journal_id)
}

fn remove_file(place: &Path) -> Result<()> {
    match fs::remove_file(place) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove `{}`", place.display()))
        }
        _ => Ok(()),
    }
}

/// Whether `bytes` are a checkpoint of the journal `journal_id`.
pub fn is_of_journal(bytes: &[u8], journal_id: &str) -> bool {
    checkpoint::journal(bytes).is_ok_and(|journal| journal == journal_id)
}

/// The checkpoint of the journal at `path`, which is open as `reader`, if there is one of
/// this version and journal. It may have been summed up by other rules.
pub fn read(path: &Path, journal_id: &str, reader: Option<&Reader>) -> Option<Checkpoint> {
    let place = place(path);
    let bytes = bytes(path, journal_id).or_else(|| regular_file::read(&place, LONGEST).ok())?;
    let ignored = |why: &dyn std::fmt::Display| {
        tracing::info!("`{}` is ignored, and all events are read again: {why}", place.display());
    };
    match checkpoint::decode(&bytes, journal_id) {
        Ok((_, header)) if !is_of(&header, reader) => {
            ignored(&"a backup of the journal was put in its place");
            None
        }
        Ok((roster, Header { position: last_id, archive, .. })) => {
            let archive = postcard::from_bytes(&archive).ok()?;
            Some(Checkpoint { roster, last_id, archive })
        }
        Err(why) => {
            ignored(&why);
            None
        }
    }
}

/// Whether the last event it had taken in is still the one at that place. Where that is
/// no longer kept, nobody can tell.
fn is_of(header: &Header, reader: Option<&Reader>) -> bool {
    let there = reader.and_then(|reader| reader.key_at(header.position).ok().flatten());
    match (there, header.last_key) {
        (Some(there), Some(taken_in)) => *there.as_bytes() == taken_in,
        _ => true,
    }
}

/// Replaces the checkpoint by one of `roster` and what `header` says; does nothing while
/// somebody holds its lock, or where the journal at `path` is no longer that one.
/// Says whether it did.
pub fn write(path: &Path, header: &Header, roster: &Roster) -> Result<bool> {
    let Some(_lock) = lock::try_acquire(&lock::place(path, LOCK))? else { return Ok(false) };
    let now = Reader::open(path)?.map(|reader| reader.journal_id()).transpose()?;
    if now.unwrap_or_default() != header.journal {
        return Ok(false);
    }
    put_in_place(path, &checkpoint::encode(roster, header))?;
    remove_from_other_places(path, &header.journal)?;
    Ok(true)
}

/// Moves a checkpoint that can't be used out of the way of the next one: an earlier version of
/// Lookout may still read what is nowhere else.
pub fn keep_unusable(path: &Path) -> Result<()> {
    let place = place(path);
    match fs::rename(&place, unusable(path)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot rename `{}`", place.display()))
        }
        _ => Ok(()),
    }
}

/// Removes what [`keep_unusable`] kept: it holds names.
pub fn remove_unusable(path: &Path) -> Result<()> {
    remove_file(&unusable(path))
}

fn unusable(path: &Path) -> PathBuf {
    beside::beside(path, "checkpoint.unusable")
}

/// The bytes of a checkpoint, in the place of the journal at `path`.
pub fn put_in_place(path: &Path, bytes: &[u8]) -> Result<()> {
    let (place, dir) = (place(path), scratch::directory(path));
    let write = || {
        let scratch = Scratch::beside(&place, Purpose::Checkpoint)?;
        let mut file =
            File::options().write(true).create_new(true).mode(0o600).open(scratch.file())?;
        file.write_all(bytes)?;
        // Bodies may be removed once they are in here, so it has to last, and its name as well.
        file.sync_data()?;
        scratch.put_in_place(&place)?;
        File::open(dir)?.sync_all()
    };
    write().with_context(|| format!("cannot write the checkpoint `{}`", place.display()))
}

/// Keeps everybody from writing the checkpoint of the journal at `path`, or a copy of it, until it is
/// dropped. What a kill left of either beside the journal is gone then.
///
/// # Errors
///
/// Somebody else holds it for too long, or something that was left can't be removed.
pub fn lock(path: &Path) -> Result<Lock> {
    let lock = lock::acquire(&lock::place(path, LOCK), LOCK_PATIENCE)?;
    sweep_under(&lock, scratch::directory(path))?;
    Ok(lock)
}

/// Removes what a kill left beside the journal at `path`, unless somebody is at work there: who begins
/// later finds it as well. It is no reason not to begin.
pub fn sweep(path: &Path) {
    // Without a directory, there is nothing in it.
    if !scratch::directory(path).is_dir() {
        return;
    }
    let swept = match lock::try_acquire(&lock::place(path, LOCK)) {
        Ok(Some(lock)) => sweep_under(&lock, scratch::directory(path)),
        Ok(None) => Ok(()),
        Err(error) => Err(error),
    };
    if let Err(error) = swept {
        tracing::warn!("files that a kill left beside the journal stay for now: {error:#}");
    }
}

/// Removes what a kill left beside the journal of whoever holds `lock` while they write.
fn sweep_under(lock: &Lock, directory: &Path) -> Result<()> {
    let former = || if lock.is_exclusive() { scratch::sweep_former(directory) } else { Ok(()) };
    scratch::sweep(directory)
        .and_then(|()| former())
        .with_context(|| format!("cannot tidy up `{}`", directory.display()))
}
