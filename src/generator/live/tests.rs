//! A live generator at moments of our choosing.

use std::fs;

use tempfile::TempDir;

use super::*;
use crate::config::{PublishList, Settings};
use crate::generator::Log;
use crate::http::Trigger;
use crate::journal::{Content, Record};
use crate::zoom::{Key, Redaction};

const NOW: Moment = Moment::from_seconds(1_785_369_686);

/// A generator in a directory of its own, and what it is connected to.
struct Stage {
    directory: TempDir,
    work: Work,
    _running: Trigger,
}

impl Stage {
    fn new() -> Self {
        let directory = TempDir::new().expect("a temporary directory");
        Self::with_settings(settings(&directory), directory)
    }

    fn with_settings(settings: Settings, directory: TempDir) -> Self {
        let journal = Journal::open(&directory.path().join("lookout.db")).expect("it opens");
        let (running, shutdown) = Trigger::new();
        let log = Log::from_start(&settings, None);
        let generator = Generator::new(settings, log).expect("the templates are ours");
        let live = Live {
            journal: Some(Arc::new(journal)),
            publications: watch::channel(0).0,
            health: Arc::default(),
            snapshots: watch::channel(None).0,
            shipped: None,
            load: None,
            previews: Previews::default(),
            shutdown,
        };
        Self { directory, work: Work::new(generator, live), _running: running }
    }

    /// Ada joins, once for each of `at`.
    fn join(&self, at: impl Iterator<Item = Moment>) {
        let record = |at: Moment| {
            let body = format!(
                r#"{{"event":"meeting.participant_joined","event_ts":1,"payload":{{"object":{{"uuid":"m","id":"1","participant":{{"user_id":"1","user_name":"Ada","join_time":"{at}"}}}}}}}}"#
            );
            let content = Content::of(body.as_bytes(), 0, &Redaction::default());
            Record { key: Key::of(body.as_bytes()), received_ms: 0, request_id: None, content }
        };
        self.work
            .live
            .journal
            .as_ref()
            .expect("it has one")
            .append_all(at.map(record).collect())
            .expect("stored");
    }

    /// One step, as if whatever there is to wait for were over.
    fn step(&mut self, now: Moment) {
        self.work.not_before = Instant::now();
        self.work.step(now);
    }

    fn csv(&self) -> String {
        let path = self.directory.path().join("site/_data/zoom-room-dashboard.csv");
        fs::read_to_string(path).unwrap_or_default()
    }
}

fn settings(directory: &TempDir) -> Settings {
    let mut settings = Settings::default();
    settings.site.output_dir = directory.path().join("site");
    settings.site.templates_dir = directory.path().join("templates");
    settings.site.static_dir = directory.path().join("static");
    settings.journal.path = directory.path().join("lookout.db");
    settings.privacy.publish = PublishList::Everybody;
    settings
}

#[test]
fn a_clock_that_was_put_back_takes_the_site_along() {
    let mut stage = Stage::new();
    stage.join([NOW].into_iter());
    #[rustfmt::skip]
    let moments = [
        // what the clock says       seconds later  is Ada in?
        ("the right time",           1,             true),
        ("a day too much",           86_400,        false),
        ("the right time again",     2,             true),
    ];
    for (what, later, is_in) in moments {
        stage.step(NOW.plus(later));
        assert_eq!(stage.csv().contains("toggle-on"), is_in, "{what}");
    }
}

#[test]
fn a_site_that_was_removed_comes_back_with_the_heartbeat() {
    let mut stage = Stage::new();
    stage.step(NOW);
    assert!(!stage.csv().is_empty());
    fs::remove_dir_all(stage.directory.path().join("site")).expect("removed");
    stage.work.heartbeat = Instant::now();
    stage.step(NOW);
    stage.step(NOW);
    assert!(!stage.csv().is_empty(), "it is there again");
}

#[test]
fn a_start_publishes_once_and_puts_off_the_heartbeat() {
    let mut stage = Stage::new();
    stage.step(NOW);
    assert!(!stage.work.dirty, "nothing is left to be published");
    assert!(stage.work.heartbeat > Instant::now());
}

#[test]
fn an_event_waits_for_another_one_but_for_nothing_else() {
    #[rustfmt::skip]
    let cases = [
        // what was published just before   moments of events  and of steps   it waits
        ("the first site",                  vec![],            vec![0],         false),
        ("another event",                   vec![0],           vec![0],         true),
        ("that a day has passed",           vec![0],           vec![0, 86_400], false),
    ];
    for (what, events, steps, waits) in cases {
        let mut stage = Stage::new();
        stage.join(events.into_iter().map(|second| NOW.plus(second)));
        for second in steps {
            stage.step(NOW.plus(second));
        }
        stage.join([NOW.plus(86_401)].into_iter());
        stage.work.step(NOW.plus(86_401));
        assert_eq!(stage.work.news, waits, "{what}");
    }
}

#[test]
fn looking_again_does_not_put_off_the_next_attempt() {
    let directory = TempDir::new().expect("a temporary directory");
    let mut settings = settings(&directory);
    settings.journal.path = directory.path().join("damaged.db");
    fs::write(&settings.journal.path, "this is no database at all").expect("written");
    let mut stage = Stage::with_settings(settings, directory);
    stage.step(NOW);
    let next = stage.work.not_before;
    assert!(next > Instant::now() && stage.work.live.health.site_fails());
    for _ in 0..5 {
        stage.work.step(NOW);
    }
    assert_eq!(stage.work.not_before, next);
}

#[test]
fn a_checkpoint_that_cannot_be_written_is_not_tried_at_every_step() {
    let mut stage = Stage::new();
    let many = i64::try_from(SAVE_EVENTS).expect("it is not that many");
    stage.join((0..many).map(|second| NOW.plus(second)));
    fs::create_dir_all(stage.directory.path().join("lookout.checkpoint/taken")).expect("made");
    stage.step(NOW.plus(many));
    let next = stage.work.save;
    assert!(!stage.work.saving_works, "the first attempt failed");
    stage.step(NOW.plus(many));
    assert_eq!(stage.work.save, next, "there was no other");
}
