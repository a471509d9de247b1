//! Refuses directories that would publish private files.
//!
//! Files in `site.output_dir` are served, files in `site.static_dir` are copied there, and files in
//! `site.templates_dir` are read as templates. So none of these directories may contain the settings,
//! the journal and its files, a file with a secret, or one another; nor be at the path of one of these.
//!
//! Paths are compared as they are in the file system, with links and `..` resolved; they need not
//! exist. A directory that is mounted twice is recognised by its inode.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path, PathBuf, absolute};

use super::problem::SettingsError;
use super::settings::Settings;
use crate::files::real_path::real_path;
use crate::files::{sibling, sqlite};

/// The extensions of the files [beside](crate::files::sibling) the journal.
const BESIDE: [&str; 14] = [
    // From earlier versions.
    "checkpoint",
    "checkpoint.lock",
    "checkpoint.unusable",
    "notify.db",
    "notify.db-shm",
    "notify.db-wal",
    "notify.lock",
    "presence",
    "presence-journal",
    "presence-shm",
    "presence-wal",
    "presence.lock",
    "presence.unusable",
    "publish.lock",
];

/// Two paths of the settings that overlap.
#[derive(Debug)]
pub(super) struct Overlap {
    /// The keys, with their sections, that can resolve it. The first that was typed is shown.
    pub(super) keys: Vec<(&'static str, &'static str)>,
    /// A file with a secret; its key is shown if none of `keys` was typed.
    pub(super) secret_file: Option<PathBuf>,
    /// What is wrong, and what to do.
    pub(super) message: String,
}

/// One of the three directories.
struct Directory<'a> {
    key: &'static str,
    path: &'a Path,
    real: PathBuf,
    /// What happens to everything in it.
    use_of_files: &'static str,
}

/// Private files with one description.
struct Private<'a> {
    what: String,
    /// The path to show.
    path: &'a Path,
    /// All paths of these files.
    places: Vec<PathBuf>,
    key: Option<(&'static str, &'static str)>,
    is_secret: bool,
}

impl Private<'_> {
    fn secret_file(&self) -> Option<PathBuf> {
        self.is_secret.then(|| self.path.to_owned())
    }
}

impl Settings {
    /// Refuses directories that overlap, for settings that were changed after they were loaded.
    pub fn refuse_overlaps(&self) -> Result<(), SettingsError> {
        let Some(overlap) = find(self).into_iter().next() else { return Ok(()) };
        let file = self.origin.file.as_ref();
        let location =
            file.map_or_else(|| "settings".to_owned(), |file| file.display().to_string());
        Err(SettingsError::of(location, overlap.message))
    }
}

/// Every overlap in `settings`.
pub(super) fn find(settings: &Settings) -> Vec<Overlap> {
    let directories = directories(settings);
    let private = private(settings);
    let mut overlaps = Vec::new();
    let mut is_reported = [false; 3];
    for (directory, is_reported) in directories.iter().zip(&mut is_reported) {
        let found = holds_private(directory, &private);
        *is_reported = found.is_some();
        overlaps.extend(found);
    }
    for (number, one) in directories.iter().enumerate() {
        for (other_number, other) in directories.iter().enumerate().skip(number + 1) {
            // A directory that holds something private is reported once.
            if !is_reported[number] && !is_reported[other_number] {
                overlaps.extend(overlap(one, other));
            }
        }
    }
    overlaps
}

fn directories(settings: &Settings) -> [Directory<'_>; 3] {
    let site = &settings.site;
    let directories: [(_, &Path, _); 3] = [
        ("output_dir", &site.output_dir, "served"),
        ("templates_dir", &site.templates_dir, "read as templates"),
        ("static_dir", &site.static_dir, "published"),
    ];
    directories.map(|(key, path, use_of_files)| Directory {
        key,
        path,
        real: real_path(path),
        use_of_files,
    })
}

fn private(settings: &Settings) -> Vec<Private<'_>> {
    let mut all = Vec::new();
    if let Some(path) = &settings.origin.file {
        let what = "the settings file".to_owned();
        all.push(Private { what, path, places: places(path), key: None, is_secret: false });
    }
    let path = &settings.journal.path;
    all.push(Private {
        what: "the journal".to_owned(),
        path,
        places: journal_files(path).iter().flat_map(|path| places(path)).collect(),
        key: Some(("journal", "path")),
        is_secret: false,
    });
    for path in &settings.origin.secret_files {
        let what = "a file with a secret".to_owned();
        all.push(Private { what, path, places: places(path), key: None, is_secret: true });
    }
    all
}

/// The journal and all files that Lookout keeps beside it.
fn journal_files(journal: &Path) -> Vec<PathBuf> {
    let appended = sqlite::SUFFIXES.iter().map(|suffix| sqlite::with_suffix(journal, suffix));
    let beside = BESIDE.iter().flat_map(|extension| {
        std::iter::once(sibling::path(journal, extension))
            .chain(sibling::other_paths(journal, extension))
    });
    [journal.to_owned()].into_iter().chain(appended).chain(beside).collect()
}

/// The target of `path`, and the path of the link itself if it is one.
fn places(path: &Path) -> Vec<PathBuf> {
    let mut places = vec![real_path(path)];
    if let (Some(parent), Some(name)) = (path.parent(), path.file_name()) {
        let link = real_path(if parent.as_os_str().is_empty() { Path::new(".") } else { parent });
        places.push(link.join(name));
    }
    places
}

fn holds_private(directory: &Directory, private: &[Private]) -> Option<Overlap> {
    let shown = shown(directory);
    let real = &directory.real;
    let is_inside =
        |private: &&Private| private.places.iter().any(|at| at != real && holds(real, at));
    let held: Vec<_> = private.iter().filter(is_inside).collect();
    let mut keys = vec![("site", directory.key)];
    if !held.is_empty() {
        keys.extend(held.iter().filter_map(|private| private.key));
        let named = held.iter().map(|it| format!("{} (`{}`)", it.what, it.path.display()));
        let named = named.collect::<Vec<_>>().join(" and ");
        let message = format!(
            "{shown} holds {named}, and all its files are {}; use a separate directory",
            directory.use_of_files
        );
        let secret_file = held.iter().find_map(|private| private.secret_file());
        return Some(Overlap { keys, secret_file, message });
    }
    let is_around = |private: &&Private| private.places.iter().any(|at| real.starts_with(at));
    let place = private.iter().find(is_around)?;
    keys.extend(place.key);
    let message = format!(
        "{shown} is at the path of {} (`{}`); use a separate directory",
        place.what,
        place.path.display()
    );
    Some(Overlap { keys, secret_file: place.secret_file(), message })
}

fn overlap(one: &Directory, other: &Directory) -> Option<Overlap> {
    let (outer, inner) = match (holds(&one.real, &other.real), holds(&other.real, &one.real)) {
        (true, _) => (one, other),
        (false, true) => (other, one),
        (false, false) => return None,
    };
    let message = if holds(&inner.real, &outer.real) {
        let (one, other) = (shown(one), shown(other));
        format!("{one} and {other} are the same directory; use separate directories")
    } else {
        format!(
            "{} holds {}, and all its files are {}; use separate directories",
            shown(outer),
            shown(inner),
            outer.use_of_files
        )
    };
    let keys = vec![("site", one.key), ("site", other.key)];
    Some(Overlap { keys, secret_file: None, message })
}

/// Whether `inner` is `outer` or lies below it; both are real paths.
fn holds(outer: &Path, inner: &Path) -> bool {
    let id = |path: &Path| fs::metadata(path).ok().map(|data| (data.dev(), data.ino()));
    inner.starts_with(outer)
        || id(outer).is_some_and(|outer| inner.ancestors().any(|above| id(above) == Some(outer)))
}

/// The key and its path; of a link, also the target.
fn shown(Directory { key, path, real, .. }: &Directory) -> String {
    let plain = absolute(path).is_ok_and(|path| path.components().eq(real.components()));
    let has_dots = path.components().any(|part| part == Component::ParentDir);
    match plain || has_dots {
        true => format!("`site.{key}` (`{}`)", path.display()),
        false => format!("`site.{key}` (`{}`, which is `{}`)", path.display(), real.display()),
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;
    use std::os::unix::fs::symlink;

    use tempfile::TempDir;

    use super::*;
    use crate::config::{Environment, parse};

    /// The error of `text` as `lookout.toml` in a directory that contains links.
    fn said(text: &str, variables: &[(&str, &str)]) -> String {
        let directory = TempDir::new().expect("a directory");
        let root = directory.path().canonicalize().expect("it is there");
        for made in ["etc/data", "etc/secrets", "srv", "etc/other"] {
            fs::create_dir_all(root.join(made)).expect("made");
        }
        for (target, link) in [
            ("data", "etc/linked"),
            (".", "etc/self"),
            ("../srv/missing", "etc/dangling"),
            ("loop", "etc/loop"),
        ] {
            symlink(target, root.join(link)).expect("linked");
        }
        let env = variables.iter().copied().collect();
        let file = root.join("etc/lookout.toml");
        let found = match parse(text, &file, &env) {
            Ok(_) => "-".to_owned(),
            Err(error) => error.to_string(),
        };
        found.replace(&root.display().to_string(), "")
    }

    #[test]
    fn nothing_private_is_served_published_or_read_as_a_template() {
        #[rustfmt::skip]
        let cases: &[(&str, &str)] = &[
            // what is special                          settings
            ("the directory of the settings",           "[site]\nstatic_dir = '.'"),
            ("that, served",                            "[site]\noutput_dir = '.'"),
            ("that, as templates",                      "[site]\ntemplates_dir = '.'"),
            ("above it",                                "[site]\nstatic_dir = '..'"),
            ("the whole machine",                       "[site]\noutput_dir = '/'"),
            ("the journal",                             "[site]\nstatic_dir = 'data'"),
            ("the journal, moved",                      "[journal]\npath = 'site/data/lookout.db'"),
            ("the journal, by `..`",                    "[site]\nstatic_dir = 'new/../data'"),
            ("the journal, by a link",                  "[site]\nstatic_dir = 'linked'"),
            ("the journal, below a link",               "[site]\nstatic_dir = 'data'\n[journal]\npath = 'linked/new/lookout.db'"),
            ("the settings, by a link",                 "[site]\ntemplates_dir = 'self'"),
            ("the journal, by a link to what is to come", "[site]\noutput_dir = 'dangling'\n[journal]\npath = '/srv/missing/lookout.db'"),
            ("a secret",                                "[zoom]\nsecret_token_file = 'static/token'"),
            ("a secret of a chat",                      "[[notify]]\nkind = 'slack'\nurl_file = 'secrets/hook'\n[site]\nstatic_dir = 'secrets'"),
            ("a secret of the archive",                 "[archive]\nurl_file = 'templates/url'"),
            ("in the place of the settings",            "[site]\nstatic_dir = 'lookout.toml'"),
            ("in the place of the store",               "[site]\noutput_dir = 'data/lookout.presence'"),
            ("below the state of chats",                "[site]\noutput_dir = 'data/lookout.notify.db/site'"),
            ("one directory for two",                   "[site]\nstatic_dir = 'templates'"),
            ("one directory for three",                 "[site]\nstatic_dir = 'a'\ntemplates_dir = 'a/'\noutput_dir = 'a/./'"),
            ("the site below static files",             "[site]\noutput_dir = 'static/site'"),
            ("static files below the site",             "[site]\nstatic_dir = 'site/assets'"),
            ("templates below static files",            "[site]\ntemplates_dir = 'static/templates'"),
            ("the site below templates",                "[site]\noutput_dir = 'templates/out'"),
        ];
        let mut report = String::new();
        for (what, text) in cases {
            let text = text.replace("'/srv/", "'../srv/");
            writeln!(report, "== {what}\n{}\n", said(&text, &[])).expect("written");
        }
        let env = [("LOOKOUT_SITE__STATIC_DIR", ".")];
        writeln!(report, "== by the environment\n{}", said("", &env)).expect("written");
        insta::assert_snapshot!(report);
    }

    #[test]
    fn places_that_keep_apart_are_taken() {
        #[rustfmt::skip]
        let cases = [
            // what is special                  settings
            ("the defaults",                    ""),
            ("everything side by side",         "[journal]\npath = 'lookout.db'\n[zoom]\nsecret_token_file = 'token'"),
            ("the site of a web server",        "[site]\noutput_dir = '/var/www/html'"),
            ("names that begin alike",          "[site]\nstatic_dir = 'data-static'\noutput_dir = 'data.site'"),
            ("a copy in a checkout of Jekyll",  "[csv]\ncopies = ['other/_data/table.csv']"),
            ("a site beside the journal",       "[site]\noutput_dir = 'data/site'"),
            ("a link that leads to itself",     "[site]\nstatic_dir = 'loop'"),
        ];
        for (what, text) in cases {
            assert_eq!(said(text, &[]), "-", "{what}");
        }
    }

    #[test]
    fn defaults_overlap_where_a_link_says_so() {
        let directory = TempDir::new().expect("a directory");
        symlink("data", directory.path().join("static")).expect("linked");
        let file = directory.path().join("lookout.toml");
        let error = parse("", &file, &Environment::default()).expect_err("the journal is there");
        let root = directory.path().display().to_string();
        insta::assert_snapshot!(error.to_string().replace(&root, "DIR"));
    }

    #[test]
    fn everything_beside_the_journal_is_known_here() {
        let journal = Path::new("data/lookout.db");
        let files = journal_files(journal);
        let kept =
            [crate::generator::store_path(journal), crate::notify::outbox::database_path(journal)];
        for file in kept {
            assert!(files.contains(&file), "`{}` is missing", file.display());
        }
    }
}
