//! A compressed copy of each text file, for servers that send it as it is.
//!
//! Such servers don't compare the two. The copy is therefore written first, has the date of the file,
//! and is removed before the file is replaced by one without a copy.

use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::thread;
use std::time::SystemTime;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::change::{self, FileChange};
use super::optional_calls;
use crate::site::File;

/// A smaller file fits into one packet uncompressed.
const MIN_BYTES: usize = 1024;

/// From this size on, speed matters more: compressing a page of 100,000 people must not take longer
/// than rendering it.
const LARGE_BYTES: usize = 512 << 10;

/// The level for smaller files. A page of 1,000 people, 247 kB, becomes 20.4 kB in 0.8 ms; level 6
/// makes it 20.2 kB in 1.65 ms.
const LEVEL: u32 = 4;

/// The path of the compressed copy of `path`.
pub(super) fn path_of(path: &str) -> String {
    format!("{path}.gz")
}

/// The path of the file of which `path` is the compressed copy.
pub(super) fn original_of(path: &str) -> Option<&str> {
    path.strip_suffix(".gz")
}

/// Whether `file` has a compressed copy.
pub(super) fn should_compress(file: &File) -> bool {
    file.bytes.len() >= MIN_BYTES && is_text(&file.path)
}

fn is_text(path: &str) -> bool {
    let Some(kind) = mime_guess::from_path(path).first() else {
        return false;
    };
    let is = |name| kind.subtype() == name || kind.suffix().is_some_and(|suffix| suffix == name);
    kind.type_() == "text" || ["json", "xml", "javascript"].into_iter().any(is)
}

/// Compresses `files`; each copy gets the given date of its file.
pub(super) fn copies(
    files: &[(&File, SystemTime)],
    output_dir: &Path,
) -> io::Result<Vec<FileChange<'static>>> {
    let (large, small): (Vec<_>, Vec<_>) =
        files.iter().partition(|(file, _)| file.bytes.len() >= LARGE_BYTES);
    let copy = |(file, date): &(&File, SystemTime)| {
        let path = path_of(&file.path);
        let target = output_dir.join(&path);
        Ok(FileChange::with_date(path, target, compress(&file.bytes)?, *date))
    };
    thread::scope(|scope| {
        let workers: Vec<_> = large.iter().map(|large| scope.spawn(move || copy(large))).collect();
        let mut copies = small.iter().map(copy).collect::<io::Result<Vec<_>>>()?;
        for worker in workers {
            copies.push(worker.join().expect("compressing never panics")?);
        }
        Ok(copies)
    })
}

fn compress(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let is_large = bytes.len() >= LARGE_BYTES;
    let level = if is_large { Compression::fast() } else { Compression::new(LEVEL) };
    let mut encoder = GzEncoder::new(Vec::with_capacity(bytes.len() / 4), level);
    encoder.write_all(bytes)?;
    encoder.finish()
}

/// Sets the date of the published copy if its content is equal, and returns whether it is. If the
/// file system does not support that, the copy is compared again each time.
pub(super) fn update_date(copy: &FileChange) -> io::Result<bool> {
    // Replace a link.
    if !fs::symlink_metadata(&copy.target).is_ok_and(|data| data.is_file()) {
        return Ok(false);
    }
    let Some(file) = change::open_if_equal(&copy.target, &copy.bytes)? else { return Ok(false) };
    let Some(date) = copy.dated else { return Ok(true) };
    match file.set_modified(date) {
        Err(error) if !optional_calls::is_unsupported(&error) => Err(error),
        _ => Ok(true),
    }
}

/// Whether the compressed copy has the date of `target`.
pub(super) fn is_current(target: &Path, copy: &Path) -> bool {
    let date = |path: &Path| {
        let metadata = fs::symlink_metadata(path).ok().filter(fs::Metadata::is_file)?;
        metadata.modified().ok()
    };
    date(target).is_some() && date(target) == date(copy)
}
