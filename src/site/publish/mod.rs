//! Publishes the site: the only code that writes below the output directory.
//!
//! Each file is written to a hidden temporary file in the same directory, synced, then renamed. A
//! visitor, also after a power cut, therefore finds each file either old or new, never torn or empty.
//! Unchanged files are not touched. Files of an earlier publication that are no longer part of the
//! site are removed; nothing else ever is.
//!
//! Each text file has a compressed copy (`gzip`). A file with a hash in its name is kept for a day
//! after it was replaced (`retention`).
//!
//! Servers derive a file's `ETag` from its date in whole seconds and its size. A new version is
//! therefore dated at least one second after the one it replaces. If that date would be more than
//! two seconds ahead, nothing is written and the caller has to wait ([`PublishOutcome::TooSoon`]).

mod change;
mod gzip;
mod manifest;
mod mirror;
mod optional_calls;
mod probe;
mod retention;
mod staged_write;

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind, Read, Seek, Write};
use std::path::{Component, Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};
use walkdir::WalkDir;

use super::{File, Withheld};
use crate::files::lock::{self, Lock};
use crate::files::regular_file;
use crate::time::clock;
use crate::time::moment::Moment;
use change::FileChange;
use manifest::Manifest;
use retention::Retention;
use staged_write::StagedWrite;

pub use mirror::Mirror;
pub use probe::{Refusal, refusals};

/// The lock file of earlier versions.
const OLD_LOCK_FILE: &str = ".lookout-lock";

/// The maximum size of the heartbeat file.
const MAX_HEARTBEAT_BYTES: u64 = 1024;

/// How long to wait for another publication.
const LOCK_TIMEOUT: Duration = Duration::from_secs(30);

/// How far the journal and the archive had been read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// The journal's id; positions of different journals can't be compared.
    pub journal: String,
    /// The id of the last event read; 0 before the first.
    pub last_event: u64,
    /// How far the archive had been read; `None` without an archive.
    #[serde(default)]
    pub archive: Option<ArchivePosition>,
}

/// How far an archive had been read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArchivePosition {
    /// Identifies the collection; empty before the first read.
    pub collection: String,
    /// The greatest `_id` read, in hexadecimal digits.
    pub newest: String,
}

/// Identifies what a published site was made from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edition {
    /// How far the journal and the archive had been read.
    pub position: Position,
    /// The moment that the site shows.
    pub moment: Moment,
}

/// Which published edition may be replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Replace {
    /// An edition of the same or an earlier position: the rule when several processes publish.
    NotNewer,
    /// Any edition, because the operator asked for a past moment or a rebuild.
    Any,
}

/// The result of publishing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PublishOutcome {
    /// The site is in place.
    Published(Published),
    /// Nothing was written; publish again after this time.
    TooSoon(Duration),
    /// Nothing was written: the published site has this later position.
    Superseded(Position),
}

/// What a publication changed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Published {
    /// Files written, relative to the output directory, in the order of writing, without compressed
    /// copies; then mirrors.
    pub written: Vec<String>,
    /// Files removed, in order.
    pub removed: Vec<String>,
    /// The number of files that were already up to date.
    pub unchanged: usize,
    /// Errors outside of the output directory; the site itself is published.
    pub problems: Vec<String>,
}

/// Publishes exactly `files` into `output_dir`; files of others stay. The lock at `lock` keeps
/// publications apart. Replaced files that are `withheld` are removed at once.
///
/// # Errors
///
/// A file can't be written. Files before it may already be replaced, each completely; publishing
/// again completes the rest. Or another publication holds the lock for too long.
pub fn publish(
    files: &[File],
    withheld: &Withheld,
    mirrors: &[Mirror],
    output_dir: &Path,
    lock: &Path,
    edition: &Edition,
    replace: Replace,
) -> Result<PublishOutcome> {
    check_paths(files)?;
    let failed = || format!("cannot publish into `{}`", output_dir.display());
    let _lock = take_lock(lock).with_context(failed)?;
    staged_write::create_dir(output_dir).with_context(failed)?;
    let before = Manifest::read(output_dir);
    if replace == Replace::NotNewer
        && let Some(newer) = before.newer_than(&edition.position)
    {
        return Ok(PublishOutcome::Superseded(newer));
    }
    let now = clock::system_time();
    let changes = site_changes(files, output_dir, now).with_context(failed)?;
    if let Some(wait) = changes.iter().filter_map(FileChange::too_soon).max() {
        return Ok(PublishOutcome::TooSoon(wait));
    }
    let mut published = Published {
        written: changes.iter().map(|change| change.label.to_string()).collect(),
        unchanged: files.len() - changes.len(),
        ..Published::default()
    };
    let changes = with_copies(files, changes, output_dir).with_context(failed)?;
    let seconds = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let retention = Retention::new(files, withheld, &before, seconds);
    write_changes(&changes, retention, output_dir, edition, &mut published).with_context(failed)?;
    for mirror in mirrors {
        mirror::update(mirror, files, &mut published);
    }
    Ok(PublishOutcome::Published(published))
}

/// Removes temporary files of killed publications in `output_dir`, at any depth, and of `mirrors`.
///
/// # Errors
///
/// Another publication holds the lock for too long.
pub fn sweep(output_dir: &Path, mirrors: &[PathBuf], lock: &Path) -> Result<()> {
    let _lock = take_lock(lock)?;
    let directories = WalkDir::new(output_dir).into_iter().filter_map(Result::ok);
    for directory in directories.filter(|entry| entry.file_type().is_dir()) {
        staged_write::remove_temporary_files(directory.path(), staged_write::TEMPORARY_PREFIX);
    }
    mirrors.iter().for_each(|target| mirror::remove_temporary_files(target));
    Ok(())
}

/// Sets the date of the heartbeat file to `moment`, which shows the page that Lookout is running.
/// Does nothing before the first publication.
///
/// # Errors
///
/// The file exists and its date can't be set.
pub fn touch_heartbeat(path: &Path, moment: Moment) -> io::Result<()> {
    let mut file = match regular_file::open(path, OpenOptions::new().read(true).write(true)) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    match file.set_modified(moment.system_time()) {
        Err(error) if optional_calls::is_unsupported(&error) => {
            // Rewriting the same content sets the date, too.
            let mut bytes = Vec::new();
            (&file).take(MAX_HEARTBEAT_BYTES).read_to_end(&mut bytes)?;
            file.rewind()?;
            file.write_all(&bytes)
        }
        dated => dated,
    }
}

/// Whether something was ever published into `output_dir`.
pub fn is_published(output_dir: &Path) -> io::Result<bool> {
    output_dir.join(manifest::FILE).try_exists()
}

/// Each file needs its own path.
fn check_paths(files: &[File]) -> Result<()> {
    let mut seen = BTreeSet::new();
    for file in files {
        check_plain(&file.path)?;
        if !seen.insert(&file.path) {
            bail!("two files would both be `{}`; is `csv.path` the path of a page?", file.path);
        }
    }
    Ok(())
}

/// Refuses paths that lead out of the output directory or are hidden.
fn check_plain(path: &str) -> Result<()> {
    let mut parts = Path::new(path).components();
    let plain = |part| matches!(part, Component::Normal(name) if !name.as_encoded_bytes().starts_with(b"."));
    if path.is_empty() || !parts.all(plain) {
        bail!(
            "`{path}` cannot be the path of a published file; use names without a leading `.`, and `/` between them"
        );
    }
    Ok(())
}

/// Waits for other publications. The lock is released when dropped, also by a crash. A user who
/// can't write next to the journal builds into another directory and needs no lock.
fn take_lock(path: &Path) -> Result<Option<Lock>> {
    let is_closed = |error: &anyhow::Error| {
        let kind = error.root_cause().downcast_ref().map(io::Error::kind);
        matches!(kind, Some(ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem))
    };
    match lock::acquire(path, LOCK_TIMEOUT) {
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
) -> Result<Vec<FileChange<'a>>> {
    let mut changes = Vec::new();
    for file in files {
        let target = output_dir.join(&file.path);
        let found = FileChange::find(&file.path, target, &file.bytes, now)
            .with_context(|| format!("cannot read the published `{}`", file.path))?;
        changes.extend(found);
    }
    Ok(changes)
}

/// Adds compressed copies, each before its file, also where only the copy is missing or outdated.
fn with_copies<'a>(
    files: &'a [File],
    changes: Vec<FileChange<'a>>,
    output_dir: &Path,
) -> Result<Vec<FileChange<'a>>> {
    let mut dates = BTreeMap::new();
    for file in files.iter().filter(|file| gzip::should_compress(file)) {
        let target = output_dir.join(&file.path);
        let change = changes.iter().find(|change| change.label == file.path);
        if let Some(date) = change.and_then(|change| change.dated) {
            dates.insert(file.path.as_str(), (file, date));
        } else if !gzip::is_current(&target, &output_dir.join(gzip::path_of(&file.path))) {
            dates.insert(file.path.as_str(), (file, fs::metadata(&target)?.modified()?));
        }
    }
    let dates: Vec<_> = dates.into_values().collect();
    let copies = gzip::copies(&dates, output_dir).context("cannot compress")?;
    let mut copies: BTreeMap<String, FileChange> =
        copies.into_iter().map(|copy| (copy.label.to_string(), copy)).collect();
    let mut all = Vec::new();
    for change in changes {
        all.extend(copies.remove(&gzip::path_of(&change.label)));
        all.push(change);
    }
    for copy in copies.into_values() {
        if !gzip::update_date(&copy)? {
            all.push(copy);
        }
    }
    Ok(all)
}

/// Writes `changes`. The manifest goes first, so that after a crash all our files are known.
fn write_changes(
    changes: &[FileChange],
    retention: Retention,
    output_dir: &Path,
    edition: &Edition,
    published: &mut Published,
) -> Result<()> {
    let mut manifest = Manifest::new(edition, retention.ours());
    let directories: BTreeSet<&str> =
        manifest.files.iter().filter_map(|path| parent(path)).collect();
    // A failure does not matter: nothing reads this file.
    let _ = fs::remove_file(output_dir.join(OLD_LOCK_FILE));
    staged_write::remove_temporary_files(output_dir, staged_write::TEMPORARY_PREFIX);
    for directory in directories {
        staged_write::remove_temporary_files(
            &output_dir.join(directory),
            staged_write::TEMPORARY_PREFIX,
        );
    }

    let kept = retention.kept();
    let Retention { lasting, retired, obsolete, .. } = retention;
    (manifest.lasting, manifest.retired) = (lasting, retired);
    let listing = manifest.to_bytes();
    let mut staged_write = StagedWrite::new(staged_write::TEMPORARY_PREFIX);
    staged_write.stage(&FileChange::private(output_dir.join(manifest::FILE), &listing))?;
    for change in changes {
        staged_write.stage(change).with_context(|| format!("cannot write `{}`", change.label))?;
    }
    staged_write.sync()?;
    // A server would send an outdated compressed copy instead of the file: remove these first.
    let (copies, files): (Vec<&String>, Vec<&String>) = obsolete
        .iter()
        .partition(|path| gzip::original_of(path).is_some_and(|of| kept.contains(of)));
    remove_all(output_dir, copies, published)?;
    staged_write.rename()?;
    remove_all(output_dir, files, published)?;
    if !obsolete.is_empty() {
        manifest.files = kept;
        let listing = manifest.to_bytes();
        staged_write::write(
            &FileChange::private(output_dir.join(manifest::FILE), &listing),
            staged_write::TEMPORARY_PREFIX,
        )?;
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

/// Removes a file of ours and the directories it leaves empty. Returns whether it existed.
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
