//! The journal and the output directory on disk.

use std::fs::Metadata;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use bytesize::ByteSize;
use nix::sys::statvfs::statvfs;
use nix::unistd::{AccessFlags, User, access, getuid};

use super::{Context, Finding};
use crate::files::lock;
use crate::site::publish::{self, Refusal};

/// Less free space than this is a problem: an event that can't be stored is refused.
const MIN_FREE_SPACE: ByteSize = ByteSize::mib(100);

/// Checks the journal's file, its directory and the free space.
pub(super) fn journal(context: &Context<'_>) -> Vec<Finding> {
    let path = &context.settings.journal.path;
    let parent = path.parent().unwrap_or(Path::new(""));
    let fault = writable_file(path).and_then(|()| writable_dir(parent));
    if let Err(fault) = fault {
        return vec![Finding::problem("journal", format!("{fault}, or change `journal.path`"))];
    }
    let line = match free_space(&existing(parent)) {
        Some(free) if free < MIN_FREE_SPACE => Finding::problem(
            "journal",
            format!("only {free} are free for `{}`; make room", context.shown(path)),
        ),
        Some(free) => Finding::ok("journal", format!("{} ({free} free)", context.shown(path))),
        None => Finding::ok("journal", context.shown(path).to_string()),
    };
    [line].into_iter().chain(without_locks(context, path)).collect()
}

/// Reports a file system without locks, where commands can't wait for each other.
fn without_locks(context: &Context<'_>, journal: &Path) -> Option<Finding> {
    let path = lock::path_of(journal, "publish");
    let is_there = path.parent().is_some_and(Path::is_dir);
    let lock = is_there.then(|| lock::try_acquire(&path))?;
    let text = match lock {
        Ok(Some(lock)) if !lock.is_exclusive() => format!(
            "the file system of `{}` has no locks; do not run several Lookout commands at the same time",
            context.shown(journal)
        ),
        Ok(_) => return None,
        Err(error) => format!("{error:#}; correct its owner and mode"),
    };
    Some(Finding::warning("journal", text))
}

/// Checks that Lookout can write to the output directory, and a web server can read it.
pub(super) fn output(context: &Context<'_>) -> Vec<Finding> {
    let path = &context.settings.site.output_dir;
    if let Err(fault) = writable_dir(path) {
        return vec![Finding::problem("output", format!("{fault}, or change `site.output_dir`"))];
    }
    let shown = context.shown(path);
    let refused = match refusals(context, path, "output") {
        Ok(lines) => lines,
        Err(line) => return vec![line],
    };
    let line = output_line(path, &shown.to_string());
    [line].into_iter().chain(refused).collect()
}

/// What the file system of the directory `path` does not support, or why nothing can be published there.
pub(super) fn refusals(
    context: &Context<'_>,
    path: &Path,
    about: &'static str,
) -> Result<Vec<Finding>, Finding> {
    if !path.is_dir() {
        return Ok(Vec::new());
    }
    let shown = context.shown(path);
    let tried = publish::refusals(path).map_err(|error| {
        Finding::problem(about, format!("cannot put a file in place in `{shown}`: {error}"))
    })?;
    let line = |refusal: Refusal| {
        Finding::warning(about, format!("the file system of `{shown}` {}", refusal.meaning()))
    };
    Ok(tried.into_iter().map(line).collect())
}

fn output_line(path: &Path, shown: &str) -> Finding {
    if let Some(closed) = closed_to_others(path) {
        let text = format!(
            "{shown}; other users can't pass `{0}`: if nginx is to serve this, `chmod o+x {0}`",
            closed.display()
        );
        return Finding::warning("output", text);
    }
    match free_space(&existing(path)) {
        Some(free) if free < MIN_FREE_SPACE => {
            Finding::problem("output", format!("only {free} are free for `{shown}`; make room"))
        }
        _ => Finding::ok("output", shown),
    }
}

/// Checks that a file is absent, or that this user may read and write it.
pub(super) fn writable_file(path: &Path) -> Result<(), String> {
    match path.metadata() {
        Err(_) => Ok(()),
        Ok(data) if data.is_dir() => {
            Err(format!("`{}` is a directory; name a file in it", path.display()))
        }
        Ok(_) if access(path, AccessFlags::R_OK | AccessFlags::W_OK).is_err() => Err(format!(
            "user `{}` may not write `{}`; correct its owner and mode",
            user(),
            path.display()
        )),
        Ok(_) => Ok(()),
    }
}

/// Checks that this user may write to the directory, or create it.
pub(super) fn writable_dir(path: &Path) -> Result<(), String> {
    let existing = existing(path);
    let shown = existing.display();
    if !existing.metadata().is_ok_and(|data| data.is_dir()) {
        return Err(format!("`{shown}` is not a directory; move it away"));
    }
    let may = access(&existing, AccessFlags::W_OK | AccessFlags::X_OK).is_ok();
    let user = user();
    match may {
        true => Ok(()),
        false if path == existing => {
            Err(format!("user `{user}` may not write to `{shown}`; correct its owner and mode"))
        }
        false => {
            let path = path.display();
            let making = format!("sudo install -d -o {user} {path}");
            Err(format!("`{path}` does not exist, and user `{user}` may not create it; `{making}`"))
        }
    }
}

/// The name of the user that this process runs as.
pub(super) fn user() -> String {
    let user = User::from_uid(getuid()).ok().flatten();
    user.map_or_else(|| getuid().to_string(), |user| user.name)
}

/// `path`, else the nearest directory above it that exists.
pub(super) fn existing(path: &Path) -> PathBuf {
    let above = path.ancestors().find(|path| matches!(path.try_exists(), Ok(true)));
    match above {
        Some(path) if path != Path::new("") => path.to_owned(),
        _ => PathBuf::from("."),
    }
}

/// The first directory down to `path` that other users can't pass.
fn closed_to_others(path: &Path) -> Option<PathBuf> {
    let full = existing(path).canonicalize().ok()?;
    let closed = |dir: &&Path| dir.metadata().is_ok_and(|data| !is_open(&data));
    let from_root: Vec<_> = full.ancestors().collect();
    from_root.into_iter().rev().find(closed).map(Path::to_owned)
}

fn is_open(data: &Metadata) -> bool {
    data.permissions().mode() & 0o001 != 0
}

fn free_space(path: &Path) -> Option<ByteSize> {
    let disk = statvfs(path).ok()?;
    Some(ByteSize(disk.blocks_available().saturating_mul(disk.fragment_size())))
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};

    use super::*;

    #[test]
    fn places_are_ready_or_the_fault_is_named() {
        let dir = tempfile::tempdir().expect("a directory");
        let at = |name: &str| dir.path().join(name);
        fs::write(at("file"), "").expect("written");
        fs::create_dir(at("dir")).expect("made");
        #[rustfmt::skip]
        let cases = [
            // what is special         verdict                           said
            ("a directory",            writable_dir(&at("dir")),         None),
            ("to be made",             writable_dir(&at("dir/a/b")),     None),
            ("a file in its place",    writable_dir(&at("file")),        Some("is not a directory")),
            ("below a file",           writable_dir(&at("file/a")),      Some("is not a directory")),
            ("a file",                 writable_file(&at("file")),       None),
            ("no file yet",            writable_file(&at("absent")),     None),
            ("a directory in its place", writable_file(&at("dir")),      Some("is a directory")),
            ("the working directory",  writable_dir(Path::new("")),      None),
        ];
        for (what, verdict, said) in cases {
            match said {
                None => assert_eq!(verdict, Ok(()), "{what}"),
                Some(said) => {
                    assert!(verdict.clone().is_err_and(|e| e.contains(said)), "{what}: {verdict:?}")
                }
            }
        }
    }

    #[test]
    fn a_closed_parent_directory_is_found() {
        let dir = tempfile::tempdir().expect("a directory");
        fs::set_permissions(dir.path(), Permissions::from_mode(0o755)).expect("set");
        let closed = dir.path().canonicalize().expect("it exists").join("closed");
        fs::create_dir_all(closed.join("site")).expect("made");
        fs::set_permissions(&closed, Permissions::from_mode(0o750)).expect("set");
        assert_eq!(closed_to_others(&closed.join("site")), Some(closed.clone()));
        fs::set_permissions(&closed, Permissions::from_mode(0o751)).expect("set");
        assert_ne!(closed_to_others(&closed.join("site")), Some(closed));
    }
}
