//! Links of the README, the guide and other Markdown of the repository.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Component, Path, PathBuf};

use lookout::guide::PAGES;

use super::{Document, assert_none, documents, root};

/// Further Markdown that links to files.
const OTHERS: &[&str] = &[
    ".github/CONTRIBUTING.md",
    ".github/SECURITY.md",
    "CHANGELOG.md",
    "tests/README.md",
    "tests/fixtures/README.md",
    "tests/measure/README.md",
    "tests/scripts/README.md",
];

#[test]
fn no_link_is_dead() {
    let mut all = documents();
    let others = OTHERS.iter().map(|path| Document::read(path));
    all.extend(others.map(|document| (document.path.clone(), document)));
    let mut dead = Vec::new();
    for (path, document) in &all {
        for link in document.links.iter().filter(|link| !link.contains(':')) {
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            let target = match file {
                "" => path.clone(),
                file => normal(&path.with_file_name("").join(file)),
            };
            let has_anchor = |document: &Document| document.anchors.contains(anchor);
            if !root().join(&target).exists() {
                dead.push(format!("{}: `{link}` leads to no file", path.display()));
            } else if !anchor.is_empty() && !all.get(&target).is_some_and(has_anchor) {
                dead.push(format!("{}: `{link}` leads to no heading", path.display()));
            }
        }
    }
    assert_none(&dead);
}

#[test]
fn each_file_of_the_guide_is_a_page_that_the_readme_links_to() {
    let files = fs::read_dir(root().join("src/guide")).expect("it is there");
    let names = files.map(|file| file.expect("read").path());
    let is_page = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "md");
    let stem = |path: PathBuf| path.file_stem().expect("a name").to_string_lossy().into_owned();
    let files: BTreeSet<_> = names.filter(is_page).map(stem).collect();
    let pages: BTreeSet<_> = PAGES.iter().map(|page| page.name.to_owned()).collect();
    assert_eq!(files, pages, "add the page to `src/guide/mod.rs`");
    let linked = &documents()[Path::new("README.md")].links;
    let is_missing = |page: &&String| !linked.contains(&format!("src/guide/{page}.md"));
    let missing: Vec<_> = pages.iter().filter(is_missing).collect();
    assert!(missing.is_empty(), "README.md does not link to {missing:?}");
}

#[test]
fn each_code_block_has_a_language_so_that_rustdoc_tries_none() {
    let all = documents();
    let blocks =
        all.values().flat_map(|document| document.blocks.iter().map(move |b| (document, b)));
    let bare = blocks.filter(|(_, (language, _))| language.is_empty());
    let lines = bare.map(|(document, (_, text))| {
        format!("{}: a block without a language: {text}", document.path.display())
    });
    assert_none(&lines.collect::<Vec<_>>());
}

/// Resolves `..` in the text of a path.
fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => drop(normal.pop()),
            part => normal.push(part),
        }
    }
    normal
}
