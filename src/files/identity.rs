//! The identity of a file, which tells it from another file at the same path.

use std::fs::Metadata;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use super::metadata;

/// Device and inode.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct FileId(u64, u64);

impl FileId {
    /// Of the file at `path`; `None` if there is none.
    pub fn of(path: &Path) -> io::Result<Option<Self>> {
        Ok(metadata::of(path)?.as_ref().map(Self::from))
    }
}

impl From<&Metadata> for FileId {
    fn from(metadata: &Metadata) -> Self {
        Self(metadata.dev(), metadata.ino())
    }
}
