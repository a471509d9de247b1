//! Files kept equal outside of the output directory, such as in a Jekyll checkout.

use std::fs::{self, OpenOptions};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::change::Change;
use super::{Published, batch};
use crate::files::real_path::real_path;
use crate::files::regular_file;
use crate::site::File;
use crate::time::clock;

/// A file kept equal outside of the output directory.
#[derive(Debug, Clone, Copy)]
pub struct Twin<'a> {
    /// Where it is; its directory must exist.
    pub target: &'a Path,
    /// The path of the [`File`] that it equals.
    pub of: &'a str,
}

/// Makes `twin` equal its file. Whatever is wrong there does not keep the site back. A link is
/// written through: what it leads to is replaced, in its own directory.
pub(super) fn keep_equal(twin: &Twin, files: &[File], published: &mut Published) {
    let Some(file) = files.iter().find(|file| file.path == twin.of) else {
        return;
    };
    let label = twin.target.display().to_string();
    match write_twin(&label, target_of(twin.target), &file.bytes) {
        Ok(true) => published.written.push(label),
        Ok(false) => published.unchanged += 1,
        Err(error) => published.problems.push(format!("cannot write the copy `{label}`: {error}")),
    }
}

/// A slip in the settings must not cost somebody a file: what is there has to begin with
/// the same line, as an earlier copy does.
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

/// Nothing is locked here: anybody could hold the lock, and keep the page back. Others may publish
/// from elsewhere into the same directory, so temporary names tell whose they are.
fn write_twin(label: &str, target: PathBuf, bytes: &[u8]) -> io::Result<bool> {
    let directory = directory(&target);
    // It may be on a disk that is not mounted: making it would hide that.
    fs::metadata(directory)?;
    let prefix = prefix(&target);
    batch::remove_left_overs(directory, &prefix);
    refuse_to_replace_others(&target, bytes)?;
    match Change::find(label, target, bytes, clock::system_time())? {
        Some(change) => batch::write(&change, &prefix).map(|()| true),
        None => Ok(false),
    }
}

/// Removes what a kill left of the copy at `target`.
pub(super) fn remove_left_overs(target: &Path) {
    let target = target_of(target);
    batch::remove_left_overs(directory(&target), &prefix(&target));
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
    format!("{}{}-", batch::PREFIX, &hex::encode(Sha256::digest(name))[..8])
}
