//! Decides which files of earlier publications to keep and which to remove.

use std::collections::{BTreeMap, BTreeSet};

use super::gzip;
use super::manifest::Manifest;
use crate::site::{File, Withheld};

/// How long to keep replaced files, in seconds, because open pages may still request them.
const RETENTION_S: u64 = 24 * 60 * 60;

/// The files of a publication, and those of earlier ones.
pub(super) struct Retention {
    /// The files published now, with compressed copies.
    pub(super) current: BTreeSet<String>,
    /// Current files to keep once they are replaced, and retired files.
    pub(super) lasting: BTreeSet<String>,
    /// Replaced files that are still kept, and since when they are replaced.
    pub(super) retired: BTreeMap<String, u64>,
    /// Files to remove.
    pub(super) obsolete: BTreeSet<String>,
}

impl Retention {
    /// When `files` are published at `now` (seconds since the epoch), after `before`. Replaced files
    /// that are `withheld` are not kept, nor are their compressed copies.
    pub(super) fn new(files: &[File], withheld: &Withheld, before: &Manifest, now: u64) -> Self {
        let is_withheld = |path: &str| {
            withheld.contains(path)
                || gzip::original_of(path).is_some_and(|path| withheld.contains(path))
        };
        let mut current = BTreeSet::new();
        let mut lasting = BTreeSet::new();
        for file in files {
            let copy = gzip::should_compress(file).then(|| gzip::path_of(&file.path));
            for path in [Some(file.path.clone()), copy].into_iter().flatten() {
                if file.lasting {
                    lasting.insert(path.clone());
                }
                current.insert(path);
            }
        }
        let mut retired = BTreeMap::new();
        let mut obsolete = BTreeSet::new();
        for path in before.files.difference(&current) {
            let since = before.retired.get(path).map_or(now, |since| *since.min(&now));
            let is_lasting = before.lasting.contains(path) && !is_withheld(path);
            if is_lasting && now - since < RETENTION_S {
                retired.insert(path.clone(), since);
                lasting.insert(path.clone());
            } else {
                obsolete.insert(path.clone());
            }
        }
        Self { current, lasting, retired, obsolete }
    }

    /// All our files during this publication.
    pub(super) fn ours(&self) -> BTreeSet<String> {
        self.kept().into_iter().chain(self.obsolete.iter().cloned()).collect()
    }

    /// All our files after this publication.
    pub(super) fn kept(&self) -> BTreeSet<String> {
        self.current.iter().chain(self.retired.keys()).cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::*;
    use crate::site::assets::Asset;

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
            let retention = Retention::new(&files, &Withheld::default(), &manifest, now);
            assert!(retention.retired.keys().eq(&kept), "{what}: {:?}", retention.retired);
            assert!(retention.obsolete.iter().eq(&removed), "{what}: {:?}", retention.obsolete);
            manifest.files = retention.kept();
            manifest.lasting = retention.lasting;
            manifest.retired = retention.retired;
        }
    }

    #[test]
    fn what_is_withheld_goes_at_once() {
        // Their content is `a`, but that of the SVG is `b`.
        let (png, copy, photo) =
            ("assets/ada.ca978112ca.png", "assets/x/old.ca978112ca.png", "assets/photo.ca978112ca");
        let (svg, svg_gz) = ("assets/ada.3e23e81600.svg", "assets/ada.3e23e81600.svg.gz");
        let all = [png, copy, photo, svg, svg_gz, "assets/s.0123456789.css"];
        let mut before = Manifest::default();
        before.files = all.map(str::to_owned).into();
        before.lasting = before.files.clone();
        #[rustfmt::skip]
        let cases = [
            // what is special             name                content    current     removed
            ("nothing",                    None,               None,      vec![],     vec![]),
            ("the picture",                Some("ada.png"),    None,      vec![],     vec![png]),
            ("one without an ending",      Some("photo"),      None,      vec![],     vec![photo]),
            ("with a compressed copy",     Some("ada.svg"),    None,      vec![],     vec![svg, svg_gz]),
            ("another one",                Some("a.png"),      None,      vec![],     vec![]),
            ("in a directory",             Some("x/ada.png"),  None,      vec![],     vec![]),
            ("the content, anywhere",      None,               Some("a"), vec![],     vec![png, photo, copy]),
            ("of a compressed copy, too",  None,               Some("b"), vec![],     vec![svg, svg_gz]),
            ("another content",            None,               Some("c"), vec![],     vec![]),
            ("somebody else has it, too",  Some("ada.png"),    Some("a"), vec![copy], vec![png, photo]),
        ];
        for (what, name, content, current, removed) in cases {
            let mut withheld = Withheld::default();
            name.iter().for_each(|name| withheld.add_name(name));
            let asset = |text: &'static str| Asset::new("", text.as_bytes().into());
            content.iter().for_each(|text| withheld.add_content(&asset(text)));
            let files: Vec<File> = current.into_iter().map(|path| file(path, false)).collect();
            let retention = Retention::new(&files, &withheld, &before, 0);
            assert!(retention.obsolete.iter().eq(&removed), "{what}: {:?}", retention.obsolete);
        }
    }
}
