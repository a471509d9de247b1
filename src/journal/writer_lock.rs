//! The writers' lock: writers of the journal share it, and a process that replaces the journal holds
//! it exclusively.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};

use crate::files::lock::{self, Lock};
use crate::journal::connection::create_directory_of;

/// The name of the lock.
const NAME: &str = "writer";

/// How long a writer waits while the journal is being replaced.
const TIMEOUT: Duration = Duration::from_secs(60);

/// Shares the lock of the journal at `path`, until it is dropped.
///
/// # Errors
///
/// The journal is being replaced for longer than a minute.
pub fn share(path: &Path) -> Result<Lock> {
    create_directory_of(path)?;
    lock::acquire_shared(&lock::path_of(path, NAME), TIMEOUT)
}

/// Holds the lock of the journal at `path` exclusively, until it is dropped.
///
/// # Errors
///
/// Another process writes the journal.
pub fn acquire_exclusive(path: &Path) -> Result<Lock> {
    create_directory_of(path)?;
    lock::try_acquire(&lock::path_of(path, NAME))?.with_context(|| {
        format!(
            "the journal `{}` is in use; stop what writes it first, such as with \
             `systemctl stop lookout.socket lookout`",
            path.display()
        )
    })
}
