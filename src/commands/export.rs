//! `lookout export`: writes events or quarantined deliveries as lines of JSON.

use std::io::{self, BufWriter, Write};

use anyhow::{Context, Result, bail, ensure};

use clap::ValueEnum;
use tokio::runtime::Handle;

use crate::app::counted::counted;
use crate::archive::{Archive, Archived, Feed, Update};
use crate::config::Settings;
use crate::journal::{self, Reader};
use crate::jsonl;

/// What to export.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// The events.
    Events,
    /// The quarantined deliveries.
    Quarantined,
}

/// Where to read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Store {
    /// The local journal.
    Journal,
    /// The shared archive.
    Archive,
}

/// Writes `what` from `from` to `out`, one per line; without `from`, from the archive if there is
/// one, else from the journal. The archive is read on `runtime`.
pub fn run(
    settings: &Settings,
    from: Option<Store>,
    what: What,
    runtime: &Handle,
    out: impl Write,
) -> Result<()> {
    let mut out = BufWriter::with_capacity(1 << 16, out);
    let written = match (from, &settings.archive) {
        (Some(Store::Journal), _) | (None, None) => journal(settings, what, &mut out),
        (_, Some(settings)) => archive(&Archive::new(settings, runtime.clone()), what, &mut out),
        (Some(Store::Archive), None) => {
            let problem = "there is none; add a section `[archive]` with its `url`";
            return Err(settings.refuse("archive", problem).into());
        }
    };
    let flushed = written.and_then(|()| out.flush().context("cannot write the export"));
    flushed.or_else(accept_closed_pipe)
}

fn journal(settings: &Settings, what: What, out: &mut impl Write) -> Result<()> {
    let path = &settings.journal.path;
    let Some(reader) = Reader::open(path)? else {
        bail!(
            "there is no journal at `{}` yet; `lookout serve` and `lookout import` create it",
            path.display()
        );
    };
    match what {
        What::Events => reader.events_after(0, |entry| line(out, &jsonl::event(&entry)))?,
        What::Quarantined => reader.quarantined(|_, odd| line(out, &jsonl::quarantined(&odd)))?,
    }
    // Sound rows are exported before the damage is reported.
    out.flush().context("cannot write the export")?;
    let damaged = journal::damaged_row_count(path) as u64;
    ensure!(
        damaged == 0,
        "{} left out, because the journal is damaged; run `lookout repair`",
        counted(damaged, "row was", "rows were")
    );
    Ok(())
}

fn archive(archive: &Archive, what: What, out: &mut impl Write) -> Result<()> {
    let mut feed = Feed::scan(archive);
    while let Some(update) = feed.wait()? {
        let Update::Page(documents, _) = update else { continue };
        for document in documents {
            match (document, what) {
                (Archived::Event(entry), What::Events) => line(out, &jsonl::event(&entry))?,
                (Archived::Quarantined(odd), What::Quarantined) => {
                    line(out, &jsonl::quarantined(&odd))?;
                }
                _ => {}
            }
        }
    }
    Ok(())
}

fn line(out: &mut impl Write, line: &str) -> Result<()> {
    writeln!(out, "{line}").context("cannot write the export")
}

/// Accepts that the reader closed the pipe, as `head` does.
pub(super) fn accept_closed_pipe(error: anyhow::Error) -> Result<()> {
    match error.downcast_ref::<io::Error>() {
        Some(cause) if cause.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        _ => Err(error),
    }
}
