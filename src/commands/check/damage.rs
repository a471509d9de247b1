//! Damage of the journal: rows that are not as they were written.

use std::time::Duration;

use anyhow::Result;

use super::{Context, Depth, Finding};
use crate::app::counted::counted;
use crate::generator;
use crate::journal::{self, Reader, Verdict};

/// How long a quick examination takes at most, whatever the journal's size.
const TIME_LIMIT: Duration = Duration::from_secs(2);

/// Checks pages and checksums: all of them with `--deep`, else the newest, as many as the time limit
/// allows.
pub(super) fn check(context: &Context<'_>, depth: Depth) -> Vec<Finding> {
    let line = examined(context, depth).unwrap_or_else(|error| {
        Some(Finding::problem("damage", format!("the journal cannot be examined: {error:#}")))
    });
    let store = if depth == Depth::Deep { store(context) } else { None };
    line.into_iter().chain(store).collect()
}

/// Checks the presence store, if there is one yet.
fn store(context: &Context<'_>) -> Option<Finding> {
    let wrong = |fault: &str| {
        let advice = "`lookout build --replay` fills `lookout.presence` again; check the disk";
        Finding::problem("presence", format!("{fault}; {advice}"))
    };
    match generator::verify_store(context.settings) {
        Ok(None) => Some(Finding::ok("presence", "the store agrees with the events")),
        Ok(Some(fault)) => Some(wrong(&fault)),
        Err(error) => Some(wrong(&format!("{error:#}"))),
    }
}

fn examined(context: &Context<'_>, depth: Depth) -> Result<Option<Finding>> {
    // Another check reports a journal that can't be opened.
    let Ok(Some(reader)) = Reader::open(&context.settings.journal.path) else { return Ok(None) };
    let verdict = match depth {
        Depth::Quick => journal::verify_for(&reader, TIME_LIMIT)?,
        Depth::Deep => journal::verify(&reader)?,
    };
    Ok(Some(line(&verdict)))
}

fn line(verdict: &Verdict) -> Finding {
    let Verdict { structure, events, quarantined, is_partial } = verdict;
    if verdict.is_sound() {
        let text = match is_partial {
            true => "none in the newest events; `lookout check --deep` checks all",
            false => "none",
        };
        return Finding::ok("damage", text);
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
    let advice = "stop Lookout, and run `lookout repair`, or `lookout repair FILE` with a backup; check the disk";
    Finding::problem("damage", format!("{found}; {advice}"))
}
