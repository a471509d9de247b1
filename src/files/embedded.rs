//! Files that are part of the program.

use include_dir::{Dir, DirEntry, include_dir};

/// The built-in templates, and the words that they show.
pub static TEMPLATES: Dir = include_dir!("$CARGO_MANIFEST_DIR/templates");

/// All files of an embedded directory, by name.
pub fn list(directory: &'static Dir) -> Vec<(String, &'static [u8])> {
    let mut found = Vec::new();
    for entry in directory.entries() {
        match entry {
            DirEntry::Dir(inner) => found.extend(list(inner)),
            DirEntry::File(file) => {
                let name = file.path().to_string_lossy().into_owned();
                found.push((name, file.contents()));
            }
        }
    }
    found
}
