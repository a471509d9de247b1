//! Notices that files change, however an editor writes them: also by renaming a new file over the
//! old one, and in directories that are made or removed later.
//!
//! Each path is watched from the nearest existing directory above it, so that its creation and
//! removal are seen. An existing directory is watched too, with everything in it. After each
//! change, call [`FileWatcher::watch`] again before reading.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::watch;

/// Counts changes of the paths that it watches.
pub(super) struct FileWatcher {
    inner: RecommendedWatcher,
    watched: Vec<PathBuf>,
    scope: Arc<Mutex<Scope>>,
}

/// Which changes count.
#[derive(Debug, Default)]
struct Scope {
    paths: Vec<PathBuf>,
    /// Directories that Lookout itself writes.
    except: Vec<PathBuf>,
}

impl FileWatcher {
    /// A watcher without paths, and its counter.
    pub(super) fn new() -> notify::Result<(Self, watch::Receiver<u64>)> {
        Self::observed_by(|_| {})
    }

    /// The same. Calls `observe` after each event of the system, whether it counts or not.
    fn observed_by(
        observe: impl Fn(&notify::Event) + Send + 'static,
    ) -> notify::Result<(Self, watch::Receiver<u64>)> {
        let (count, changes) = watch::channel(0);
        let scope: Arc<Mutex<Scope>> = Arc::default();
        let seen = Arc::clone(&scope);
        let inner = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            let scope = seen.lock().unwrap_or_else(PoisonError::into_inner);
            // An error means that a change may have been missed.
            if event.as_ref().map_or(true, |event| scope.concerns(event)) {
                count.send_modify(|count| *count += 1);
            }
            if let Ok(event) = &event {
                observe(event);
            }
        })?;
        Ok((Self { inner, watched: Vec::new(), scope }, changes))
    }

    /// Watches `paths` and everything below them, except what is below `except`.
    ///
    /// # Errors
    ///
    /// A path can't be watched; all others are.
    pub(super) fn watch(&mut self, paths: &[&Path], except: &[&Path]) -> notify::Result<()> {
        let mut wanted = BTreeMap::new();
        let mut scope = Scope::default();
        for path in paths {
            scope.paths.extend(watched_names(path, &mut wanted));
        }
        scope.except.extend(except.iter().filter_map(|path| path.canonicalize().ok()));
        *self.scope.lock().unwrap_or_else(PoisonError::into_inner) = scope;
        for path in self.watched.drain(..) {
            // This fails if the path is gone, and the watch with it.
            drop(self.inner.unwatch(&path));
        }
        let mut outcome = Ok(());
        for (path, mode) in wanted {
            match self.inner.watch(&path, mode) {
                Ok(()) => self.watched.push(path),
                Err(error) => outcome = Err(error),
            }
        }
        outcome
    }
}

impl Scope {
    fn concerns(&self, event: &notify::Event) -> bool {
        // Reading is no change.
        if matches!(event.kind, EventKind::Access(_)) && !event.need_rescan() {
            return false;
        }
        event.need_rescan() || event.paths.iter().any(|path| self.concerns_path(path))
    }

    fn concerns_path(&self, path: &Path) -> bool {
        let below = |of: &PathBuf| path.starts_with(of);
        // A directory above may be created or removed, and `path` with it.
        let wanted = self.paths.iter().any(|of| below(of) || of.starts_with(path));
        wanted && !self.except.iter().any(below)
    }
}

/// The names by which the system will report changes of `path`. Adds the watches that this needs to
/// `wanted`.
fn watched_names(path: &Path, wanted: &mut BTreeMap<PathBuf, RecursiveMode>) -> Vec<PathBuf> {
    let mut names = Vec::new();
    let Ok(path) = std::path::absolute(path) else { return names };
    let above = path.ancestors().skip(1).find_map(|above| {
        let real = above.canonicalize().ok().filter(|real| real.is_dir())?;
        Some((real, path.strip_prefix(above).ok()?.to_owned()))
    });
    if let Some((real, rest)) = above {
        names.push(real.join(rest));
        wanted.entry(real).or_insert(RecursiveMode::NonRecursive);
    }
    // For a symbolic link, the system reports changes of its target.
    if let Ok(real) = path.canonicalize() {
        if real.is_dir() {
            wanted.insert(real.clone(), RecursiveMode::Recursive);
        } else if let Some(parent) = real.parent() {
            wanted.entry(parent.to_owned()).or_insert(RecursiveMode::NonRecursive);
        }
        names.push(real);
    }
    names
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::sync::mpsc::{self, Receiver};
    use std::time::Duration;

    use tempfile::TempDir;

    use super::*;

    /// The kernel reports changes in order: after a file with this name, which does not count, all
    /// earlier changes have been reported.
    const FENCE: &str = "fence";

    /// Waits until all changes in `directory` so far were reported.
    fn wait_for_all(directory: &Path, fences: &Receiver<PathBuf>, number: usize) {
        let fence = directory.join(format!("{FENCE}{number}"));
        fs::write(&fence, "").expect("written");
        let is_seen = |seen: PathBuf| seen.file_name() == fence.file_name();
        while !is_seen(fences.recv_timeout(Duration::from_secs(60)).expect("it is seen")) {}
    }

    /// Something that happens to a file.
    enum Step {
        Write(&'static str),
        Read(&'static str),
        Rename(&'static str, &'static str),
        Remove(&'static str),
        Make(&'static str),
        Clear(&'static str),
    }

    fn take(step: &Step, directory: &Path) {
        let at = |name: &str| directory.join(name);
        let done = match *step {
            Step::Write(file) => fs::write(at(file), "text"),
            Step::Read(file) => fs::read(at(file)).map(drop),
            Step::Rename(from, to) => fs::rename(at(from), at(to)),
            Step::Remove(file) => fs::remove_file(at(file)),
            Step::Make(directory) => fs::create_dir_all(at(directory)),
            Step::Clear(directory) => fs::remove_dir_all(at(directory)),
        };
        done.expect("it happens");
    }

    #[test]
    fn whatever_happens_to_a_file_is_noticed_and_nothing_else() {
        use Step::{Clear, Make, Read, Remove, Rename, Write};
        #[rustfmt::skip]
        let steps = [
            // what happens                 noticed  step
            ("the settings are written",    true,    Write("lookout.toml")),
            ("somebody else's file",        false,   Write("other.toml")),
            ("a directory appears",         true,    Make("templates/in")),
            ("a file in it",                true,    Write("templates/in/page.html")),
            ("a file is read",              false,   Read("templates/in/page.html")),
            ("an editor's file beside it",  true,    Write("templates/in/.page.html.swp")),
            ("which is renamed over it",    true,    Rename("templates/in/.page.html.swp", "templates/in/page.html")),
            ("a file is removed",           true,    Remove("templates/in/page.html")),
            ("the directory goes",          true,    Clear("templates")),
            ("and comes back",              true,    Make("templates")),
            ("with a file",                 true,    Write("templates/page.html")),
            ("two directories at once",     true,    Make("deep/static")),
            ("a file in these",             true,    Write("deep/static/style.css")),
            ("what a link leads to",        true,    Write("elsewhere/page.html")),
            ("our own directory appears",   true,    Make("deep/static/site")),
            ("what we write ourselves",     false,   Write("deep/static/site/page.html")),
        ];
        let directory = TempDir::new().expect("a temporary directory");
        let at = |name: &str| directory.path().join(name);
        fs::create_dir_all(at("elsewhere")).expect("made");
        std::os::unix::fs::symlink(at("elsewhere"), at("linked")).expect("linked");
        let (seen, fences) = mpsc::channel();
        let is_fence =
            |path: &Path| path.file_name().is_some_and(|n| n.to_string_lossy().starts_with(FENCE));
        let observe = move |event: &notify::Event| {
            let found = event.paths.iter().filter(|path| is_fence(path)).cloned();
            found.for_each(|path| drop(seen.send(path)));
        };
        let (mut watcher, mut changes) = FileWatcher::observed_by(observe).expect("it starts");
        for (number, (what, expected, step)) in steps.into_iter().enumerate() {
            let paths = ["lookout.toml", "templates", "deep/static", "linked"].map(at);
            watcher
                .watch(&paths.each_ref().map(PathBuf::as_path), &[&at("deep/static/site")])
                .expect("it can watch");
            wait_for_all(directory.path(), &fences, 2 * number);
            changes.mark_unchanged();
            take(&step, directory.path());
            wait_for_all(directory.path(), &fences, 2 * number + 1);
            let has_changed = changes.has_changed().expect("the watcher is there");
            assert_eq!(has_changed, expected, "{what}");
        }
    }
}
