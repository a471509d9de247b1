//! Examples of own output files: templates, and the static files that they need.

use include_dir::{Dir, include_dir};

use crate::files::embedded;

/// A folder for each example, which holds its files as they lie beside `lookout.toml`.
static EXAMPLES: Dir = include_dir!("$CARGO_MANIFEST_DIR/src/commands/init/examples");

/// The names of all examples, in order.
pub fn names() -> Vec<&'static str> {
    let mut names: Vec<_> = EXAMPLES.dirs().filter_map(|dir| dir.path().to_str()).collect();
    names.sort_unstable();
    names
}

/// The files of the example `name`, by their paths from the directory of the settings.
pub fn files(name: &str) -> Vec<(String, &'static [u8])> {
    let prefix = format!("{name}/");
    let all = embedded::list(&EXAMPLES).into_iter();
    all.filter_map(|(path, bytes)| Some((path.strip_prefix(&prefix)?.to_owned(), bytes))).collect()
}
