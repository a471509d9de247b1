//! What the site is made of besides events: settings, templates, static files, and the rules of
//! the time zone.
//!
//! The system reports most changes at once. It reports none if a symbolic link in the middle of a
//! path is switched, or if files are on NFS, an overlay or a bind mount. So everything is also
//! compared with its last known state every [`POLL_INTERVAL`], by paths that are resolved again.

use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::ensure;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use crate::config::{Journal, Privacy, Settings, SettingsError, Site, ZoneRules};
use crate::site::{CustomFiles, list_custom_files};
use crate::time::zone::Zone;
use file_watcher::FileWatcher;

mod file_watcher;

/// Reads the settings again.
pub type Load = Arc<dyn Fn() -> Result<Settings, SettingsError> + Send + Sync>;

/// How long to wait after a change: an editor may not have finished.
const SETTLE_TIME: Duration = Duration::from_millis(100);

/// The wait after a failed attempt to apply changes.
const RETRY_INTERVAL: Duration = Duration::from_secs(10);

/// How often to compare everything, whatever the system reports.
const POLL_INTERVAL: Duration = Duration::from_secs(30);

/// Notices changes of settings, templates and static files, and reads the settings.
pub struct Inputs {
    load: Load,
    /// `None` where the system reports no changes.
    watcher: Option<FileWatcher>,
    changes: watch::Receiver<u64>,
    /// When to read changed inputs; `None` if nothing changed.
    due: Option<Instant>,
    /// They are due because the last attempt failed, not because of a change.
    is_retry: bool,
    poll_interval: Duration,
    /// When to compare everything.
    poll_at: Instant,
    /// The state when the inputs were read last.
    known: Option<InputState>,
    /// The time zone that was read last.
    zone: (Zone, ZoneRules),
    /// Which changed settings need a restart, as last logged.
    restart_for: Vec<&'static str>,
    /// Why something cannot be watched, as last logged.
    watch_failure: String,
}

/// The settings and the state of the files that they name.
#[derive(PartialEq)]
struct InputState {
    settings: Result<Settings, SettingsError>,
    own_files: Vec<(CustomFiles, Vec<Option<FileState>>)>,
    directories: [PathBuf; 2],
}

/// Metadata that changes whenever a file does.
#[derive(PartialEq, Eq)]
struct FileState {
    device: u64,
    inode: u64,
    size: u64,
    modified: (i64, i64),
    /// Changes even if somebody sets `modified` back.
    changed: (i64, i64),
}

impl Inputs {
    /// Watches the files that `settings` name.
    pub fn watch(load: Load, settings: &Settings) -> Self {
        let watcher = FileWatcher::new().map_err(|error| {
            tracing::warn!(
                "the system does not report changes of files, so changed settings and templates count \
                 after up to {} s: {error}",
                POLL_INTERVAL.as_secs()
            );
        });
        Self::new(load, settings, watcher.ok(), POLL_INTERVAL)
    }

    /// Only compares the files that `settings` name, every `poll_interval`.
    #[cfg(test)]
    pub(super) fn poll_only(load: Load, settings: &Settings, poll_interval: Duration) -> Self {
        Self::new(load, settings, None, poll_interval)
    }

    fn new(
        load: Load,
        settings: &Settings,
        watcher: Option<(FileWatcher, watch::Receiver<u64>)>,
        poll_interval: Duration,
    ) -> Self {
        let (watcher, changes) = match watcher {
            Some((watcher, changes)) => (Some(watcher), changes),
            None => (None, watch::channel(0).1),
        };
        let now = Instant::now();
        let mut inputs = Self {
            load,
            watcher,
            changes,
            // Files may have changed since the start.
            due: Some(now),
            is_retry: false,
            poll_interval,
            poll_at: now + poll_interval,
            known: None,
            zone: zone(settings),
            restart_for: Vec::new(),
            watch_failure: String::new(),
        };
        inputs.watch_files(settings);
        inputs
    }

    /// Waits for a change, or until everything was compared; for ever if `inputs` is `None`.
    pub async fn changed(inputs: &mut Option<Self>) {
        let Some(inputs) = inputs else { return std::future::pending().await };
        let has_changed = tokio::select! {
            Ok(()) = inputs.changes.changed() => true,
            () = sleep_until(inputs.poll_at) => inputs.have_changed(),
        };
        if has_changed {
            let due = Instant::now() + SETTLE_TIME;
            inputs.due = Some(inputs.due.map_or(due, |known| known.min(due)));
            inputs.is_retry = false;
        }
    }

    /// When to read changed inputs; `None` if nothing changed.
    pub fn due(&self) -> Option<Instant> {
        self.due
    }

    /// Makes the inputs due again without a change: what failed may work then.
    pub fn retry(&mut self) {
        self.is_retry = self.due.is_none();
        self.due.get_or_insert(Instant::now() + RETRY_INTERVAL);
    }

    /// Whether they are due without a change since the last attempt.
    pub fn is_retry(&self) -> bool {
        self.is_retry
    }

    /// Reads the settings. Keeps the values of `settings` that need a restart, and logs these.
    /// Watches the files that are named then.
    ///
    /// # Errors
    ///
    /// The settings are invalid, or their file is gone.
    pub fn read(&mut self, settings: &Settings) -> anyhow::Result<Settings> {
        self.due = None;
        self.changes.mark_unchanged();
        self.watch_files(settings);
        let state = InputState::read(&self.load, &directories(settings));
        let new = self.known.insert(state).settings.clone()?;
        ensure!(
            new.origin.file.is_some() || settings.origin.file.is_none(),
            "the settings file is gone; put it back"
        );
        let (adopted, restart_for) = reloadable(settings, new);
        // A mixture of old and new paths may overlap although neither the old nor the new do.
        adopted.refuse_overlaps()?;
        if restart_for != self.restart_for && !restart_for.is_empty() {
            let keys: Vec<String> = restart_for.iter().map(|key| format!("`{key}`")).collect();
            tracing::warn!("restart Lookout for the change of {} to count", keys.join(", "));
        }
        self.restart_for = restart_for;
        let zone = zone(&adopted);
        if zone != self.zone {
            log_zone(&zone);
            self.zone = zone;
        }
        self.watch_files(&adopted);
        Ok(adopted)
    }

    /// Whether something has changed since it was read.
    fn have_changed(&mut self) -> bool {
        self.poll_at = Instant::now() + self.poll_interval;
        self.known
            .as_ref()
            .is_some_and(|known| InputState::read(&self.load, &known.directories) != *known)
    }

    /// Watches the files that `settings` name.
    fn watch_files(&mut self, settings: &Settings) {
        let Some(watcher) = &mut self.watcher else { return };
        let Site { templates_dir, static_dir, output_dir, .. } = &settings.site;
        let file = settings.origin.file.as_deref().unwrap_or(Path::new("lookout.toml"));
        let zone_files = settings.origin.zone_rules.files(&settings.site.time_zone);
        let own = [file, templates_dir, static_dir].into_iter();
        let paths: Vec<&Path> = own.chain(zone_files.iter().map(PathBuf::as_path)).collect();
        let watched = watcher.watch(&paths, &[output_dir]);
        let failure = watched.err().map(|error| error.to_string()).unwrap_or_default();
        if failure != self.watch_failure && !failure.is_empty() {
            tracing::warn!(
                "some changes of settings and templates count only after up to {} s: {failure}",
                self.poll_interval.as_secs()
            );
        }
        self.watch_failure = failure;
    }
}

impl InputState {
    /// The state now. If the settings cannot be read, the files are those in `directories`.
    fn read(load: &Load, directories: &[PathBuf; 2]) -> Self {
        let settings = load();
        let directories = settings.as_ref().map_or_else(|_| directories.clone(), self::directories);
        let own_files = directories.iter().map(|directory| {
            let own = list_custom_files(directory);
            let state = |path: &PathBuf| fs::metadata(path).ok().map(FileState::from);
            let states = own.files.iter().map(|file| state(&file.path)).collect();
            (own, states)
        });
        Self { own_files: own_files.collect(), settings, directories }
    }
}

impl From<Metadata> for FileState {
    fn from(data: Metadata) -> Self {
        Self {
            device: data.dev(),
            inode: data.ino(),
            size: data.size(),
            modified: (data.mtime(), data.mtime_nsec()),
            changed: (data.ctime(), data.ctime_nsec()),
        }
    }
}

fn directories(settings: &Settings) -> [PathBuf; 2] {
    [settings.site.templates_dir.clone(), settings.site.static_dir.clone()]
}

fn zone(settings: &Settings) -> (Zone, ZoneRules) {
    (settings.site.time_zone.clone(), settings.origin.zone_rules.clone())
}

/// Logs the rules of the time zone.
fn log_zone((zone, rules): &(Zone, ZoneRules)) {
    match rules.problem(zone) {
        Some(problem) => tracing::warn!("{problem}; times follow {rules}"),
        None => tracing::info!("times follow the rules of {}, {rules}", zone.name()),
    }
}

/// `new`, with the values of `old` for all keys that need a restart; and those of these keys that
/// have changed.
fn reloadable(old: &Settings, new: Settings) -> (Settings, Vec<&'static str>) {
    let adopted = Settings {
        site: Site {
            output_dir: old.site.output_dir.clone(),
            path: old.site.path.clone(),
            index: old.site.index,
            ..new.site.clone()
        },
        csv: crate::config::Csv { path: old.csv.path.clone(), ..new.csv.clone() },
        journal: Journal { keep: new.journal.keep, ..old.journal.clone() },
        privacy: Privacy { drop_fields: old.privacy.drop_fields.clone(), ..new.privacy.clone() },
        presence: new.presence.clone(),
        rooms: new.rooms.clone(),
        people: new.people.clone(),
        faces: new.faces.clone(),
        notify: new.notify.clone(),
        origin: new.origin.clone(),
        ..old.clone()
    };
    #[rustfmt::skip]
    let fixed = [
        ("site.output_dir",          new.site.output_dir == old.site.output_dir),
        ("site.path",                new.site.path == old.site.path),
        ("site.index",               new.site.index == old.site.index),
        ("csv.path",                 new.csv.path == old.csv.path),
        ("zoom.secret_token",        new.zoom.secret_tokens == old.zoom.secret_tokens),
        ("zoom.listen",              new.zoom.listen == old.zoom.listen),
        ("zoom.path",                new.zoom.path == old.zoom.path),
        ("zoom.tolerance",           new.zoom.tolerance == old.zoom.tolerance),
        ("zoom.max_body",            new.zoom.max_body == old.zoom.max_body),
        ("zoom.api",                 new.zoom_api == old.zoom_api),
        ("journal.path",             new.journal.path == old.journal.path),
        ("journal.keep_quarantined", new.journal.keep_quarantined == old.journal.keep_quarantined),
        ("archive",                  new.archive == old.archive),
        ("privacy.drop_fields",      new.privacy.drop_fields == old.privacy.drop_fields),
        ("admin.listen",             new.admin == old.admin),
    ];
    let mut changed: Vec<_> =
        fixed.into_iter().filter(|(_, is_same)| !is_same).map(|(key, _)| key).collect();
    // A new section may be missing from this list.
    if changed.is_empty() && adopted != new {
        changed.push("another section");
    }
    (adopted, changed)
}

#[cfg(test)]
mod tests;
