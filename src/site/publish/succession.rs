//! What becomes of the files of an earlier publication.

use std::collections::{BTreeMap, BTreeSet};

use super::gzip;
use super::manifest::Manifest;
use crate::site::File;

/// A page that was open when it was replaced may ask for its files for so long, in seconds.
const KEEP_S: u64 = 24 * 60 * 60;

/// All files that are ours after a publication, and those that no longer are.
pub(super) struct Succession {
    /// What is published now, with the compressed copies.
    pub(super) produced: BTreeSet<String>,
    /// What of this is kept for a day once it is replaced, and what is being kept.
    pub(super) lasting: BTreeSet<String>,
    /// What is being kept, and since when.
    pub(super) retired: BTreeMap<String, u64>,
    /// What is to be removed.
    pub(super) stale: BTreeSet<String>,
}

impl Succession {
    /// What follows when `files` are published after `before`, at `now` (seconds of the epoch).
    pub(super) fn of(files: &[File], before: &Manifest, now: u64) -> Self {
        let mut produced = BTreeSet::new();
        let mut lasting = BTreeSet::new();
        for file in files {
            let copy = gzip::is_worth(file).then(|| gzip::path_of(&file.path));
            for path in [Some(file.path.clone()), copy].into_iter().flatten() {
                if file.lasting {
                    lasting.insert(path.clone());
                }
                produced.insert(path);
            }
        }
        let mut retired = BTreeMap::new();
        let mut stale = BTreeSet::new();
        for path in before.files.difference(&produced) {
            let since = before.retired.get(path).map_or(now, |since| *since.min(&now));
            if before.lasting.contains(path) && now - since < KEEP_S {
                retired.insert(path.clone(), since);
                lasting.insert(path.clone());
            } else {
                stale.insert(path.clone());
            }
        }
        Self { produced, lasting, retired, stale }
    }

    /// Everything that is ours while this publication is under way.
    pub(super) fn ours(&self) -> BTreeSet<String> {
        self.kept().into_iter().chain(self.stale.iter().cloned()).collect()
    }

    /// Everything that is ours when it is done.
    pub(super) fn kept(&self) -> BTreeSet<String> {
        self.produced.iter().chain(self.retired.keys()).cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::*;

    fn file(path: &str, lasting: bool) -> File<'static> {
        File { path: path.to_owned(), bytes: Cow::Borrowed(b""), lasting }
    }

    #[test]
    fn what_carries_a_hash_outlives_its_replacement_by_a_day() {
        let (page, old, new) =
            (file("p.html", false), file("a.1.css", true), file("a.2.css", true));
        let mut manifest = Manifest::default();
        #[rustfmt::skip]
        let steps = [
            // what is special           seconds       published           kept as well        removed
            ("the first publication",    0,            vec![&page, &old],  vec![],             vec![]),
            ("it is replaced",           10,           vec![&page, &new],  vec!["a.1.css"],    vec![]),
            ("almost a day later",       86_409,       vec![&page, &new],  vec!["a.1.css"],    vec![]),
            ("the clock was put back",   5,            vec![&page, &new],  vec!["a.1.css"],    vec![]),
            ("a day later",              86_410,       vec![&page, &new],  vec![],             vec!["a.1.css"]),
            ("back to the old one",      90_000,       vec![&page, &old],  vec!["a.2.css"],    vec![]),
            ("and to the new one",       90_010,       vec![&page, &new],  vec!["a.1.css"],    vec![]),
            ("a page goes at once",      90_020,       vec![&new],         vec!["a.1.css"],    vec!["p.html"]),
        ];
        for (what, now, published, kept, removed) in steps {
            let files: Vec<File> = published.into_iter().cloned().collect();
            let succession = Succession::of(&files, &manifest, now);
            assert!(succession.retired.keys().eq(&kept), "{what}: {:?}", succession.retired);
            assert!(succession.stale.iter().eq(&removed), "{what}: {:?}", succession.stale);
            manifest.files = succession.kept();
            manifest.lasting = succession.lasting;
            manifest.retired = succession.retired;
        }
    }
}
