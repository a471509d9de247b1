//! Histories that arrive in any order: the site is the same, byte for byte.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use lookout::config::{PublishList, Room, Settings, Slug};
use lookout::generator::{Generator, Log};
use lookout::journal::{Appended, Content, Journal, Record};
use lookout::simulate::{PerMille, Rng};
use lookout::site::{PublishOutcome, Replace};
use lookout::time::moment::Moment;
use lookout::zoom::{Key, Redaction};
use tempfile::TempDir;

use crate::proof::Length;
use crate::simulate::outbox::Delivery;
use crate::simulate::{Pace, Plan, Probabilities, RoomPlan, Story};
use crate::support::lookout::files;

/// When stories begin: 2026-01-05T18:00:00Z.
const BEGIN: Moment = Moment::from_seconds(1_767_636_000);

const DAY: i64 = 86_400;

/// The files of a site, in order.
type Site = Vec<(PathBuf, Vec<u8>)>;

pub fn histories(length: Length) -> String {
    let histories = length.pick(50, 1_000);
    let (mut events, mut restarts) = (0, 0);
    for seed in 0..histories {
        let history = History::invented(seed);
        let stage = Stage::new(&history.settings);
        let grown = history.grow(&stage, &mut Rng::new(seed), &mut restarts);
        let log = Log::in_memory(&stage.settings("replayed"), None).expect("it is empty");
        let replayed = stage.publish(log, "replayed", history.now);
        assert!(grown == replayed, "history {seed}: {:?} differ", differing(&grown, &replayed));
        events += history.deliveries.len();
    }
    format!(
        "{histories} histories of {events} deliveries, out of order and repeated, read bit by bit over \
         {restarts} restarts: each site equals that of a replay"
    )
}

pub fn copies(length: Length) -> String {
    const EVENTS: usize = 1_000;
    const COPIES: i64 = 5;
    let shuffles = length.pick(5, 100);
    let settings = everybody();
    let plan = plan(1, 40, 2, Pace::Daily { deliveries: 120 });
    let story: Vec<_> = Story::new(plan).take(EVENTS).collect();
    // Each copy comes a minute after the one before, as told by our clock.
    let copies = (0..COPIES).flat_map(|copy| story.iter().map(move |told| record(told, copy * 60)));
    let mut records: Vec<_> = copies.collect();
    let now = moment(&story[EVENTS - 1]).plus(300);
    let distinct = story.iter().map(|told| &told.body).collect::<BTreeSet<_>>().len();
    let mut rng = Rng::new(1);
    let mut first: Option<Site> = None;
    for shuffle in 1..=shuffles {
        mix(&mut records, usize::MAX, &mut rng);
        let stage = Stage::new(&settings);
        let journal = stage.journal();
        let log = Log::open(&stage.settings("site"), None).expect("it opens");
        let mut generator = stage.generator(log, "site");
        let mut new = 0;
        for part in [&records[..1], &records[1..]] {
            let outcomes = journal.append_all(part.to_vec()).expect("stored");
            new += outcomes.iter().filter(|outcome| **outcome == Appended::New).count();
            generator.catch_up(now).expect("readable");
        }
        assert_eq!(new, distinct, "each event is stored once");
        put_in_place(&mut generator, now);
        let site = files(&stage.settings("site").site.output_dir);
        let first = first.get_or_insert_with(|| site.clone());
        assert!(*first == site, "shuffle {shuffle}: {:?} differ", differing(first, &site));
    }
    format!("{EVENTS} deliveries × {COPIES} copies × {shuffles} shuffles: identical bytes")
}

/// What arrives, in the order of arrival, and by which settings it is shown.
struct History {
    settings: Settings,
    deliveries: Vec<Delivery>,
    now: Moment,
}

impl History {
    fn invented(seed: u64) -> Self {
        let mut rng = Rng::new(seed);
        let rooms = 1 + rng.below(3);
        let pace = Pace::Daily { deliveries: 2 + rng.below(60) };
        let plan = plan(seed, 1 + rng.below(10), rooms, pace);
        let mut settings = everybody();
        if rng.below(2) == 0 {
            settings.rooms = plan.rooms.iter().take(2).enumerate().map(room).collect();
        }
        let mut deliveries: Vec<_> = Story::new(plan).take(20 + rng.below(200)).collect();
        let last = moment(&deliveries[deliveries.len() - 1]);
        let repeated = deliveries.iter().step_by(7).cloned().collect::<Vec<_>>();
        deliveries.extend(repeated);
        let reach = [1, 5, 50, usize::MAX][rng.below(4)];
        mix(&mut deliveries, reach, &mut rng);
        Self { settings, deliveries, now: last.plus(rng.between(0..=50 * DAY)) }
    }

    /// Lets it arrive bit by bit while it is looked at, and published; the site in the end.
    fn grow(&self, stage: &Stage, rng: &mut Rng, restarts: &mut usize) -> Site {
        let journal = stage.journal();
        let settings = stage.settings("site");
        let log = Log::open(&settings, None).expect("it opens");
        let mut generator = stage.generator(log, "site");
        let (mut rest, mut seen) = (&self.deliveries[..], BEGIN);
        let publish_at = rng.below(self.deliveries.len());
        while !rest.is_empty() {
            let (part, later) = rest.split_at(rest.len().min(1 + rng.below(60)));
            let was_before = rest.len() > publish_at;
            rest = later;
            seen = part.iter().map(moment).fold(seen, Moment::max);
            let records = part.iter().map(|told| record(told, 0)).collect();
            journal.append_all(records).expect("stored");
            // The clock is at least at what was seen, and mostly not much further.
            let now = seen.plus([0, 60, DAY, 40 * DAY][rng.below(4)]);
            generator.catch_up(now).expect("readable");
            if was_before && rest.len() <= publish_at {
                put_in_place(&mut generator, now);
            }
            if rng.below(3) == 0 {
                *restarts += 1;
                let log = Log::open(&settings, None).expect("readable");
                generator = stage.generator(log, "site");
            }
        }
        generator.catch_up(self.now).expect("readable");
        put_in_place(&mut generator, self.now);
        files(&settings.site.output_dir)
    }
}

/// A journal and sites, in memory where there is room.
struct Stage<'a> {
    dir: TempDir,
    settings: &'a Settings,
}

impl<'a> Stage<'a> {
    fn new(settings: &'a Settings) -> Self {
        // Nothing here is about syncs, and there are thousands of them.
        let memory = Path::new("/dev/shm");
        let dir = if memory.is_dir() { TempDir::new_in(memory) } else { TempDir::new() };
        Self { dir: dir.expect("a temporary directory"), settings }
    }

    fn settings(&self, output: &str) -> Settings {
        let at = |path| self.dir.path().join(path);
        let mut settings = self.settings.clone();
        settings.site.output_dir = at(output);
        settings.site.templates_dir = at("templates");
        settings.site.static_dir = at("static");
        settings.journal.path = at("lookout.db");
        settings
    }

    fn journal(&self) -> Journal {
        Journal::open(&self.dir.path().join("lookout.db")).expect("it opens")
    }

    fn generator(&self, log: Log, output: &str) -> Generator {
        Generator::new(self.settings(output), log).expect("the templates are ours")
    }

    /// The site of `log` as of `now`.
    fn publish(&self, log: Log, output: &str, now: Moment) -> Site {
        let mut generator = self.generator(log, output);
        generator.catch_up(now).expect("readable");
        put_in_place(&mut generator, now);
        files(&self.dir.path().join(output))
    }
}

#[track_caller]
fn put_in_place(generator: &mut Generator, now: Moment) {
    let presence = generator.presence(now).expect("readable");
    let build = generator.publish(&presence, now, Replace::NotNewer).expect("published");
    assert!(matches!(build.outcome, PublishOutcome::Published(_)), "{:?}", build.outcome);
}

fn everybody() -> Settings {
    let mut settings = Settings::default();
    settings.privacy.publish = PublishList::Everybody;
    settings
}

fn room((number, plan): (usize, &RoomPlan)) -> Room {
    let slug = Slug::parse(&format!("room-{number}")).expect("a slug");
    Room {
        meeting_id: plan.number.clone(),
        name: plan.topic.clone(),
        slug,
        join_url: String::new(),
        icon: None,
        subtitle: None,
        stale_after: None,
    }
}

fn plan(seed: u64, people: usize, rooms: usize, pace: Pace) -> Plan {
    let probabilities = Probabilities {
        delayed: PerMille(100),
        late_leave: PerMille(100),
        ..Probabilities::REALISTIC
    };
    let rooms = RoomPlan::invented(rooms);
    Plan { seed, people, rooms, start: BEGIN, already_in: 0, pace, probabilities }
}

fn moment(told: &Delivery) -> Moment {
    Moment::from_millis(told.at_ms)
}

/// As the intake makes it, so many seconds late.
fn record(told: &Delivery, late_s: i64) -> Record {
    let received_ms = told.at_ms + late_s * 1_000;
    let content = Content::of(told.body.as_bytes(), received_ms, &Redaction::default());
    Record { key: Key::of(told.body.as_bytes()), received_ms, request_id: None, content }
}

/// Exchanges each thing with one at most `reach` places before it.
fn mix<T>(things: &mut [T], reach: usize, rng: &mut Rng) {
    for place in (1..things.len()).rev() {
        let far = rng.below(place.min(reach) + 1);
        things.swap(place, place - far);
    }
}

/// The paths of files that are not in both, or not alike.
fn differing(one: &Site, other: &Site) -> Vec<String> {
    let only = |here: &Site, there: &Site| -> Vec<String> {
        let here = here.iter().filter(|file| !there.contains(file));
        here.map(|(path, _)| path.display().to_string()).collect()
    };
    [only(one, other), only(other, one)].concat()
}
