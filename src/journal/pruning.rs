//! What need not be kept in the journal any longer.

use std::time::Duration;

use crate::config::Settings;
use crate::journal::Shipped;

/// What may be removed from the journal; keys stay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pruning {
    /// Events received before this, in milliseconds since the epoch; `None`: none.
    pub events_before_ms: Option<i64>,
    /// Only events up to this place: those that a checkpoint or an archive has.
    pub events_up_to: u64,
    /// Quarantined deliveries received before this, in milliseconds since the epoch.
    pub quarantined_before_ms: i64,
    /// Only quarantined deliveries up to this place.
    pub quarantined_up_to: u64,
}

impl Pruning {
    /// What `settings` let go at `now_ms`; where there is an archive, only what was
    /// `shipped` to it.
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

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::{Environment, parse};

    const DAY_MS: i64 = 86_400_000;

    #[test]
    fn only_what_is_elsewhere_is_let_go() {
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
            let due = Pruning::due(&settings.expect("valid"), shipped, 400 * DAY_MS);
            let got = (due.events_before_ms, due.events_up_to);
            assert_eq!(got, (events_before_ms, events_up_to), "{what}");
            assert_eq!(due.quarantined_before_ms, 370 * DAY_MS, "{what}");
        }
    }
}
