//! Which file a path leads to.
//!
//! SQLite goes on with a file that was removed or replaced, and whatever it stores
//! there is gone with the process. So both sides look whether theirs is still in place.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// A file as it was found at a path.
#[derive(Debug)]
pub struct FoundFile {
    path: PathBuf,
    id: Option<Id>,
}

/// Device and inode.
type Id = (u64, u64);

impl FoundFile {
    /// The file that is at `path` now.
    pub fn at(path: &Path) -> Self {
        Self { path: path.to_owned(), id: id(path) }
    }

    /// Whether the path leads to another file by now, or to none.
    pub fn is_replaced(&self) -> bool {
        id(&self.path) != self.id
    }
}

fn id(path: &Path) -> Option<Id> {
    let metadata = fs::metadata(path).ok()?;
    Some((metadata.dev(), metadata.ino()))
}
