//! Mirrors: copies of a published file outside of the output directory (`csv.copies`), such as in a
//! Jekyll checkout.

use std::fs::{self, OpenOptions};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::change::FileChange;
use super::{Published, staged_write};
use crate::files::real_path::real_path;
use crate::files::regular_file;
use crate::site::File;
use crate::time::clock;

/// A copy of a published file outside of the output directory.
#[derive(Debug, Clone, Copy)]
pub struct Mirror<'a> {
    /// The path of the copy; its directory must exist.
    pub target: &'a Path,
    /// The path of the [`File`] that it copies.
    pub of: &'a str,
}

/// Updates `mirror`. An error there does not stop the site from being published. If the path is a
/// link, its target is replaced, in the target's directory.
pub(super) fn update(mirror: &Mirror, files: &[File], published: &mut Published) {
    let Some(file) = files.iter().find(|file| file.path == mirror.of) else {
        return;
    };
    let label = mirror.target.display().to_string();
    match write(&label, target_of(mirror.target), &file.bytes) {
        Ok(true) => published.written.push(label),
        Ok(false) => published.unchanged += 1,
        Err(error) => published.problems.push(format!("cannot write the copy `{label}`: {error}")),
    }
}

/// Protects other files from a mistake in the settings: an existing file is replaced only if it
/// begins with the same line, as an earlier copy does.
fn refuse_to_replace_others(target: &Path, bytes: &[u8]) -> io::Result<()> {
    let first_line = |bytes: &[u8]| bytes.split(|&byte| byte == b'\n').next().map(<[u8]>::to_vec);
    let remedy = "remove it, or correct `csv.copies`";
    let file = match regular_file::open(target, OpenOptions::new().read(true)) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(io::Error::new(error.kind(), format!("{error}; {remedy}"))),
    };
    let expected = first_line(bytes);
    let length = expected.as_ref().map_or(0, Vec::len) as u64 + 1;
    let mut there = Vec::new();
    file.take(length).read_to_end(&mut there)?;
    if !there.is_empty() && first_line(&there) != expected {
        return Err(io::Error::other(format!("something else is there; {remedy}")));
    }
    Ok(())
}

/// There is no lock here, because any user could hold it and block publishing. Another Lookout may
/// write into the same directory, so temporary names contain a hash of the file name.
fn write(label: &str, target: PathBuf, bytes: &[u8]) -> io::Result<bool> {
    let directory = directory(&target);
    // Don't create the directory: its disk may not be mounted.
    fs::metadata(directory)?;
    let prefix = prefix(&target);
    staged_write::remove_temporary_files(directory, &prefix);
    refuse_to_replace_others(&target, bytes)?;
    match FileChange::find(label, target, bytes, clock::system_time())? {
        Some(change) => staged_write::write(&change, &prefix).map(|()| true),
        None => Ok(false),
    }
}

/// Removes temporary files of a killed process for the copy at `target`.
pub(super) fn remove_temporary_files(target: &Path) {
    let target = target_of(target);
    staged_write::remove_temporary_files(directory(&target), &prefix(&target));
}

fn target_of(path: &Path) -> PathBuf {
    if path.is_symlink() { real_path(path) } else { path.to_owned() }
}

fn directory(target: &Path) -> &Path {
    let parent = target.parent().filter(|path| !path.as_os_str().is_empty());
    parent.unwrap_or(Path::new("."))
}

fn prefix(target: &Path) -> String {
    let name = target.file_name().unwrap_or_default().as_encoded_bytes();
    format!("{}{}-", staged_write::TEMPORARY_PREFIX, &hex::encode(Sha256::digest(name))[..8])
}
