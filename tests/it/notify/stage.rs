//! Chats that are told of a room, in this process and faster than in life: real sockets, a
//! real file for what is kept.

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use lookout::config::{Environment, Settings, parse};
use lookout::notify::pace::Pace;
use lookout::notify::survey::survey;
use lookout::notify::told::ToldRoom;
use lookout::notify::{Metrics, Notifier, Snapshot, start};
use lookout::roster::{Roster, Rules};
use lookout::telemetry::health::Health;
use lookout::time::moment::Moment;
use lookout::zoom::{self, Name};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tokio::sync::watch;

use crate::support::lookout::{PATIENCE, now, until};

/// Seconds of life are milliseconds here. Answers have time: on a busy machine, a request that is
/// given up may have been heard.
pub fn quick() -> Pace {
    Pace {
        gather: 0,
        gather_most: 0,
        time_out: PATIENCE,
        retry: Duration::from_millis(5),
        retry_most: Duration::from_millis(60),
        every: Duration::from_millis(1),
        look_after: Duration::from_millis(50),
        ..Pace::default()
    }
}

/// A room, and what tells of it.
pub struct Stage {
    /// Removed with the stage.
    dir: TempDir,
    pub health: Arc<Health>,
    metrics: Metrics,
    settings: Arc<Settings>,
    roster: Roster,
    snapshots: watch::Sender<Option<Arc<Snapshot>>>,
    notifier: Option<Notifier>,
    runtime: Runtime,
    pub pace: Pace,
}

impl Stage {
    /// An empty room that `targets` are told of, as `[[notify]]` has them.
    #[track_caller]
    pub fn new(targets: &str) -> Self {
        Self::at_pace(targets, quick())
    }

    #[track_caller]
    pub fn at_pace(targets: &str, pace: Pace) -> Self {
        let dir = TempDir::new().expect("a temporary directory");
        let settings = read(&dir, &format!("[privacy]\npublish = [\"*\"]\n{targets}"));
        let runtime = Runtime::new().expect("it starts");
        let health = Arc::default();
        let mut stage = Self {
            dir,
            metrics: Metrics::register(Arc::clone(&health)),
            health,
            settings,
            roster: Roster::new(),
            snapshots: watch::channel(None).0,
            notifier: None,
            runtime,
            pace,
        };
        stage.tell();
        stage.start();
        stage
    }

    /// Begins to tell, with what was kept.
    pub fn start(&mut self) {
        let (snapshots, metrics) = (self.snapshots.subscribe(), self.metrics.clone());
        let notifier = start(&self.settings, None, snapshots, metrics, self.pace);
        self.notifier = Some(notifier.expect("it starts"));
        self.wait_for_first_look();
    }

    /// The first look is silent: it has to be over before anything happens.
    #[track_caller]
    pub fn wait_for_first_look(&self) {
        let has_looked = || {
            let found = self.runtime.block_on(survey(&self.settings, None));
            found.is_ok_and(|found| found.iter().flatten().all(|target| target.kept.is_some()))
        };
        assert!(until(has_looked), "nothing is kept");
    }

    /// Ends telling, as the system would.
    pub fn stop(&mut self) {
        if let Some(notifier) = self.notifier.take() {
            self.runtime.block_on(notifier.stop()).expect("it ends");
        }
    }

    /// Changes the settings, and shows who is where by them.
    #[track_caller]
    pub fn change(&mut self, settings: &str) {
        self.settings = read(&self.dir, settings);
        self.tell();
    }

    /// Writes a template, which counts from the next change of the settings on.
    pub fn write_template(&self, name: &str, source: &str) {
        let path = self.dir.path().join("templates").join(name);
        fs::create_dir_all(path.parent().expect("it has a directory")).expect("made");
        fs::write(path, source).expect("written");
    }

    /// Somebody comes, now.
    pub fn join(&mut self, name: &str) {
        self.event("joined", name);
        self.tell();
    }

    /// Somebody goes, now.
    pub fn leave(&mut self, name: &str) {
        self.event("left", name);
        self.tell();
    }

    /// Stores without anybody being told of it yet.
    pub fn event(&mut self, what: &str, name: &str) {
        let time = Moment::from_seconds(now());
        let key = if what == "left" { "leave_time" } else { "join_time" };
        let body = format!(
            r#"{{"event":"meeting.participant_{what}","event_ts":1,"payload":{{"object":{{"uuid":"m","id":"1","participant":{{"user_id":"{name}","user_name":"{name}","{key}":"{time}"}}}}}}}}"#
        );
        self.roster.apply(&zoom::understand(&body, 0));
    }

    /// Shows who is where.
    pub fn tell(&self) {
        let now = Moment::from_seconds(now());
        let presence = self.roster.presence(&Rules::from(&*self.settings), now);
        let snapshot = Snapshot::new(&presence, &self.settings, now);
        self.snapshots.send_replace(Some(Arc::new(snapshot)));
    }

    /// Whether the first target knows that `name` is in.
    pub fn has_told_of(&self, name: &str) -> bool {
        let name = Name::clean(name).expect("a name");
        self.told().people.get(&name).is_some_and(|person| person.is_in)
    }

    /// Whether the first target knows that the room is open.
    pub fn has_told_of_an_opening(&self) -> bool {
        self.told().open.is_some()
    }

    fn told(&self) -> ToldRoom {
        let found = self.runtime.block_on(survey(&self.settings, None)).expect("it is kept");
        let kept = found.into_iter().flatten().find_map(|target| target.kept);
        let told = kept.and_then(|kept| kept.told).expect("it has looked");
        told.rooms.into_values().next().expect("there is a room")
    }

    /// The value of a metric, by the beginning of its line.
    pub fn metric(&self, name: &str) -> Option<u64> {
        let metrics = self.health.metrics();
        let line = metrics.lines().find(|line| line.starts_with(name))?;
        line.rsplit(' ').next()?.parse().ok()
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.stop();
    }
}

#[track_caller]
fn read(dir: &TempDir, text: &str) -> Arc<Settings> {
    let settings = parse(text, &dir.path().join("lookout.toml"), &Environment::default());
    Arc::new(settings.unwrap_or_else(|error| panic!("{error}")))
}

/// A target behind a webhook.
pub fn hook(kind: &str, url: &str) -> String {
    format!("[[notify]]\nkind = \"{kind}\"\nurl = \"{url}\"\n")
}
