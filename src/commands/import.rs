//! `lookout import`: lines of JSON into the journal, beside a running `serve` if need be.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::cli::Input;
use crate::commands::counted::counted;
use crate::commands::owner;
use crate::commands::rereading::reread_quarantine;
use crate::config::Settings;
use crate::journal::{Appended, Journal, Record};
use crate::jsonl;
use crate::time::clock;
use crate::zoom::Redaction;

/// Lines in one transaction: few, so that a running `serve` never waits long.
const BATCH: usize = 200;

/// The longest line taken, in bytes; the rest of a longer one is skipped.
const LONGEST_LINE: u64 = 16 << 20;

/// At most so many bad lines are named; the others are only counted.
const NAMED: usize = 20;

const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// What an import did.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Summary {
    /// Lines stored for the first time.
    pub new: u64,
    /// Lines that were stored before.
    pub known: u64,
    /// Lines that could not be taken.
    pub failed: u64,
}

/// Imports all lines of `from`; fails if any line did, after importing the rest.
pub fn run(settings: &Settings, from: &Input, quiet: bool) -> Result<Summary> {
    let (input, bytes) = open(from)?;
    owner::become_journals(settings)?;
    reread_quarantine(settings);
    let journal = Journal::open(&settings.journal.path)?;
    let progress = if quiet { ProgressBar::hidden() } else { bar(bytes) };
    let mut import = Import {
        journal: &journal,
        redaction: settings.redaction(),
        progress: &progress,
        batch: Vec::with_capacity(BATCH),
        summary: Summary::default(),
    };
    let outcome = import.lines(BufReader::with_capacity(1 << 16, input));
    let summary = import.summary;
    progress.finish_and_clear();
    journal.close();
    outcome?;
    let Summary { new, known, failed } = summary;
    let events = counted(new, "event", "events");
    let before = counted(known, "was there before", "were there before");
    tracing::info!(new, known, failed, "imported {events}; {before}");
    let lines = counted(new + known + failed, "line", "lines");
    ensure!(failed == 0, "{failed} of {lines} could not be taken; the rest is imported");
    Ok(summary)
}

fn open(from: &Input) -> Result<(Box<dyn Read>, Option<u64>)> {
    let Input::File(path) = from else { return Ok((Box::new(io::stdin()), None)) };
    let context = || format!("cannot read `{}`", path.display());
    let file = File::open(path).with_context(context)?;
    let bytes = file.metadata().with_context(context)?.len();
    Ok((Box::new(file), Some(bytes)))
}

/// A bar on a terminal, nothing elsewhere.
fn bar(bytes: Option<u64>) -> ProgressBar {
    let template = match bytes {
        Some(_) => "{bar:30} {percent}%  {bytes_per_sec}  {eta} left  {msg}",
        None => "{spinner} {bytes}  {bytes_per_sec}  {msg}",
    };
    let style = ProgressStyle::with_template(template).expect("the template is well-formed");
    let bar = ProgressBar::with_draw_target(bytes, ProgressDrawTarget::stderr()).with_style(style);
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}

struct Import<'a> {
    journal: &'a Journal,
    redaction: Redaction,
    progress: &'a ProgressBar,
    batch: Vec<Record>,
    summary: Summary,
}

impl Import<'_> {
    fn lines(&mut self, mut input: impl BufRead) -> Result<()> {
        let mut line = Vec::new();
        let mut number = 0;
        while let Some(fits) = next_line(&mut input, &mut line)? {
            number += 1;
            self.progress.inc(line.len() as u64);
            if fits {
                self.line(number, &line)?;
            } else {
                self.fail(number, &format!("longer than {LONGEST_LINE} bytes"));
            }
        }
        self.flush()
    }

    fn line(&mut self, number: u64, line: &[u8]) -> Result<()> {
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        // Before the first line, or where files were joined; Windows writes one.
        let line = line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(line);
        if line.is_empty() {
            return Ok(());
        }
        let Ok(line) = std::str::from_utf8(line) else {
            self.fail(number, "not UTF-8");
            return Ok(());
        };
        match jsonl::read(line, clock::now_ms(), &self.redaction) {
            Ok(record) => self.batch.push(record),
            Err(untaken) => self.fail(number, &untaken.to_string()),
        }
        if self.batch.len() >= BATCH { self.flush() } else { Ok(()) }
    }

    fn fail(&mut self, number: u64, why: &str) {
        self.summary.failed += 1;
        if self.summary.failed <= NAMED as u64 {
            self.progress.suspend(|| tracing::error!(line = number, "line {number}: {why}"));
        }
    }

    fn flush(&mut self) -> Result<()> {
        let batch = std::mem::take(&mut self.batch);
        for appended in self.journal.append_all(batch)? {
            match appended {
                Appended::New => self.summary.new += 1,
                Appended::Known => self.summary.known += 1,
            }
        }
        self.progress.set_message(format!("{} new", self.summary.new));
        Ok(())
    }
}

/// Reads the next line into `line`; `None` at the end, `Some(false)` for one that is too
/// long, of which only the beginning is kept.
fn next_line(input: &mut impl BufRead, line: &mut Vec<u8>) -> Result<Option<bool>> {
    line.clear();
    let read = input.take(LONGEST_LINE).read_until(b'\n', line).context("cannot read the input")?;
    if read == 0 {
        return Ok(None);
    }
    let fits = line.ends_with(b"\n") || (read as u64) < LONGEST_LINE;
    if !fits {
        input.skip_until(b'\n').context("cannot read the input")?;
    }
    Ok(Some(fits))
}
