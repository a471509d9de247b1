//! The names of files that lie beside a journal.
//!
//! Lookout once replaced whatever followed the last dot in the journal's name, so that
//! `lookout.2026-11-26` and `lookout.2026-11-27` shared one file. Files that it made then are
//! still found.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// The extension that stands for a journal, and that other files have in its place.
const EXTENSION: &str = "db";

/// The file with `extension` beside the journal at `path`: `lookout.presence` for `lookout.db`,
/// and `lookout.2026-11-26.presence` for `lookout.2026-11-26`.
pub fn beside(path: &Path, extension: &str) -> PathBuf {
    match path.extension() {
        Some(known) if known == EXTENSION => path.with_extension(extension),
        _ => appended(path, extension),
    }
}

/// Where an older version put such a file, if elsewhere and not for another journal, the one named
/// with the usual extension.
pub fn formerly_beside(path: &Path, extension: &str) -> Option<PathBuf> {
    let former = path.with_extension(extension);
    let is_ours = former != beside(path, extension) && !path.with_extension(EXTENSION).exists();
    is_ours.then_some(former)
}

/// Other places where such a file may lie: where an older version put it, and where somebody may
/// have put that of a backup.
pub fn also_beside(path: &Path, extension: &str) -> impl Iterator<Item = PathBuf> + use<> {
    let place = beside(path, extension);
    let others = [appended(path, extension), path.with_extension(extension)];
    others.into_iter().filter(move |other| *other != place)
}

fn appended(path: &Path, extension: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(".");
    name.push(extension);
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_beside_a_journal_are_named_after_the_whole_of_its_name() {
        #[rustfmt::skip]
        let cases = [
            // what is special     journal                  its checkpoint                     others
            ("the usual name",     "data/lookout.db",       "data/lookout.checkpoint",         vec!["data/lookout.db.checkpoint"]),
            ("a dated backup",     "lookout.2026-11-26",    "lookout.2026-11-26.checkpoint",   vec!["lookout.checkpoint"]),
            ("a numbered one",     "lookout.db.1",          "lookout.db.1.checkpoint",         vec!["lookout.db.checkpoint"]),
            ("without extension",  "data.d/lookout",        "data.d/lookout.checkpoint",       vec![]),
        ];
        for (what, path, place, others) in cases {
            let path = Path::new(path);
            assert_eq!(beside(path, "checkpoint"), Path::new(place), "{what}");
            let also: Vec<_> = also_beside(path, "checkpoint").collect();
            let others: Vec<_> = others.into_iter().map(PathBuf::from).collect();
            assert_eq!(also, others, "{what}");
        }
    }

    #[test]
    fn what_an_older_version_made_is_not_taken_from_another_journal() {
        let dir = tempfile::TempDir::new().expect("a temporary directory");
        let former = |name: &str| formerly_beside(&dir.path().join(name), "notify.db");
        assert_eq!(former("rooms.lounge"), Some(dir.path().join("rooms.notify.db")));
        assert_eq!(former("rooms.db"), None);
        std::fs::write(dir.path().join("rooms.db"), "").expect("written");
        assert_eq!(former("rooms.lounge"), None);
    }
}
