//! Files that are part of the program.

use include_dir::{Dir, include_dir};

/// The built-in templates, and the words that they show.
pub static TEMPLATES: Dir = include_dir!("$CARGO_MANIFEST_DIR/templates");
