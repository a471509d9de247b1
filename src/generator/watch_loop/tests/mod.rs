//! The loop, at moments that the tests choose.

mod rounds;
mod settings;

use std::fs;

use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};
use tokio_util::sync::CancellationToken;

use super::publisher::GATHER_INTERVAL;
use super::*;
use crate::config::{PublishList, Settings};
use crate::generator::inputs::Inputs;
use crate::generator::log::Log;
use crate::journal::{Content, Record};
use crate::zoom::{Key, Redaction};

/// A day in seconds.
const DAY: i64 = 86_400;

const NOW: Moment = Moment::from_seconds(1_785_369_686);

/// A loop in a directory of its own, and what it is connected to.
pub(super) struct Stage {
    directory: TempDir,
    pub(super) watch_loop: WatchLoop,
    pub(super) connections: Connections,
    _runtime: Runtime,
}

impl Stage {
    fn new() -> Self {
        let directory = TempDir::new().expect("a temporary directory");
        Self::with_settings(settings(&directory), directory)
    }

    /// A stage whose log can't be read.
    pub(super) fn with_damaged_journal() -> Self {
        let directory = TempDir::new().expect("a temporary directory");
        let mut settings = settings(&directory);
        settings.journal.path = directory.path().join("damaged.db");
        fs::write(&settings.journal.path, "this is no database at all").expect("written");
        Self::with_settings(settings, directory)
    }

    fn with_settings(settings: Settings, directory: TempDir) -> Self {
        let journal = Journal::open(&directory.path().join("lookout.db")).expect("it opens");
        let log = Log::open(&settings, None).expect("it opens");
        let generator = Generator::new(settings, log).expect("the templates are ours");
        let connections = Connections {
            journal: Some(Arc::new(journal)),
            publications: watch::channel(0).0,
            health: Arc::default(),
            metrics: Metrics::default(),
            current_settings: Arc::new(Mutex::new(Arc::clone(generator.settings()))),
            snapshots: watch::channel(None).0,
            unsettled: watch::channel(None).0,
            shipped: None,
            load: None,
            previews: Previews::default(),
            shutdown: CancellationToken::new(),
        };
        let runtime = Builder::new_current_thread().enable_time().build().expect("it starts");
        let watchdog = Watchdog::start(Arc::clone(&connections.health), runtime.handle());
        let watch_loop = WatchLoop::new(generator, &connections, watchdog);
        Self { directory, watch_loop, connections, _runtime: runtime }
    }

    /// Ada joins, once for each of `at`.
    fn join(&self, at: impl Iterator<Item = Moment>) {
        let record = |at: Moment| {
            let body = format!(
                r#"{{"event":"meeting.participant_joined","event_ts":1,"payload":{{"object":{{"uuid":"{}","id":"1","participant":{{"user_id":"1","user_name":"Ada","join_time":"{at}"}}}}}}}}"#,
                if at < NOW.plus(-50 * DAY) { "old" } else { "m" }
            );
            let content = Content::of(body.as_bytes(), 0, &Redaction::default());
            Record { key: Key::of(body.as_bytes()), received_ms: 0, request_id: None, content }
        };
        let journal = self.connections.journal.as_ref().expect("it has one");
        journal.append_all(at.map(record).collect()).expect("stored");
    }

    /// Stores a body as if Zoom had sent it.
    fn store(&self, body: &str) {
        let content = Content::of(body.as_bytes(), 0, &Redaction::default());
        let key = Key::of(body.as_bytes());
        let record = Record { key, received_ms: 0, request_id: None, content };
        let journal = self.connections.journal.as_ref().expect("it has one");
        journal.append_all(vec![record]).expect("stored");
    }

    /// One round, without waiting.
    fn step(&mut self, now: Moment) {
        self.watch_loop.publisher.stop_waiting();
        self.watch_loop.step(now);
    }

    fn csv(&self) -> String {
        let path = self.directory.path().join("site/_data/zoom-room-dashboard.csv");
        fs::read_to_string(path).unwrap_or_default()
    }
}

/// Waits longer than any test takes.
const LONG_WAIT: Backoff = Backoff::new(Duration::from_secs(3600), Duration::from_secs(3600));

fn settings(directory: &TempDir) -> Settings {
    let mut settings = Settings::default();
    settings.site.output_dir = directory.path().join("site");
    settings.site.templates_dir = directory.path().join("templates");
    settings.site.static_dir = directory.path().join("static");
    settings.journal.path = directory.path().join("lookout.db");
    settings.privacy.publish = PublishList::Everybody;
    settings
}
