//! The events in the journal: how many are stored, unreadable, or in the future.

use anyhow::Result;

use super::{Context, Finding};
use crate::app::counted::counted;
use crate::journal::Reader;

/// Reads the journal as `build` would.
pub(super) fn check(context: &Context<'_>) -> Vec<Finding> {
    let stored = stored(context);
    let future = future(context);
    let problem = |error: anyhow::Error| Finding::problem("events", format!("{error:#}"));
    let findings =
        [stored.map(Some), future].map(|found| found.unwrap_or_else(|error| Some(problem(error))));
    let mut findings: Vec<_> = findings.into_iter().flatten().collect();
    // Both report a journal that can't be opened.
    findings.dedup();
    findings
}

/// Reports events whose time is in the future: this machine's clock or Zoom's is wrong.
fn future(context: &Context<'_>) -> Result<Option<Finding>> {
    // `stored` already reports a journal that can't be read.
    let Ok(log) = context.log() else { return Ok(None) };
    let count = log.future_event_count();
    let events = counted(count as u64, "event is", "events are");
    let text = format!(
        "{events} from the future: the site shows an event only from its own time on; \
         check this machine's clock with `timedatectl`"
    );
    Ok((count > 0).then(|| Finding::warning("future", text)))
}

fn stored(context: &Context<'_>) -> Result<Finding> {
    let Some(reader) = Reader::open(&context.settings.journal.path)? else {
        let text = "none yet; the first event creates the journal";
        return Ok(Finding::ok("events", text));
    };
    let events = match reader.last_id()? {
        0 => "none yet".to_owned(),
        count => counted(count, "was stored", "were stored"),
    };
    Ok(match reader.quarantined_count()? {
        0 => Finding::ok("events", events),
        count => {
            let unreadable = counted(count, "delivery", "deliveries");
            let text = format!(
                "{events}; {unreadable} could not be parsed; list them with `lookout export --quarantined`"
            );
            Finding::warning("events", text)
        }
    })
}
