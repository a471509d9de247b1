//! A list of what was acknowledged, to be compared with what is stored.

use std::fs::File;
use std::io::{LineWriter, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use anyhow::Context as _;

use crate::zoom::Key;

/// A file with the key of each acknowledged delivery, one a line, as it happens.
///
/// A delivery that is sent and acknowledged twice stands in it twice.
#[derive(Debug)]
pub struct Ledger {
    path: PathBuf,
    file: Mutex<LineWriter<File>>,
}

impl Ledger {
    /// Begins an empty list at `path`.
    ///
    /// # Errors
    ///
    /// If the file cannot be created.
    pub fn create(path: &Path) -> anyhow::Result<Self> {
        let file = File::create(path)
            .with_context(|| format!("`{}` could not be created", path.display()))?;
        Ok(Self { path: path.to_owned(), file: Mutex::new(LineWriter::new(file)) })
    }

    pub(super) fn enter(&self, body: &str) -> anyhow::Result<()> {
        let key = Key::of(body.as_bytes());
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        writeln!(file, "{key}")
            .with_context(|| format!("`{}` could not be written", self.path.display()))
    }
}
