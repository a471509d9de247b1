//! What is in the journal.

use anyhow::Result;

use super::{Context, Line};
use crate::commands::counted::counted;
use crate::generator::Log;
use crate::journal::Reader;

/// Opens the journal as `build` would.
pub(super) fn check(context: &Context<'_>) -> Vec<Line> {
    let stored = stored(context);
    let to_come = to_come(context);
    let wrong = |fault: anyhow::Error| Line::wrong("events", format!("{fault:#}"));
    let lines =
        [stored.map(Some), to_come].map(|line| line.unwrap_or_else(|fault| Some(wrong(fault))));
    let mut lines: Vec<_> = lines.into_iter().flatten().collect();
    // A journal that can't be read says so once.
    lines.dedup();
    lines
}

/// Reports events from the future: a clock is wrong, here or at Zoom.
fn to_come(context: &Context<'_>) -> Result<Option<Line>> {
    let mut log = Log::open(context.settings, None)?;
    // Where the journal can't be read alone, there is a line of that.
    if log.catch_up(context.now).is_err() {
        return Ok(None);
    }
    let number = log.events_to_come();
    let events = counted(number as u64, "event is", "events are");
    let text = format!(
        "{events} of a time yet to come, and counted only from then on; \
         compare this machine's clock with `timedatectl`"
    );
    Ok((number > 0).then(|| Line::look("to come", text)))
}

fn stored(context: &Context<'_>) -> Result<Line> {
    let Some(reader) = Reader::open(&context.settings.journal.path)? else {
        let text = "none yet; the journal is made when the first one comes";
        return Ok(Line::fine("events", text));
    };
    let events = match reader.last_id()? {
        0 => "none yet".to_owned(),
        many => counted(many, "was stored", "were stored"),
    };
    Ok(match reader.quarantined_count()? {
        0 => Line::fine("events", events),
        odd => {
            let odd = counted(odd, "delivery", "deliveries");
            let look = "look at them with `lookout export --quarantined`";
            Line::look("events", format!("{events}; {odd} could not be read: {look}"))
        }
    })
}
