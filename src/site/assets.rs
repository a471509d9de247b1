//! Static files: built-in ones and the operator's, each under a name that
//! carries a hash of its contents, so that a browser may keep it for ever.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use include_dir::{Dir, DirEntry, include_dir};
use sha2::{Digest, Sha256};
use walkdir::{DirEntry as Found, WalkDir};

static BUILTIN: Dir = include_dir!("$CARGO_MANIFEST_DIR/static");

/// Hex digits of the hash in a name.
const HASH_DIGITS: usize = 10;

/// One static file.
#[derive(Debug, Clone)]
pub(super) struct Asset {
    /// Its place below `site.path`: `assets/style.0123456789.css`.
    pub(super) path: String,
    pub(super) bytes: Cow<'static, [u8]>,
}

/// Loads all static files by the name they have in their directory;
/// `static_dir` need not exist.
pub(super) fn load(static_dir: &Path) -> Result<BTreeMap<String, Asset>> {
    let mut assets = BTreeMap::new();
    for (name, bytes) in builtin_files() {
        let asset = Asset::new(&name, Cow::Borrowed(bytes));
        assets.insert(name, asset);
    }
    for (name, path) in files_in(static_dir)? {
        let bytes = fs::read(&path)
            .with_context(|| format!("cannot read the static file `{}`", path.display()))?;
        let asset = Asset::new(&name, Cow::Owned(bytes));
        assets.insert(name, asset);
    }
    Ok(assets)
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

/// The regular files below `directory`, by their name there, with `/` between
/// its parts. Links are not followed, so nothing outside is taken; hidden files
/// and what editors leave (`name~`) are passed over. No directory, no files.
pub(super) fn files_in(directory: &Path) -> Result<Vec<(String, PathBuf)>> {
    if !directory.exists() {
        return Ok(Vec::new());
    }
    let mut files = Vec::new();
    let entries = WalkDir::new(directory).sort_by_file_name().into_iter();
    for entry in entries.filter_entry(|entry| entry.depth() == 0 || is_wanted(entry)) {
        let entry = entry.with_context(|| format!("cannot read `{}`", directory.display()))?;
        if !entry.file_type().is_file() {
            continue;
        }
        let path = entry.into_path();
        let below = path.strip_prefix(directory).unwrap_or(&path);
        match below.to_str() {
            Some(name) => files.push((name.to_owned(), path)),
            None => bail!("`{}` is not a UTF-8 name; rename it", path.display()),
        }
    }
    Ok(files)
}

fn is_wanted(entry: &Found) -> bool {
    let name = entry.file_name().to_string_lossy();
    !name.starts_with('.') && !name.ends_with('~')
}
