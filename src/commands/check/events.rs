//! What is in the journal.

use anyhow::Result;

use super::{Context, Line};
use crate::commands::counted::counted;
use crate::journal::Reader;

/// Opens the journal as `build` would.
pub(super) fn check(context: &Context<'_>) -> Vec<Line> {
    vec![match stored(context) {
        Ok(line) => line,
        Err(fault) => Line::wrong("events", format!("{fault:#}")),
    }]
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
