//! The operator's files: what `site.templates_dir` and `site.static_dir` hold.
//!
//! Listing never fails: a file that can't be used is skipped and reported. One odd file therefore
//! prevents neither publishing the others nor starting Lookout.
//!
//! A link is followed if it leads to a regular file in the same directory, as in a Kubernetes
//! ConfigMap (`page.html -> ..data/page.html`, `..data -> ..2026_11_26`). Other links are reported:
//! nothing from outside the directory is published.

use std::fs::{self, FileType};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Files that editors, merges and operating systems leave behind.
const TEMPORARY_ENDINGS: [&str; 5] = [".swp", ".orig", ".rej", ".bak", ".tmp"];
const TEMPORARY_NAMES: [&str; 3] = ["4913", "desktop.ini", "thumbs.db"];

/// The maximum depth of directories, because links may form a circle.
const MAX_DEPTH: usize = 32;

/// The operator's files, and the problems found.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct CustomFiles {
    /// Ordered by name.
    pub(crate) files: Vec<CustomFile>,
    pub(crate) problems: LoadProblems,
}

/// One file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CustomFile {
    /// The path in the directory, with `/` between its parts.
    pub(crate) name: String,
    /// The real path, without links.
    pub(crate) path: PathBuf,
}

/// Problems with the operator's templates and static files.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LoadProblems {
    /// Files that are broken; the built-in file replaces them, if there is one.
    pub faults: Vec<String>,
    /// Files that are no templates or static files, and are left out.
    pub left_out: Vec<String>,
    /// Pictures that the settings name and pages go without, because they are missing or unfit.
    pub without: Vec<String>,
}

impl CustomFile {
    /// Whether everybody may read it, by its mode and those of its directories below `root`.
    pub(super) fn is_public(&self, root: &Path) -> io::Result<bool> {
        let root = root.canonicalize()?;
        let has = |path: &Path, bit: u32| fs::metadata(path).map(|data| data.mode() & bit == bit);
        let directories = self.path.ancestors().skip(1).take_while(|path| **path != *root);
        let directories = directories.filter(|path| path.starts_with(&root));
        let mut are_open = true;
        for directory in directories {
            are_open &= has(directory, 0o001)?;
        }
        Ok(are_open && has(&self.path, 0o004)?)
    }
}

impl LoadProblems {
    pub(super) fn fault(&mut self, text: impl Into<String>) {
        self.faults.push(text.into());
    }

    pub(super) fn left_out(&mut self, text: impl Into<String>) {
        self.left_out.push(text.into());
    }

    pub(super) fn goes_without(&mut self, text: impl Into<String>) {
        self.without.push(text.into());
    }

    pub(super) fn extend(&mut self, other: Self) {
        self.faults.extend(other.faults);
        self.left_out.extend(other.left_out);
        self.without.extend(other.without);
    }
}

/// Lists the files of `directory`, without hidden and temporary ones. A missing directory has no
/// files.
pub(crate) fn list(directory: &Path) -> CustomFiles {
    let mut walk = Walk { root: PathBuf::new(), shown: directory, found: CustomFiles::default() };
    match directory.canonicalize() {
        Ok(root) => {
            walk.root.clone_from(&root);
            walk.directory(&root, "", 0);
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound && !directory.is_symlink() => {}
        Err(error) => walk.unreadable(directory, &error),
    }
    walk.found
}

struct Walk<'a> {
    root: PathBuf,
    /// The root as the settings name it.
    shown: &'a Path,
    found: CustomFiles,
}

impl Walk<'_> {
    /// Adds the files of `directory`, a real path; `prefix` is the directory's name and a `/`.
    fn directory(&mut self, directory: &Path, prefix: &str, depth: usize) {
        let entries =
            match fs::read_dir(directory).and_then(Iterator::collect::<io::Result<Vec<_>>>) {
                Ok(entries) => entries,
                Err(error) => return self.unreadable(&self.shown.join(prefix), &error),
            };
        let mut entries = entries;
        entries.sort_by_key(fs::DirEntry::file_name);
        for entry in entries {
            let file_name = entry.file_name();
            let Some(name) = file_name.to_str() else {
                let path = self.shown.join(prefix).join(&file_name);
                let text = format!(
                    "the name of `{}` is not UTF-8, so it is left out; rename it",
                    path.display()
                );
                self.found.problems.left_out(text);
                continue;
            };
            if let Ok(kind) = entry.file_type()
                && is_wanted(name, kind)
            {
                self.entry(&entry.path(), kind, format!("{prefix}{name}"), depth);
            }
        }
    }

    fn entry(&mut self, path: &Path, kind: FileType, name: String, depth: usize) {
        if kind.is_dir() && depth < MAX_DEPTH {
            self.directory(path, &format!("{name}/"), depth + 1);
        } else if kind.is_symlink() {
            self.link(path, name, depth);
        } else if kind.is_file() {
            self.found.files.push(CustomFile { name, path: path.to_owned() });
        } else {
            self.leave_out(&name, "is no regular file");
        }
    }

    fn link(&mut self, path: &Path, name: String, depth: usize) {
        let Ok(real) = path.canonicalize() else {
            return self.leave_out(&name, "is a link that leads nowhere");
        };
        let Ok(below) = real.strip_prefix(&self.root) else {
            return self.leave_out(
                &name,
                "is a link that leads out of the directory; copy the file there",
            );
        };
        let is_hidden = below.iter().any(|part| part.as_encoded_bytes().starts_with(b"."));
        if real.is_file() {
            self.found.files.push(CustomFile { name, path: real });
        } else if real.is_dir() && is_hidden && !path.starts_with(&real) && depth < MAX_DEPTH {
            // A ConfigMap with a `/` in its keys: `messages -> ..data/messages`. Such a directory is
            // not listed otherwise.
            self.directory(&real, &format!("{name}/"), depth + 1);
        } else {
            self.leave_out(&name, "is a link to something else than a file");
        }
    }

    fn leave_out(&mut self, name: &str, why: &str) {
        let path = self.shown.join(name);
        self.found.problems.left_out(format!("`{}` {why}, so it is left out", path.display()));
    }

    fn unreadable(&mut self, path: &Path, error: &io::Error) {
        // `join` with nothing adds a slash.
        let path: PathBuf = path.components().collect();
        let fault = format!("cannot read the directory `{}`: {error}", path.display());
        self.found.problems.fault(fault);
    }
}

/// Whether a template or static file may be called so.
fn is_wanted(name: &str, kind: FileType) -> bool {
    let is_odd = name.starts_with('.')
        || name.ends_with('~')
        || (name.starts_with('#') && name.ends_with('#'));
    let lower = name.to_ascii_lowercase();
    let is_temporary = TEMPORARY_ENDINGS.iter().any(|ending| lower.ends_with(ending))
        || TEMPORARY_NAMES.contains(&lower.as_str());
    !is_odd && (kind.is_dir() || !is_temporary)
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::symlink;

    use tempfile::TempDir;

    use super::*;

    /// Something in a directory.
    enum Is {
        File,
        Link(&'static str),
        Pipe,
    }

    /// A directory `own` with a ConfigMap, something outside, and what `is` at `path`.
    fn with(path: &str, is: Is) -> TempDir {
        let directory = TempDir::new().expect("a directory");
        let at = |path: &str| directory.path().join(path);
        let make_parent = |path: &str| {
            fs::create_dir_all(at(path).parent().expect("it has one")).expect("made");
        };
        let file = |path: &str| {
            make_parent(path);
            fs::write(at(path), "text").expect("written");
        };
        let pipe = |path: &str| {
            nix::unistd::mkfifo(&at(path), nix::sys::stat::Mode::S_IRWXU).expect("made");
        };
        file("own/..2026_11_26/page.html");
        file("own/..2026_11_26/messages/en.txt");
        file("secret");
        symlink("..2026_11_26", at("own/..data")).expect("linked");
        symlink("..", at("own/..out")).expect("linked");
        pipe("own/..pipe");
        fs::create_dir_all(at("own/img2")).expect("made");
        match is {
            Is::File => file(path),
            Is::Pipe => pipe(path),
            Is::Link(target) => {
                make_parent(path);
                symlink(target, at(path)).expect("linked");
            }
        }
        directory
    }

    #[test]
    fn regular_files_are_taken_links_among_them_followed_and_all_else_is_reported() {
        use Is::{File, Link, Pipe};
        #[rustfmt::skip]
        let cases = [
            // what is special                 path                                is                                 taken as              reported
            ("a file",                         "own/page.html",                    File,                              "page.html",          ""),
            ("a file in a directory",          "own/img/logo.png",                 File,                              "img/logo.png",       ""),
            ("a name that begins like a copy", "own/bak.html",                     File,                              "bak.html",           ""),
            ("a directory named like one",     "own/photos.bak/a.png",             File,                              "photos.bak/a.png",   ""),
            ("a number",                       "own/4913/a.png",                   File,                              "4913/a.png",         ""),
            ("an editor's file",               "own/4913",                         File,                              "",                   ""),
            ("of Emacs",                       "own/#page.html#",                  File,                              "",                   ""),
            ("a lock of Emacs",                "own/.#page.html",                  Link("ada@host.1"),                "",                   ""),
            ("of vim",                         "own/page.html.swp",                File,                              "",                   ""),
            ("of vi, in a directory",          "own/img/page.html~",               File,                              "",                   ""),
            ("of a merge",                     "own/page.html.ORIG",               File,                              "",                   ""),
            ("of Windows",                     "own/thumbs.DB",                    File,                              "",                   ""),
            ("hidden",                         "own/.git/config",                  File,                              "",                   ""),
            ("a ConfigMap",                    "own/page.html",                    Link("..data/page.html"),          "page.html",          ""),
            ("a directory of a ConfigMap",     "own/messages",                     Link("..data/messages"),           "messages/en.txt",    ""),
            ("a link in a directory",          "own/img/logo.png",                 Link("../..data/page.html"),       "img/logo.png",       ""),
            ("a link by way of the outside",   "own/page.html",                    Link("../own/..data/page.html"),   "page.html",          ""),
            ("a link to the outside",          "own/page.html",                    Link("../secret"),                 "",                   "`own/page.html` is a link that leads out of the directory; copy the file there, so it is left out"),
            ("an absolute one",                "own/page.html",                    Link("/etc/passwd"),               "",                   "`own/page.html` is a link that leads out of the directory; copy the file there, so it is left out"),
            ("one by an inner link",           "own/page.html",                    Link("..out/secret"),              "",                   "`own/page.html` is a link that leads out of the directory; copy the file there, so it is left out"),
            ("a link to nothing",              "own/page.html",                    Link("gone"),                      "",                   "`own/page.html` is a link that leads nowhere, so it is left out"),
            ("a link to itself",               "own/page.html",                    Link("page.html"),                 "",                   "`own/page.html` is a link that leads nowhere, so it is left out"),
            ("a link upwards",                 "own/img/up",                       Link(".."),                        "",                   "`own/img/up` is a link to something else than a file, so it is left out"),
            ("a link to the outside upwards",  "own/up",                           Link(".."),                        "",                   "`own/up` is a link that leads out of the directory; copy the file there, so it is left out"),
            ("a link to a directory",          "own/again",                        Link("..data/../img2"),            "",                   "`own/again` is a link to something else than a file, so it is left out"),
            ("a link to a pipe",               "own/page.html",                    Link("..pipe"),                    "",                   "`own/page.html` is a link to something else than a file, so it is left out"),
            ("a pipe",                         "own/pipe",                         Pipe,                              "",                   "`own/pipe` is no regular file, so it is left out"),
        ];
        for (what, path, is, taken, reported) in cases {
            let directory = with(path, is);
            let found = list(&directory.path().join("own"));
            let names: Vec<_> = found.files.iter().map(|file| file.name.as_str()).collect();
            assert_eq!(names.join(" "), taken, "{what}");
            for file in &found.files {
                let is_plain = file.path.symlink_metadata().expect("it is there").is_file();
                assert!(is_plain, "{what}: {}", file.path.display());
            }
            let root = format!("{}/", directory.path().display());
            let said = found.problems.left_out.join("\n").replace(&root, "");
            assert_eq!(said, reported, "{what}");
            assert_eq!(found.problems.faults, Vec::<String>::new(), "{what}");
        }
    }

    #[test]
    fn a_directory_that_cannot_be_listed_is_a_fault_and_a_missing_one_is_not() {
        let directory = TempDir::new().expect("a directory");
        let at = |path: &str| directory.path().join(path);
        fs::write(at("file"), "").expect("written");
        symlink("gone", at("dangling")).expect("linked");
        symlink("round", at("round")).expect("linked");
        #[rustfmt::skip]
        let cases = [
            // what is special     path          fault
            ("missing",            "missing",    ""),
            ("a file",             "file",       "Not a directory"),
            ("below a file",       "file/own",   "Not a directory"),
            ("a link to nothing",  "dangling",   "No such file"),
            ("a link to itself",   "round",      "symbolic links"),
        ];
        for (what, path, fault) in cases {
            let found = list(&at(path));
            assert_eq!(found.files, [], "{what}");
            let said = found.problems.faults.join("\n");
            assert_eq!(said.is_empty(), fault.is_empty(), "{what}: {said}");
            assert!(said.contains(fault), "{what}: {said}");
        }
    }

    #[test]
    fn a_name_that_is_not_utf_8_is_left_out_and_hidden_links_round_in_a_circle_end() {
        let directory = TempDir::new().expect("a directory");
        let at = |path: &str| directory.path().join(path);
        fs::write(directory.path().join(OsStr::from_bytes(b"caf\xe9")), "").expect("written");
        for (name, other) in [(".a", "../.b"), (".b", "../.a")] {
            fs::create_dir(at(name)).expect("made");
            symlink(other, at(name).join("round")).expect("linked");
        }
        symlink(".a", at("round")).expect("linked");
        let found = list(directory.path());
        assert_eq!(found.files, []);
        let said = found.problems.left_out;
        assert_eq!(said.len(), 2, "{said:?}");
        assert!(said[0].contains("is not UTF-8"), "{said:?}");
        assert!(said[1].contains("round/round"), "{said:?}");
    }
}
