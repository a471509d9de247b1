//! What Unicode's CLDR knows of a language: names of months and days, the decimal mark, upper case,
//! plural rules and the direction of writing. Digits are always 0 to 9, as in the rest of a page.
//!
//! Everything is read once. Formatting a date then only joins texts, because most of a page is dates.

use icu_calendar::{Date, Gregorian};
use icu_casemap::CaseMapper;
use icu_datetime::FixedCalendarDateTimeFormatter;
use icu_datetime::fieldsets::{E, YMD};
use icu_decimal::DecimalFormatter;
use icu_locale::{Direction, LanguageIdentifier, Locale as Tag, LocaleDirectionality};

use super::rules::Rules;

/// Latin digits, whatever the language's own are.
const LATIN_DIGITS: &str = "-u-nu-latn";

/// A date whose day and year occur nowhere else in it.
const SAMPLE_DAY: u8 = 27;
const SAMPLE_YEAR: i32 = 2345;

/// A Monday.
const MONDAY: (i32, u8, u8) = (2026, 1, 5);

/// The conventions of one language.
#[derive(Debug, Clone)]
pub(super) struct Locale {
    /// How dates of each month are written.
    pub(super) months: Vec<DatePattern>,
    /// The days from Monday to Sunday.
    pub(super) days: Vec<String>,
    /// The same, shortened.
    pub(super) weekdays: Vec<String>,
    /// The text before tenths.
    pub(super) decimal_mark: String,
    pub(super) rules: Rules,
    pub(super) is_right_to_left: bool,
    language: LanguageIdentifier,
}

/// How the dates of one month are written: texts around day and year.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct DatePattern {
    pub(super) before: String,
    pub(super) between: String,
    pub(super) after: String,
    pub(super) is_year_first: bool,
    /// Whether days have two digits: `05`.
    pub(super) is_day_padded: bool,
}

impl Locale {
    /// The conventions of the language `tag`, with dates as in `dates`.
    pub(super) fn of(tag: &Tag, dates: &Tag) -> Self {
        let dates = latin(dates);
        Self {
            months: (1..=12).map(|month| DatePattern::of(&dates, month)).collect(),
            days: days(&dates, E::long()),
            weekdays: days(&dates, E::short()),
            decimal_mark: decimal_mark(&dates),
            rules: Rules::of(tag),
            is_right_to_left: LocaleDirectionality::new_common().get(&tag.id)
                == Some(Direction::RightToLeft),
            language: tag.id.clone(),
        }
    }

    /// The upper case of `letter`: in Turkish, `İ` for `i`.
    pub(super) fn capital(&self, letter: char) -> String {
        let mut buffer = [0; 4];
        let letter = letter.encode_utf8(&mut buffer);
        CaseMapper::new().uppercase_to_string(letter, &self.language).into_owned()
    }
}

impl DatePattern {
    fn of(dates: &Tag, month: u8) -> Self {
        let write = |day| written(dates, month, day);
        let pattern = Self::between(&write(SAMPLE_DAY));
        // A day of one digit that is not the month.
        let day = if month == 5 { 6 } else { 5 };
        let is_day_padded = write(day).contains(&format!("{day:02}"));
        pattern.map_or_else(|| Self::iso(month), |pattern| Self { is_day_padded, ..pattern })
    }

    /// Finds day and year in the date `sample`; a line never breaks in a date.
    fn between(sample: &str) -> Option<Self> {
        let sample = sample.replace([' ', '\u{202f}'], "\u{a0}");
        let (day, year) = (SAMPLE_DAY.to_string(), SAMPLE_YEAR.to_string());
        let (day_at, year_at) = (sample.find(&day)?, sample.find(&year)?);
        let is_year_first = year_at < day_at;
        let (first, second) = match is_year_first {
            true => ((year_at, year.len()), (day_at, day.len())),
            false => ((day_at, day.len()), (year_at, year.len())),
        };
        Some(Self {
            before: sample[..first.0].to_owned(),
            between: sample[first.0 + first.1..second.0].to_owned(),
            after: sample[second.0 + second.1..].to_owned(),
            is_year_first,
            is_day_padded: false,
        })
    }

    /// `2345-01-27`, for a locale without a pattern that has day and year.
    fn iso(month: u8) -> Self {
        Self {
            between: format!("-{month:02}-"),
            is_year_first: true,
            is_day_padded: true,
            ..Self::default()
        }
    }
}

fn latin(tag: &Tag) -> Tag {
    let with_digits = format!("{}{LATIN_DIGITS}", tag.id).parse();
    with_digits.unwrap_or_else(|_| tag.clone())
}

fn days(dates: &Tag, form: E) -> Vec<String> {
    let (year, month, monday) = MONDAY;
    let formatter = FixedCalendarDateTimeFormatter::<Gregorian, _>::try_new(dates.into(), form);
    let formatter = formatter.expect("the names of all languages are compiled in");
    let name = |days| formatter.format(&date(year, month, monday + days)).to_string();
    (0..7).map(name).collect()
}

/// A date of the sample year.
fn written(dates: &Tag, month: u8, day: u8) -> String {
    let formatter =
        FixedCalendarDateTimeFormatter::<Gregorian, _>::try_new(dates.into(), YMD::medium());
    let formatter = formatter.expect("the dates of all languages are compiled in");
    formatter.format(&date(SAMPLE_YEAR, month, day)).to_string()
}

fn date(year: i32, month: u8, day: u8) -> Date<Gregorian> {
    Date::try_new_gregorian(year, month, day).expect("the date exists")
}

/// The text between `1` and `5` in one and a half.
fn decimal_mark(tag: &Tag) -> String {
    let formatter = DecimalFormatter::try_new(tag.into(), Default::default());
    let formatter = formatter.expect("the marks of all languages are compiled in");
    let number = "1.5".parse().expect("it is a decimal number");
    formatter.format(&number).to_string().replace(['1', '5'], "")
}
