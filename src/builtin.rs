//! The templates and static files inside the binary.

use include_dir::{Dir, File, include_dir};

/// The built-in templates.
pub static TEMPLATES: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/templates");

/// The built-in static files.
pub static STATIC: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/static");

/// All files of `dir` at any depth, ordered by path; dot-files are for tools and left out.
pub fn files(dir: &Dir<'static>) -> Vec<&'static File<'static>> {
    let mut all: Vec<_> = dir.files().filter(|file| !is_dot_file(file)).collect();
    for inner in dir.dirs() {
        all.extend(files(inner));
    }
    all.sort_by_key(|file| file.path());
    all
}

fn is_dot_file(file: &File<'_>) -> bool {
    let name = file.path().file_name();
    name.is_some_and(|name| name.as_encoded_bytes().starts_with(b"."))
}
