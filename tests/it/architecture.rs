//! The structure that `src/lib.rs` describes: which module may use which; and what no module may use.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use walkdir::WalkDir;

/// The line in `src/lib.rs` above the layers, the highest first.
const HEADING: &str = "//! # Layers";

#[test]
fn each_module_uses_only_modules_of_lower_layers() {
    let layers = layers();
    let level: BTreeMap<&str, usize> = (0..)
        .zip(layers.iter().rev())
        .flat_map(|(level, layer)| layer.iter().map(move |module| (module.as_str(), level)))
        .collect();
    let mut wrong = BTreeSet::new();
    for source in sources() {
        let module = source.module.split("::").next().unwrap_or_default();
        let Some(own) = level.get(module) else {
            wrong.insert(format!("`{module}` is in no layer of `src/lib.rs`"));
            continue;
        };
        for used in source.used.iter().filter_map(|path| path.split("::").next()) {
            if used != module && level.get(used).is_none_or(|used| used >= own) {
                wrong.insert(format!("`{}` uses `{used}`, which is not below it", source.path));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", list(&wrong));
}

#[test]
fn no_files_use_each_other_in_a_circle() {
    let sources = sources();
    let by_module: BTreeMap<&str, usize> =
        (0..).zip(&sources).map(|(at, source)| (source.module.as_str(), at)).collect();
    let uses: Vec<BTreeSet<usize>> = (0..)
        .zip(&sources)
        .map(|(at, source)| {
            let found = source.used.iter().filter_map(|path| nearest(path, &by_module));
            // A parent names its children, and children may name what the parent defines.
            let is_relative = |other: &usize| {
                let (a, b) = (&source.module, &sources[*other].module);
                a.starts_with(b.as_str()) || b.starts_with(a.as_str())
            };
            found.filter(|other| *other != at && !is_relative(other)).collect()
        })
        .collect();
    let reach: Vec<BTreeSet<usize>> = (0..sources.len()).map(|from| reached(from, &uses)).collect();
    let circles: BTreeSet<String> = (0..sources.len())
        .filter(|at| reach[*at].contains(at))
        .map(|at| {
            let others = reach[at].iter().filter(|other| reach[**other].contains(&at));
            others.map(|other| sources[*other].path.as_str()).collect::<Vec<_>>().join(", ")
        })
        .collect();
    assert!(circles.is_empty(), "{}", list(&circles));
}

/// `Path::exists` is false for what only cannot be examined, and whoever believes it replaces,
/// forgets or announces again what is there.
#[test]
fn no_module_takes_what_it_cannot_examine_for_missing() {
    let believes = |source: &&Source| source.code.contains(".exists()");
    let wrong: BTreeSet<String> =
        sources().iter().filter(believes).map(|source| source.path.clone()).collect();
    assert!(wrong.is_empty(), "ask `try_exists` or `files::metadata` in\n{}", list(&wrong));
}

/// A file of `src` without its tests.
struct Source {
    path: String,
    code: String,
    /// The module that the file is, such as `journal::writer`; of `main.rs`, `main`.
    module: String,
    /// The paths that it uses, from the root of the crate on.
    used: BTreeSet<String>,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

fn layers() -> Vec<Vec<String>> {
    let text = fs::read_to_string(root().join("lib.rs")).expect("it is there");
    let section = text.split(HEADING).nth(1).expect("`src/lib.rs` lists the layers");
    let block = section.split("```").nth(1).expect("in a block");
    let lines = block.lines().skip(1).map(|line| line.trim_start_matches("//!").trim());
    let modules = |line: &str| {
        let names = line.split("  ").next().unwrap_or_default();
        names.split_whitespace().map(str::to_owned).collect()
    };
    lines.filter(|line| !line.is_empty()).map(modules).collect()
}

fn sources() -> Vec<Source> {
    let files =
        WalkDir::new(root()).sort_by_file_name().into_iter().map(|file| file.expect("read"));
    let paths = files.map(walkdir::DirEntry::into_path);
    let is_code = |path: &PathBuf| {
        path.extension().is_some_and(|extension| extension == "rs")
            && !path.components().any(|part| part.as_os_str() == "tests")
            && path
                .file_stem()
                .is_none_or(|stem| stem != "tests" && stem != "lib" && stem != "build")
    };
    paths.filter(is_code).map(|path| Source::read(&path)).collect()
}

impl Source {
    fn read(path: &Path) -> Self {
        let relative = path.strip_prefix(root()).expect("it lies there").with_extension("");
        let mut parts: Vec<_> =
            relative.iter().map(|part| part.to_string_lossy().into_owned()).collect();
        let is_folder = parts.last().is_some_and(|last| last == "mod");
        if is_folder {
            parts.pop();
        }
        let text = fs::read_to_string(path).expect("it is text");
        let code = text.split("#[cfg(test)]\nmod ").next().unwrap_or_default();
        let mut used = BTreeSet::new();
        for line in statements(code) {
            let Some(path) = line.strip_prefix("use ") else {
                used.extend(inline_paths(&line));
                continue;
            };
            let path = path.replace("super::super::", "super super::");
            let parent = |levels: usize| {
                let depth = if is_folder { levels } else { levels + 1 };
                // `self` is the module itself, `super` the one above it.
                parts[..parts.len().saturating_sub(depth)].join("::")
            };
            let absolute = if let Some(path) = path.strip_prefix("crate::") {
                path.to_owned()
            } else if let Some(path) = path.strip_prefix("super super::") {
                format!("{}::{path}", parts[..parts.len().saturating_sub(2)].join("::"))
            } else if let Some(path) = path.strip_prefix("super::") {
                format!("{}::{path}", parts[..parts.len().saturating_sub(1)].join("::"))
            } else if path.starts_with("self::") || is_folder {
                format!("{}::{}", parent(0), path.trim_start_matches("self::"))
            } else {
                continue;
            };
            used.extend(expanded(&absolute));
        }
        Self {
            path: format!("src/{}", path.strip_prefix(root()).expect("there").display()),
            code: code.to_owned(),
            module: parts.join("::"),
            used,
        }
    }
}

/// Lines of code without comments, and `use` items in one line each.
fn statements(code: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut open: Option<String> = None;
    for line in code.lines().map(str::trim).filter(|line| !line.starts_with("//")) {
        let line = line.trim_start_matches("pub(crate) ").trim_start_matches("pub(super) ");
        let line = line.trim_start_matches("pub ");
        match &mut open {
            Some(item) => item.push_str(line),
            None if line.starts_with("use ") => open = Some(line.to_owned()),
            None => found.push(line.to_owned()),
        }
        if open.as_ref().is_some_and(|item| item.ends_with(';')) {
            found.extend(open.take());
        }
    }
    found
}

/// `crate::a::b` in the middle of code.
fn inline_paths(line: &str) -> impl Iterator<Item = String> + '_ {
    line.match_indices("crate::").map(|(at, found)| {
        let rest = &line[at + found.len()..];
        let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_' && c != ':');
        rest[..end.unwrap_or(rest.len())].trim_end_matches(':').to_owned()
    })
}

/// `a::{b, c::d}` as `a::b` and `a::c::d`.
fn expanded(path: &str) -> Vec<String> {
    let path = path.trim_end_matches(';').replace(' ', "");
    let Some((before, rest)) = path.split_once('{') else { return vec![path] };
    let inside = rest.rsplit_once('}').map_or(rest, |(inside, _)| inside);
    let (mut depth, mut begin, mut parts) = (0_u32, 0, Vec::new());
    for (at, letter) in inside.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(&inside[begin..at]);
                begin = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&inside[begin..]);
    let whole = parts.iter().filter(|part| !part.is_empty());
    whole.flat_map(|part| expanded(&format!("{before}{part}"))).collect()
}

/// The file that defines the longest beginning of a path.
fn nearest(path: &str, by_module: &BTreeMap<&str, usize>) -> Option<usize> {
    let mut path = path;
    loop {
        if let Some(at) = by_module.get(path) {
            return Some(*at);
        }
        path = path.rsplit_once("::")?.0;
    }
}

fn reached(from: usize, uses: &[BTreeSet<usize>]) -> BTreeSet<usize> {
    let mut found = BTreeSet::new();
    let mut next: Vec<usize> = uses[from].iter().copied().collect();
    while let Some(at) = next.pop() {
        if found.insert(at) {
            next.extend(&uses[at]);
        }
    }
    found
}

fn list(lines: &BTreeSet<String>) -> String {
    lines.iter().map(String::as_str).collect::<Vec<_>>().join("\n")
}
