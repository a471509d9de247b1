//! The writers' lock: whoever writes the journal shares it, and whoever replaces the journal has
//! it alone.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};

use crate::files::lock::{self, Lock};
use crate::journal::schema;

/// The name of the lock.
const LOCK: &str = "writer";

/// How long a writer waits while the journal is being replaced.
const PATIENCE: Duration = Duration::from_secs(60);

/// Shares the lock of the journal at `path`, until it is dropped.
///
/// # Errors
///
/// The journal is being replaced for longer than a minute.
pub fn join(path: &Path) -> Result<Lock> {
    schema::create_directory_of(path)?;
    lock::acquire_shared(&lock::place(path, LOCK), PATIENCE)
}

/// Keeps all writers from the journal at `path`, until it is dropped.
///
/// # Errors
///
/// Somebody writes it.
pub fn exclude(path: &Path) -> Result<Lock> {
    schema::create_directory_of(path)?;
    lock::try_acquire(&lock::place(path, LOCK))?.with_context(|| {
        format!(
            "the journal `{}` is in use; stop what writes it first, such as with \
             `systemctl stop lookout.socket lookout`",
            path.display()
        )
    })
}
