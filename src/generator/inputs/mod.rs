//! What the site is made from besides events: settings, templates, static files, and the rules of
//! the time zone.
//!
//! The system reports most changes at once. It reports none where a link in the middle of a path is
//! switched, or where files lie on NFS, an overlay or a bind mount. So everything is also compared,
//! every [`POLL_INTERVAL`], with what it was when it was read: paths are resolved as they are then.

use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::ensure;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use super::watcher::Watcher;
use crate::config::{Journal, Privacy, Settings, SettingsError, Site, ZoneRules};
use crate::site::{CustomFiles, list_custom_files};
use crate::time::zone::Zone;

/// Reads the settings again.
pub type Load = Arc<dyn Fn() -> Result<Settings, SettingsError> + Send + Sync>;

/// So long after a change files are read: an editor may not be done with them.
const SETTLE: Duration = Duration::from_millis(100);

/// When what could not be taken up is tried again.
const RETRY: Duration = Duration::from_secs(10);

/// How often everything is compared, whatever the system reports.
const POLL_INTERVAL: Duration = Duration::from_secs(30);

/// Tells when settings, templates or static files have changed, and reads the settings.
pub struct Inputs {
    load: Load,
    /// `None` where the system reports no changes.
    watcher: Option<Watcher>,
    changes: watch::Receiver<u64>,
    /// There were changes; they are looked at then.
    due: Option<Instant>,
    /// They are looked at although there were none.
    is_retry: bool,
    poll_interval: Duration,
    /// Everything is compared then.
    poll_at: Instant,
    /// What was there when it was read.
    seen: Option<Seen>,
    /// The time zone as it was read last.
    zone: (Zone, ZoneRules),
    /// What a restart is needed for, as told last.
    restart_for: Vec<&'static str>,
    /// Why something cannot be watched, as told last.
    watch_fault: String,
}

/// What was read, and the files that belong to it as they were then.
#[derive(PartialEq)]
struct Seen {
    settings: Result<Settings, SettingsError>,
    own_files: Vec<(CustomFiles, Vec<Option<FileState>>)>,
    directories: [PathBuf; 2],
}

/// What changes when a file does.
#[derive(PartialEq, Eq)]
struct FileState {
    device: u64,
    inode: u64,
    size: u64,
    modified: (i64, i64),
    /// Moves also where somebody sets the date back.
    changed: (i64, i64),
}

impl Inputs {
    /// Watches what `settings` name, and compares it every now and then.
    pub fn watch(load: Load, settings: &Settings) -> Self {
        let watcher = Watcher::new().map_err(|error| {
            tracing::warn!(
                "the system reports no changes of files, so those of settings and templates count \
                 after up to {} s: {error}",
                POLL_INTERVAL.as_secs()
            );
        });
        Self::new(load, settings, watcher.ok(), POLL_INTERVAL)
    }

    /// Only compares what `settings` name, every `poll_interval`.
    #[cfg(test)]
    pub(super) fn poll_only(load: Load, settings: &Settings, poll_interval: Duration) -> Self {
        Self::new(load, settings, None, poll_interval)
    }

    fn new(
        load: Load,
        settings: &Settings,
        watcher: Option<(Watcher, watch::Receiver<u64>)>,
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
            // What changed while we started is not missed.
            due: Some(now),
            is_retry: false,
            poll_interval,
            poll_at: now + poll_interval,
            seen: None,
            zone: zone(settings),
            restart_for: Vec::new(),
            watch_fault: String::new(),
        };
        inputs.look_at(settings);
        inputs
    }

    /// Waits for a change, or until everything was compared; for ever where there is nothing to
    /// watch.
    pub async fn changed(inputs: &mut Option<Self>) {
        let Some(inputs) = inputs else { return std::future::pending().await };
        let has_changed = tokio::select! {
            Ok(()) = inputs.changes.changed() => true,
            () = sleep_until(inputs.poll_at) => inputs.differ(),
        };
        if has_changed {
            let due = Instant::now() + SETTLE;
            inputs.due = Some(inputs.due.map_or(due, |known| known.min(due)));
            inputs.is_retry = false;
        }
    }

    /// When changes are to be looked at, if there were any.
    pub fn due(&self) -> Option<Instant> {
        self.due
    }

    /// Has everything looked at again although nothing changes: what failed may work by then.
    pub fn retry(&mut self) {
        self.is_retry = self.due.is_none();
        self.due.get_or_insert(Instant::now() + RETRY);
    }

    /// Whether nothing has changed since the last attempt, as far as anybody noticed.
    pub fn is_retry(&self) -> bool {
        self.is_retry
    }

    /// The settings as they are now, as far as they can take the place of `settings`; the log
    /// says what can't. Whatever is there now is looked at from then on.
    ///
    /// # Errors
    ///
    /// The settings are wrong, or gone.
    pub fn read(&mut self, settings: &Settings) -> anyhow::Result<Settings> {
        self.due = None;
        self.changes.mark_unchanged();
        self.look_at(settings);
        let seen = Seen::now(&self.load, &directories(settings));
        let new = self.seen.insert(seen).settings.clone()?;
        ensure!(
            new.origin.file.is_some() || settings.origin.file.is_none(),
            "the settings file is gone; put it back"
        );
        let (adopted, restart_for) = adoptable(settings, new);
        // Old and new places together may overlap although neither settings do.
        adopted.refuse_overlaps()?;
        if restart_for != self.restart_for && !restart_for.is_empty() {
            let keys: Vec<String> = restart_for.iter().map(|key| format!("`{key}`")).collect();
            tracing::warn!("restart Lookout for the change of {} to count", keys.join(", "));
        }
        self.restart_for = restart_for;
        let zone = zone(&adopted);
        if zone != self.zone {
            report(&zone);
            self.zone = zone;
        }
        self.look_at(&adopted);
        Ok(adopted)
    }

    /// Whether something is not as it was when it was read.
    fn differ(&mut self) -> bool {
        self.poll_at = Instant::now() + self.poll_interval;
        // Before the first reading, that is due anyway.
        self.seen.as_ref().is_some_and(|seen| Seen::now(&self.load, &seen.directories) != *seen)
    }

    /// Looks at what `settings` name, as far as the system can.
    fn look_at(&mut self, settings: &Settings) {
        let Some(watcher) = &mut self.watcher else { return };
        let Site { templates_dir, static_dir, output_dir, .. } = &settings.site;
        let file = settings.origin.file.as_deref().unwrap_or(Path::new("lookout.toml"));
        let zone_files = settings.origin.zone_rules.files(&settings.site.time_zone);
        let own = [file, templates_dir, static_dir].into_iter();
        let paths: Vec<&Path> = own.chain(zone_files.iter().map(PathBuf::as_path)).collect();
        let looked = watcher.look_at(&paths, &[output_dir]);
        let fault = looked.err().map(|error| error.to_string()).unwrap_or_default();
        if fault != self.watch_fault && !fault.is_empty() {
            tracing::warn!(
                "some changes of settings and templates count only after up to {} s: {fault}",
                self.poll_interval.as_secs()
            );
        }
        self.watch_fault = fault;
    }
}

impl Seen {
    /// What is there now. Where the settings cannot be read, the files are those of `directories`.
    fn now(load: &Load, directories: &[PathBuf; 2]) -> Self {
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

/// The time zone of `settings`.
fn zone(settings: &Settings) -> (Zone, ZoneRules) {
    (settings.site.time_zone.clone(), settings.origin.zone_rules.clone())
}

/// Logs which rules hold from now on.
fn report((zone, rules): &(Zone, ZoneRules)) {
    match rules.problem(zone) {
        Some(problem) => tracing::warn!("{problem}; times follow {rules}"),
        None => tracing::info!("times follow the rules of {}, {rules}", zone.name()),
    }
}

/// `new`, as far as it can be taken up by what runs by `old`; and what can't, by name.
fn adoptable(old: &Settings, new: Settings) -> (Settings, Vec<&'static str>) {
    let adopted = Settings {
        site: Site {
            output_dir: old.site.output_dir.clone(),
            path: old.site.path.clone(),
            ..new.site.clone()
        },
        csv: crate::config::Csv { path: old.csv.path.clone(), ..new.csv.clone() },
        journal: Journal { keep: new.journal.keep, ..old.journal.clone() },
        privacy: Privacy { drop_fields: old.privacy.drop_fields.clone(), ..new.privacy.clone() },
        presence: new.presence.clone(),
        rooms: new.rooms.clone(),
        people: new.people.clone(),
        notify: new.notify.clone(),
        origin: new.origin.clone(),
        ..old.clone()
    };
    #[rustfmt::skip]
    let fixed = [
        ("site.output_dir",          new.site.output_dir == old.site.output_dir),
        ("site.path",                new.site.path == old.site.path),
        ("csv.path",                 new.csv.path == old.csv.path),
        ("zoom.secret_token",        new.zoom.secret_tokens == old.zoom.secret_tokens),
        ("zoom.listen",              new.zoom.listen == old.zoom.listen),
        ("zoom.path",                new.zoom.path == old.zoom.path),
        ("zoom.tolerance",           new.zoom.tolerance == old.zoom.tolerance),
        ("zoom.max_body",            new.zoom.max_body == old.zoom.max_body),
        ("journal.path",             new.journal.path == old.journal.path),
        ("journal.keep_quarantined", new.journal.keep_quarantined == old.journal.keep_quarantined),
        ("archive",                  new.archive == old.archive),
        ("privacy.drop_fields",      new.privacy.drop_fields == old.privacy.drop_fields),
        ("admin.listen",             new.admin == old.admin),
    ];
    let mut changed: Vec<_> =
        fixed.into_iter().filter(|(_, same)| !same).map(|(key, _)| key).collect();
    // A section that this list does not know yet must not be passed over in silence.
    if changed.is_empty() && adopted != new {
        changed.push("another section");
    }
    (adopted, changed)
}

#[cfg(test)]
mod tests;
