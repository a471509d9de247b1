//! Whether the journal is as it was written.

use std::time::Duration;

use anyhow::Result;

use super::{Context, Depth, Line};
use crate::commands::counted::counted;
use crate::generator;
use crate::journal::{self, Reader, Verdict};

/// A quick look ends after so long, however long the journal is.
const LIMIT: Duration = Duration::from_secs(2);

/// Examines pages and checksums: all of them with `--deep`, else the newest, as many as there is
/// time for.
pub(super) fn check(context: &Context<'_>, depth: Depth) -> Vec<Line> {
    let line = examined(context, depth).unwrap_or_else(|error| {
        Some(Line::wrong("damage", format!("the journal cannot be examined: {error:#}")))
    });
    let store = if depth == Depth::Deep { store(context) } else { None };
    line.into_iter().chain(store).collect()
}

/// Examines what the page is made from, if there is any of it yet.
fn store(context: &Context<'_>) -> Option<Line> {
    let wrong = |fault: &str| {
        let advice = "`lookout build --replay` fills `lookout.presence` anew; examine the disk";
        Line::wrong("presence", format!("{fault}; {advice}"))
    };
    match generator::verify_store(context.settings) {
        Ok(None) => Some(Line::fine("presence", "what is stored follows from the events")),
        Ok(Some(fault)) => Some(wrong(&fault)),
        Err(error) => Some(wrong(&format!("{error:#}"))),
    }
}

fn examined(context: &Context<'_>, depth: Depth) -> Result<Option<Line>> {
    // A journal that can't be opened has a line already.
    let Ok(Some(reader)) = Reader::open(&context.settings.journal.path) else { return Ok(None) };
    let verdict = match depth {
        Depth::Quick => journal::verify_for(&reader, LIMIT)?,
        Depth::Deep => journal::verify(&reader)?,
    };
    Ok(Some(line(&verdict)))
}

fn line(verdict: &Verdict) -> Line {
    let Verdict { structure, events, quarantined, is_partial } = verdict;
    if verdict.is_sound() {
        let text = match is_partial {
            true => "none in the newest events; `lookout check --deep` looks at all",
            false => "none",
        };
        return Line::fine("damage", text);
    }
    let mut found: Vec<_> = structure
        .iter()
        .map(|structure| format!("the journal {}", structure.trim_start_matches("it ")))
        .collect();
    if *events > 0 {
        found.push(counted(*events as u64, "event is damaged", "events are damaged"));
    }
    if *quarantined > 0 {
        let odd =
            counted(*quarantined as u64, "quarantined delivery is", "quarantined deliveries are");
        found.push(format!("{odd} damaged"));
    }
    let found = found.join("; ");
    let advice = "stop Lookout, and run `lookout repair`, or `lookout repair FILE` with a backup; examine the disk";
    Line::wrong("damage", format!("{found}; {advice}"))
}
