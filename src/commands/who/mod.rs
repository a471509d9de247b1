//! `lookout who`: everybody and every meeting that was seen, who is in, and who is shown; and the same
//! as lines for the settings.

mod alias;
mod json;
mod listing;
mod paste;

use std::io::Write;

use anyhow::{Context, Result};
use tokio::runtime::Handle;

use crate::commands::export;
use crate::commands::stored_events::{self, NOTHING_STORED};
use crate::config::Settings;
use crate::generator::Seen;
use crate::time::clock;

/// Arguments of `who`.
#[derive(Debug, Clone, Copy, Default, clap::Args)]
pub struct Args {
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,

    /// Print lines for `privacy.publish`, `[[people]]` and `[[rooms]]`, to paste into lookout.toml
    #[arg(long, conflicts_with = "json")]
    pub paste: bool,
}

/// Writes what was seen to `out`, and what to know about it to `notes`. The archive, if there is one,
/// is read on `runtime`.
///
/// # Errors
///
/// The events can't be read, or `out` can't be written.
pub fn run(
    settings: &Settings,
    args: Args,
    runtime: &Handle,
    out: &mut impl Write,
    notes: &mut impl Write,
) -> Result<()> {
    let now = clock::now();
    let log = stored_events::read(settings, runtime, now)?;
    let seen = log.map(|mut log| log.seen(now)).transpose()?.unwrap_or_default();
    let is_empty = seen.names.is_empty() && seen.meetings.is_empty();
    if is_empty {
        writeln!(notes, "{NOTHING_STORED}")?;
    }
    let text = match args {
        Args { json: true, .. } => json::encode(&seen, settings)?,
        _ if is_empty => String::new(),
        Args { paste: true, .. } => paste::lines(&seen, settings),
        _ => listing::text(&seen, settings),
    };
    if args.paste && text.is_empty() && !is_empty {
        writeln!(notes, "{}", nothing_new(&seen))?;
    }
    let written = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    written.context("cannot write the list").or_else(export::accept_closed_pipe)
}

fn nothing_new(seen: &Seen) -> &'static str {
    match seen.names.is_empty() {
        true => {
            "nobody with a name was seen yet, so there is nothing to paste; run this again after somebody joined"
        }
        false => {
            "the settings have everybody and every meeting that was seen, so there is nothing to paste"
        }
    }
}
