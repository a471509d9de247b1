//! Who controls a path: whether root may trust what is there.
//!
//! A directory's owner can replace everything in it, by a symbolic link as well. Whatever is
//! found below it, such as an owner, is that user's choice, and root must not act on it.

use std::ffi::OsString;
use std::fs::{self, Metadata};
use std::io::{self, ErrorKind};
use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path, PathBuf, absolute};

/// As many links as the kernel follows.
const MOST_LINKS: usize = 40;

/// `S_ISVTX`: in such a directory only a file's owner replaces it.
const STICKY: u32 = 0o1000;

/// A user other than root who can replace what is at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Controller {
    /// The user.
    pub uid: u32,
    /// The group of what decided it.
    pub gid: u32,
}

/// Who controls `path`, which need not exist: the owner of the first directory or file on the way
/// from `/` that is not root's. `None` if nobody but root can replace any part of it.
///
/// Links are followed only where root made them and nobody else can replace them.
///
/// # Errors
///
/// A directory on the way is root's, yet others can write it, so that what is in it could be
/// anybody's.
pub fn controller(path: &Path) -> io::Result<Option<Controller>> {
    let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
    let mut way = steps(&absolute(path)?);
    let mut place = PathBuf::from("/");
    let mut links = 0;
    loop {
        let here = place.symlink_metadata()?;
        if here.uid() != 0 {
            return Ok(Some(Controller { uid: here.uid(), gid: here.gid() }));
        }
        let Some(step) = way.pop() else { return Ok(None) };
        if step == ".." {
            place.pop();
            continue;
        }
        let next = place.join(step);
        let found = match next.symlink_metadata() {
            Ok(found) => Some(found),
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        refuse_if_shared(&place, &here, found.as_ref())?;
        let Some(found) = found else { return Ok(None) };
        if !(found.is_symlink() && found.uid() == 0) {
            place = next;
            continue;
        }
        links += 1;
        if links > MOST_LINKS {
            return Err(io::Error::other(format!("`{}` is a link in a circle", next.display())));
        }
        let target = fs::read_link(&next)?;
        if target.is_absolute() {
            place = PathBuf::from("/");
        }
        way.extend(steps(&target));
    }
}

/// The steps of `path`, the last one first.
fn steps(path: &Path) -> Vec<OsString> {
    let steps = path.components().filter_map(|component| match component {
        Component::Normal(name) => Some(name.to_owned()),
        Component::ParentDir => Some("..".into()),
        Component::RootDir | Component::CurDir | Component::Prefix(_) => None,
    });
    steps.collect::<Vec<_>>().into_iter().rev().collect()
}

/// Refuses what others could have put into root's directory `dir`, or still can.
fn refuse_if_shared(dir: &Path, here: &Metadata, found: Option<&Metadata>) -> io::Result<()> {
    let mode = here.mode();
    let is_roots_alone = mode & 0o002 == 0 && (mode & 0o020 == 0 || here.gid() == 0);
    if !here.is_dir() || is_roots_alone {
        return Ok(());
    }
    let is_safe = found.is_some_and(|found| match found.uid() {
        // Nobody else can replace it there.
        0 => mode & STICKY != 0,
        // It can be its owner's only, unless it leads elsewhere or has another name elsewhere.
        _ => found.is_dir() || (found.is_file() && found.nlink() == 1),
    });
    if is_safe {
        return Ok(());
    }
    let text = format!(
        "`{0}` belongs to root, but others may write it, so root cannot trust what is in it; \
         `chmod go-w {0}`, or give it to the user of the service",
        dir.display()
    );
    Err(io::Error::new(ErrorKind::PermissionDenied, text))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, chown, symlink};

    use super::*;

    const ADA: u32 = 54_330;
    const BOB: u32 = 54_331;

    /// What is in a directory of root's: a path, its owner, and its mode or where it leads.
    type Entry = (&'static str, u32, Kind);

    /// What is special, what is there, a path, and the user who controls it.
    type Case = (&'static str, &'static [Entry], &'static str, Result<u32, ()>);

    enum Kind {
        Dir(u32),
        File,
        Link(&'static str),
    }

    fn make(root: &Path, (path, owner, kind): &Entry) {
        let path = root.join(path);
        match kind {
            Kind::Dir(mode) => {
                fs::create_dir(&path).expect("made");
                chown(&path, Some(*owner), Some(*owner)).expect("given away");
                fs::set_permissions(&path, fs::Permissions::from_mode(*mode)).expect("set");
            }
            Kind::File => {
                fs::write(&path, "").expect("written");
                chown(&path, Some(*owner), Some(*owner)).expect("given away");
            }
            Kind::Link(target) => {
                let target = target.strip_prefix("ROOT/").map_or(target.into(), |t| root.join(t));
                symlink(target, &path).expect("linked");
                std::os::unix::fs::lchown(&path, Some(*owner), Some(*owner)).expect("given away");
            }
        }
    }

    #[test]
    fn whoever_owns_the_first_directory_that_is_not_roots_controls_all_below_it() {
        if !nix::unistd::geteuid().is_root() {
            eprintln!("skipped: only root can give files away");
            return;
        }
        use Kind::{Dir, File, Link};
        #[rustfmt::skip]
        let cases: [Case; 16] = [
            // what is special                 what is there                                                    path      controller
            ("all is root's",                  &[("a", 0, Dir(0o755)), ("a/db", 0, File)],                      "a/db",   Ok(0)),
            ("none of it is there",            &[],                                                             "a/db",   Ok(0)),
            ("the service's directory",        &[("a", ADA, Dir(0o755)), ("a/db", ADA, File)],                  "a/db",   Ok(ADA)),
            ("… without the file",             &[("a", ADA, Dir(0o755))],                                       "a/b/db", Ok(ADA)),
            ("… with root's file",             &[("a", ADA, Dir(0o755)), ("a/db", 0, File)],                    "a/db",   Ok(ADA)),
            ("… with a link to root's",        &[("a", ADA, Dir(0o755)), ("b", 0, File), ("a/db", ADA, Link("ROOT/b"))], "a/db", Ok(ADA)),
            ("… with a link to another's",     &[("a", ADA, Dir(0o755)), ("b", BOB, File), ("a/db", ADA, Link("ROOT/b"))], "a/db", Ok(ADA)),
            ("… with another's directory",     &[("a", ADA, Dir(0o755)), ("a/b", BOB, Dir(0o755))],             "a/b/db", Ok(ADA)),
            ("root's link to the service's",   &[("a", ADA, Dir(0o755)), ("b", 0, Link("ROOT/a"))],             "b/db",   Ok(ADA)),
            ("root's relative link",           &[("a", ADA, Dir(0o755)), ("c", 0, Dir(0o755)), ("c/b", 0, Link("../a"))], "c/b/db", Ok(ADA)),
            ("the service's file alone",       &[("a", 0, Dir(0o755)), ("a/db", ADA, File)],                    "a/db",   Ok(ADA)),
            ("in a directory of root's group", &[("a", 0, Dir(0o775)), ("a/db", ADA, File)],                    "a/db",   Ok(ADA)),
            ("for all, sticky, another's",     &[("a", 0, Dir(0o1777)), ("a/b", ADA, Dir(0o755))],              "a/b/db", Ok(ADA)),
            ("for all, sticky, root's",        &[("a", 0, Dir(0o1777)), ("a/b", 0, Dir(0o755))],                "a/b/db", Ok(0)),
            ("for all, sticky, a link",        &[("a", 0, Dir(0o1777)), ("a/db", ADA, Link("/etc/passwd"))],    "a/db",   Err(())),
            ("for all, root's",                &[("a", 0, Dir(0o777)), ("a/db", 0, File)],                      "a/db",   Err(())),
        ];
        for (what, entries, path, expected) in cases {
            let root = tempfile::tempdir().expect("a directory");
            entries.iter().for_each(|entry| make(root.path(), entry));
            let found = controller(&root.path().join(path));
            let found = found.map(|found| found.map_or(0, |found| found.uid)).map_err(drop);
            assert_eq!(found, expected, "{what}");
        }
        assert_eq!(
            controller(Path::new("")).ok(),
            controller(Path::new(".")).ok(),
            "the directory itself"
        );
        let circle = tempfile::tempdir().expect("a directory");
        symlink("b", circle.path().join("a")).expect("linked");
        symlink("a", circle.path().join("b")).expect("linked");
        assert!(controller(&circle.path().join("a/db")).is_err());
    }
}
