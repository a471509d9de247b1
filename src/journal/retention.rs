//! Prunes what the journal need not keep any longer.

use std::time::Duration;

use anyhow::Result;
use rusqlite::{Connection, TransactionBehavior, params};

use crate::config::Settings;
use crate::journal::Shipped;

/// The most rows that one step removes, so that appends do not wait long.
const MAX_ROWS: usize = 500;

/// Reads only the rows to remove: it runs every few seconds, and deliveries wait for it.
pub(super) const PRUNE_EVENTS: &str = "DELETE FROM events WHERE id IN
     (SELECT id FROM events WHERE received_ms < ?2 AND id <= ?1 ORDER BY received_ms LIMIT ?3)";

/// What may be removed from the journal. Keys stay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PruneLimits {
    /// Events received before this, in milliseconds since the epoch; `None`: none.
    pub events_before_ms: Option<i64>,
    /// Only events up to this place: those that a checkpoint or an archive has.
    pub events_up_to: u64,
    /// Quarantined deliveries received before this, in milliseconds since the epoch.
    pub quarantined_before_ms: i64,
    /// Only quarantined deliveries up to this place.
    pub quarantined_up_to: u64,
}

impl PruneLimits {
    /// What `settings` allow to remove at `now_ms`. With an archive, only what was `shipped` to it.
    pub fn due(settings: &Settings, shipped: Option<Shipped>, now_ms: i64) -> Self {
        let before = |keep: Duration| {
            now_ms.saturating_sub(i64::try_from(keep.as_millis()).unwrap_or(i64::MAX))
        };
        let everything = Shipped { event: u64::MAX, quarantined: u64::MAX };
        let Shipped { event, quarantined } = shipped.unwrap_or(everything);
        Self {
            events_before_ms: settings.keep_events().map(before),
            events_up_to: event,
            quarantined_before_ms: before(settings.journal.keep_quarantined),
            quarantined_up_to: quarantined,
        }
    }
}

/// Removes some of what `limits` allow, in one transaction.
pub fn prune(connection: &mut Connection, limits: PruneLimits) -> Result<()> {
    let PruneLimits { events_before_ms, quarantined_before_ms, .. } = limits;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    if let Some(before_ms) = events_before_ms {
        let values = params![place(limits.events_up_to), before_ms, MAX_ROWS];
        if transaction.prepare_cached(PRUNE_EVENTS)?.execute(values)? > 0 {
            transaction.execute("UPDATE journal SET pruned = 1", [])?;
        }
    }
    transaction
        .prepare_cached(
            "DELETE FROM quarantine WHERE id IN
             (SELECT id FROM quarantine WHERE id <= ?1 AND received_ms < ?2 ORDER BY id LIMIT ?3)",
        )?
        .execute(params![place(limits.quarantined_up_to), quarantined_before_ms, MAX_ROWS])?;
    Ok(transaction.commit()?)
}

/// A place as SQLite stores it.
fn place(place: u64) -> i64 {
    i64::try_from(place).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::{Environment, parse};

    const DAY_MS: i64 = 86_400_000;

    #[test]
    fn only_events_that_are_stored_elsewhere_are_pruned() {
        let nothing_yet = Shipped::default();
        let some = Shipped { event: 7, quarantined: 2 };
        #[rustfmt::skip]
        let cases = [
            // what is special            settings                                shipped            events before        up to
            ("for ever",                  "",                                     None,              None,                u64::MAX),
            ("a year",                    "[journal]\nkeep = '365d'",             None,              Some(35 * DAY_MS),   u64::MAX),
            ("an archive without us",     "[archive]",                            Some(nothing_yet), Some(370 * DAY_MS),  0),
            ("an archive with us",        "[archive]",                            Some(some),        Some(370 * DAY_MS),  7),
            ("an archive, but a year",    "[archive]\n[journal]\nkeep = '365d'",  Some(some),        Some(35 * DAY_MS),   7),
        ];
        for (what, settings, shipped, events_before_ms, events_up_to) in cases {
            let settings = parse(settings, Path::new("lookout.toml"), &Environment::default());
            let due = PruneLimits::due(&settings.expect("valid"), shipped, 400 * DAY_MS);
            let got = (due.events_before_ms, due.events_up_to);
            assert_eq!(got, (events_before_ms, events_up_to), "{what}");
            assert_eq!(due.quarantined_before_ms, 370 * DAY_MS, "{what}");
        }
    }
}
