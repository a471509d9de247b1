//! A compressed copy beside each text file, for servers that send it as it is.
//!
//! Such servers never compare the two: they trust that the copy is of this version.
//! So it is put in place first, has the file's own date, and is taken away before a
//! file that has none any more is replaced.

use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::thread;
use std::time::SystemTime;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::batch;
use super::change::{self, Change};
use crate::site::File;

/// Below this a file fits into one packet as it is.
const WORTH_BYTES: usize = 1024;

/// From this on speed is worth more than size: a page of 100,000 people must not take
/// longer to compress than to make.
const LARGE_BYTES: usize = 512 << 10;

/// The level of all others. A page of 1,000 people, 247 kB, takes 0.8 ms and becomes 20.4 kB; by
/// level 6 it takes 1.65 ms and becomes 20.2 kB.
const LEVEL: u32 = 4;

/// The path of the compressed copy of `path`.
pub(super) fn path_of(path: &str) -> String {
    format!("{path}.gz")
}

/// The path of what `path` is the compressed copy of, if it is one.
pub(super) fn original_of(path: &str) -> Option<&str> {
    path.strip_suffix(".gz")
}

/// Whether `file` has a compressed copy.
pub(super) fn is_worth(file: &File) -> bool {
    file.bytes.len() >= WORTH_BYTES && is_text(&file.path)
}

fn is_text(path: &str) -> bool {
    let Some(kind) = mime_guess::from_path(path).first() else {
        return false;
    };
    let is = |name| kind.subtype() == name || kind.suffix().is_some_and(|suffix| suffix == name);
    kind.type_() == "text" || ["json", "xml", "javascript"].into_iter().any(is)
}

/// The copies of `files`, each with the date that its file is to have.
pub(super) fn copies(
    files: &[(&File, SystemTime)],
    output_dir: &Path,
) -> io::Result<Vec<Change<'static>>> {
    let (large, small): (Vec<_>, Vec<_>) =
        files.iter().partition(|(file, _)| file.bytes.len() >= LARGE_BYTES);
    let copy = |(file, date): &(&File, SystemTime)| {
        let path = path_of(&file.path);
        let target = output_dir.join(&path);
        Ok(Change::along(path, target, compress(&file.bytes)?, *date))
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

/// Whether `copy` lies in its place already, but for its date, which it is then given; where the
/// file system refuses that, the copy is compared again each time.
pub(super) fn bring_in_step(copy: &Change) -> io::Result<bool> {
    // A link is replaced.
    if !fs::symlink_metadata(&copy.target).is_ok_and(|data| data.is_file()) {
        return Ok(false);
    }
    let Some(file) = change::holding(&copy.target, &copy.bytes)? else { return Ok(false) };
    let Some(date) = copy.dated else { return Ok(true) };
    match file.set_modified(date) {
        Err(error) if !batch::is_refused(&error) => Err(error),
        _ => Ok(true),
    }
}

/// Whether the copy that lies beside `target` is of its version.
pub(super) fn is_in_step(target: &Path, copy: &Path) -> bool {
    let date = |path: &Path| {
        let metadata = fs::symlink_metadata(path).ok().filter(fs::Metadata::is_file)?;
        metadata.modified().ok()
    };
    date(target).is_some() && date(target) == date(copy)
}
