//! Files kept equal outside of the output directory, such as in a Jekyll checkout.

use std::fs;
use std::io;
use std::path::Path;

use super::change::Change;
use super::{Published, batch};
use crate::clock;
use crate::site::File;

/// A file kept equal outside of the output directory.
#[derive(Debug, Clone, Copy)]
pub struct Twin<'a> {
    /// Where it is; its directory must exist.
    pub target: &'a Path,
    /// The path of the [`File`] that it equals.
    pub of: &'a str,
}

/// Makes `twin` equal its file. Whatever is wrong there does not keep the site back.
pub(super) fn keep_equal(twin: &Twin, files: &[File], published: &mut Published) {
    let Some(file) = files.iter().find(|file| file.path == twin.of) else {
        return;
    };
    let label = twin.target.display().to_string();
    match write_twin(&label, twin.target, &file.bytes) {
        Ok(true) => published.written.push(label),
        Ok(false) => published.unchanged += 1,
        Err(error) => published.problems.push(format!("cannot write the copy `{label}`: {error}")),
    }
}

/// A slip in the settings must not cost somebody a file: what is there has to begin with
/// the same line, as an earlier copy does.
fn refuse_to_replace_others(target: &Path, bytes: &[u8]) -> io::Result<()> {
    let first_line = |bytes: &[u8]| bytes.split(|&byte| byte == b'\n').next().map(<[u8]>::to_vec);
    match fs::read(target) {
        Ok(there) if !there.is_empty() && first_line(&there) != first_line(bytes) => {
            Err(io::Error::other("something else is there; remove it, or correct `csv.copies`"))
        }
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Others may publish from elsewhere into the same directory, so it is locked itself.
fn write_twin(label: &str, target: &Path, bytes: &[u8]) -> io::Result<bool> {
    let parent = target.parent().filter(|path| !path.as_os_str().is_empty());
    let directory = parent.unwrap_or(Path::new("."));
    let lock = fs::File::open(directory)?;
    lock.lock()?;
    batch::remove_left_overs(directory);
    refuse_to_replace_others(target, bytes)?;
    match Change::find(label, target.to_owned(), bytes, clock::system_time())? {
        Some(change) => batch::write(&change).map(|()| true),
        None => Ok(false),
    }
}
