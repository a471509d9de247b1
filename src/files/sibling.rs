//! Paths of sibling files: files that lie next to a journal and belong to it.
//!
//! Older versions replaced everything after the last dot of the journal's name, so that
//! `lookout.2026-11-26` and `lookout.2026-11-27` shared one file. Files under such a name are still
//! found.

use std::path::{Path, PathBuf};

use super::sqlite::with_suffix;

/// The usual extension of a journal, which the extension of a sibling file replaces.
const EXTENSION: &str = "db";

/// The sibling of `journal` with this extension: `lookout.presence` for `lookout.db`,
/// `lookout.2026-11-26.presence` for `lookout.2026-11-26`.
pub fn path(journal: &Path, extension: &str) -> PathBuf {
    match journal.extension() {
        Some(known) if known == EXTENSION => journal.with_extension(extension),
        _ => appended(journal, extension),
    }
}

/// The path that an older version used, where it differs. `None` if a journal with the usual
/// extension exists, because the file then belongs to that one.
pub fn former_path(journal: &Path, extension: &str) -> Option<PathBuf> {
    let former = journal.with_extension(extension);
    let is_anothers = journal.with_extension(EXTENSION).try_exists().unwrap_or(true);
    let is_ours = former != path(journal, extension) && !is_anothers;
    is_ours.then_some(former)
}

/// Other paths that such a file may have: that of an older version, and the one that a user may have
/// given the sibling of a backup.
pub fn other_paths(journal: &Path, extension: &str) -> impl Iterator<Item = PathBuf> + use<> {
    let usual = path(journal, extension);
    let others = [appended(journal, extension), journal.with_extension(extension)];
    others.into_iter().filter(move |other| *other != usual)
}

fn appended(journal: &Path, extension: &str) -> PathBuf {
    with_suffix(journal, &format!(".{extension}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn siblings_are_named_after_the_whole_name_of_the_journal() {
        #[rustfmt::skip]
        let cases = [
            // what is special     journal                  its checkpoint                     others
            ("the usual name",     "data/lookout.db",       "data/lookout.checkpoint",         vec!["data/lookout.db.checkpoint"]),
            ("a dated backup",     "lookout.2026-11-26",    "lookout.2026-11-26.checkpoint",   vec!["lookout.checkpoint"]),
            ("a numbered one",     "lookout.db.1",          "lookout.db.1.checkpoint",         vec!["lookout.db.checkpoint"]),
            ("without extension",  "data.d/lookout",        "data.d/lookout.checkpoint",       vec![]),
        ];
        for (what, journal, place, others) in cases {
            let journal = Path::new(journal);
            assert_eq!(path(journal, "checkpoint"), Path::new(place), "{what}");
            let also: Vec<_> = other_paths(journal, "checkpoint").collect();
            let others: Vec<_> = others.into_iter().map(PathBuf::from).collect();
            assert_eq!(also, others, "{what}");
        }
    }

    #[test]
    fn a_former_path_never_belongs_to_another_journal() {
        let dir = tempfile::TempDir::new().expect("a temporary directory");
        let former = |name: &str| former_path(&dir.path().join(name), "notify.db");
        assert_eq!(former("rooms.lounge"), Some(dir.path().join("rooms.notify.db")));
        assert_eq!(former("rooms.db"), None);
        std::fs::write(dir.path().join("rooms.db"), "").expect("written");
        assert_eq!(former("rooms.lounge"), None);
    }
}
