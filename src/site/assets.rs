//! Static files: built-in ones and the operator's, each under a name that
//! carries a hash of its contents, so that a browser may keep it for ever.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

use include_dir::{Dir, DirEntry, include_dir};
use sha2::{Digest, Sha256};

use super::own_files::{self, Findings, OwnFile};
use crate::files::regular_file;

static BUILTIN: Dir = include_dir!("$CARGO_MANIFEST_DIR/static");

/// Hex digits of the hash in a name.
const HASH_DIGITS: usize = 10;

/// The longest name that still fits, in bytes, once hash and `.gz` are added.
const LONGEST_NAME: usize = 255 - HASH_DIGITS - ".".len() - ".gz".len();

/// The longest name with directories: the output directory's own comes before it.
const LONGEST_PATH: usize = 1024;

/// The largest static file, in bytes: all of them are held in memory.
const LONGEST_FILE: u64 = 16 << 20;

/// How large all of the operator's may be together, in bytes.
const MOST_BYTES: u64 = 64 << 20;

/// One static file.
#[derive(Debug, Clone)]
pub(super) struct Asset {
    /// Its place below `site.path`: `assets/style.0123456789.css`.
    pub(super) path: String,
    pub(super) bytes: Cow<'static, [u8]>,
}

/// Loads all static files by the name they have in their directory; `static_dir` need not
/// exist. What cannot or must not be published is left out and noted in `findings`.
pub(super) fn load(static_dir: &Path, findings: &mut Findings) -> BTreeMap<String, Asset> {
    let mut assets = BTreeMap::new();
    for (name, bytes) in builtin_files() {
        let asset = Asset::new(&name, Cow::Borrowed(bytes));
        assets.insert(name, asset);
    }
    let own = own_files::list(static_dir);
    findings.extend(own.findings);
    let mut room = MOST_BYTES;
    for file in own.files {
        let shown = static_dir.join(&file.name).display().to_string();
        match read(&file, static_dir, &mut room) {
            Ok(bytes) => {
                let asset = Asset::new(&file.name, Cow::Owned(bytes));
                assets.insert(file.name, asset);
            }
            Err(NotPublished::Unfit(why)) => {
                findings.left_out(format!("`{shown}` is left out: {why}"));
            }
            // It was removed just now.
            Err(NotPublished::Unreadable(error)) if error.kind() == io::ErrorKind::NotFound => {}
            Err(NotPublished::Unreadable(error)) => {
                findings.fault(format!("cannot read the static file `{shown}`: {error}"));
            }
        }
    }
    assets
}

/// Why a static file is not published.
enum NotPublished {
    Unfit(String),
    Unreadable(io::Error),
}

impl From<io::Error> for NotPublished {
    fn from(error: io::Error) -> Self {
        Self::Unreadable(error)
    }
}

/// Reads `file` of `static_dir`, and takes its length from `room`.
fn read(file: &OwnFile, static_dir: &Path, room: &mut u64) -> Result<Vec<u8>, NotPublished> {
    let unfit = |why: String| Err(NotPublished::Unfit(why));
    let name = &file.name;
    if name.split('/').any(|part| part.len() > LONGEST_NAME) || name.len() > LONGEST_PATH {
        return unfit("its name is too long; give it a shorter one".to_owned());
    }
    // Whoever may not read it here must not read it on the site.
    if !file.is_public(static_dir)? {
        let why =
            "its mode does not let everybody read it; `chmod -R o+rX` the directory to publish it";
        return unfit(why.to_owned());
    }
    let length = fs::metadata(&file.path)?.len();
    if length > LONGEST_FILE {
        let longest = LONGEST_FILE >> 20;
        return unfit(format!("it is longer than {longest} MiB; let the web server serve it"));
    }
    if length > *room {
        let most = MOST_BYTES >> 20;
        return unfit(format!(
            "the static files together are larger than {most} MiB; let the web server serve some of them"
        ));
    }
    let bytes = regular_file::read(&file.path, LONGEST_FILE)?;
    *room = room.saturating_sub(bytes.len() as u64);
    Ok(bytes)
}

/// The built-in static files, for whoever wants to change them.
pub fn builtin_files() -> Vec<(String, &'static [u8])> {
    embedded(&BUILTIN)
}

impl Asset {
    fn new(name: &str, bytes: Cow<'static, [u8]>) -> Self {
        let mut hash = hex::encode(Sha256::digest(&bytes));
        hash.truncate(HASH_DIGITS);
        let (directory, file) = match name.rsplit_once('/') {
            Some((directory, file)) => (format!("{directory}/"), file),
            None => (String::new(), name),
        };
        let file = match file.rsplit_once('.') {
            Some((stem, extension)) => format!("{stem}.{hash}.{extension}"),
            None => format!("{file}.{hash}"),
        };
        Self { path: format!("assets/{directory}{file}"), bytes }
    }
}

/// All files of an embedded directory, by name.
pub(super) fn embedded(directory: &'static Dir) -> Vec<(String, &'static [u8])> {
    let mut found = Vec::new();
    for entry in directory.entries() {
        match entry {
            DirEntry::Dir(inner) => found.extend(embedded(inner)),
            DirEntry::File(file) => {
                let name = file.path().to_string_lossy().into_owned();
                found.push((name, file.contents()));
            }
        }
    }
    found
}
