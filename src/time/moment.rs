//! A moment in whole seconds: the only resolution that Zoom's facts have.

use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

use chrono::{DateTime, Datelike, NaiveDateTime, SecondsFormat, Timelike, Utc};
use compact_str::{CompactString, format_compact};
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

    /// In UTC: `2026-01-05T20:00:00Z`.
    pub fn to_rfc3339(self) -> CompactString {
        let Some(time) = self.to_utc() else { return format_compact!("{} s", self.0) };
        date_and_time(time.naive_utc(), b"0000-00-00T00:00:00Z")
            .unwrap_or_else(|| time.to_rfc3339_opts(SecondsFormat::Secs, true).into())
    }

    /// The same moment as a [`SystemTime`]; the epoch outside of chrono's years.
    pub fn system_time(self) -> SystemTime {
        self.to_utc().map_or(UNIX_EPOCH, SystemTime::from)
    }

    /// The same moment for calendar arithmetic; `None` outside of chrono's years.
    pub fn to_utc(self) -> Option<DateTime<Utc>> {
        DateTime::from_timestamp(self.0, 0)
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_rfc3339())
    }
}

/// Writes `time` over `pattern`, such as `0000-00-00T00:00:00Z`; `None` if the year does not have
/// four digits.
///
/// `format!` would take ten times as long, and a site of 100,000 people formats 400,000 times.
pub(crate) fn date_and_time<const LENGTH: usize>(
    time: NaiveDateTime,
    pattern: &[u8; LENGTH],
) -> Option<CompactString> {
    let year = u32::try_from(time.year()).ok().filter(|year| *year < 10_000)?;
    let mut text = *pattern;
    let numbers = [
        (0, year / 100),
        (2, year % 100),
        (5, time.month()),
        (8, time.day()),
        (11, time.hour()),
        (14, time.minute()),
        (17, time.second()),
    ];
    for (at, number) in numbers {
        text[at..at + 2].copy_from_slice(two_digits(number).as_bytes());
    }
    CompactString::from_utf8(text).ok()
}

/// `number`, which is below 100, formatted as `{:02}`.
pub(crate) fn two_digits(number: u32) -> &'static str {
    const ALL: &str = "\
        0001020304050607080910111213141516171819202122232425262728293031323334353637383940414243444546474849\
        5051525354555657585960616263646566676869707172737475767778798081828384858687888990919293949596979899";
    let at = 2 * number as usize;
    &ALL[at..at + 2]
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
        for text in ["2026-01-05T20:07:09Z", "0007-12-31T00:00:00Z", "9999-12-31T23:59:59Z"] {
            let moment = Moment::parse_rfc3339(text).expect("the text is RFC 3339");
            assert_eq!(moment.to_string(), text);
        }
    }

    #[test]
    fn a_moment_of_no_four_digit_year_is_written_all_the_same() {
        let after = Moment::from_seconds(253_402_300_800);
        assert_eq!(after.to_string(), "+10000-01-01T00:00:00Z");
        assert_eq!(Moment::from_seconds(i64::MAX).to_string(), format!("{} s", i64::MAX));
    }
}
