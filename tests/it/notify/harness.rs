//! Runs the notifier in this process, faster than in production, with real sockets and a real
//! database.

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use lookout::config::{Environment, Settings, parse};
use lookout::notify::delivery_state::RoomState;
use lookout::notify::status::target_statuses;
use lookout::notify::{Metrics, Notifier, Snapshot, Timing, start};
use lookout::roster::{Roster, Rules};
use lookout::telemetry::health::Health;
use lookout::time::moment::Moment;
use lookout::zoom::{self, Name};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tokio::sync::watch;

use crate::support::lookout::{PATIENCE, now, until};

/// Seconds become milliseconds, except for the request time-out: on a busy machine, a request that
/// times out may have arrived.
pub fn quick() -> Timing {
    Timing {
        debounce_s: 0,
        debounce_max_s: 0,
        request_timeout: PATIENCE,
        retry_initial: Duration::from_millis(5),
        retry_max: Duration::from_millis(60),
        message_interval: Duration::from_millis(1),
        poll_interval: Duration::from_millis(50),
        ..Timing::default()
    }
}

/// A room, and a notifier that announces it.
pub struct Harness {
    /// Removed with the harness.
    dir: TempDir,
    pub health: Arc<Health>,
    metrics: Metrics,
    settings: Arc<Settings>,
    roster: Roster,
    snapshots: watch::Sender<Option<Arc<Snapshot>>>,
    notifier: Option<Notifier>,
    runtime: Runtime,
    pub timing: Timing,
}

impl Harness {
    /// An empty room, with the `[[notify]]` of `targets`.
    #[track_caller]
    pub fn new(targets: &str) -> Self {
        Self::with_timing(targets, quick())
    }

    #[track_caller]
    pub fn with_timing(targets: &str, timing: Timing) -> Self {
        let dir = TempDir::new().expect("a temporary directory");
        let settings = read(&dir, &format!("[privacy]\npublish = [\"*\"]\n{targets}"));
        let runtime = Runtime::new().expect("it starts");
        let health = Arc::default();
        let mut chats = Self {
            dir,
            metrics: Metrics::register(Arc::clone(&health)),
            health,
            settings,
            roster: Roster::new(),
            snapshots: watch::channel(None).0,
            notifier: None,
            runtime,
            timing,
        };
        chats.send_snapshot();
        chats.start();
        chats
    }

    /// Starts the notifier with the stored state.
    pub fn start(&mut self) {
        let (snapshots, metrics) = (self.snapshots.subscribe(), self.metrics.clone());
        let notifier = start(&self.settings, None, snapshots, metrics, self.timing);
        self.notifier = Some(notifier.expect("it starts"));
        self.wait_for_first_comparison();
    }

    /// The first comparison announces nothing, so it has to be over before anything happens.
    #[track_caller]
    pub fn wait_for_first_comparison(&self) {
        let has_compared = || {
            let found = self.runtime.block_on(target_statuses(&self.settings, None));
            found.is_ok_and(|found| found.iter().flatten().all(|target| target.outbox.is_some()))
        };
        assert!(until(has_compared), "nothing is stored");
    }

    /// Stops the notifier.
    pub fn stop(&mut self) {
        if let Some(notifier) = self.notifier.take() {
            self.runtime.block_on(notifier.stop()).expect("it ends");
        }
    }

    /// Changes the settings, and sends a snapshot.
    #[track_caller]
    pub fn change(&mut self, settings: &str) {
        self.settings = read(&self.dir, settings);
        self.send_snapshot();
    }

    /// Writes a template, which is loaded with the next change of the settings.
    pub fn write_template(&self, name: &str, source: &str) {
        let path = self.dir.path().join("templates").join(name);
        fs::create_dir_all(path.parent().expect("it has a directory")).expect("made");
        fs::write(path, source).expect("written");
    }

    /// Somebody joins, now.
    pub fn join(&mut self, name: &str) {
        self.event("joined", name);
        self.send_snapshot();
    }

    /// Somebody leaves, now.
    pub fn leave(&mut self, name: &str) {
        self.event("left", name);
        self.send_snapshot();
    }

    /// Somebody waits to be let in, since now.
    pub fn wait(&mut self, name: &str) {
        self.event("joined_waiting_room", name);
        self.send_snapshot();
    }

    /// Stores an event without sending a snapshot.
    pub fn event(&mut self, what: &str, name: &str) {
        let time = Moment::from_seconds(now());
        let key = if what == "left" { "leave_time" } else { "join_time" };
        let body = format!(
            r#"{{"event":"meeting.participant_{what}","event_ts":1,"payload":{{"object":{{"uuid":"m","id":"1","participant":{{"user_id":"{name}","user_name":"{name}","{key}":"{time}","date_time":"{time}"}}}}}}}}"#
        );
        self.roster.apply(&zoom::understand(&body, 0));
    }

    /// Sends a snapshot.
    pub fn send_snapshot(&self) {
        let now = Moment::from_seconds(now());
        let presence = self.roster.presence(&Rules::from(&*self.settings), now);
        let snapshot = Snapshot::new(&presence, &self.settings, now);
        self.snapshots.send_replace(Some(Arc::new(snapshot)));
    }

    /// Whether the state of the first target has `name` in the room.
    pub fn has_announced(&self, name: &str) -> bool {
        let name = Name::clean(name).expect("a name");
        self.room_state().people.get(&name).is_some_and(|person| person.is_in)
    }

    /// Whether the state of the first target has the room open.
    pub fn has_announced_opening(&self) -> bool {
        self.room_state().open.is_some()
    }

    fn room_state(&self) -> RoomState {
        let found =
            self.runtime.block_on(target_statuses(&self.settings, None)).expect("it is stored");
        let outbox = found.into_iter().flatten().find_map(|target| target.outbox);
        let state = outbox.and_then(|outbox| outbox.state).expect("it was compared");
        state.rooms.into_values().next().expect("there is a room")
    }

    /// The value of a metric, by the beginning of its line.
    pub fn metric(&self, name: &str) -> Option<u64> {
        let metrics = self.health.metrics();
        let line = metrics.lines().find(|line| line.starts_with(name))?;
        line.rsplit(' ').next()?.parse().ok()
    }
}

impl Drop for Harness {
    fn drop(&mut self) {
        self.stop();
    }
}

#[track_caller]
fn read(dir: &TempDir, text: &str) -> Arc<Settings> {
    let settings = parse(text, &dir.path().join("lookout.toml"), &Environment::default());
    Arc::new(settings.unwrap_or_else(|error| panic!("{error}")))
}

/// A target behind a webhook that gets messages, also where it could get a card.
pub fn hook(kind: &str, url: &str) -> String {
    let form = if kind == "discord" { "form = \"messages\"\n" } else { "" };
    format!("[[notify]]\nkind = \"{kind}\"\nurl = \"{url}\"\n{form}")
}
