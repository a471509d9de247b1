//! What the site is made from besides events: settings, templates and static files.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::ensure;
use tokio::sync::watch;
use tokio::time::Instant;

use super::watcher::Watcher;
use crate::config::{Journal, Privacy, Settings, SettingsError, Site};

/// Reads the settings again.
pub type Load = Arc<dyn Fn() -> Result<Settings, SettingsError> + Send + Sync>;

/// So long after a change files are read: an editor may not be done with them.
const SETTLE: Duration = Duration::from_millis(100);

/// When what could not be taken up is tried again.
const RETRY: Duration = Duration::from_secs(10);

/// Tells when settings, templates or static files have changed, and reads the settings.
pub struct Inputs {
    load: Load,
    watcher: Watcher,
    changes: watch::Receiver<u64>,
    /// There were changes; they are looked at then.
    due: Option<Instant>,
    /// They are looked at although there were none.
    is_retry: bool,
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
        if let Some(inputs) = inputs
            && inputs.changes.changed().await.is_ok()
        {
            let due = Instant::now() + SETTLE;
            inputs.due = Some(inputs.due.map_or(due, |known| known.min(due)));
            inputs.is_retry = false;
        } else {
            std::future::pending().await
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
        self.look_at(settings)?;
        let new = (self.load)()?;
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
        self.look_at(&adopted)?;
        Ok(adopted)
    }

    /// Looks at what `settings` name.
    fn look_at(&mut self, settings: &Settings) -> notify::Result<()> {
        let Site { templates_dir, static_dir, output_dir, .. } = &settings.site;
        let file = settings.origin.file.as_deref().unwrap_or(Path::new("lookout.toml"));
        self.watcher.look_at(&[file, templates_dir, static_dir], &[output_dir])
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
}
