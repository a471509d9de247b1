//! A replay in a thread of its own: an archive may take long to read, or not answer at all,
//! and meanwhile the page goes on from what is there.

use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow};

use crate::archive::{Archive, Position};
use crate::generator::replay::{self, JournalPart};
use crate::moment::Moment;
use crate::roster::{Roster, Rules};

/// The wait before the second attempt; it doubles with each failure.
const RETRY_MIN: Duration = Duration::from_secs(1);

/// The longest wait between two attempts.
const RETRY_MAX: Duration = Duration::from_secs(15);

/// A replay that is needed: under way, or to be started.
#[derive(Debug)]
pub(super) struct PendingReplay {
    running: Option<Running>,
    retry_at: Instant,
    retry: Duration,
    /// Why the last attempt failed.
    failure: Option<String>,
}

/// A replay under way.
#[derive(Debug)]
struct Running {
    thread: JoinHandle<Result<(Roster, Option<Position>)>>,
    journal: Option<JournalPart>,
    rules: Rules,
}

/// What a replay has read.
pub(super) struct Replayed {
    pub(super) roster: Roster,
    /// How far the archive was read.
    pub(super) position: Option<Position>,
    /// What was read of the journal.
    pub(super) journal: Option<JournalPart>,
    /// The rules that old events were summed up by.
    pub(super) rules: Rules,
}

impl PendingReplay {
    /// A replay that is due at once.
    pub(super) fn new() -> Self {
        Self { running: None, retry_at: Instant::now(), retry: RETRY_MIN, failure: None }
    }

    /// Why it has not succeeded so far; `None` before the first failure.
    pub(super) fn failure(&self) -> Option<&str> {
        self.failure.as_deref()
    }

    /// Whether an attempt is to be started now.
    pub(super) fn is_due(&self) -> bool {
        self.running.is_none() && self.retry_at <= Instant::now()
    }

    /// Starts an attempt.
    ///
    /// # Errors
    ///
    /// The thread can't be started.
    pub(super) fn start(
        &mut self,
        journal: Option<JournalPart>,
        archive: &Archive,
        rules: &Rules,
        now: Moment,
    ) -> Result<()> {
        let thread = thread::Builder::new().name("replay".to_owned());
        let read = {
            let (journal, archive, rules) = (journal.clone(), archive.clone(), rules.clone());
            move || replay::replay(journal.as_ref(), Some(&archive), &rules, None, now)
        };
        let thread = thread.spawn(read).context("cannot start the thread of a replay")?;
        self.running = Some(Running { thread, journal, rules: rules.clone() });
        Ok(())
    }

    /// The result of an attempt that has ended since it was asked for last.
    pub(super) fn ended(&mut self) -> Option<Result<Replayed>> {
        let running = self.running.take_if(|running| running.thread.is_finished())?;
        let Running { thread, journal, rules } = running;
        let read = thread.join().unwrap_or_else(|_| Err(anyhow!("the replay panicked")));
        Some(read.map(|(roster, position)| Replayed { roster, position, journal, rules }))
    }

    /// Puts off the next attempt; whether this failure differs from the last one.
    pub(super) fn failed(&mut self, error: &anyhow::Error) -> bool {
        self.retry_at = Instant::now() + self.retry;
        self.retry = (self.retry * 2).min(RETRY_MAX);
        let failure = format!("{error:#}");
        let is_new = self.failure.as_ref() != Some(&failure);
        self.failure = Some(failure);
        is_new
    }
}
