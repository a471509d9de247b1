//! `[[notify]]`: the targets that receive notifications.

use std::collections::BTreeSet;

use chrono::Timelike;

use crate::config::access::Access;
use crate::time::moment::Moment;
use crate::time::zone::Zone;
use crate::types::Name;

/// One of `[[notify]]`: a chat and what it receives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notify {
    /// The service.
    pub kind: Chat,
    /// How to reach it: a bot, a webhook, or a bot and the webhook that replaces it when it is refused.
    pub access: Vec<Access>,
    /// The meeting numbers of its rooms; empty for all.
    pub rooms: Vec<String>,
    /// The events it receives.
    pub events: BTreeSet<NotifyEvent>,
    /// Whose events it receives; empty for everybody in `names`.
    pub people: Vec<Name>,
    /// The people it receives events of.
    pub names: Names,
    /// The hours in which it receives nothing.
    pub quiet: Option<QuietHours>,
    /// Whether it gets cards or messages.
    pub form: Form,
    /// Whom the message that a room opens mentions, in the syntax of the service.
    pub mention: Option<String>,
    /// Whether joins and leaves are left out, so that it hears of a room when it opens.
    pub only_first: bool,
}

/// What a target gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// A post for each opening of a room, edited in place.
    Card,
    /// A message for each change.
    Messages,
}

/// A chat service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Chat {
    /// Mattermost.
    Mattermost,
    /// Slack.
    Slack,
    /// Discord.
    Discord,
    /// Telegram.
    Telegram,
    /// ntfy, which rings phones.
    Ntfy,
    /// Any URL.
    Webhook,
}

impl Chat {
    /// All services.
    pub const ALL: [Self; 6] =
        [Self::Mattermost, Self::Slack, Self::Discord, Self::Telegram, Self::Ntfy, Self::Webhook];

    /// Its name in the settings.
    pub fn word(self) -> &'static str {
        match self {
            Self::Mattermost => "mattermost",
            Self::Slack => "slack",
            Self::Discord => "discord",
            Self::Telegram => "telegram",
            Self::Ntfy => "ntfy",
            Self::Webhook => "webhook",
        }
    }
}

/// An event that a target can receive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum NotifyEvent {
    /// Somebody joined.
    Joined,
    /// Somebody left.
    Left,
    /// The first person joined.
    Started,
    /// The last person left.
    Ended,
    /// Somebody started or stopped sharing the screen.
    Sharing,
    /// Somebody began to wait to be let in.
    Waiting,
    /// Somebody joined whom neither `privacy.publish` nor `[[people]]` names.
    Stranger,
}

/// The people of whom a target receives events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Names {
    /// Those whom the page may show.
    Published,
    /// Everybody.
    All,
}

/// Quiet hours of each day, such as 23:00 to 07:00, in minutes since midnight. Never empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QuietHours {
    from: u16,
    until: u16,
}

impl QuietHours {
    /// Parses `23:00-07:00`; the error says what to write.
    pub fn parse(text: &str) -> Result<Self, String> {
        let odd = || format!("`{text}` is not a range of times; write for example `23:00-07:00`");
        let (from, until) = text.split_once(['-', '–']).ok_or_else(odd)?;
        let (from, until) =
            (minute(from.trim()).ok_or_else(odd)?, minute(until.trim()).ok_or_else(odd)?);
        if from == until {
            return Err(format!(
                "`{text}` begins and ends at the same time; write for example `23:00-07:00`"
            ));
        }
        Ok(Self { from, until })
    }

    /// When the quiet hours at `now` end in `zone`; `None` outside of quiet hours. If clocks change in
    /// between, the time is wrong by that change, so ask again then.
    pub fn ends(self, zone: &Zone, now: Moment) -> Option<Moment> {
        let local = zone.local(now)?;
        let minute = u16::try_from(local.hour() * 60 + local.minute()).ok()?;
        let after = |begin: u16| i64::from((minute + DAY - begin) % DAY);
        let left = i64::from((self.until + DAY - self.from) % DAY) - after(self.from);
        (left > 0).then(|| now.plus(left * 60 - i64::from(local.second())))
    }
}

/// Minutes in a day.
const DAY: u16 = 24 * 60;

/// `07:00`, in minutes since midnight.
fn minute(text: &str) -> Option<u16> {
    let (hour, minute) = text.split_once(':')?;
    let number = |digits: &str, end: u16| {
        let plain = (1..=2).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
        digits.parse::<u16>().ok().filter(|number| plain && *number < end)
    };
    Some(number(hour, 24)? * 60 + number(minute, 60).filter(|_| minute.len() == 2)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Moment {
        Moment::parse_rfc3339(text).expect("test moments are RFC 3339")
    }

    #[test]
    fn quiet_hours_are_two_different_times_of_day() {
        #[rustfmt::skip]
        let cases = [
            // what is special       text            minutes
            ("over midnight",        "23:00-07:00",  Some((1380, 420))),
            ("within a day",         "9:30 - 10:00", Some((570, 600))),
            ("until midnight",       "22:00-00:00",  Some((1320, 0))),
            ("one time",             "23:00",        None),
            ("no time at all",       "07:00-07:00",  None),
            ("no such hour",         "24:00-07:00",  None),
            ("no such minute",       "23:60-07:00",  None),
            ("no minutes",           "23-7",         None),
            ("a sign",               "+3:00-07:00",  None),
            ("words",                "at night",     None),
        ];
        for (what, text, minutes) in cases {
            let quiet = minutes.map(|(from, until)| QuietHours { from, until });
            assert_eq!(QuietHours::parse(text).ok(), quiet, "{what}");
        }
    }

    #[test]
    fn quiet_holds_in_the_sites_zone_until_it_ends() {
        let zone = |name: &str| Zone::built_in(name).expect("known");
        #[rustfmt::skip]
        let cases = [
            // what is special            quiet          zone            now                     until
            ("before",                    "23:00-07:00", "UTC",          "2026-01-05T22:59:59Z", None),
            ("its first second",          "23:00-07:00", "UTC",          "2026-01-05T23:00:00Z", Some("2026-01-06T07:00:00Z")),
            ("after midnight",            "23:00-07:00", "UTC",          "2026-01-06T06:59:59Z", Some("2026-01-06T07:00:00Z")),
            ("its end",                   "23:00-07:00", "UTC",          "2026-01-06T07:00:00Z", None),
            ("three hours further east",  "23:00-07:00", "Europe/Istanbul", "2026-01-05T20:00:30Z", Some("2026-01-06T04:00:00Z")),
            ("within a day",              "12:00-13:00", "UTC",          "2026-01-05T12:30:00Z", Some("2026-01-05T13:00:00Z")),
            ("outside of a day's",        "12:00-13:00", "UTC",          "2026-01-05T23:30:00Z", None),
        ];
        for (what, quiet, name, now, until) in cases {
            let quiet = QuietHours::parse(quiet).expect(what);
            assert_eq!(quiet.ends(&zone(name), at(now)), until.map(at), "{what}");
        }
    }
}
