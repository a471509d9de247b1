//! `kill -9`, again and again, at any moment of a `serve` under load.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use lookout::simulate::Rng;

use crate::load::Load;
use crate::proof::Length;
use crate::support::Lookout;
use crate::support::replay::differences_from_a_replay;
use crate::support::stored::Stored;

/// Deliveries a second.
const RATE: u32 = 500;

/// It lives at most so long, from its start on, which takes some of it.
const LIFE: Duration = Duration::from_millis(400);

/// What is aimed at is waited for at most so long.
const PATIENCE: Duration = Duration::from_millis(900);

/// So often it is looked for.
const LOOK: Duration = Duration::from_micros(100);

/// SQLite's own look at the whole file takes long; it is done once in so many kills.
const LOOK_EVERY: usize = 50;

/// When it is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Aim {
    /// At a random moment of its life, its start included.
    Anywhere,
    /// While SQLite moves its log into the journal's file.
    Moving,
    /// While the store of presence is written.
    Storing,
    /// As soon as a delivery was acknowledged.
    Answered,
}

/// In turn, so that all of them come about.
const AIMS: [Aim; 5] = [Aim::Anywhere, Aim::Moving, Aim::Answered, Aim::Storing, Aim::Anywhere];

pub fn cycles(length: Length) -> String {
    let kills = length.pick(30, 1_000);
    let mut lookout = Lookout::new();
    lookout.serve();
    lookout.keep_address();
    let load = Load::start_at(RATE, &lookout, 1, Duration::from_secs(3600));
    let mut audit = Audit::of(&lookout, &load);
    let mut rng = Rng::new(1);
    let mut hits: BTreeMap<Aim, usize> = BTreeMap::new();
    for kill in 1..=kills {
        let aim = AIMS[kill % AIMS.len()];
        let was_hit = wait(aim, &lookout, &load, &mut rng);
        lookout.kill();
        if was_hit {
            *hits.entry(aim).or_default() += 1;
        }
        audit.check(kill);
        lookout.begin_to_serve();
    }
    lookout.kill();
    lookout.serve();
    // What waits is tried once more within a second.
    thread::sleep(Duration::from_secs(2));
    let answered = load.stop();
    lookout.stop();
    audit.check(0);
    let lost = answered.keys.difference(&audit.stored).count();
    assert_eq!(lost, 0, "of {} acknowledged", answered.keys.len());
    let differing = differences_from_a_replay(&lookout);
    assert!(differing.is_empty(), "these files differ from a replay's: {differing:?}");
    let hits = |aim| hits.get(&aim).copied().unwrap_or_default();
    format!(
        "killed {kills} times at {RATE}/s ({} while the log was moved, {} while the store was written, {} at \
         an answer): {} acknowledged, 0 lost, 0 twice, the journal sound, the site that of a replay; \
         {} attempts found nobody and were made again",
        hits(Aim::Moving),
        hits(Aim::Storing),
        hits(Aim::Answered),
        answered.keys.len(),
        answered.refusals
    )
}

/// Lets it live until it is to be killed; whether what was aimed at was hit.
fn wait(aim: Aim, lookout: &Lookout, load: &Load, rng: &mut Rng) -> bool {
    let data = lookout.path("data");
    if matches!(aim, Aim::Anywhere | Aim::Answered) {
        thread::sleep(some_of(LIFE, rng));
    }
    let (moved, answered) = (modified(&data), length(&load.ack_log));
    let stored = written(&data);
    let is_hit = || match aim {
        Aim::Anywhere => true,
        Aim::Moving => modified(&data) != moved,
        Aim::Storing => written(&data) != stored,
        Aim::Answered => length(&load.ack_log) != answered,
    };
    let begun = Instant::now();
    while begun.elapsed() < PATIENCE {
        if is_hit() {
            // What takes some time is not always hit at its beginning.
            if matches!(aim, Aim::Moving | Aim::Storing) {
                thread::sleep(some_of(Duration::from_millis(4), rng));
            }
            return true;
        }
        thread::sleep(LOOK);
    }
    false
}

fn length(file: &Path) -> Option<u64> {
    fs::metadata(file).map(|file| file.len()).ok()
}

/// A random time below `most`.
fn some_of(most: Duration, rng: &mut Rng) -> Duration {
    Duration::from_micros(rng.below(most.as_micros() as usize) as u64)
}

/// When the journal's file was written: all but its log, that is.
fn modified(data: &Path) -> Option<SystemTime> {
    fs::metadata(data.join("lookout.db")).and_then(|file| file.modified()).ok()
}

/// When the store's log was written.
fn written(data: &Path) -> Option<SystemTime> {
    fs::metadata(data.join("lookout.presence-wal")).and_then(|file| file.modified()).ok()
}

/// Compares what was acknowledged with what is stored, while nobody else looks.
struct Audit {
    journal: PathBuf,
    ack_log: BufReader<File>,
    /// Of the ack_log's last line, what was written when it was read.
    rest: String,
    stored: BTreeSet<String>,
    last: u64,
}

impl Audit {
    fn of(lookout: &Lookout, load: &Load) -> Self {
        let there = crate::support::lookout::until(|| load.ack_log.exists());
        assert!(there, "the load begins");
        Self {
            journal: lookout.path("data/lookout.db"),
            ack_log: BufReader::new(File::open(&load.ack_log).expect("readable")),
            rest: String::new(),
            stored: BTreeSet::new(),
            last: 0,
        }
    }

    /// Looks for what was acknowledged since the last time; now and then, at the file itself.
    #[track_caller]
    fn check(&mut self, kill: usize) {
        let acknowledged = self.acknowledged();
        let stored = Stored::open(&self.journal).expect("a journal");
        let (new, last) = stored.keys_behind(self.last).expect("readable, and no event twice");
        let all = new.len() + self.stored.len();
        self.stored.extend(new);
        assert_eq!(self.stored.len(), all, "events are there twice after kill {kill}");
        self.last = last;
        let lost = acknowledged.difference(&self.stored).count();
        assert_eq!(lost, 0, "of {} acknowledged, after kill {kill}", acknowledged.len());
        if kill.is_multiple_of(LOOK_EVERY) {
            assert_eq!(stored.damage(), "", "after kill {kill}");
        }
    }

    fn acknowledged(&mut self) -> BTreeSet<String> {
        let mut keys = BTreeSet::new();
        while self.ack_log.read_line(&mut self.rest).expect("readable") > 0 {
            if self.rest.ends_with('\n') {
                keys.insert(self.rest.trim_end().to_owned());
                self.rest.clear();
            }
        }
        keys
    }
}
