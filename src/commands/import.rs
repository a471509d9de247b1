//! `lookout import`: stores lines of JSON in the journal, also while `serve` runs.

use std::convert::Infallible;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::app::counted::counted;
use crate::app::privileges;
use crate::app::quarantine::reread_quarantine;
use crate::config::Settings;
use crate::journal::{Appended, Journal, Record};
use crate::jsonl;
use crate::time::clock;
use crate::zoom::Redaction;

/// The input of an import.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// `-`
    Stdin,
    /// A file.
    File(PathBuf),
}

impl FromStr for Input {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(match text {
            "-" => Self::Stdin,
            path => Self::File(path.into()),
        })
    }
}

/// Lines in one transaction: few, so that a running `serve` never waits long.
const BATCH: usize = 200;

/// The longest accepted line, in bytes; the rest of a longer one is skipped.
const MAX_LINE_BYTES: u64 = 16 << 20;

/// How many bad lines are logged at most; the others are only counted.
const MAX_LOGGED: usize = 20;

const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// The result of an import.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Summary {
    /// Lines stored for the first time.
    pub new: u64,
    /// Lines that were stored before.
    pub known: u64,
    /// Lines that could not be imported.
    pub failed: u64,
}

/// Imports all lines of `from`. If some can't be imported, fails after importing the others.
pub fn run(settings: &Settings, from: &Input, quiet: bool) -> Result<Summary> {
    let (input, bytes) = open(from)?;
    privileges::become_journal_owner(settings)?;
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

/// A progress bar, which is hidden if stderr is not a terminal.
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
                self.fail(number, &format!("longer than {MAX_LINE_BYTES} bytes"));
            }
        }
        self.flush()
    }

    fn line(&mut self, number: u64, line: &[u8]) -> Result<()> {
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        // Windows writes it at the start of a file, and files may have been joined.
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
        if self.summary.failed <= MAX_LOGGED as u64 {
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

/// Reads the next line into `line`: `None` at the end, `Some(false)` if the line is too long and was
/// cut.
fn next_line(input: &mut impl BufRead, line: &mut Vec<u8>) -> Result<Option<bool>> {
    line.clear();
    let read =
        input.take(MAX_LINE_BYTES).read_until(b'\n', line).context("cannot read the input")?;
    if read == 0 {
        return Ok(None);
    }
    let fits = line.ends_with(b"\n") || (read as u64) < MAX_LINE_BYTES;
    if !fits {
        input.skip_until(b'\n').context("cannot read the input")?;
    }
    Ok(Some(fits))
}
