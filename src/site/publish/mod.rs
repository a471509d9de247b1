//! Putting the site in place: the only code that writes below the output directory.
//!
//! A visitor, or a power cut, finds every file old or new, never torn or empty:
//! each is written under a hidden name beside its place, synced, then renamed.
//! Files that did not change are not touched. What an earlier publication wrote
//! and this one has not, is removed; nothing else ever is.
//!
//! Beside each text file lies a compressed copy (`gzip.rs`); a file whose name carries
//! a hash of its contents is kept for a day after it was replaced (`succession.rs`).
//!
//! Servers make a file's `ETag` of its date in whole seconds and its size, so a
//! new version is dated at least one whole second after the one it replaces.
//! Where that would lead more than two seconds into the future, nothing is
//! written and the caller is told to wait ([`Outcome::TooSoon`]).

mod batch;
mod change;
mod gzip;
mod manifest;
mod probe;
mod succession;
mod twin;

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind, Read, Seek, Write};
use std::path::{Component, Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};
use walkdir::WalkDir;

use super::File;
use crate::files::lock::{self, Lock};
use crate::files::regular_file;
use crate::time::clock;
use crate::time::moment::Moment;
use batch::Batch;
use change::Change;
use manifest::Manifest;
use succession::Succession;

pub use probe::{Refusal, refusals};
pub use twin::Twin;

/// The lock of earlier versions, which anybody could hold.
const FORMER_LOCK_FILE: &str = ".lookout-lock";

/// More than the heartbeat file has, in bytes.
const LONGEST_HEARTBEAT: u64 = 1024;

/// How long another publisher may take.
const LOCK_PATIENCE: Duration = Duration::from_secs(30);

/// How far the log had been read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// The journal's id; positions of different journals can't be compared.
    pub journal: String,
    /// The id of the last event that was read; 0 before the first.
    pub last_event: u64,
    /// How far the archive had been read; `None` where there is none.
    #[serde(default)]
    pub archive: Option<ArchivePosition>,
}

/// How far an archive had been read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArchivePosition {
    /// Identifies the collection; empty before it was read for the first time.
    pub collection: String,
    /// The greatest `_id` that was read, in hexadecimal digits.
    pub newest: String,
}

/// Which site this is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edition {
    /// How far the log had been read.
    pub position: Position,
    /// As of when.
    pub moment: Moment,
}

/// What may be replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Replace {
    /// An edition of the same or an earlier position, as anybody running beside others should.
    NotNewer,
    /// Any edition: somebody asked for a moment in the past, or to begin again.
    Any,
}

/// What came of publishing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The site is in place.
    Published(Published),
    /// Nothing was written; gather changes and try again after so long.
    TooSoon(Duration),
    /// Nothing was written: what is there is of this later position.
    Superseded(Position),
}

/// What was done.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Published {
    /// Files written, relative to the output directory, in the order of writing, without their
    /// compressed copies; then twins.
    pub written: Vec<String>,
    /// Files removed, in order.
    pub removed: Vec<String>,
    /// How many files were already as they should be.
    pub unchanged: usize,
    /// What went wrong outside of the output directory; the site itself is in place.
    pub problems: Vec<String>,
}

/// Makes `output_dir` hold exactly `files`, beside whatever else is there. Publishers take turns
/// by the lock at `lock`.
///
/// # Errors
///
/// A file that can't be written. Those before it may already be replaced, each
/// whole; publishing again completes it. Or somebody else publishes and does not end.
pub fn publish(
    files: &[File],
    twins: &[Twin],
    output_dir: &Path,
    lock: &Path,
    edition: &Edition,
    replace: Replace,
) -> Result<Outcome> {
    check_paths(files)?;
    let failed = || format!("cannot publish into `{}`", output_dir.display());
    let _lock = take_lock(lock).with_context(failed)?;
    batch::create_dir(output_dir).with_context(failed)?;
    let before = Manifest::read(output_dir);
    if replace == Replace::NotNewer
        && let Some(newer) = before.newer_than(&edition.position)
    {
        return Ok(Outcome::Superseded(newer));
    }
    let now = clock::system_time();
    let changes = site_changes(files, output_dir, now).with_context(failed)?;
    if let Some(wait) = changes.iter().filter_map(Change::too_soon).max() {
        return Ok(Outcome::TooSoon(wait));
    }
    let mut published = Published {
        written: changes.iter().map(|change| change.label.to_string()).collect(),
        unchanged: files.len() - changes.len(),
        ..Published::default()
    };
    let changes = with_copies(files, changes, output_dir).with_context(failed)?;
    let seconds = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let succession = Succession::of(files, &before, seconds);
    put_in_place(&changes, succession, output_dir, edition, &mut published).with_context(failed)?;
    for twin in twins {
        twin::keep_equal(twin, files, &mut published);
    }
    Ok(Outcome::Published(published))
}

/// Removes the temporary files that a kill left in `output_dir`, however deep, and of copies at `twins`.
///
/// # Errors
///
/// Somebody else publishes and does not end.
pub fn sweep(output_dir: &Path, twins: &[PathBuf], lock: &Path) -> Result<()> {
    let _lock = take_lock(lock)?;
    let directories = WalkDir::new(output_dir).into_iter().filter_map(Result::ok);
    for directory in directories.filter(|entry| entry.file_type().is_dir()) {
        batch::remove_left_overs(directory.path(), batch::PREFIX);
    }
    twins.iter().for_each(|target| twin::remove_left_overs(target));
    Ok(())
}

/// Dates the heartbeat file to `moment`: the page then knows that Lookout is at work. Does nothing
/// where there is none yet, before the first publication.
///
/// # Errors
///
/// The file is there and can't be dated.
pub fn touch_heartbeat(path: &Path, moment: Moment) -> io::Result<()> {
    let mut file = match regular_file::open(path, OpenOptions::new().read(true).write(true)) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    match file.set_modified(moment.system_time()) {
        Err(error) if batch::is_refused(&error) => {
            // Writing the same again dates it, too.
            let mut bytes = Vec::new();
            (&file).take(LONGEST_HEARTBEAT).read_to_end(&mut bytes)?;
            file.rewind()?;
            file.write_all(&bytes)
        }
        dated => dated,
    }
}

/// Whether something was ever published into `output_dir`.
pub fn is_published(output_dir: &Path) -> bool {
    output_dir.join(manifest::FILE).exists()
}

/// Each file needs a place of its own.
fn check_paths(files: &[File]) -> Result<()> {
    let mut seen = BTreeSet::new();
    for file in files {
        check_plain(&file.path)?;
        if !seen.insert(&file.path) {
            bail!("two files would both be `{}`; is `csv.path` a page's place?", file.path);
        }
    }
    Ok(())
}

/// Refuses paths that could lead out of the output directory, or hide what is published.
fn check_plain(path: &str) -> Result<()> {
    let mut parts = Path::new(path).components();
    let plain = |part| matches!(part, Component::Normal(name) if !name.as_encoded_bytes().starts_with(b"."));
    if path.is_empty() || !parts.all(plain) {
        bail!(
            "`{path}` is no place for a published file; use names without a leading `.`, and `/` between them"
        );
    }
    Ok(())
}

/// Waits for other publishers; given back when dropped, also by a crash. A user who may not write
/// beside the journal, and builds into a directory of their own, has nobody to wait for.
fn take_lock(path: &Path) -> Result<Option<Lock>> {
    let is_closed = |error: &anyhow::Error| {
        let kind = error.root_cause().downcast_ref().map(io::Error::kind);
        matches!(kind, Some(ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem))
    };
    match lock::acquire(path, LOCK_PATIENCE) {
        Err(error) if is_closed(&error) => {
            tracing::warn!("{error:#}; do not publish with several commands at the same time");
            Ok(None)
        }
        taken => taken.map(Some),
    }
}

fn site_changes<'a>(
    files: &'a [File],
    output_dir: &Path,
    now: SystemTime,
) -> Result<Vec<Change<'a>>> {
    let mut changes = Vec::new();
    for file in files {
        let target = output_dir.join(&file.path);
        let found = Change::find(&file.path, target, &file.bytes, now)
            .with_context(|| format!("cannot read the published `{}`", file.path))?;
        changes.extend(found);
    }
    Ok(changes)
}

/// Puts before each change the compressed copy that belongs to it; where only a copy is
/// missing or of another version, it alone.
fn with_copies<'a>(
    files: &'a [File],
    changes: Vec<Change<'a>>,
    output_dir: &Path,
) -> Result<Vec<Change<'a>>> {
    let mut dates = BTreeMap::new();
    for file in files.iter().filter(|file| gzip::is_worth(file)) {
        let target = output_dir.join(&file.path);
        let change = changes.iter().find(|change| change.label == file.path);
        if let Some(date) = change.and_then(|change| change.dated) {
            dates.insert(file.path.as_str(), (file, date));
        } else if !gzip::is_in_step(&target, &output_dir.join(gzip::path_of(&file.path))) {
            dates.insert(file.path.as_str(), (file, fs::metadata(&target)?.modified()?));
        }
    }
    let dates: Vec<_> = dates.into_values().collect();
    let copies = gzip::copies(&dates, output_dir).context("cannot compress")?;
    let mut copies: BTreeMap<String, Change> =
        copies.into_iter().map(|copy| (copy.label.to_string(), copy)).collect();
    let mut all = Vec::new();
    for change in changes {
        all.extend(copies.remove(&gzip::path_of(&change.label)));
        all.push(change);
    }
    for copy in copies.into_values() {
        if !gzip::bring_in_step(&copy)? {
            all.push(copy);
        }
    }
    Ok(all)
}

/// The manifest goes first: whatever a crash leaves half done is known to be ours.
fn put_in_place(
    changes: &[Change],
    succession: Succession,
    output_dir: &Path,
    edition: &Edition,
    published: &mut Published,
) -> Result<()> {
    let mut manifest = Manifest::new(edition, succession.ours());
    let directories: BTreeSet<&str> =
        manifest.files.iter().filter_map(|path| parent(path)).collect();
    // Gone, or no file of ours: it says nothing any more.
    let _ = fs::remove_file(output_dir.join(FORMER_LOCK_FILE));
    batch::remove_left_overs(output_dir, batch::PREFIX);
    for directory in directories {
        batch::remove_left_overs(&output_dir.join(directory), batch::PREFIX);
    }

    let kept = succession.kept();
    let Succession { lasting, retired, stale, .. } = succession;
    (manifest.lasting, manifest.retired) = (lasting, retired);
    let listing = manifest.to_bytes();
    let mut batch = Batch::new(batch::PREFIX);
    batch.stage(&Change::private(output_dir.join(manifest::FILE), &listing))?;
    for change in changes {
        batch.stage(change).with_context(|| format!("cannot write `{}`", change.label))?;
    }
    batch.sync()?;
    // A compressed copy without its version of the file would be sent in its place.
    let (copies, files): (Vec<&String>, Vec<&String>) =
        stale.iter().partition(|path| gzip::original_of(path).is_some_and(|of| kept.contains(of)));
    remove_all(output_dir, copies, published)?;
    batch.rename()?;
    remove_all(output_dir, files, published)?;
    if !stale.is_empty() {
        manifest.files = kept;
        let listing = manifest.to_bytes();
        batch::write(&Change::private(output_dir.join(manifest::FILE), &listing), batch::PREFIX)?;
    }
    Ok(())
}

fn remove_all(output_dir: &Path, paths: Vec<&String>, published: &mut Published) -> Result<()> {
    for path in paths {
        if remove(output_dir, path).with_context(|| format!("cannot remove `{path}`"))? {
            published.removed.push(path.clone());
        }
    }
    Ok(())
}

fn parent(path: &str) -> Option<&str> {
    Some(path.rsplit_once('/')?.0)
}

/// Removes a file of ours and the directories it leaves empty; says whether it was there.
fn remove(output_dir: &Path, path: &str) -> io::Result<bool> {
    if check_plain(path).is_err() {
        return Ok(false);
    }
    match fs::remove_file(output_dir.join(path)) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error),
    }
    let mut directory = parent(path);
    while let Some(path) = directory {
        if fs::remove_dir(output_dir.join(path)).is_err() {
            break;
        }
        directory = parent(path);
    }
    Ok(true)
}
