//! Running as root beside a service that does not.

use std::ffi::CString;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use anyhow::{Result, bail};
use nix::errno::Errno;
use nix::unistd::{Gid, Uid, User, geteuid, initgroups, setgid, setgroups, setuid};

use crate::config::Settings;

/// Run as root, becomes the owner of the journal (or of the directory it will lie in), so
/// that no file is left which the service can't write. As the service does, it then has all the
/// groups of that user. Anybody else stays who they are.
pub fn become_journals(settings: &Settings) -> Result<()> {
    if !geteuid().is_root() {
        return Ok(());
    }
    let nearest = nearest(&settings.journal.path);
    let Some(owned) = nearest.filter(|owned| owned.uid() != 0) else { return Ok(()) };
    let (uid, gid) = (Uid::from_raw(owned.uid()), Gid::from_raw(owned.gid()));
    let become_it = || {
        take_groups(uid, gid)?;
        setgid(gid)?;
        setuid(uid)
    };
    if let Err(error) = become_it() {
        bail!("cannot become the journal's owner, user {uid}: {error}");
    }
    Ok(())
}

/// Takes the groups that the system gives the user; of a user whom it does not know, only `gid`.
fn take_groups(uid: Uid, gid: Gid) -> nix::Result<()> {
    let Some(user) = User::from_uid(uid)? else { return setgroups(&[gid]) };
    let name = CString::new(user.name).map_err(|_| Errno::EINVAL)?;
    initgroups(&name, user.gid)
}

/// What is at `path`, or at the nearest place above it that exists.
fn nearest(path: &Path) -> Option<fs::Metadata> {
    path.ancestors().find_map(|path| {
        let here = if path.as_os_str().is_empty() { Path::new(".") } else { path };
        here.metadata().ok()
    })
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use tempfile::TempDir;

    use super::*;

    #[test]
    fn a_journal_that_is_not_there_yet_belongs_to_whom_the_directory_does() {
        let directory = TempDir::new().expect("a temporary directory");
        let here = fs::metadata(".").expect("there is one").ino();
        let there = directory.path().metadata().expect("it is there").ino();
        #[rustfmt::skip]
        let cases = [
            // what is special          path                                      found
            ("all of it is missing",    directory.path().join("data/lookout.db"), there),
            ("relative",                PathBuf::from("no-such-data/lookout.db"), here),
            ("relative, a bare name",   PathBuf::from("no-such-lookout.db"),      here),
        ];
        for (what, path, found) in cases {
            let nearest = nearest(&path).map(|metadata| metadata.ino());
            assert_eq!(nearest, Some(found), "{what}");
        }
    }
}
