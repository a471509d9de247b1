//! The events in the journal.

use anyhow::Result;

use super::{Context, Finding};
use crate::app::counted::counted;
use crate::journal::Reader;

/// Reads the journal as `build` would.
pub(super) fn check(context: &Context<'_>) -> Vec<Finding> {
    let stored = stored(context);
    let to_come = to_come(context);
    let wrong = |fault: anyhow::Error| Finding::problem("events", format!("{fault:#}"));
    let lines =
        [stored.map(Some), to_come].map(|line| line.unwrap_or_else(|fault| Some(wrong(fault))));
    let mut lines: Vec<_> = lines.into_iter().flatten().collect();
    // Both report a journal that can't be read.
    lines.dedup();
    lines
}

/// Reports events from the future: this machine's clock or Zoom's is wrong.
fn to_come(context: &Context<'_>) -> Result<Option<Finding>> {
    // `stored` reports a journal that can't be read.
    let Ok(log) = context.log() else { return Ok(None) };
    let number = log.future_event_count();
    let events = counted(number as u64, "event is", "events are");
    let text = format!(
        "{events} from the future, and counted only from then on; \
         compare this machine's clock with `timedatectl`"
    );
    Ok((number > 0).then(|| Finding::warning("to come", text)))
}

fn stored(context: &Context<'_>) -> Result<Finding> {
    let Some(reader) = Reader::open(&context.settings.journal.path)? else {
        let text = "none yet; the first event creates the journal";
        return Ok(Finding::ok("events", text));
    };
    let events = match reader.last_id()? {
        0 => "none yet".to_owned(),
        many => counted(many, "was stored", "were stored"),
    };
    Ok(match reader.quarantined_count()? {
        0 => Finding::ok("events", events),
        odd => {
            let odd = counted(odd, "delivery", "deliveries");
            let look = "look at them with `lookout export --quarantined`";
            Finding::warning("events", format!("{events}; {odd} could not be read: {look}"))
        }
    })
}
