//! A journal that becomes another one, and what its checkpoint then is.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Context, Result, anyhow};

use crate::config::Settings;
use crate::forget::Forgetting;
use crate::generator::checkpoint::{self, Checkpoint};
use crate::journal::{self, Eraser, Reader};
use crate::roster::NeedsReplay;
use crate::roster::checkpoint::{Header, encode, relabel};
use crate::scratch;
use crate::zoom::Name;

/// Makes the journal another one, from which everybody begins anew who read the one it was:
/// `forgetting` is no longer in it. Where old events are nowhere but in the checkpoint, they
/// are forgotten there; else the checkpoint goes. `announce` is told which journal becomes which
/// before it does.
pub fn begin_anew(
    settings: &Settings,
    forgetting: &Forgetting,
    announce: impl FnOnce(String, String) -> Result<()>,
) -> Result<()> {
    let path = &settings.journal.path;
    let _lock = checkpoint::lock(path)?;
    checkpoint::remove_unusable(path)?;
    let Some(reader) = Reader::open(path)? else { return checkpoint::remove(path) };
    let before = reader.journal_id()?;
    let kept = match is_all_there_is(settings, &reader)? {
        true => checkpoint::read(path, &before, Some(&reader)),
        false => None,
    };
    let last_key = kept.as_ref().map(|kept| reader.key_at(kept.last_id)).transpose()?.flatten();
    drop(reader);
    let mut eraser = Eraser::open(path)?;
    let journal = eraser.new_id()?;
    announce(before.clone(), journal.clone())?;
    eraser.set_id(&journal)?;
    let Some(Checkpoint { mut roster, last_id, .. }) = kept else {
        checkpoint::remove(path)?;
        return checkpoint::remove_others(path, &before);
    };
    let names: BTreeSet<_> =
        forgetting.names().map(|name| name.comparable().into_owned()).collect();
    let forgotten = roster.forget(&names, &forgetting.zoom_user_ids().collect());
    forgotten.map_err(|NeedsReplay| anyhow!("the checkpoint of old events is damaged"))?;
    let header = Header {
        journal,
        position: last_id,
        last_key: last_key.map(|key| *key.as_bytes()),
        archive: postcard::to_stdvec(&None::<crate::archive::Position>)?,
    };
    checkpoint::put_in_place(path, &encode(&roster, &header))?;
    checkpoint::remove_others(path, &before)
}

/// The names of those of whom events are nowhere but in the checkpoint, and of others.
///
/// # Errors
///
/// The journal can't be read.
pub fn names_of_old_events(settings: &Settings) -> Result<BTreeSet<Name>> {
    let path = &settings.journal.path;
    let Some(reader) = Reader::open(path)? else { return Ok(BTreeSet::new()) };
    if !is_all_there_is(settings, &reader)? {
        return Ok(BTreeSet::new());
    }
    let kept = checkpoint::read(path, &reader.journal_id()?, Some(&reader));
    let names = kept.iter().flat_map(|kept| kept.roster.names());
    Ok(names.cloned().collect())
}

/// Copies the journal to `to`; where old events are nowhere but in the checkpoint, that as well.
pub fn back_up(settings: &Settings, to: &Path) -> Result<()> {
    let path = &settings.journal.path;
    // While it is held, nothing is pruned that the checkpoint does not have.
    let _lock = checkpoint::lock(path)?;
    if let Err(error) = scratch::sweep(scratch::directory(to)) {
        tracing::warn!("what an earlier backup left there stays: {error}");
    }
    let reader = Reader::open(path)?;
    let of = match &reader {
        Some(reader) if is_all_there_is(settings, reader)? => Some(reader.journal_id()?),
        _ => None,
    };
    drop(reader);
    journal::back_up(path, to, |id| {
        let Some(of) = &of else { return Ok(()) };
        let place = checkpoint::place(path);
        let bytes = checkpoint::bytes(path, of).with_context(|| {
            format!("cannot read the checkpoint `{}`, which has what was pruned", place.display())
        })?;
        let copy = relabel(&bytes, id).with_context(|| format!("`{}`", place.display()))?;
        checkpoint::put_in_place(to, &copy)
    })
}

/// Whether old events are in the checkpoint alone.
fn is_all_there_is(settings: &Settings, reader: &Reader) -> Result<bool> {
    Ok(settings.archive.is_none() && reader.pruned()?)
}
