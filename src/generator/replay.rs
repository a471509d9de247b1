//! Replaying: all events, in the order of their facts, into a new roster.
//!
//! Reading and understanding cost more than folding, so one thread reads, others
//! understand, and this one folds. Going by the order of facts lets old ones be summed up
//! on the way, so that memory goes by 35 days and not by the length of the log. An archive is
//! read in the order of its documents, which mostly is much the same; where it turns out not
//! to be, all events are [sorted](Sorted) first, and read again from there.

use std::iter::Cycle;
use std::path::PathBuf;
use std::slice;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{self, Scope};

use anyhow::{Context, Result, anyhow};

use crate::archive::{Archive, Archived, Feed, Position, Update};
use crate::generator::sorted::Sorted;
use crate::journal::Reader;
use crate::moment::Moment;
use crate::roster::{NeedsReplay, Roster, Rules};
use crate::zoom::{self, Event};

/// Documents handed on at once.
const BATCH: usize = 1024;

/// Batches that may wait for each thread.
const WAITING: usize = 4;

/// Facts between two summings-up.
const SUM_UP_EVERY: usize = 25_000;

/// What of a journal is read.
#[derive(Debug, Clone)]
pub struct JournalPart {
    /// Its file.
    pub path: PathBuf,
    /// What tells it from any other.
    pub journal_id: String,
    /// The last event to be read.
    pub last_id: u64,
}

/// Takes a document and when it was received, in milliseconds; whether it takes more.
pub type Take<'a> = dyn FnMut(&str, i64) -> bool + 'a;

/// A roster, and how far the archive was read.
type Read = (Roster, Option<Position>);

/// Reads all events whose facts are not later than `until`; also returns how far the
/// archive was read.
pub fn replay(
    journal: Option<&JournalPart>,
    archive: Option<&Archive>,
    rules: &Rules,
    until: Option<Moment>,
    now: Moment,
) -> Result<Read> {
    let until = until.unwrap_or(Moment::from_seconds(i64::MAX));
    let stores = Stores { journal, archive, until };
    let span = Span { until, now };
    let fold_stores = |summing_up| fold(|dealer| stores.deal(dealer), span, summing_up);
    let on_the_way = SummingUp::OnTheWay { rules };
    if let Ok(read) = fold_stores(on_the_way)? {
        return Ok(read);
    }
    // Only an archive can be far from the order of its facts.
    let sorted = archive.map_or(Ok(None), |_| stores.sort())?;
    let Some((mut sorted, position)) = sorted else {
        return fold_stores(SummingUp::Never)?.map_err(unexpected);
    };
    let mut fold_sorted =
        |summing_up| fold(|dealer| dealer.deal_all(&mut sorted), span, summing_up);
    let roster = match fold_sorted(on_the_way)? {
        Ok((roster, _)) => roster,
        Err(NeedsReplay) => fold_sorted(SummingUp::Never)?.map_err(unexpected)?.0,
    };
    Ok((roster, position))
}

fn unexpected(NeedsReplay: NeedsReplay) -> anyhow::Error {
    anyhow!("a roster that sums nothing up asked for a replay")
}

/// Which facts exist.
#[derive(Clone, Copy)]
struct Span {
    /// None later than this exists.
    until: Moment,
    /// Those after this are yet to come.
    now: Moment,
}

#[derive(Clone, Copy)]
enum SummingUp<'a> {
    OnTheWay {
        rules: &'a Rules,
    },
    /// A meeting went on after 35 days of silence: rare, and worth the memory.
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

/// Folds what `read` deals out.
fn fold(
    read: impl FnOnce(&mut Dealer<'_>) -> Result<Option<Position>> + Send,
    span: Span,
    summing_up: SummingUp<'_>,
) -> Result<Result<Read, NeedsReplay>> {
    let workers = thread::available_parallelism().map_or(1, usize::from).max(2) - 1;
    thread::scope(|scope| {
        let (lanes_in, lanes_out): (Vec<_>, Vec<_>) =
            (0..workers).map(|_| start_worker(scope)).unzip();
        let reading = scope.spawn(move || {
            let mut dealer = Dealer { lanes: lanes_in.iter().cycle(), batch: Documents::default() };
            let position = read(&mut dealer)?;
            dealer.hand_on();
            Ok(position)
        });
        let roster = fold_lanes(&lanes_out, span, summing_up);
        // A roster that gave up hangs up, and the threads before it end.
        drop(lanes_out);
        let read = reading.join().map_err(|_| anyhow!("the thread that reads the log panicked"))?;
        match roster {
            Ok(roster) => read.map(|position| Ok((roster, position))),
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

/// Where events are.
#[derive(Clone, Copy)]
struct Stores<'a> {
    journal: Option<&'a JournalPart>,
    archive: Option<&'a Archive>,
    until: Moment,
}

impl Stores<'_> {
    /// Hands all events on for as long as they are taken; returns how far the archive was read.
    fn read(&self, take: &mut Take<'_>) -> Result<Option<Position>> {
        let mut position = None;
        if let Some(archive) = self.archive {
            match read_archive(archive, take)? {
                Some(read) => position = Some(read),
                None => return Ok(None),
            }
        }
        if let Some(journal) = self.journal {
            read_journal(journal, self.until, take)?;
        }
        Ok(position)
    }

    /// Deals all events out.
    fn deal(&self, dealer: &mut Dealer<'_>) -> Result<Option<Position>> {
        self.read(&mut |document, received_ms| dealer.deal(document, received_ms))
    }

    /// Sorts all events; also returns how far the archive was read. `None` where there is no
    /// room for that: memory has to do.
    fn sort(&self) -> Result<Option<(Sorted, Option<Position>)>> {
        tracing::info!("the archive is far from the order of its facts, so they are sorted first");
        let sorted = Sorted::new()?;
        let mut added = Ok(());
        let position = self.read(&mut |document, received_ms| {
            let at = zoom::understand(document, received_ms).at;
            added = sorted.add(at, document, received_ms);
            added.is_ok()
        })?;
        if let Err(error) = added {
            tracing::warn!("all events are held in memory: {error:#}");
            return Ok(None);
        }
        Ok(Some((sorted, position)))
    }
}

/// Hands all documents on; `None` if they are not taken any more.
fn read_archive(archive: &Archive, take: &mut Take<'_>) -> Result<Option<Position>> {
    let mut feed = Feed::scan(archive);
    let mut read = Position::default();
    while let Some(update) = feed.wait()? {
        let Update::Page(documents, position) = update else { continue };
        read = position;
        for document in documents {
            if let Archived::Event(entry) = document
                && !take(&entry.document, entry.received_ms)
            {
                return Ok(None);
            }
        }
    }
    Ok(Some(read))
}

fn read_journal(journal: &JournalPart, until: Moment, take: &mut Take<'_>) -> Result<()> {
    let reader = Reader::open(&journal.path)?.context("the journal vanished")?;
    if reader.journal_id()? != journal.journal_id {
        return Err(anyhow!("the journal was replaced while it was read; try again"));
    }
    let range = (Moment::from_seconds(i64::MIN), until);
    let mut hung_up = false;
    let outcome = reader.facts(journal.last_id, range, |document, received_ms| {
        hung_up = !take(document, received_ms);
        if hung_up { Err(anyhow!("nobody listens any more")) } else { Ok(()) }
    });
    if hung_up { Ok(()) } else { outcome }
}

/// Hands documents on in batches, to each lane in turn.
struct Dealer<'a> {
    lanes: Cycle<slice::Iter<'a, SyncSender<Documents>>>,
    batch: Documents,
}

impl Dealer<'_> {
    /// Takes a document; whether anybody still listens.
    fn deal(&mut self, document: &str, received_ms: i64) -> bool {
        self.batch.push(document, received_ms);
        self.batch.ends.len() < BATCH || self.hand_on()
    }

    /// Deals sorted events out. There is no archive to be read any more.
    fn deal_all(&mut self, sorted: &mut Sorted) -> Result<Option<Position>> {
        sorted.read(&mut |document, received_ms| self.deal(document, received_ms))?;
        Ok(None)
    }

    fn hand_on(&mut self) -> bool {
        let batch = std::mem::take(&mut self.batch);
        self.lanes.next().is_some_and(|lane| lane.send(batch).is_ok())
    }
}

/// Folds the lanes' batches in turn: the order in which they were dealt out.
fn fold_lanes(
    lanes: &[Receiver<Vec<Event>>],
    Span { until, now }: Span,
    summing_up: SummingUp<'_>,
) -> Result<Roster, NeedsReplay> {
    let mut roster = Roster::new();
    let mut since = 0;
    for lane in lanes.iter().cycle() {
        let Ok(events) = lane.recv() else { break };
        since += events.len();
        for event in events.iter().filter(|event| event.at <= until) {
            roster.take_in(event, now)?;
        }
        if let SummingUp::OnTheWay { rules } = summing_up
            && since >= SUM_UP_EVERY
        {
            roster.sum_up(rules, now);
            since = 0;
        }
    }
    Ok(roster)
}
