//! Reads the operator's words: `words/*.toml` in the directory of templates.
//!
//! As with templates, a link is followed only to a file in that directory.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::Path;

use crate::files::regular_file;
use crate::words::{FOLDER, OwnFile, OwnFiles};

/// The longest file of words, in bytes.
const MAX_BYTES: u64 = 1 << 20;

/// The operator's words, by language. A missing directory has none.
pub(super) fn own_files(templates_dir: &Path) -> OwnFiles {
    let Ok(entries) = fs::read_dir(templates_dir.join(FOLDER)) else { return OwnFiles::new() };
    let mut names: Vec<_> = entries.filter_map(|entry| Some(entry.ok()?.file_name())).collect();
    names.sort();
    let file = |name: &std::ffi::OsString| {
        let language = OwnFile::language(Path::new(name))?;
        let path = templates_dir.join(FOLDER).join(name);
        let source = match read(templates_dir, &path) {
            // It was removed meanwhile.
            Err(error) if error.kind() == ErrorKind::NotFound => return None,
            read => read.map_err(|error| error.to_string()),
        };
        Some((language, OwnFile { path: path.display().to_string(), source }))
    };
    names.iter().filter_map(file).collect()
}

fn read(templates_dir: &Path, path: &Path) -> io::Result<String> {
    let (real, root) = (path.canonicalize()?, templates_dir.canonicalize()?);
    if !real.starts_with(root) {
        let why = "it is a link that leads out of the directory; copy the file there";
        return Err(io::Error::other(why));
    }
    let bytes = regular_file::read(&real, MAX_BYTES)?;
    let not_text = |_| io::Error::other("it is not UTF-8; save it as UTF-8");
    String::from_utf8(bytes).map_err(not_text)
}
