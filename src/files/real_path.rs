//! Where a path really leads.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::fs;
use std::path::{Component, Path, PathBuf, absolute};

/// As many links as Linux follows in one path.
const MAX_LINKS: usize = 40;

/// `path` without links, `.` and `..`, also where its end does not exist.
pub fn real_path(path: &Path) -> PathBuf {
    let owned = |part: Component| part.as_os_str().to_owned();
    let path = absolute(path).unwrap_or_else(|_| path.to_owned());
    let mut rest: VecDeque<OsString> = path.components().map(owned).collect();
    let mut real = PathBuf::from("/");
    let mut links = 0;
    while let Some(part) = rest.pop_front() {
        match Path::new(&part).components().next() {
            Some(Component::RootDir) => real = PathBuf::from("/"),
            Some(Component::ParentDir) => drop(real.pop()),
            Some(Component::Normal(name)) => {
                real.push(name);
                if links < MAX_LINKS
                    && let Ok(target) = fs::read_link(&real)
                {
                    links += 1;
                    real.pop();
                    target.components().rev().for_each(|part| rest.push_front(owned(part)));
                }
            }
            _ => {}
        }
    }
    real
}
