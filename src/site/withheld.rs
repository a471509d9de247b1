//! Static files that must not be published, nor kept from earlier publications.

use std::collections::BTreeSet;

use super::assets::{Asset, FOLDER, split_hash};

/// Withheld files, by name and by content: links and copies are withheld, too, also those that
/// exist only in the output directory.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Withheld {
    /// Paths without the hashes in their names.
    paths: BTreeSet<String>,
    /// Hashes of contents, as names contain them.
    hashes: BTreeSet<String>,
}

impl Withheld {
    /// Withholds the file that `site.static_dir` calls `name`.
    pub(super) fn add_name(&mut self, name: &str) {
        self.paths.insert(format!("{FOLDER}{name}"));
    }

    /// Withholds each file with the content of `asset`.
    pub(super) fn add_content(&mut self, asset: &Asset) {
        self.hashes.extend(split_hash(&asset.path).map(|(_, hash)| hash.to_owned()));
    }

    /// The same files, with paths that begin with `folder`.
    pub(super) fn below(self, folder: &str) -> Self {
        let paths = self.paths.into_iter().map(|path| format!("{folder}{path}"));
        Self { paths: paths.collect(), ..self }
    }

    /// Whether the file with the published path `path` is withheld.
    pub(super) fn contains(&self, path: &str) -> bool {
        split_hash(path)
            .is_some_and(|(path, hash)| self.paths.contains(&path) || self.hashes.contains(hash))
    }
}
