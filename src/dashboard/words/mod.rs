//! What the page says, in each language.
//!
//! A language is one file that fills in [`Words`]; the compiler names whatever
//! is missing. Here stand only the shape and the choice.

mod en;
mod tr;

use serde::Serialize;

use crate::config::Language;

/// Everything the page says in one language.
#[derive(Debug)]
pub struct Words {
    /// The `lang` of the page (BCP 47).
    pub lang: &'static str,
    /// The months, shortened.
    pub months: [&'static str; 12],
    /// The days from Monday to Sunday.
    pub days: [&'static str; 7],
    /// The days from Monday to Sunday, shortened.
    pub weekdays: [&'static str; 7],
    /// What stands before tenths.
    pub decimal_mark: char,
    /// The capital of a letter.
    pub capital: fn(char) -> String,
    /// How many are in.
    pub summary: fn(usize) -> String,
    /// How many are in and not named, beside named ones.
    pub others: fn(usize) -> String,
    /// The same where nobody is named.
    pub only_others: fn(usize) -> String,
    /// How many more there are than were listed.
    pub more: fn(usize) -> String,
    /// Since when somebody is in; `{}` is the time.
    pub since: &'static str,
    /// When somebody left of whom nobody knows when they came; `{}` is the time.
    pub unknown_start: &'static str,
    /// When somebody came of whom nobody knows when they left; `{}` is the time.
    pub unknown_end: &'static str,
    /// Hours; `{}` is their number.
    pub hours: &'static str,
    /// The hours of all people together; `{}` are the hours.
    pub together: &'static str,
    /// The busiest hour: the day, the hour, and how many people were in on average.
    pub busiest: fn(&str, &str, &str) -> String,
    /// The zone of all times; `{}` is its name.
    pub zone: &'static str,
    /// Words that templates place as they are.
    pub labels: Labels,
    /// What is said around the page.
    pub around: Around,
}

/// The words of badges and feeds.
#[derive(Debug)]
pub struct Around {
    /// How many are in, in two words.
    pub online: fn(usize) -> String,
    /// Somebody came into an empty room; `{}` is its name.
    pub opened: &'static str,
    /// The last one left the room; `{}` is its name.
    pub emptied: &'static str,
    /// Who opened it; `{}` is a name.
    pub came: &'static str,
    /// How long it was open, before the names of those who were there; `{}` is such as `12 min`.
    pub open_for: &'static str,
    /// Hours, shortened.
    pub hours: &'static str,
    /// Minutes, shortened.
    pub minutes: &'static str,
}

/// The words of `text` in a template, such as `{{ text.join }}`.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Labels {
    /// The link into the room.
    pub join: &'static str,
    /// The heading over those who are in.
    pub members: &'static str,
    /// Instead of a list where nobody is in.
    pub nobody: &'static str,
    /// That somebody is sharing a screen.
    pub sharing: &'static str,
    /// The heading over those who are out.
    pub away: &'static str,
    /// The heading over the strips of today.
    pub today: &'static str,
    /// The heading over the hours of this week.
    pub week: &'static str,
    /// The heading over the hours of the last four weeks.
    pub four_weeks: &'static str,
    /// Before the colours of that chart: how many people are meant.
    pub people: &'static str,
    /// The heading over the rooms.
    pub rooms: &'static str,
    /// The link from a room back to all rooms.
    pub all_rooms: &'static str,
    /// The caption of the table.
    pub table: &'static str,
    /// How far back the page goes.
    pub window: &'static str,
    /// A column: the name.
    pub username: &'static str,
    /// A column: in or out.
    pub status: &'static str,
    /// A column.
    pub last_join: &'static str,
    /// A column.
    pub last_left: &'static str,
    /// Status of somebody who is in.
    pub present: &'static str,
    /// Status of somebody who is out.
    pub absent: &'static str,
    /// Where there is no time.
    pub never: &'static str,
    /// Before the time of the last change.
    pub updated: &'static str,
    /// Where nothing has changed yet.
    pub not_updated: &'static str,
    /// The button that stops live updates.
    pub pause: &'static str,
    /// The button that starts them again.
    pub resume: &'static str,
    /// That the page may be older than it should be.
    pub stale: &'static str,
    /// For the script: that it hears of changes at once.
    pub live: &'static str,
    /// For the script: that it asks for changes now and then.
    pub asking: &'static str,
    /// For the script: that it does neither.
    pub paused: &'static str,
    /// For the script: that times are the visitor's own; `{}` is the zone.
    pub own_zone: &'static str,
}

impl Words {
    /// The words of `language`.
    pub fn of(language: Language) -> &'static Self {
        match language {
            Language::En => &en::WORDS,
            Language::Tr => &tr::WORDS,
        }
    }

    /// A number of tenths: `3.5`, and `0` for none.
    pub(super) fn tenths(&self, tenths: i64) -> String {
        if tenths == 0 {
            return "0".to_owned();
        }
        format!("{}{}{}", tenths / 10, self.decimal_mark, tenths % 10)
    }
}

/// The capital of `letter` in most languages.
fn capital(letter: char) -> String {
    letter.to_uppercase().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_spoken_of_as_the_language_does() {
        #[rustfmt::skip]
        let cases = [
            // what is special     language       number  sentence
            ("none",               Language::En,  0,      "Nobody is in"),
            ("one",                Language::En,  1,      "1 person is in"),
            ("many",               Language::En,  12,     "12 people are in"),
            ("Turkish, none",      Language::Tr,  0,      "İçeride kimse yok"),
            ("Turkish, no plural", Language::Tr,  12,     "İçeride 12 kişi var"),
        ];
        for (what, language, number, sentence) in cases {
            assert_eq!((Words::of(language).summary)(number), sentence, "{what}");
        }
    }
}
