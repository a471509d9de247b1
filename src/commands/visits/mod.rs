//! `lookout visits`: one row for each visit, as CSV or as lines of JSON.
//!
//! Reads everything that the journal or the archive has, beside a running `serve`. The rows are
//! collected in a temporary file, which has no name, before they are written: a slow reader of the
//! output never holds up the store.

mod row;
mod selection;

use std::io::{self, BufWriter, Seek, SeekFrom, Write};

use anyhow::{Context, Result};
use tempfile::{SpooledTempFile, spooled_tempfile};
use tokio::runtime::Handle;

use crate::commands::stored_events::{self, NOTHING_STORED};
use crate::commands::{arguments, export};
use crate::config::Settings;
use crate::time::clock;

use row::RowWriter;
use selection::Selection;

/// Up to this size, rows are collected in memory.
const MAX_IN_MEMORY: usize = 4 << 20;

/// Arguments of `visits`.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Args {
    /// Only visits that lasted until this moment or longer, or until this day in the site's zone
    #[arg(long, value_name = "RFC3339|DATE", value_parser = arguments::edge)]
    pub from: Option<arguments::Edge>,

    /// Only visits that began before this moment, or on this day in the site's zone or before
    #[arg(long, value_name = "RFC3339|DATE", value_parser = arguments::edge)]
    pub to: Option<arguments::Edge>,

    /// Only visits to this room of the settings: its name, slug or meeting number
    #[arg(long, value_name = "ROOM")]
    pub room: Option<String>,

    /// Only visits of this person: the name that is shown, or another one of the `[[people]]` entry
    #[arg(long, value_name = "NAME")]
    pub person: Option<String>,

    /// Print CSV, for a spreadsheet; this is the default
    #[arg(long)]
    pub csv: bool,

    /// Print one JSON object a line
    #[arg(long, conflicts_with = "csv")]
    pub json: bool,

    /// Include people whom the page does not show
    #[arg(long)]
    pub all: bool,
}

/// Writes the visits that `args` select to `out`, and what to know about them to `notes`. The
/// archive, if there is one, is read on `runtime`.
///
/// # Errors
///
/// `args` select no room, the events can't be read, or `out` can't be written.
pub fn run(
    settings: &Settings,
    args: &Args,
    runtime: &Handle,
    out: &mut impl Write,
    notes: &mut impl Write,
) -> Result<()> {
    let now = clock::now();
    let selection = Selection::new(settings, args, now)?;
    let mut rows = spooled_tempfile(MAX_IN_MEMORY);
    let mut writer = RowWriter::new(args.json, settings, now, BufWriter::new(&mut rows))?;
    let log = stored_events::read(settings, runtime, now)?;
    let Some(mut log) = log.filter(|log| !log.is_empty()) else {
        writer.finish()?;
        writeln!(notes, "{NOTHING_STORED}")?;
        return copy(rows, out);
    };
    let mut count = 0_u64;
    log.for_each_visit(now, |visit| {
        let Some(visit) = selection.apply(visit) else { return Ok(()) };
        count += 1;
        writer.write(&visit)
    })?;
    writer.finish()?;
    if count == 0 {
        writeln!(notes, "{}", selection.why_empty(&log))?;
    } else if args.all {
        writeln!(
            notes,
            "this list has everybody, also people whom the page does not show; share it with care"
        )?;
    }
    copy(rows, out)
}

/// Copies the collected rows to `out`.
fn copy(mut rows: SpooledTempFile, out: &mut impl Write) -> Result<()> {
    rows.seek(SeekFrom::Start(0)).context("cannot read the temporary file")?;
    let copied = io::copy(&mut rows, out).and_then(|_| out.flush());
    copied.context("cannot write the visits").or_else(export::accept_closed_pipe)
}
