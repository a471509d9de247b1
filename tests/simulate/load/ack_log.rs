//! The log of acknowledged deliveries, to compare with what is stored.

use std::fs::File;
use std::io::{LineWriter, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use anyhow::Context as _;
use lookout::zoom::Key;

/// A file with the key of each acknowledged delivery, one a line, written at once.
///
/// A delivery that is sent and acknowledged twice has two lines.
#[derive(Debug)]
pub struct AckLog {
    path: PathBuf,
    file: Mutex<LineWriter<File>>,
}

impl AckLog {
    /// Creates an empty log at `path`.
    ///
    /// # Errors
    ///
    /// The file cannot be created.
    pub fn create(path: &Path) -> anyhow::Result<Self> {
        let file =
            File::create(path).with_context(|| format!("cannot create `{}`", path.display()))?;
        Ok(Self { path: path.to_owned(), file: Mutex::new(LineWriter::new(file)) })
    }

    /// Adds the key of `body`.
    pub(super) fn add(&self, body: &str) -> anyhow::Result<()> {
        let key = Key::of(body.as_bytes());
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        writeln!(file, "{key}").with_context(|| format!("cannot write `{}`", self.path.display()))
    }
}
