//! Dropping of root's privileges in commands, as the service does not run as root.

use std::ffi::CString;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use nix::errno::Errno;
use nix::unistd::{Gid, Uid, User, geteuid, initgroups, setgid, setgroups, setuid};

use crate::config::Settings;
use crate::files::controller::{Controller, controller};

/// Changes a process of root to the user who controls the journal, with all groups of that user.
/// So the service can write each file that the process creates, and that user's links can't mislead
/// root. A process of another user is not changed.
///
/// # Errors
///
/// Root would have to trust what another user can replace: see [`controller`].
pub fn become_journal_owner(settings: &Settings) -> Result<()> {
    if !geteuid().is_root() {
        return Ok(());
    }
    let journal = &settings.journal.path;
    let user = controller(journal).context("root cannot find out whose the journal is")?;
    let Some(user) = user else { return refuse_foreign_paths(settings) };
    refuse_foreign_journal(journal, user)?;
    let (uid, gid) = (Uid::from_raw(user.uid), Gid::from_raw(user.gid));
    let change_user = || {
        set_groups(uid, gid)?;
        setgid(gid)?;
        setuid(uid)
    };
    if let Err(error) = change_user() {
        bail!("cannot become the journal's owner, user {uid}: {error}");
    }
    Ok(())
}

/// Refuses a journal that `user` can replace but another user owns: `user` could not write it.
fn refuse_foreign_journal(journal: &Path, user: Controller) -> Result<()> {
    let Some((path, owned)) = nearest_existing(journal) else { return Ok(()) };
    if owned.uid() == user.uid {
        return Ok(());
    }
    let (path, owner, user) = (path.display(), name_of(owned.uid()), name_of(user.uid));
    bail!(
        "`{path}` belongs to user `{owner}`, but user `{user}` can replace it, so root does not use it; \
         `chown {user} {path}`, or run this as the user of the service"
    );
}

/// Refuses paths that another user can replace. Root stays root if it owns the journal.
fn refuse_foreign_paths(settings: &Settings) -> Result<()> {
    let copies = settings.csv.copies.iter().filter_map(|copy| copy.parent());
    let site = &settings.site;
    let places = [&site.output_dir, &site.templates_dir, &site.static_dir].map(PathBuf::as_path);
    let file = settings.origin.file.as_deref();
    for place in places.into_iter().chain(copies).chain(file) {
        let user = controller(place).context("root cannot find out whom to trust")?;
        if let Some(user) = user {
            let (user, place) = (name_of(user.uid), place.display());
            bail!(
                "the journal is root's, but user `{user}` can replace `{place}`, so root does not work there; \
                 give the journal's directory to `{user}`, or run this as another user than root"
            );
        }
    }
    Ok(())
}

fn name_of(uid: u32) -> String {
    let user = User::from_uid(Uid::from_raw(uid)).ok().flatten();
    user.map_or_else(|| uid.to_string(), |user| user.name)
}

/// Sets the groups of the user; for a user without an account, only `gid`.
fn set_groups(uid: Uid, gid: Gid) -> nix::Result<()> {
    let Some(user) = User::from_uid(uid)? else { return setgroups(&[gid]) };
    let name = CString::new(user.name).map_err(|_| Errno::EINVAL)?;
    initgroups(&name, user.gid)
}

/// The metadata of `path`, or of its nearest parent that exists; of a link, that of the link itself.
fn nearest_existing(path: &Path) -> Option<(&Path, fs::Metadata)> {
    path.ancestors().find_map(|path| {
        let here = if path.as_os_str().is_empty() { Path::new(".") } else { path };
        Some((here, here.symlink_metadata().ok()?))
    })
}

#[cfg(test)]
mod tests {
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
            let nearest = nearest_existing(&path).map(|(_, found)| found.ino());
            assert_eq!(nearest, Some(found), "{what}");
        }
    }
}
