//! The charts: what they draw, in whose time, and when they move on.

use std::path::Path;

use lookout::config::Settings;
use lookout::dashboard::{Dashboard, Page};
use lookout::roster::{End, Person, Presence, Visit};
use lookout::time::moment::Moment;
use lookout::time::zone::Zone;
use proptest::prelude::*;

use super::sample::{Does, NOW, at, person, presence, settings};

fn settings_in(zone: &str) -> Settings {
    let mut settings = settings(Path::new("/nowhere"));
    settings.site.time_zone = Zone::built_in(zone).expect("known");
    settings
}

/// The page of `people` as of `now`, in UTC.
fn page(people: Vec<Person>, now: &str) -> Page {
    page_in("UTC", people, now)
}

fn page_in(zone: &str, people: Vec<Person>, now: &str) -> Page {
    let made = Dashboard::new(&presence(people), &settings_in(zone), at(now));
    made.pages.into_iter().next().expect("there is a page")
}

/// Somebody with one visit, of which something may be unknown.
fn visitor(start: Option<&str>, end: End) -> Person {
    let start = start.map(at);
    let (last_join, present_since) = (start, start.filter(|_| end == End::Open));
    let last_left = if let End::At(end) = end { Some(end) } else { None };
    let visits = vec![Visit { start, end }];
    Person { visits, last_join, last_left, present_since, ..person("Ada") }
}

#[test]
fn a_strip_draws_what_is_known_and_says_the_same_in_words() {
    let now = "2026-01-05T18:10:00Z";
    let ended = |end: &str| End::At(at(end));
    #[rustfmt::skip]
    let cases = [
        // what is special              start                          end                              from, minutes   in words
        ("came and went",               Some("2026-01-05T10:00:00Z"),  ended("2026-01-05T11:30:59Z"),   (600, 90),      "10:00–11:30"),
        ("since yesterday",             Some("2026-01-04T23:00:00Z"),  ended("2026-01-05T00:20:00Z"),   (0, 20),        "4\u{a0}Jan\u{a0}2026, 23:00–00:20"),
        ("is in, up to the quarter",    Some("2026-01-05T16:30:00Z"),  End::Open,                       (990, 90),      "since 16:30"),
        ("came since the quarter",      Some("2026-01-05T18:05:00Z"),  End::Open,                       (1085, 1),      "since 18:05"),
        ("in the second of the join",   Some("2026-01-05T10:00:00Z"),  ended("2026-01-05T10:00:00Z"),   (600, 1),       "10:00–10:00"),
        ("nobody knows the end",        Some("2026-01-05T10:00:00Z"),  End::Unknown,                    (600, 1),       "from 10:00, until when nobody knows"),
        ("nobody knows the beginning",  None,                          ended("2026-01-05T10:00:00Z"),   (600, 1),       "until 10:00, from when nobody knows"),
        ("a clock that is ahead",       Some("2026-01-06T10:00:00Z"),  End::Open,                       (1439, 1),      "since 6\u{a0}Jan\u{a0}2026, 10:00"),
    ];
    for (what, start, end, bar, words) in cases {
        let today = page(vec![visitor(start, end)], now).today.expect(what);
        let strip = &today.people[0];
        let bars: Vec<_> = strip.bars.iter().map(|bar| (bar.from, bar.minutes)).collect();
        assert_eq!((bars, strip.text.as_str()), (vec![bar], words), "{what}");
        assert_eq!(strip.bars[0].open, end == End::Open, "{what}");
    }
}

#[test]
fn who_was_not_in_today_has_no_strip() {
    let yesterday = person("Ada").was_in("2026-01-04T10:00:00Z", "2026-01-04T23:59:59Z");
    assert_eq!(page(vec![yesterday], NOW).today, None);
}

#[test]
fn strips_are_those_of_whoever_is_in_and_then_of_the_latest() {
    let mut people = vec![
        person("first in").stays_from("2026-01-05T10:00:00Z"),
        person("second in").stays_from("2026-01-05T11:00:00Z"),
    ];
    people.extend((0..30).map(|minute| {
        let end = format!("2026-01-05T12:{minute:02}:00Z");
        person(&format!("left at {minute}")).was_in("2026-01-05T09:00:00Z", &end)
    }));
    let today = page(people, NOW).today.expect("people were in");
    let names: Vec<&str> = today.people.iter().map(|strip| strip.name.as_str()).collect();
    assert_eq!(names[..3], ["first in", "second in", "left at 29"]);
    assert_eq!((names.len(), today.more.as_deref()), (24, Some("and 8 more")));
}

#[test]
fn many_visits_in_a_day_are_told_by_the_last_ones() {
    let visits = (1..9).fold(person("Ada"), |ada, hour| {
        ada.was_in(&format!("2026-01-05T0{hour}:00:00Z"), &format!("2026-01-05T0{hour}:30:00Z"))
    });
    let today = page(vec![visits], NOW).today.expect("she was in");
    let words = "05:00–05:30, 06:00–06:30, 07:00–07:30, 08:00–08:30, and 4 more";
    assert_eq!(today.people[0].text, words);
    assert_eq!(today.people[0].bars.len(), 8);
}

#[test]
fn a_strip_is_as_long_as_its_day() {
    let berlin = "Europe/Berlin";
    #[rustfmt::skip]
    let cases = [
        // what is special          now                     minutes  noon is at
        ("any day",                 "2026-01-05T18:00:00Z", 1440,    "50.00"),
        ("clocks are put forward",  "2026-03-29T18:00:00Z", 1380,    "47.82"),
        ("clocks are put back",     "2026-10-25T18:00:00Z", 1500,    "52.00"),
    ];
    for (what, now, minutes, noon) in cases {
        let here = visitor(Some(now), End::Open);
        let today = page_in(berlin, vec![here], now).today.expect(what);
        let mark = today.hours.iter().find(|mark| mark.text == "12").expect("there is a noon");
        assert_eq!((today.minutes, mark.at.as_str()), (minutes, noon), "{what}");
        assert!(today.note.ends_with(", Europe/Berlin"), "{what}: {}", today.note);
    }
}

#[test]
fn hours_of_this_week_are_everybodys_together() {
    // A Thursday; the week began on the 5th.
    let page = page(
        vec![
            person("Ada").was_in("2026-01-04T22:00:00Z", "2026-01-05T02:30:00Z"),
            person("Zoë").was_in("2026-01-05T01:00:00Z", "2026-01-05T02:00:00Z"),
            person("Björk").stays_from("2026-01-08T17:00:00Z"),
        ],
        "2026-01-08T18:10:00Z",
    );
    let week = page.week.expect("people were in");
    let days: Vec<_> = week.days.iter().map(|day| (day.hours.as_deref(), day.height)).collect();
    let (none, ahead) = ((Some("0 h"), 0), (None, 0));
    let expected = [(Some("3.5 h"), 100), none, none, (Some("1.0 h"), 28), ahead, ahead, ahead];
    assert_eq!(days, expected);
    assert!(week.days[3].today);
    assert_eq!(week.note, "4.5 h, everybody’s together, UTC");
}

#[test]
fn the_last_four_weeks_are_averages_of_whole_days() {
    // Today is a Monday; one Friday evening out of four, two people, one of them for half an hour.
    let page = page(
        vec![
            person("Ada").was_in("2026-01-02T20:00:00Z", "2026-01-02T22:00:00Z"),
            person("Zoë").was_in("2026-01-02T21:00:00Z", "2026-01-02T21:30:00Z"),
            person("today does not count").stays_from("2026-01-05T00:00:00Z"),
            person("five weeks ago").was_in("2025-12-05T00:00:00Z", "2025-12-08T00:00:00Z"),
        ],
        NOW,
    );
    let chart = page.four_weeks.expect("people were in");
    let runs: Vec<_> = chart.days[4].runs.iter().map(|r| (r.from, r.hours, r.level)).collect();
    assert_eq!(runs, [(20, 1, 3), (21, 1, 4)]);
    assert!(chart.days.iter().enumerate().all(|(day, row)| day == 4 || row.runs.is_empty()));
    assert_eq!(chart.note, "8\u{a0}Dec\u{a0}2025 – 4\u{a0}Jan\u{a0}2026, UTC");
    assert_eq!(chart.busiest, "Busiest: Friday at 21:00, 0.4 people on average");
    assert_eq!(chart.text, "Friday: 21:00, 0.4");
}

#[test]
fn an_hour_that_comes_twice_counts_as_two() {
    // Somebody is in all through the four weeks in which clocks are put back.
    let here = visitor(Some("2026-10-01T00:00:00Z"), End::Open);
    let page = page_in("Europe/Berlin", vec![here], "2026-11-02T12:00:00Z");
    let chart = page.four_weeks.expect("somebody was in");
    for day in &chart.days {
        let runs: Vec<_> = day.runs.iter().map(|run| (run.from, run.hours, run.level)).collect();
        assert_eq!(runs, [(0, 24, 4)], "{}", day.name);
    }
    assert_eq!(chart.most, "1.0");
}

#[test]
fn charts_move_on_by_quarters_of_an_hour_while_somebody_is_in() {
    let settings = settings_in("UTC");
    let made = |people: &[Person], now: &str| {
        let made = Dashboard::new(&presence(people.to_vec()), &settings, at(now));
        (format!("{:?}", made.pages), made.next_change.map(|moment| moment.to_string()))
    };
    let somebody = [person("Ada").stays_from("2026-01-05T17:00:00Z")];
    let (page, next) = made(&somebody, "2026-01-05T18:00:00Z");
    assert_eq!(next.as_deref(), Some("2026-01-05T18:15:00Z"));
    assert_eq!(page, made(&somebody, "2026-01-05T18:14:59Z").0);
    assert_ne!(page, made(&somebody, "2026-01-05T18:15:00Z").0);

    let nobody = [person("Ada").was_in("2026-01-05T17:00:00Z", "2026-01-05T17:59:00Z")];
    let (page, next) = made(&nobody, "2026-01-05T18:00:00Z");
    assert_eq!(next.as_deref(), Some("2026-01-06T00:00:00Z"));
    assert_eq!(page, made(&nobody, "2026-01-05T23:59:59Z").0);
    assert_ne!(page, made(&nobody, "2026-01-06T00:00:00Z").0);
}

const DAY: i64 = 24 * 60 * 60;

prop_compose! {
    /// Somebody who came and went some times, the latest visit up to five days before `NOW` or later.
    fn somebody()(
        number in 0..1_000_u32,
        stays in proptest::collection::vec((0..9 * DAY, 0..DAY), 0..6),
        latest in 0..5 * DAY,
        is_in in any::<bool>(),
    ) -> Person {
        let mut end = at(NOW).plus(-latest);
        let mut visits: Vec<Visit> = Vec::new();
        for (gap, length) in stays {
            let open = is_in && visits.is_empty();
            let start = end.plus(-length);
            visits.push(Visit { start: Some(start), end: if open { End::Open } else { End::At(end) } });
            end = start.plus(-gap - 1);
        }
        visits.reverse();
        let ends = visits.iter().filter_map(|v| if let End::At(end) = v.end { Some(end) } else { None });
        let present = visits.last().filter(|visit| visit.end == End::Open);
        Person {
            last_left: ends.max(),
            last_join: visits.last().and_then(|visit| visit.start),
            present_since: present.and_then(|visit| visit.start),
            visits,
            ..person(&format!("somebody {number}"))
        }
    }
}

proptest! {
    #[test]
    fn nothing_changes_before_the_next_change(
        people in proptest::collection::vec(somebody(), 0..4),
        zone in prop::sample::select(vec!["UTC", "Asia/Kathmandu", "America/New_York"]),
        now in 0..40 * DAY,
        later in 0.0..1.0_f64,
    ) {
        let (presence, settings) = (presence(people), settings_in(zone));
        let now = at(NOW).plus(now);
        let said = |presence: &Presence, moment: Moment| {
            let made = Dashboard::new(presence, &settings, moment);
            (format!("{:?}{:?}", made.pages, made.table), made.next_change)
        };
        let (text, next) = said(&presence, now);
        let ahead = next.map_or(50 * DAY, |next| next.since(now) - 1);
        prop_assert!(ahead >= 0, "the next change lies in the past");
        let moment = now.plus((ahead as f64 * later) as i64);
        prop_assert_eq!(&text, &said(&presence, moment).0, "from {} to {}", now, moment);
        prop_assert_eq!(&text, &said(&presence, now.plus(ahead)).0, "from {} to the next change", now);
    }
}
