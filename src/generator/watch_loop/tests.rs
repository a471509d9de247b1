//! The loop, at moments that the tests choose.

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
    stage.step(NOW);
    assert!(stage.csv().is_empty(), "nothing has changed, as far as anybody knows");
    stage.step(NOW.plus(heartbeat::INTERVAL_S));
    assert!(!stage.csv().is_empty(), "it is there again");
}

#[test]
fn a_start_publishes_once_and_puts_off_the_heartbeat() {
    let mut stage = Stage::new();
    stage.step(NOW);
    assert!(!stage.watch_loop.publisher.is_pending(), "nothing is left to be published");
    stage.step(NOW);
    assert!(!stage.watch_loop.publisher.is_pending(), "nor for the heartbeat");
}

#[test]
fn the_heartbeat_is_dated_to_whole_minutes_whoever_comes_and_goes() {
    let mut stage = Stage::new();
    let minute = NOW.seconds().div_euclid(60) * 60;
    let dated = |stage: &Stage| {
        let path = stage.directory.path().join("site/lookout/heartbeat.txt");
        std::os::unix::fs::MetadataExt::mtime(&fs::metadata(path).expect("it is there"))
    };
    #[rustfmt::skip]
    let moments = [
        // seconds into the minute  somebody joins  dated to the minute
        (1,                         false,          0),
        (2,                         true,           0),
        (59,                        true,           0),
        (60,                        false,          1),
        (61,                        true,           1),
        (250,                       false,          4),
    ];
    for (seconds, joins, dated_to) in moments {
        let now = Moment::from_seconds(minute + seconds);
        if joins {
            stage.join([now].into_iter());
        }
        stage.step(now);
        assert_eq!(dated(&stage), minute + 60 * dated_to, "{seconds} s into the minute");
    }
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
        // Whether it waits shows only while it does: on a busy machine, that may be over.
        let seen = (0..20).find_map(|_| {
            let mut stage = Stage::new();
            stage.join(events.iter().map(|second| NOW.plus(*second)));
            let mut begun = Instant::now();
            for second in &steps {
                begun = Instant::now();
                stage.step(NOW.plus(*second));
            }
            stage.join([NOW.plus(86_401)].into_iter());
            stage.watch_loop.step(NOW.plus(86_401));
            let is_pending = stage.watch_loop.publisher.is_pending();
            (begun.elapsed() < GATHER_INTERVAL).then_some(is_pending)
        });
        assert_eq!(seen, Some(waits), "{what}");
    }
}

/// Removes what is in the journal, as `journal.keep` does; what the store has stays.
fn prune(directory: &TempDir) {
    let journal = rusqlite::Connection::open(directory.path().join("lookout.db"));
    let prune = "DELETE FROM events; UPDATE journal SET pruned = 1";
    journal.expect("it opens").execute_batch(prune).expect("pruned");
}

/// What an operator changes.
type Edit<'a> = &'a dyn Fn(&mut Settings);

/// A day in seconds.
const DAY: i64 = 86_400;

#[test]
fn who_may_appear_counts_at_once_whatever_else_a_reload_changes_and_whatever_is_gone() {
    use crate::config::{Person, Room, Slug};
    let name = |text| crate::zoom::Name::clean(text).expect("a name");
    let person = |settings: &mut Settings| {
        settings.people = vec![Person {
            name: name("Grace"),
            aliases: vec![name("Amazing Grace")],
            zoom_user_ids: Vec::new(),
        }];
    };
    let room = |settings: &mut Settings| {
        settings.rooms = vec![Room {
            meeting_id: "1".to_owned(),
            name: "Lounge".to_owned(),
            slug: Slug::parse("lounge").expect("a slug"),
            join_url: String::new(),
            icon: None,
            subtitle: None,
            stale_after: None,
        }];
    };
    #[rustfmt::skip]
    let cases: [(_, Edit<'_>); 3] = [
        // what changes besides
        ("nothing",     &|_| {}),
        ("`[[people]]`", &person),
        ("`[[rooms]]`",  &room),
    ];
    for (what, change) in cases {
        let mut stage = Stage::new();
        // Long ago, so that it is summed up; then somebody else, so that there is a page.
        stage.join([NOW.plus(-100 * DAY), NOW].into_iter());
        stage.step(NOW.plus(1));
        stage.watch_loop.housekeeping.sync(&mut stage.watch_loop.generator);
        prune(&stage.directory);
        assert!(stage.csv().contains("Ada"), "{what}");

        let mut settings = Settings::clone(stage.watch_loop.generator.settings());
        settings.privacy.publish = PublishList::Only([name("Grace")].into_iter().collect());
        change(&mut settings);
        stage.watch_loop.generator.adopt(settings, NOW.plus(2)).expect("the templates are ours");
        stage.watch_loop.publisher.request();
        stage.step(NOW.plus(2));
        assert!(!stage.csv().is_empty() && !stage.csv().contains("Ada"), "{what}");
        assert!(!stage.connections.health.site_fails(), "{what}");
    }
}

#[test]
fn a_late_event_counts_although_its_meeting_was_removed() {
    #[rustfmt::skip]
    let cases = [
        // what it is                event                  whether Ada has left once
        ("it can change nothing",    "recording.deleted",   false),
        ("it ends an old meeting",   "meeting.ended",       true),
    ];
    for (what, event, has_left) in cases {
        let mut stage = Stage::new();
        stage.join([NOW.plus(-100 * DAY), NOW].into_iter());
        stage.step(NOW.plus(1));
        stage.watch_loop.housekeeping.sync(&mut stage.watch_loop.generator);
        prune(&stage.directory);
        // The meeting of `join` goes on, so that a newer one shows whether the page does.
        let (old, new) = (NOW.plus(-100 * DAY), NOW.plus(60));
        stage.store(&format!(
            r#"{{"event":"{event}","event_ts":{},"payload":{{"object":{{"uuid":"old","id":"1","end_time":"{old}"}}}}}}"#,
            old.seconds() * 1000
        ));
        stage.store(&format!(
            r#"{{"event":"meeting.participant_joined","event_ts":1,"payload":{{"object":{{"uuid":"n","id":"2","participant":{{"user_id":"2","user_name":"Grace","join_time":"{new}"}}}}}}}}"#
        ));
        stage.step(NOW.plus(61));
        assert!(stage.csv().contains("Grace"), "{what}: {}", stage.csv());
        let csv = stage.csv();
        let ada = csv.lines().find(|line| line.contains("Ada")).expect("she is listed");
        assert_eq!(!ada.contains("N/A"), has_left, "{what}: {ada}");
        assert!(!stage.connections.health.site_fails(), "{what}");
    }
}

#[test]
fn chats_are_shown_who_comes_and_goes_while_the_output_directory_fails() {
    let mut stage = Stage::new();
    let mut snapshots = stage.connections.snapshots.subscribe();
    let directory = stage.directory.path().join("site");
    fs::write(&directory, "a file where the site should be").expect("written");
    stage.watch_loop.publisher = Publisher::new(&stage.connections, LONG_WAIT);
    stage.step(NOW);
    assert!(stage.connections.health.site_fails());
    assert!(stage.watch_loop.publisher.waits_until(Instant::now()).is_some());
    snapshots.mark_unchanged();
    stage.join([NOW.plus(1)].into_iter());
    // The next attempt at the site is not due yet.
    stage.watch_loop.step(NOW.plus(2));
    assert!(snapshots.has_changed().expect("it is connected"));
    let presence = stage.watch_loop.generator.presence(NOW.plus(2)).expect("it is read");
    assert_eq!(presence.people.len(), 1);
}

#[test]
fn chats_are_shown_that_a_meeting_went_stale_although_no_site_was_ever_published() {
    let mut stage = Stage::new();
    let mut snapshots = stage.connections.snapshots.subscribe();
    let directory = stage.directory.path().join("site");
    fs::write(&directory, "a file where the site should be").expect("written");
    stage.join([NOW].into_iter());
    stage.step(NOW.plus(1));
    snapshots.mark_unchanged();
    #[rustfmt::skip]
    let moments = [
        // what is special     seconds later     shown anew
        ("nothing changes",    60,               false),
        ("the meeting is stale", 13 * 60 * 60,   true),
        ("nothing more",       13 * 60 * 60 + 1, false),
    ];
    for (what, later, expected) in moments {
        stage.step(NOW.plus(later));
        let is_shown = snapshots.has_changed().expect("it is connected");
        assert_eq!(is_shown, expected, "{what}");
        snapshots.mark_unchanged();
    }
}

#[test]
fn a_generator_that_panics_is_made_again_by_the_settings_that_were_in_effect() {
    let Stage { directory, watch_loop, connections, _runtime } = Stage::new();
    let journal = Arc::clone(connections.journal.as_ref().expect("it has one"));
    let file = directory.path().join("lookout.toml");
    fs::write(&file, "").expect("written");
    let before = {
        let mut settings = Settings::clone(watch_loop.generator.settings());
        settings.origin.file = Some(file.clone());
        settings
    };
    let mut edited = before.clone();
    edited.privacy.publish = PublishList::Only([].into());
    // First they are read as edited, then reading them panics, then they are broken.
    let reads = Arc::new(Mutex::new(0));
    let load: Load = {
        let (reads, edited) = (Arc::clone(&reads), edited.clone());
        Arc::new(move || {
            let mut reads = reads.lock().unwrap_or_else(PoisonError::into_inner);
            *reads += 1;
            match *reads {
                1 => Ok(edited.clone()),
                2 => panic!("on purpose"),
                _ => Err(edited.refuse("site.title", "broken on purpose")),
            }
        })
    };
    let connections = Connections {
        load: Some(load),
        current_settings: Arc::new(Mutex::new(Arc::new(before.clone()))),
        ..connections
    };
    drop(watch_loop);
    let made_for = Arc::new(Mutex::new(Vec::new()));
    let generator = |settings: &Settings| {
        Generator::new(settings.clone(), Log::open_to_follow(settings, None)?)
    };
    let shutdown = connections.shutdown.clone();
    let runtime = tokio::runtime::Runtime::new().expect("it starts");
    let handle = runtime.handle().clone();
    let thread = {
        let made_for = Arc::clone(&made_for);
        thread::spawn(move || {
            run(&connections, &handle, |settings| {
                made_for.lock().expect("nobody panicked").push(settings.privacy.clone());
                generator(settings)
            });
        })
    };
    let patience = std::time::Instant::now() + Duration::from_secs(60);
    while made_for.lock().expect("nobody panicked").len() < 2 {
        assert!(std::time::Instant::now() < patience, "it is never made again");
        fs::write(&file, "# touched").expect("written");
        thread::sleep(Duration::from_millis(20));
    }
    shutdown.cancel();
    thread.join().expect("it ends");
    drop(journal);
    let made_for = made_for.lock().expect("nobody panicked");
    assert_eq!(made_for[..2], [before.privacy, edited.privacy]);
}

#[test]
fn a_withdrawn_name_goes_where_the_system_reports_no_change() {
    let directory = TempDir::new().expect("a temporary directory");
    let at = |path: &str| directory.path().join(path);
    for (release, publish) in [("1", "*"), ("2", "Grace")] {
        fs::create_dir_all(at(&format!("releases/{release}"))).expect("made");
        let settings =
            format!("[privacy]\npublish = ['{publish}']\n[site]\noutput_dir = '../../site'\n");
        fs::write(at(&format!("releases/{release}/lookout.toml")), settings).expect("written");
    }
    std::os::unix::fs::symlink("releases/1", at("current")).expect("linked");
    let file = at("current/lookout.toml");
    let load = move || crate::config::load(Some(&file), &crate::config::Environment::default());
    let mut settings = load().expect("valid");
    settings.site.output_dir = at("site");
    settings.journal.path = at("lookout.db");
    let mut stage = Stage::with_settings(settings.clone(), directory);
    let often = std::time::Duration::from_millis(10);
    stage.watch_loop.reload.set_inputs(Inputs::poll_only(Arc::new(load), &settings, often));
    stage.join([NOW].into_iter());
    stage.step(NOW);
    stage.step(NOW);
    assert!(stage.csv().contains("Ada"));

    let at = |path: &str| stage.directory.path().join(path);
    std::os::unix::fs::symlink("releases/2", at("new")).expect("linked");
    fs::rename(at("new"), at("current")).expect("renamed");
    let runtime = tokio::runtime::Runtime::new().expect("it starts");
    let begun = std::time::Instant::now();
    while stage.csv().contains("Ada") {
        assert!(begun.elapsed() < std::time::Duration::from_secs(60), "the name stays");
        runtime.block_on(async {
            let changed = stage.watch_loop.reload.changed();
            drop(tokio::time::timeout(often * 20, changed).await);
        });
        stage.step(NOW);
    }
}
