//! Reads what is stored, for commands that list it: beside a running `serve`, as any user who may.

use anyhow::{Result, ensure};
use nix::errno::Errno;
use nix::unistd::{AccessFlags, access};
use tokio::runtime::Handle;

use crate::app::privileges;
use crate::archive::{Archive, Mode};
use crate::config::Settings;
use crate::generator::Log;
use crate::time::moment::Moment;

/// What a command says where nothing is stored yet.
pub(super) const NOTHING_STORED: &str = "\
nothing is stored yet: start `lookout serve`, join your meeting once, and run this again; `lookout check` says \
whether deliveries arrive, and `lookout demo` shows invented people";

/// All events up to now, from the store and what came after it; `None` if there is neither a journal
/// nor an archive. Run as root, it becomes the journal's owner, so that it leaves no file which the
/// service cannot write.
///
/// # Errors
///
/// The journal can't be read; or the archive, if there is one.
pub(super) fn read(settings: &Settings, runtime: &Handle, now: Moment) -> Result<Option<Log>> {
    privileges::become_journal_owner(settings)?;
    if settings.archive.is_none() && !settings.journal.path.try_exists().unwrap_or(true) {
        return Ok(None);
    }
    ensure!(
        access(&settings.journal.path, AccessFlags::R_OK) != Err(Errno::EACCES),
        "this user may not read the journal `{}`; run this as the user of the service, or with `sudo`",
        settings.journal.path.display()
    );
    let archive = settings.archive.as_ref();
    let archive = archive.map(|archive| (Archive::new(archive, runtime.clone()), Mode::Once));
    let mut log = Log::open(settings, archive)?;
    log.catch_up(now)?;
    Ok(Some(log))
}
