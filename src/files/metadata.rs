//! Metadata of what may be missing. An error never means that nothing is there: who takes it for
//! that replaces or removes a file that only could not be examined.

use std::fs::{self, Metadata};
use std::io::{self, ErrorKind};
use std::path::Path;

/// Metadata of what `path` leads to; `None` if there is nothing.
pub fn of(path: &Path) -> io::Result<Option<Metadata>> {
    unless_missing(fs::metadata(path))
}

/// Metadata of what is at `path` itself, such as a symbolic link; `None` if there is nothing.
pub fn of_entry(path: &Path) -> io::Result<Option<Metadata>> {
    unless_missing(fs::symlink_metadata(path))
}

fn unless_missing(found: io::Result<Metadata>) -> io::Result<Option<Metadata>> {
    match found {
        Ok(metadata) => Ok(Some(metadata)),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use tempfile::TempDir;

    use super::*;

    #[test]
    fn only_what_is_missing_is_missing() {
        let directory = TempDir::new().expect("a temporary directory");
        let path = |name: &str| directory.path().join(name);
        fs::write(path("file"), "").expect("it can be written");
        symlink("loop", path("loop")).expect("it can be linked");
        #[rustfmt::skip]
        let cases = [
            // what is special        name              found
            ("a file",                "file",           Some(true)),
            ("nothing",               "none",           Some(false)),
            ("below a file",          "file/below",     Some(false)),
            ("cannot be examined",    "loop",           None),
        ];
        for (what, name, expected) in cases {
            let found = of(&path(name)).map(|data| data.is_some()).ok();
            assert_eq!(found, expected, "{what}");
        }
        assert!(of_entry(&path("loop")).expect("a link can be examined").is_some());
    }
}
