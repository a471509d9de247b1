//! `lookout export`: everything Lookout can read, as lines of JSON.

use std::io::{self, BufWriter, Write};

use anyhow::{Context, Result, bail};

use crate::config::Settings;
use crate::journal::Reader;
use crate::jsonl;

/// What to export.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// The events.
    Events,
    /// The quarantined deliveries.
    Quarantined,
}

/// Writes `what` to `out`, a line each.
pub fn run(settings: &Settings, what: What, out: impl Write) -> Result<()> {
    let path = &settings.journal.path;
    let Some(reader) = Reader::open(path)? else {
        bail!(
            "there is no journal at `{}` yet; `lookout serve` and `lookout import` create it",
            path.display()
        );
    };
    let mut out = BufWriter::with_capacity(1 << 16, out);
    let written = match what {
        What::Events => reader.events_after(0, |entry| line(&mut out, &jsonl::event(&entry))),
        What::Quarantined => reader.quarantined(|odd| line(&mut out, &jsonl::quarantined(&odd))),
    };
    let flushed = written.and_then(|()| out.flush().context("cannot write the export"));
    flushed.or_else(accept_closed_pipe)
}

fn line(out: &mut impl Write, line: &str) -> Result<()> {
    writeln!(out, "{line}").context("cannot write the export")
}

/// A reader that has seen enough, such as `head`, is no failure.
fn accept_closed_pipe(error: anyhow::Error) -> Result<()> {
    match error.downcast_ref::<io::Error>() {
        Some(cause) if cause.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        _ => Err(error),
    }
}
