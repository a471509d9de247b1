//! What is in the journal.

use anyhow::Result;

use super::{Context, Line};
use crate::journal::Reader;

/// Opens the journal as `build` would.
pub(super) fn check(context: &Context<'_>) -> Vec<Line> {
    vec![match stored(context) {
        Ok(text) => Line::fine("events", text),
        Err(fault) => Line::wrong("events", format!("{fault:#}")),
    }]
}

fn stored(context: &Context<'_>) -> Result<String> {
    let Some(reader) = Reader::open(&context.settings.journal.path)? else {
        return Ok("none yet; the journal is made when the first one comes".to_owned());
    };
    let events = match reader.last_id()? {
        0 => "none yet".to_owned(),
        1 => "1 was stored".to_owned(),
        many => format!("{many} were stored"),
    };
    Ok(match reader.quarantined_count()? {
        0 => events,
        odd => {
            format!("{events}; {odd} deliveries could not be read: `lookout export --quarantined`")
        }
    })
}
