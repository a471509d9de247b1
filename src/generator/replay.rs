//! Replaying: all events, in the order of their facts, into a new roster.
//!
//! Reading and understanding cost more than folding, so one thread reads, others
//! understand, and this one folds. Going by the order of facts lets old ones be summed up
//! on the way, so that memory goes by 35 days and not by the length of the log.

use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{self, Scope};

use anyhow::{Context, Result, anyhow};

use crate::journal::Reader;
use crate::moment::Moment;
use crate::roster::{NeedsReplay, Roster, Rules};
use crate::zoom::{self, Event};

/// Documents handed on at once.
const BATCH: usize = 1024;

/// Batches that may wait for each thread.
const WAITING: usize = 4;

/// Facts between two summings-up.
const SUM_UP_EVERY: usize = 100_000;

/// Reads all events up to `last_id` whose facts are not later than `until`.
pub fn replay(
    reader: &Reader,
    path: &Path,
    rules: &Rules,
    last_id: u64,
    until: Option<Moment>,
    now: Moment,
) -> Result<Roster> {
    // A reader may have been opened before the journal was replaced.
    let journal_id = reader.journal_id()?;
    let range = (Moment::from_seconds(i64::MIN), until.unwrap_or(Moment::from_seconds(i64::MAX)));
    let source = Source { path, journal_id: &journal_id, last_id, range };
    match fold(&source, SummingUp::OnTheWay { rules, now })? {
        Ok(roster) => Ok(roster),
        // A meeting went on after 35 days of silence: rare, and worth the memory.
        Err(NeedsReplay) => fold(&source, SummingUp::Never)?
            .map_err(|NeedsReplay| anyhow!("a roster that sums nothing up asked for a replay")),
    }
}

#[derive(Clone, Copy)]
struct Source<'a> {
    path: &'a Path,
    journal_id: &'a str,
    last_id: u64,
    range: (Moment, Moment),
}

#[derive(Clone, Copy)]
enum SummingUp<'a> {
    OnTheWay { rules: &'a Rules, now: Moment },
    Never,
}

/// Documents one behind the other, so that a batch is one block of memory and not thousands.
#[derive(Default)]
struct Documents {
    text: String,
    /// Where each ends in `text`, and when it was received, in milliseconds.
    ends: Vec<(usize, i64)>,
}

impl Documents {
    fn push(&mut self, document: &str, received_ms: i64) {
        self.text.push_str(document);
        self.ends.push((self.text.len(), received_ms));
    }

    fn understand(&self) -> Vec<Event> {
        let mut start = 0;
        let understand = |&(end, received_ms): &(usize, i64)| {
            let document = &self.text[start..end];
            start = end;
            zoom::understand(document, received_ms)
        };
        self.ends.iter().map(understand).collect()
    }
}

fn fold(source: &Source<'_>, summing_up: SummingUp<'_>) -> Result<Result<Roster, NeedsReplay>> {
    let workers = thread::available_parallelism().map_or(1, usize::from).max(2) - 1;
    thread::scope(|scope| {
        let (lanes_in, lanes_out): (Vec<_>, Vec<_>) =
            (0..workers).map(|_| start_worker(scope)).unzip();
        let reading = scope.spawn(move || read(source, &lanes_in));
        let roster = fold_lanes(&lanes_out, summing_up);
        // A roster that gave up hangs up, and the threads before it end.
        drop(lanes_out);
        let read =
            reading.join().map_err(|_| anyhow!("the thread that reads the journal panicked"))?;
        match roster {
            Ok(roster) => read.map(|()| Ok(roster)),
            Err(NeedsReplay) => Ok(Err(NeedsReplay)),
        }
    })
}

fn start_worker<'scope>(
    scope: &'scope Scope<'scope, '_>,
) -> (SyncSender<Documents>, Receiver<Vec<Event>>) {
    let (documents_in, documents) = sync_channel::<Documents>(WAITING);
    let (events_in, events) = sync_channel(WAITING);
    scope.spawn(move || {
        for batch in documents {
            if events_in.send(batch.understand()).is_err() {
                break;
            }
        }
    });
    (documents_in, events)
}

/// Deals batches out to the lanes in turn.
fn read(source: &Source<'_>, lanes: &[SyncSender<Documents>]) -> Result<()> {
    let reader = Reader::open(source.path)?.context("the journal vanished")?;
    if reader.journal_id()? != source.journal_id {
        return Err(anyhow!("the journal was replaced while it was read; try again"));
    }
    let mut lanes = lanes.iter().cycle();
    let mut batch = Documents::default();
    let mut hung_up = false;
    let mut hand_on =
        |batch: Documents| -> bool { lanes.next().is_some_and(|lane| lane.send(batch).is_ok()) };
    let outcome = reader.facts(source.last_id, source.range, |document, received_ms| {
        batch.push(document, received_ms);
        if batch.ends.len() == BATCH && !hand_on(std::mem::take(&mut batch)) {
            hung_up = true;
            return Err(anyhow!("nobody listens any more"));
        }
        Ok(())
    });
    if hung_up {
        return Ok(());
    }
    hand_on(batch);
    outcome
}

/// Folds the lanes' batches in turn: the order in which they were dealt out.
fn fold_lanes(
    lanes: &[Receiver<Vec<Event>>],
    summing_up: SummingUp<'_>,
) -> Result<Roster, NeedsReplay> {
    let mut roster = Roster::new();
    let mut since = 0;
    for lane in lanes.iter().cycle() {
        let Ok(events) = lane.recv() else { break };
        since += events.len();
        for event in &events {
            roster.apply(event)?;
        }
        if let SummingUp::OnTheWay { rules, now } = summing_up
            && since >= SUM_UP_EVERY
        {
            roster.sum_up(rules, now);
            since = 0;
        }
    }
    Ok(roster)
}
