//! Stories told briefly: `join("10:00")` is Ada joining room 111.

use compact_str::CompactString;

use crate::roster::{End, Person, Presence, Roster, Rules, Visit};
use crate::time::moment::Moment;
use crate::zoom::{Bound, Event, Kind, Meeting, Name, Participant};

pub const HOUR: i64 = 3600;
pub const DAY: i64 = 24 * HOUR;

/// Midnight of day 1, to which all clock times are relative.
const MIDNIGHT: Moment = Moment::from_seconds(1_772_409_600);

/// `"10:00"` or `"10:31:10"` of day 1, `"2 09:00"` of day 2.
pub fn clock(text: &str) -> Moment {
    let (day, time) = text.split_once(' ').unwrap_or(("1", text));
    let mut seconds = 0;
    let mut unit = HOUR;
    for part in time.split(':') {
        seconds += unit * part.parse::<i64>().unwrap();
        unit /= 60;
    }
    MIDNIGHT.plus((day.parse::<i64>().unwrap() - 1) * DAY + seconds)
}

/// What [`clock`] reads.
pub fn show(moment: Moment) -> String {
    let seconds = moment.since(MIDNIGHT);
    let (day, seconds) = (seconds.div_euclid(DAY) + 1, seconds.rem_euclid(DAY));
    let (hours, minutes, seconds) = (seconds / HOUR, seconds / 60 % 60, seconds % 60);
    let mut text = format!("{hours:02}:{minutes:02}");
    if day != 1 {
        text.insert_str(0, &format!("{day} "));
    }
    if seconds != 0 {
        text.push_str(&format!(":{seconds:02}"));
    }
    text
}

pub fn join(time: &str) -> Event {
    about_ada(Kind::Joined, time)
}

pub fn leave(time: &str) -> Event {
    about_ada(Kind::Left, time)
}

pub fn ended(time: &str) -> Event {
    event(Kind::Ended, time)
}

/// As Zoom tells of sharing: the leg and perhaps a name, no connection.
pub fn share(time: &str) -> Event {
    event(Kind::SharingStarted, time).leg("1").name("Ada")
}

pub fn unshare(time: &str) -> Event {
    event(Kind::SharingEnded, time).leg("1").name("Ada")
}

/// An event of any kind about Ada's first leg: connection `c1`, `user_id` 1.
pub fn about_ada(kind: Kind, time: &str) -> Event {
    event(kind, time).leg("1").connection("c1").name("Ada")
}

/// An event about a caller: leg 7 of connection `c7`.
pub fn call(event: Event) -> Event {
    event.leg("7").connection("c7").name("12025550143")
}

/// The caller's telephone is bound to Ada's first leg.
pub fn bind(time: &str) -> Event {
    call(event(Kind::Bound, time)).bound_to("1")
}

/// An event of any kind about no participant.
pub fn event(kind: Kind, time: &str) -> Event {
    let at = clock(time);
    Event {
        kind,
        at,
        stamp_ms: at.seconds() * 1000,
        meeting: Some(Meeting { uuid: "m1".into(), number: Some("111".into()) }),
        participant: None,
    }
}

/// What is special about an event.
pub trait EventExt: Sized {
    fn with(self, change: impl FnOnce(&mut Event)) -> Self;

    fn leg(self, user_id: &str) -> Self {
        self.with(|event| who(event).user_id = text(user_id))
    }

    fn connection(self, id: &str) -> Self {
        self.with(|event| who(event).connection = text(id))
    }

    fn name(self, name: &str) -> Self {
        self.with(|event| who(event).name = Name::clean(name))
    }

    fn account(self, id: &str) -> Self {
        self.with(|event| who(event).zoom_user_ids.push(id.into()))
    }

    /// Whose telephone it is: a leg's `user_id`, or `connection:` and its id.
    fn bound_to(self, whose: &str) -> Self {
        let (user_id, connection) = match whose.strip_prefix("connection:") {
            Some(id) => (None, Some(id.into())),
            None => (Some(whose.into()), None),
        };
        self.with(|event| who(event).bound_to = Some(Bound { user_id, connection }))
    }

    /// Another meeting of the same room.
    fn meeting(self, uuid: &str) -> Self {
        self.with(|event| event.meeting.as_mut().unwrap().uuid = uuid.into())
    }

    /// Another room; its meeting is named after it.
    fn room(self, number: &str) -> Self {
        self.meeting(&format!("m{number}")).number(number)
    }

    fn number(self, number: &str) -> Self {
        self.with(|event| event.meeting.as_mut().unwrap().number = text(number))
    }

    fn stamp(self, millis: i64) -> Self {
        self.with(|event| event.stamp_ms += millis)
    }
}

impl EventExt for Event {
    fn with(mut self, change: impl FnOnce(&mut Event)) -> Self {
        change(&mut self);
        self
    }
}

fn who(event: &mut Event) -> &mut Participant {
    event.participant.get_or_insert_default()
}

/// As in a delivery: empty means absent.
fn text(text: &str) -> Option<CompactString> {
    (!text.is_empty()).then(|| text.into())
}

/// No configured rooms or people; stale after twelve hours.
pub fn rules() -> Rules {
    Rules { stale_after: 12 * HOUR, ..Rules::default() }
}

/// The rules with rooms.
pub fn rules_of_rooms(numbers: &[&str]) -> Rules {
    Rules { rooms: numbers.iter().map(|&number| number.to_owned()).collect(), ..rules() }
}

pub fn roster<'a>(events: impl IntoIterator<Item = &'a Event>) -> Roster {
    let mut roster = Roster::new();
    for event in events {
        roster.apply(event);
    }
    roster
}

/// The people as text: `Ada in since 10:00, joined 10:00, left N/A: 09:00-09:30 10:00-`; of
/// somebody who shares, `Ada in since 10:00, sharing since 10:05, joined …`.
///
/// In a visit, `?` is a time nobody knows, and an open one has no end.
pub fn summary(people: &[Person]) -> String {
    let people = people.iter().map(|person| {
        let state = match person.present_since {
            Some(since) => format!("in since {}", show(since)),
            None => "out".to_owned(),
        };
        let sharing = person.sharing_since.map(show);
        let sharing = sharing.map_or(String::new(), |since| format!(", sharing since {since}"));
        let or_na = |moment: Option<Moment>| moment.map_or("N/A".to_owned(), show);
        let (join, left) = (or_na(person.last_join), or_na(person.last_left));
        let visits: Vec<String> = person.visits.iter().map(show_visit).collect();
        let visits = visits.join(" ");
        format!("{} {state}{sharing}, joined {join}, left {left}: {visits}", person.name)
    });
    people.collect::<Vec<_>>().join("\n")
}

fn show_visit(visit: &Visit) -> String {
    let start = visit.start.map_or("?".to_owned(), show);
    let end = match visit.end {
        End::Open => String::new(),
        End::At(end) => show(end),
        End::Unknown => "?".to_owned(),
    };
    format!("{start}-{end}")
}

/// Everybody over all rooms at `now`, by the plain [`rules`].
pub fn people_at(events: &[Event], now: &str) -> String {
    summary(&presence(events, &rules(), now).people)
}

/// One row of a table: what is special, the events, now, and what the page says.
pub type Case<'a> = (&'a str, Vec<Event>, &'a str, &'a str);

/// Holds each row against its events as they are, backwards, and each twice.
#[track_caller]
pub fn check_in_any_order<'a>(cases: impl IntoIterator<Item = Case<'a>>) {
    for (what, events, now, expected) in cases {
        assert_eq!(people_at(&events, now), expected, "{what}");
        let backwards: Vec<Event> = events.iter().rev().cloned().collect();
        assert_eq!(people_at(&backwards, now), expected, "backwards: {what}");
        let twice = [events, backwards].concat();
        assert_eq!(people_at(&twice, now), expected, "each twice: {what}");
    }
}

pub fn presence(events: &[Event], rules: &Rules, now: &str) -> Presence {
    roster(events).presence(rules, clock(now))
}
