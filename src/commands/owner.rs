//! Running as root beside a service that does not.

use std::os::unix::fs::MetadataExt;
use std::path::Path;

use anyhow::{Context, Result, bail};
use nix::unistd::{Gid, Uid, geteuid, setgid, setgroups, setuid};

use crate::config::Settings;

/// Run as root, becomes the owner of the journal (or of the directory it will lie in), so
/// that no file is left which the service can't write. Anybody else stays who they are.
pub fn become_journals(settings: &Settings) -> Result<()> {
    if !geteuid().is_root() {
        return Ok(());
    }
    let existing = settings.journal.path.ancestors().find_map(|path| {
        let path = if path == Path::new("") { Path::new(".") } else { path };
        path.metadata().ok()
    });
    let Some(owned) = existing.filter(|owned| owned.uid() != 0) else { return Ok(()) };
    let (uid, gid) = (Uid::from_raw(owned.uid()), Gid::from_raw(owned.gid()));
    let become_it = || {
        setgroups(&[gid])?;
        setgid(gid)?;
        setuid(uid)
    };
    if let Err(error) = become_it() {
        bail!("cannot become the journal's owner, user {uid}: {error}");
    }
    std::env::current_dir().context("the journal's owner may not enter this directory")?;
    Ok(())
}
