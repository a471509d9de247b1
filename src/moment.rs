//! A moment in whole seconds: the only resolution that Zoom's facts have.

use std::fmt;

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};

/// A moment, in whole seconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Moment(i64);

impl Moment {
    /// The moment `seconds` after the epoch; negative is before it.
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds)
    }

    /// The moment `millis` after the epoch, rounded down.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis.div_euclid(1000))
    }

    /// Seconds since the epoch.
    pub const fn seconds(self) -> i64 {
        self.0
    }

    /// This moment and `seconds` more.
    #[must_use]
    pub const fn plus(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds))
    }

    /// Seconds from `earlier` to this moment; negative if `earlier` is later.
    pub const fn since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    /// Reads RFC 3339, such as `2026-01-05T20:00:00Z`; parts of a second are dropped.
    pub fn parse_rfc3339(text: &str) -> Option<Self> {
        let time = DateTime::parse_from_rfc3339(text).ok()?;
        Some(Self(time.timestamp()))
    }

    /// The same moment for calendar arithmetic; `None` outside of chrono's years.
    pub fn to_utc(self) -> Option<DateTime<Utc>> {
        DateTime::from_timestamp(self.0, 0)
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.to_utc() {
            Some(time) => f.write_str(&time.to_rfc3339_opts(SecondsFormat::Secs, true)),
            None => write!(f, "{} s", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_whole_seconds_rounded_down() {
        #[rustfmt::skip]
        let cases = [
            // what is special       millis   seconds
            ("a whole second",       2_000,   2),
            ("most of a second",     2_999,   2),
            ("before the epoch",     -1,      -1),
        ];
        for (what, millis, seconds) in cases {
            assert_eq!(Moment::from_millis(millis).seconds(), seconds, "{what}");
        }
    }

    #[test]
    fn a_moment_reads_what_it_prints() {
        let text = "2026-01-05T20:00:00Z";
        let moment = Moment::parse_rfc3339(text).expect("the text is RFC 3339");
        assert_eq!(moment.to_string(), text);
    }
}
