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
        ("came and went",               Some("2026-01-05T10:00:00Z"),  ended("2026-01-05T11:30:59Z"),   (945, 90),      "10:00–11:30"),
        ("over midnight",               Some("2026-01-04T23:00:00Z"),  ended("2026-01-05T00:20:00Z"),   (285, 80),      "23:00–00:20"),
        ("since before the strip",      Some("2026-01-04T17:00:00Z"),  ended("2026-01-04T19:00:00Z"),   (0, 45),        "4\u{a0}Jan\u{a0}2026, 17:00–19:00"),
        ("is in, up to the quarter",    Some("2026-01-05T16:30:00Z"),  End::Open,                       (1335, 90),     "since 16:30"),
        ("came since the quarter",      Some("2026-01-05T18:05:00Z"),  End::Open,                       (1430, 1),      "since 18:05"),
        ("left since the quarter",      Some("2026-01-05T18:05:00Z"),  ended("2026-01-05T18:09:00Z"),   (1430, 4),      "18:05–18:09"),
        ("in the second of the join",   Some("2026-01-05T10:00:00Z"),  ended("2026-01-05T10:00:00Z"),   (945, 1),       "10:00–10:00"),
        ("nobody knows the end",        Some("2026-01-05T10:00:00Z"),  End::Unknown,                    (945, 1),       "from 10:00, until when nobody knows"),
        ("nobody knows the beginning",  None,                          ended("2026-01-05T10:00:00Z"),   (945, 1),       "until 10:00, from when nobody knows"),
        ("a clock that is ahead",       Some("2026-01-06T10:00:00Z"),  End::Open,                       (1439, 1),      "since 6\u{a0}Jan\u{a0}2026, 10:00"),
    ];
    for (what, start, end, bar, words) in cases {
        let chart = page(vec![visitor(start, end)], now).last_day.expect(what);
        let strip = &chart.people[0];
        let bars: Vec<_> = strip.bars.iter().map(|bar| (bar.from, bar.minutes)).collect();
        assert_eq!((bars, strip.text.as_str()), (vec![bar], words), "{what}");
        assert_eq!(strip.bars[0].open, end == End::Open, "{what}");
    }
}

#[test]
fn who_was_not_in_for_24_hours_has_no_strip() {
    let left_at = |end: &str| person("Ada").was_in("2026-01-04T10:00:00Z", end);
    let has_strip = |end: &str| page(vec![left_at(end)], NOW).last_day.is_some();
    assert!(has_strip("2026-01-04T18:15:00Z"));
    assert!(!has_strip("2026-01-04T18:14:59Z"));
}

#[test]
fn an_evening_stays_visible_past_midnight() {
    let evening = person("Ada").was_in("2026-01-05T20:00:00Z", "2026-01-05T23:30:00Z");
    let chart = page(vec![evening], "2026-01-06T00:10:00Z").last_day.expect("she was in");
    let bar = &chart.people[0].bars[0];
    assert_eq!((bar.from, bar.minutes), (20 * 60 - 15, 3 * 60 + 30));
    assert_eq!(chart.note, "5\u{a0}Jan\u{a0}2026 – 6\u{a0}Jan\u{a0}2026, UTC");
    let midnight = chart.hours.last().expect("there are marks");
    let shown = (midnight.text.as_str(), midnight.at.as_str(), midnight.midnight);
    assert_eq!(shown, ("Tue", "98.95", true));
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
    let chart = page(people, NOW).last_day.expect("people were in");
    let names: Vec<&str> = chart.people.iter().map(|strip| strip.name.as_str()).collect();
    assert_eq!(names[..3], ["first in", "second in", "left at 29"]);
    assert_eq!((names.len(), chart.more.as_deref()), (24, Some("and 8 more")));
}

#[test]
fn many_visits_in_a_day_are_told_by_the_last_ones() {
    let visits = (1..9).fold(person("Ada"), |ada, hour| {
        ada.was_in(&format!("2026-01-05T0{hour}:00:00Z"), &format!("2026-01-05T0{hour}:30:00Z"))
    });
    let chart = page(vec![visits], NOW).last_day.expect("she was in");
    let words = "05:00–05:30, 06:00–06:30, 07:00–07:30, 08:00–08:30, and 4 more";
    assert_eq!(chart.people[0].text, words);
    assert_eq!(chart.people[0].bars.len(), 8);
}

#[test]
fn marks_follow_the_wall_clock_over_24_real_hours() {
    #[rustfmt::skip]
    let cases = [
        // what is special              zone                   now                     marks
        ("any day",                     "Europe/Berlin",       "2026-01-05T18:00:00Z", "21@7.29 Mon@19.79 03@32.29 06@44.79 09@57.29 12@69.79 15@82.29 18@94.79"),
        ("clocks are put forward",      "Europe/Berlin",       "2026-03-29T18:00:00Z", "21@7.29 Sun@19.79 03@28.12 06@40.62 09@53.12 12@65.62 15@78.12 18@90.62"),
        ("clocks are put back",         "Europe/Berlin",       "2026-10-25T18:00:00Z", "21@3.12 Sun@15.62 03@32.29 06@44.79 09@57.29 12@69.79 15@82.29 18@94.79"),
        ("the day begins at one",       "Africa/Cairo",        "2026-04-24T09:00:00Z", "12@3.12 15@15.62 18@28.12 21@40.62 Fri@53.12 03@61.45 06@73.95 09@86.45 12@98.95"),
        ("midnight comes twice",        "America/Havana",      "2025-11-02T12:00:00Z", "09@3.12 12@15.62 15@28.12 18@40.62 21@53.12 Sun@65.62 03@82.29 06@94.79"),
        ("two midnights in 24 hours",   "Europe/Berlin",       "2026-03-29T22:10:00Z", "Sun@3.12 03@11.45 06@23.95 09@36.45 12@48.95 15@61.45 18@73.95 21@86.45 Mon@98.95"),
        ("on midnight",                 "UTC",                 "2026-01-06T00:00:00Z", "03@11.45 06@23.95 09@36.45 12@48.95 15@61.45 18@73.95 21@86.45 Tue@98.95"),
        ("three quarters off the hour", "Asia/Kathmandu",      "2026-01-05T18:14:00Z", "Mon@0.00 03@12.50 06@25.00 09@37.50 12@50.00 15@62.50 18@75.00 21@87.50"),
    ];
    for (what, zone, now, marks) in cases {
        let here = visitor(Some(now), End::Open);
        let chart = page_in(zone, vec![here], now).last_day.expect(what);
        let found: Vec<String> =
            chart.hours.iter().map(|mark| format!("{}@{}", mark.text, mark.at)).collect();
        assert_eq!(found.join(" "), marks, "{what}");
        assert!(chart.hours.iter().all(|mark| !mark.midnight || mark.major), "{what}");
        assert_eq!(chart.minutes, 24 * 60, "{what}");
        assert!(chart.note.ends_with(&format!(", {zone}")), "{what}: {}", chart.note);
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
fn charts_move_on_by_quarters_of_an_hour_while_somebody_has_a_strip() {
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

    // Nobody is in any more, and the strips of who was in still move.
    let nobody = [person("Ada").was_in("2026-01-05T17:00:00Z", "2026-01-05T17:59:00Z")];
    let (page, next) = made(&nobody, "2026-01-05T18:00:00Z");
    assert_eq!(next.as_deref(), Some("2026-01-05T18:15:00Z"));
    assert_eq!(page, made(&nobody, "2026-01-05T18:14:59Z").0);
    assert_ne!(page, made(&nobody, "2026-01-05T18:15:00Z").0);

    // No strip is left.
    let (page, next) = made(&nobody, "2026-01-06T18:00:00Z");
    assert_eq!(next.as_deref(), Some("2026-01-07T00:00:00Z"));
    assert_eq!(page, made(&nobody, "2026-01-06T23:59:59Z").0);
    assert_ne!(page, made(&nobody, "2026-01-07T00:00:00Z").0);
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
