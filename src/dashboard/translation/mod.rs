//! The texts of the site, in each language.
//!
//! A language is one file with a [`Translation`]; the compiler reports what is missing in it.

mod en;
mod tr;

use serde::Serialize;

use crate::config::Language;

/// All texts of one language.
#[derive(Debug)]
pub struct Translation {
    /// The `lang` of the page (BCP 47).
    pub lang: &'static str,
    /// The months, shortened.
    pub months: [&'static str; 12],
    /// The days from Monday to Sunday.
    pub days: [&'static str; 7],
    /// The days from Monday to Sunday, shortened.
    pub weekdays: [&'static str; 7],
    /// The character before tenths.
    pub decimal_mark: char,
    /// Converts a letter to upper case.
    pub capital: fn(char) -> String,
    /// How many are in.
    pub summary: fn(usize) -> String,
    /// How many are in but not named, after a list of names.
    pub others: fn(usize) -> String,
    /// The same, if nobody is named.
    pub only_others: fn(usize) -> String,
    /// How many more there are than were listed.
    pub more: fn(usize) -> String,
    /// Since when somebody is in; `{}` is the time.
    pub since: &'static str,
    /// A visit with an unknown start; `{}` is its end.
    pub unknown_start: &'static str,
    /// A visit with an unknown end; `{}` is its start.
    pub unknown_end: &'static str,
    /// Hours; `{}` is their number.
    pub hours: &'static str,
    /// The hours of all people together; `{}` are the hours.
    pub together: &'static str,
    /// The busiest hour: the day, the hour, and how many people were in on average.
    pub busiest: fn(&str, &str, &str) -> String,
    /// The zone of all times; `{}` is its name.
    pub zone: &'static str,
    /// Fixed texts for templates.
    pub labels: Labels,
    /// Texts of badges and feeds.
    pub feed: FeedTexts,
}

/// The texts of badges and feeds.
#[derive(Debug)]
pub struct FeedTexts {
    /// How many are in, in two words.
    pub online: fn(usize) -> String,
    /// The title when a room opened; `{}` is its name.
    pub opened: &'static str,
    /// The title when a room emptied; `{}` is its name.
    pub emptied: &'static str,
    /// Who came first; `{}` is a name.
    pub came: &'static str,
    /// How long it was open, followed by names; `{}` is a duration such as `12 min`.
    pub open_for: &'static str,
    /// Hours, shortened.
    pub hours: &'static str,
    /// Minutes, shortened.
    pub minutes: &'static str,
}

/// The variable `text` of templates, such as `{{ text.join }}`.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Labels {
    /// The link into the room.
    pub join: &'static str,
    /// The heading over those who are in.
    pub members: &'static str,
    /// Shown instead of a list if nobody is in.
    pub nobody: &'static str,
    /// That somebody is sharing a screen.
    pub sharing: &'static str,
    /// The heading over those who are out.
    pub away: &'static str,
    /// The heading over the strips of the last 24 hours.
    pub last_day: &'static str,
    /// The heading over the hours of this week.
    pub week: &'static str,
    /// The heading over the hours of the last four weeks.
    pub four_weeks: &'static str,
    /// Before the legend of that chart.
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
    /// Shown instead of a missing time.
    pub never: &'static str,
    /// Before the time of the last change.
    pub updated: &'static str,
    /// Shown before the first change.
    pub not_updated: &'static str,
    /// The button that stops live updates.
    pub pause: &'static str,
    /// The button that starts them again.
    pub resume: &'static str,
    /// That the page may be older than it should be.
    pub stale: &'static str,
    /// For the script: live updates are connected.
    pub live: &'static str,
    /// For the script: it polls for changes.
    pub asking: &'static str,
    /// For the script: updates are paused.
    pub paused: &'static str,
    /// For the script: times are in the visitor's zone, `{}`.
    pub own_zone: &'static str,
    /// The button, and the heading of what a visitor can be told of.
    pub bell: &'static str,
    /// The button, once something is chosen.
    pub bell_on: &'static str,
    /// A choice.
    pub bell_anybody: &'static str,
    /// A choice.
    pub bell_opens: &'static str,
    /// The choices of people.
    pub bell_people: &'static str,
    /// A choice.
    pub bell_sound: &'static str,
    /// When the bell works, and where the choices stay.
    pub bell_note: &'static str,
    /// That the browser shows no notifications.
    pub bell_refused: &'static str,
    /// The button that closes the choices.
    pub bell_close: &'static str,
    /// For the script: who came, `{names}`.
    pub bell_came: &'static str,
    /// For the script: who came while the computer slept, `{names}`.
    pub bell_missed: &'static str,
    /// For the script: which rooms opened, `{names}`.
    pub bell_opened: &'static str,
}

impl Translation {
    /// The texts of `language`.
    pub fn of(language: Language) -> &'static Self {
        match language {
            Language::En => &en::TRANSLATION,
            Language::Tr => &tr::TRANSLATION,
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

/// The upper case of `letter` in most languages.
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
            assert_eq!((Translation::of(language).summary)(number), sentence, "{what}");
        }
    }
}
