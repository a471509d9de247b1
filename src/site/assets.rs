//! Static files: built-in ones and the operator's. The published name contains a hash of the content,
//! so that a browser may cache it for ever.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;

use include_dir::{Dir, include_dir};
use sha2::{Digest, Sha256};

use super::custom_files::{self, CustomFile, LoadProblems};
use crate::files::{embedded, regular_file};

static BUILTIN: Dir = include_dir!("$CARGO_MANIFEST_DIR/static");

/// The folder of static files below `site.path`.
pub(super) const FOLDER: &str = "assets/";

/// The number of hex digits of the hash in a name.
const HASH_DIGITS: usize = 10;

/// The longest name, in bytes, to which the hash and `.gz` can be added.
const MAX_NAME_BYTES: usize = 255 - HASH_DIGITS - ".".len() - ".gz".len();

/// The longest name with directories, which leaves remaining_bytes for the path of the output directory.
const MAX_PATH_BYTES: usize = 1024;

/// The largest static file, in bytes. All static files are in memory.
const MAX_FILE_BYTES: u64 = 16 << 20;

/// The maximum size of all the operator's static files together, in bytes.
const MAX_TOTAL_BYTES: u64 = 64 << 20;

/// One static file.
#[derive(Debug, Clone)]
pub(super) struct Asset {
    /// The path below `site.path`: `assets/style.0123456789.css`.
    pub(super) path: String,
    /// Shared: templates that contain pictures have them, too.
    pub(super) bytes: Arc<[u8]>,
}

/// All static files, by their name in the directory.
pub(super) struct StaticFiles {
    /// Files to publish.
    pub(super) assets: BTreeMap<String, Asset>,
    /// The operator's files that the settings name as pictures of people.
    pub(super) pictures: BTreeMap<String, Asset>,
}

/// Loads all static files; `static_dir` need not exist. Files that can't or must not be published
/// are reported in `problems` and left out.
pub(super) fn load(
    static_dir: &Path,
    is_picture: impl Fn(&str) -> bool,
    problems: &mut LoadProblems,
) -> StaticFiles {
    let (mut assets, mut pictures) = (BTreeMap::new(), BTreeMap::new());
    for (name, bytes) in builtin_files() {
        let asset = Asset::new(&name, bytes.into());
        assets.insert(name, asset);
    }
    let own = custom_files::list(static_dir);
    problems.extend(own.problems);
    let mut remaining_bytes = MAX_TOTAL_BYTES;
    for file in own.files {
        let shown = static_dir.join(&file.name).display().to_string();
        match read(&file, static_dir, &mut remaining_bytes) {
            Ok(bytes) => {
                let asset = Asset::new(&file.name, bytes.into());
                let kind = if is_picture(&file.name) { &mut pictures } else { &mut assets };
                kind.insert(file.name, asset);
            }
            Err(NotPublished::Unfit(why)) => {
                problems.left_out(format!("`{shown}` is left out: {why}"));
            }
            // It was removed meanwhile.
            Err(NotPublished::Unreadable(error)) if error.kind() == io::ErrorKind::NotFound => {}
            Err(NotPublished::Unreadable(error)) => {
                problems.fault(format!("cannot read the static file `{shown}`: {error}"));
            }
        }
    }
    StaticFiles { assets, pictures }
}

/// The path that the file with the published path `path` has without the hash in its name, and the
/// hash.
pub(super) fn split_hash(path: &str) -> Option<(String, &str)> {
    let is_hash =
        |text: &str| text.len() == HASH_DIGITS && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let (stem, last) = path.rsplit_once('.')?;
    match stem.rsplit_once('.') {
        Some((stem, hash)) if is_hash(hash) => Some((format!("{stem}.{last}"), hash)),
        // A name without an ending.
        _ => is_hash(last).then(|| (stem.to_owned(), last)),
    }
}

/// Loads only the files that are pictures and may be published.
pub(super) fn load_pictures(
    static_dir: &Path,
    is_picture: impl Fn(&str) -> bool,
) -> BTreeMap<String, Asset> {
    let mut remaining_bytes = MAX_TOTAL_BYTES;
    let files = custom_files::list(static_dir).files.into_iter();
    let pictures = files.filter(|file| is_picture(&file.name)).filter_map(|file| {
        let bytes = read(&file, static_dir, &mut remaining_bytes).ok()?;
        let asset = Asset::new(&file.name, bytes.into());
        Some((file.name, asset))
    });
    pictures.collect()
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

/// Reads `file` of `static_dir`, and subtracts its size from `remaining_bytes`.
fn read(
    file: &CustomFile,
    static_dir: &Path,
    remaining_bytes: &mut u64,
) -> Result<Vec<u8>, NotPublished> {
    let unfit = |why: String| Err(NotPublished::Unfit(why));
    let name = &file.name;
    if !is_short_enough(name) {
        return unfit("its name is too long; give it a shorter one".to_owned());
    }
    // A file that is private here must not be public on the site.
    if !file.is_public(static_dir)? {
        let why =
            "its mode does not let everybody read it; `chmod -R o+rX` the directory to publish it";
        return unfit(why.to_owned());
    }
    let length = fs::metadata(&file.path)?.len();
    if length > MAX_FILE_BYTES {
        let longest = MAX_FILE_BYTES >> 20;
        return unfit(format!("it is longer than {longest} MiB; let the web server serve it"));
    }
    if length > *remaining_bytes {
        let most = MAX_TOTAL_BYTES >> 20;
        return unfit(format!(
            "the static files together are larger than {most} MiB; let the web server serve some of them"
        ));
    }
    let bytes = regular_file::read(&file.path, MAX_FILE_BYTES)?;
    *remaining_bytes = remaining_bytes.saturating_sub(bytes.len() as u64);
    Ok(bytes)
}

/// Whether a file can be called `name`, with directories, and have a compressed copy.
pub(super) fn is_short_enough(name: &str) -> bool {
    name.split('/').all(|part| part.len() <= MAX_NAME_BYTES) && name.len() <= MAX_PATH_BYTES
}

/// The built-in static files, for operators who want to change them.
pub fn builtin_files() -> Vec<(String, &'static [u8])> {
    embedded::list(&BUILTIN)
}

impl Asset {
    /// The file that `static_dir` calls `name`.
    pub(super) fn new(name: &str, bytes: Arc<[u8]>) -> Self {
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
        Self { path: format!("{FOLDER}{directory}{file}"), bytes }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_published_path_is_split_into_the_name_and_the_hash_of_the_content() {
        let hash = "ba7816bf8f";
        #[rustfmt::skip]
        let cases = [
            // what is special             name                    published path
            ("an ending",                  "ada.png",              "assets/ada.ba7816bf8f.png"),
            ("two endings",                "ada.min.css",          "assets/ada.min.ba7816bf8f.css"),
            ("no ending",                  "photo",                "assets/photo.ba7816bf8f"),
            ("a directory with a dot",     "v1.0/photo",           "assets/v1.0/photo.ba7816bf8f"),
            ("an ending like a hash",      "a.0123456789",         "assets/a.ba7816bf8f.0123456789"),
            ("a part like a hash",         "a.0123456789.png",     "assets/a.0123456789.ba7816bf8f.png"),
            ("a directory like a hash",    "a.0123456789/photo",   "assets/a.0123456789/photo.ba7816bf8f"),
        ];
        for (what, name, path) in cases {
            let asset = Asset::new(name, b"abc".as_slice().into());
            assert_eq!(asset.path, path, "{what}");
            assert_eq!(split_hash(path), Some((format!("{FOLDER}{name}"), hash)), "{what}");
        }
        for path in
            ["index.html", "badge.svg", "assets/photo", "a.012345678/b.png", "a.0123456z89.png"]
        {
            assert_eq!(split_hash(path), None, "{path}");
        }
    }
}
