//! Tests which calls of publishing a file system supports.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

use super::{optional_calls, staged_write};

/// A call that a file system does not support; publishing continues without it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// Modes of files can't be changed.
    Modes,
    /// Files can't be dated.
    Dates,
    /// There is no `syncfs`.
    SyncOfAll,
    /// There is no `fsync` either.
    Sync,
}

impl Refusal {
    /// What this means for the operator.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Modes => {
                "refuses to change the modes of files (chmod), so they stay as its mount options have \
                 them; see that the web server may read them"
            }
            Self::Dates => {
                "refuses to date files (utimes), so a new version is put in place only once the clock \
                 shows a later second"
            }
            Self::SyncOfAll => "lacks syncfs, so files are synced one by one",
            Self::Sync => "lacks fsync, so after a power cut files may be empty or gone",
        }
    }
}

/// The calls that the file system of `directory` does not support, tested on temporary files.
///
/// # Errors
///
/// No file can be written or replaced there.
pub fn refusals(directory: &Path) -> io::Result<Vec<Refusal>> {
    let names = ["a", "b"].map(|name| {
        directory.join(format!(
            "{}check-{}-{name}.tmp",
            staged_write::TEMPORARY_PREFIX,
            std::process::id()
        ))
    });
    let tried = try_out(&names[0], &names[1]);
    for name in &names {
        // The next publication removes what is left.
        drop(fs::remove_file(name));
    }
    tried
}

fn try_out(one: &Path, other: &Path) -> io::Result<Vec<Refusal>> {
    let mut refused = Vec::new();
    let create = |path| OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    let mut file: File = create(one)?;
    file.write_all(b"tried")?;
    create(other)?.write_all(b"replaced")?;
    optional_calls::set_mode(&file, 0o644)?;
    if file.metadata()?.mode() & 0o777 != 0o644 {
        refused.push(Refusal::Modes);
    }
    let date = UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    if note(&mut refused, Refusal::Dates, file.set_modified(date))?
        && file.metadata()?.mtime() != 1_000_000_000
    {
        refused.push(Refusal::Dates);
    }
    let synced = nix::unistd::syncfs(&file).map_err(io::Error::from);
    note(&mut refused, Refusal::SyncOfAll, synced)?;
    note(&mut refused, Refusal::Sync, file.sync_all())?;
    fs::rename(one, other)?;
    Ok(refused)
}

/// Records an unsupported call. Returns whether the call succeeded.
fn note(refused: &mut Vec<Refusal>, what: Refusal, result: io::Result<()>) -> io::Result<bool> {
    match result {
        Err(error) if optional_calls::is_unsupported(&error) => {
            refused.push(what);
            Ok(false)
        }
        result => result.map(|()| true),
    }
}
