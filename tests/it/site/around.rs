//! What lies around the page: badges, feeds, the page for frames.

use std::path::Path;

use lookout::config::{Others, PublishList, Settings};
use lookout::dashboard::{Dashboard, FeedEntry};
use lookout::roster::Person;

use super::sample::{Does, NOW, at, name, person, presence, presence_in, room, settings};

fn nowhere() -> Settings {
    settings(Path::new("/nowhere"))
}

fn entries(people: Vec<Person>) -> Vec<FeedEntry> {
    let made = Dashboard::new(&presence(people), &nowhere(), at(NOW));
    made.feeds.into_iter().next().expect("there is a feed").entries
}

/// The entries of a feed, in short.
fn told(people: Vec<Person>) -> Vec<String> {
    let line = |entry: FeedEntry| format!("{} {} ({})", entry.at, entry.title, entry.text);
    entries(people).into_iter().map(line).collect()
}

#[test]
fn a_feed_tells_when_the_room_opened_and_emptied_and_nothing_between() {
    let people = vec![
        person("Ada").was_in("2026-01-04T10:00:00Z", "2026-01-04T10:10:00Z"),
        person("Björk")
            .was_in("2026-01-04T10:05:00Z", "2026-01-04T12:00:30Z")
            .stays_from("2026-01-05T17:00:00Z"),
        person("Zoë").stays_from("2026-01-05T17:30:00Z"),
    ];
    assert_eq!(
        told(people),
        [
            "2026-01-05T17:00:00Z Lookout opened (Björk came in)",
            "2026-01-04T12:00:30Z Lookout emptied (Open for 2 h 0 min: Ada, Björk)",
            "2026-01-04T10:00:00Z Lookout opened (Ada came in)",
        ]
    );
}

#[test]
fn a_feed_has_the_last_30_entries_of_35_days() {
    let visits = (0..60).fold(person("Ada"), |ada, hour| {
        let from = at("2026-01-01T00:00:00Z").plus(3600 * hour);
        ada.was_in(&from.to_string(), &from.plus(60).to_string())
    });
    let found = entries(vec![visits]);
    assert_eq!(found.len(), 30);
    assert_eq!(found[0].at, "2026-01-03T11:01:00Z", "the latest comes first");

    let crossing = person("Ada").was_in("2025-12-01T17:59:59Z", "2025-12-01T18:00:00Z");
    assert_eq!(told(vec![crossing]), ["2025-12-01T18:00:00Z Lookout emptied ()"]);
}

#[test]
fn the_date_of_a_feed_never_goes_back() {
    let ada = person("Ada").was_in("2026-01-04T10:00:00Z", "2026-01-04T11:00:00Z");
    for now in ["2026-01-05T10:00:00Z", "2026-02-08T10:30:00Z", "2026-03-01T10:00:00Z"] {
        let feed =
            Dashboard::new(&presence(vec![ada.clone()]), &nowhere(), at(now)).feeds.remove(0);
        assert_eq!(
            feed.updated,
            "2026-01-04T11:00:00Z",
            "at {now}, {} entries",
            feed.entries.len()
        );
    }
}

#[test]
fn an_entry_names_ten_people_at_most() {
    let crowd = (0..12).map(|n| {
        person(&format!("P{n:02}")).was_in("2026-01-05T10:00:00Z", "2026-01-05T10:00:59Z")
    });
    let told = told(crowd.collect());
    assert!(
        told[0].ends_with(
            "(Open for 1 min: P00, P01, P02, P03, P04, P05, P06, P07, P08, P09 and 2 more)"
        ),
        "{}",
        told[0]
    );
}

#[test]
fn an_entry_keeps_its_id_whatever_becomes_of_it() {
    let ids = |people: Vec<Person>| -> Vec<String> {
        entries(people).into_iter().map(|entry| entry.id).collect()
    };
    let ada = || person("Ada").was_in("2026-01-05T10:00:00Z", "2026-01-05T11:00:00Z");
    let before = ids(vec![ada()]);
    let late = person("Zoë").was_in("2026-01-05T10:00:00Z", "2026-01-05T10:30:00Z");
    assert_eq!(ids(vec![ada(), late]), before, "somebody else was there, as is known later");
    let next = person("Zoë").was_in("2026-01-05T12:00:00Z", "2026-01-05T13:00:00Z");
    let after = ids(vec![ada(), next]);
    assert_eq!(after[2..], before);
    let all: std::collections::BTreeSet<&String> = after.iter().collect();
    assert_eq!(all.len(), 4, "no two are the same: {after:?}");

    let mut rooms = nowhere();
    rooms.rooms = vec![room("a", "A"), room("b", "B")];
    let made = Dashboard::new(&presence_in(vec![vec![ada()], vec![ada()]]), &rooms, at(NOW));
    let ids: std::collections::BTreeSet<&String> =
        made.feeds.iter().flat_map(|feed| feed.entries.iter().map(|entry| &entry.id)).collect();
    assert_eq!(ids.len(), 6, "each room's are its own");
}

#[test]
fn hidden_people_neither_open_nor_empty_a_room() {
    let mut settings = nowhere();
    settings.privacy.publish = PublishList::Only([name("Ada")].into());
    settings.privacy.others = Others::Counted;
    let people = vec![
        person("Ada").was_in("2026-01-05T10:00:00Z", "2026-01-05T11:00:00Z"),
        person("Hidden").was_in("2026-01-05T09:00:00Z", "2026-01-05T12:00:00Z"),
        person("Also Hidden").stays_from("2026-01-05T17:00:00Z"),
    ];
    let made = Dashboard::new(&presence(people), &settings, at(NOW));
    let times: Vec<&String> = made.feeds[0].entries.iter().map(|entry| &entry.at).collect();
    assert_eq!(times, ["2026-01-05T11:00:00Z", "2026-01-05T10:00:00Z"]);
    assert_eq!(made.badges[0].message, "1 online", "but they are counted where that is wanted");
}

#[test]
fn links_are_absolute_where_the_address_is_known() {
    #[rustfmt::skip]
    let cases = [
        // what is special     base_url                 the feed's own address                                      the page's
        ("not known",          "",                      None,                                                       "./"),
        ("known",              "https://example.org",   Some("https://example.org/lookout/feed.xml".to_owned()),    "https://example.org/lookout/"),
    ];
    for (what, base_url, address, page) in cases {
        let mut settings = nowhere();
        settings.site.base_url = base_url.to_owned();
        let feed = Dashboard::new(&presence(Vec::new()), &settings, at(NOW)).feeds.remove(0);
        assert_eq!((feed.address, feed.page.as_str()), (address, page), "{what}");
        assert_eq!(feed.updated, "1970-01-01T00:00:00Z", "{what}: nothing happened yet");
    }
}

#[test]
fn a_badge_counts_and_its_halves_fit_together() {
    #[rustfmt::skip]
    let cases = [
        // what is special   people in   title
        ("nobody",           0,          "Lounge · nobody online"),
        ("one",              1,          "Lounge · 1 online"),
        ("some",             3,          "Lounge · 3 online"),
    ];
    for (what, count, title) in cases {
        let mut settings = nowhere();
        settings.rooms = vec![room("lounge", "Lounge")];
        let people = (0..count)
            .map(|n| person(&format!("{n}")).stays_from("2026-01-05T17:00:00Z"))
            .collect();
        let badge = Dashboard::new(&presence_in(vec![people]), &settings, at(NOW)).badges.remove(0);
        assert_eq!((badge.title.as_str(), badge.online), (title, count > 0), "{what}");
        assert_eq!(badge.split + badge.message_width, badge.width, "{what}");
        assert!(badge.label_length < badge.split && badge.message_length < badge.message_width);
    }
}
