//! What the pages say at a moment, and when they will say something else.

use std::path::Path;

use lookout::config::{Others, PublishList, Settings};
use lookout::dashboard::Dashboard;
use lookout::roster::{Person, PersonWaiting, Presence, Waiting};
use lookout::site::Renderer;

use super::sample::{Does, NOW, at, name, person, presence, presence_in, room, settings};

fn dashboard(people: Vec<Person>) -> Dashboard {
    Dashboard::new(&presence(people), &settings(Path::new("/nowhere")), at(NOW))
}

fn names<'a>(people: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    people.collect()
}

#[test]
fn pages_go_back_35_days_and_the_table_goes_back_for_ever() {
    let made = dashboard(vec![
        person("in for months").stays_from("2025-10-01T00:00:00Z"),
        person("just within").was_in("2025-12-01T17:00:00Z", "2025-12-01T18:00:00Z"),
        person("just beyond").was_in("2025-12-01T17:00:00Z", "2025-12-01T17:59:59Z"),
    ]);
    let rows = made.pages[0].rows.iter().map(|row| row.name.as_str());
    assert_eq!(names(rows), ["just within", "in for months"]);
    let table = made.table.iter().map(|row| row.name.as_str());
    assert_eq!(names(table), ["just within", "just beyond", "in for months"]);
}

#[test]
fn rows_go_by_last_action_then_by_code_point() {
    let visit = |name: &str| person(name).was_in("2026-01-05T09:00:00Z", "2026-01-05T10:00:00Z");
    let made = dashboard(vec![
        visit("ä"),
        visit("z"),
        visit("Z"),
        person("later").was_in("2026-01-05T09:00:00Z", "2026-01-05T10:00:01Z"),
        person("never"),
    ]);
    let table = made.table.iter().map(|row| row.name.as_str());
    assert_eq!(names(table), ["later", "Z", "z", "ä", "never"]);
}

#[test]
fn those_seen_lately_are_twelve_and_a_number() {
    let out = |count: u32| {
        let visit =
            |n| person(&format!("{n}")).was_in("2026-01-05T09:00:00Z", "2026-01-05T10:00:00Z");
        dashboard((0..count).map(visit).collect())
    };
    for (count, shown, more) in [(0, 0, None), (12, 12, None), (14, 12, Some("and 2 more"))] {
        let made = out(count);
        let page = &made.pages[0];
        assert_eq!((page.away.len(), page.more_away.as_deref()), (shown, more), "{count} are out");
    }
}

#[test]
fn the_title_and_the_icon_carry_the_count() {
    #[rustfmt::skip]
    let cases = [(0, "Lookout", "0"), (1, "(1) Lookout", "1"), (9, "(9) Lookout", "9"), (10, "(10) Lookout", "more")];
    for (count, title, icon) in cases {
        let here = |n| person(&format!("{n}")).stays_from("2026-01-05T17:00:00Z");
        let made = dashboard((0..count).map(here).collect());
        let page = &made.pages[0];
        assert_eq!(
            (page.title.as_str(), page.favicon.clone()),
            (title, format!("favicon/{icon}.svg"))
        );
    }
}

#[test]
fn members_stand_in_the_order_of_coming() {
    let made = dashboard(vec![
        person("b, at the same time").stays_from("2026-01-05T17:00:00Z"),
        person("a, at the same time").stays_from("2026-01-05T17:00:00Z"),
        person("first").stays_from("2026-01-05T16:00:00Z"),
        person("out").was_in("2026-01-05T16:00:00Z", "2026-01-05T17:00:00Z"),
    ]);
    let members = made.pages[0].members.iter().map(|member| member.name.as_str());
    assert_eq!(names(members), ["first", "a, at the same time", "b, at the same time"]);
    assert_eq!(made.pages[0].title, "(3) Lookout");
}

#[test]
fn two_rooms_or_more_have_pages_of_their_own() {
    #[rustfmt::skip]
    let cases = [
        // what is special    rooms                  pages
        ("no rooms",          vec![],                vec!["index.html"]),
        ("one room",          vec!["a"],             vec!["index.html"]),
        ("two rooms",         vec!["a", "b"],        vec!["index.html", "a/index.html", "b/index.html"]),
    ];
    for (what, slugs, expected) in cases {
        let mut settings = settings(Path::new("/nowhere"));
        settings.rooms = slugs.iter().map(|slug| room(slug, slug)).collect();
        let presence = presence_in(slugs.iter().map(|_| Vec::new()).collect());
        let made = Dashboard::new(&presence, &settings, at(NOW));
        let paths = made.pages.iter().map(|page| page.path.as_str());
        assert_eq!(names(paths), expected, "{what}");
    }
}

#[test]
fn others_are_counted_only_where_that_is_wanted() {
    let people = || {
        vec![
            person("Ada").stays_from("2026-01-05T17:00:00Z"),
            person("hidden and in").stays_from("2026-01-05T17:00:00Z"),
            person("hidden and out").was_in("2026-01-05T17:00:00Z", "2026-01-05T17:10:00Z"),
        ]
    };
    let only = |names: &[&str]| PublishList::Only(names.iter().map(|text| name(text)).collect());
    #[rustfmt::skip]
    let cases = [
        // what is special        publish                  others            count  sentence
        ("hidden",                only(&["Ada"]),          Others::Hidden,   1,     None),
        ("counted, nameless too", only(&["Ada"]),          Others::Counted,  3,     Some("and 2 more")),
        ("counted, nobody named", only(&[]),               Others::Counted,  3,     Some("3 people, not named here")),
        ("everybody is named",    PublishList::Everybody,  Others::Counted,  3,     Some("and 1 more")),
    ];
    for (what, publish, others, count, sentence) in cases {
        let mut settings = settings(Path::new("/nowhere"));
        settings.privacy.publish = publish;
        settings.privacy.others = others;
        let presence = Presence { nameless_present: 1, ..presence(people()) };
        let made = Dashboard::new(&presence, &settings, at(NOW));
        let page = &made.pages[0];
        assert_eq!((page.count, page.others.as_deref()), (count, sentence), "{what}");
        assert_eq!(made.presence_json.count, count, "{what}");
    }
}

#[test]
fn those_who_wait_are_counted_only_where_others_are() {
    let waiting = |names: &[&str], nameless| Waiting {
        people: names
            .iter()
            .map(|text| PersonWaiting { name: name(text), since: at(NOW) })
            .collect(),
        nameless: vec![at(NOW); nameless],
    };
    #[rustfmt::skip]
    let cases = [
        // what is special              others            waiting                          number  sentence
        ("hidden, though published",    Others::Hidden,   waiting(&["Ada"], 1),            0,      None),
        ("nobody",                      Others::Counted,  waiting(&[], 0),                 0,      None),
        ("somebody published",          Others::Counted,  waiting(&["Ada"], 0),            1,      Some("1 waiting")),
        ("hidden and nameless people",  Others::Counted,  waiting(&["Ada", "hidden"], 1),  3,      Some("3 waiting")),
    ];
    for (what, others, waiting, number, sentence) in cases {
        let mut settings = settings(Path::new("/nowhere"));
        settings.privacy.publish = PublishList::Only([name("Ada")].into());
        settings.privacy.others = others;
        settings.rooms = ["a", "b"].map(|slug| room(slug, slug)).to_vec();
        let mut presence = presence_in(vec![Vec::new(), Vec::new()]);
        presence.waiting = waiting.clone();
        presence.rooms[1].waiting = waiting;
        let made = Dashboard::new(&presence, &settings, at(NOW));
        let [all, quiet, busy] = &made.pages[..] else { panic!("{what}: three pages") };
        assert_eq!((all.count, all.waiting.as_deref()), (0, sentence), "{what}");
        assert_eq!(all.rooms[1].waiting.as_deref(), sentence, "{what}");
        assert_eq!((quiet.waiting.as_deref(), busy.waiting.as_deref()), (None, sentence), "{what}");
        let json = &made.presence_json;
        assert_eq!((json.waiting, json.rooms[0].waiting), (number, 0), "{what}");
        assert_eq!(json.rooms[1].waiting, number, "{what}");
        let renderer = Renderer::load(&settings).expect("the built-in templates load");
        let files = renderer.render(&made, &settings).expect("they render");
        for path in ["index.html", "b/index.html", "b/embed.html"] {
            let file = files.iter().find(|file| file.path.ends_with(path)).expect("it is there");
            let has_it = String::from_utf8_lossy(&file.bytes).contains(" waiting</p>");
            assert_eq!(has_it, sentence.is_some(), "{what}: {path}");
        }
    }
}

#[test]
fn the_next_change_is_the_earliest_of_all() {
    let out = |to: &str| person("Ada").was_in("2025-12-01T00:00:00Z", to);
    let stale = Some(at("2026-01-05T18:10:00Z"));
    let in_now = || person("Ada").stays_from("2026-01-05T17:00:00Z");
    #[rustfmt::skip]
    let cases = [
        // what is special           people                                              stale  next change
        ("nothing to change",        vec![],                                             None,  None),
        ("a chart moves on",         vec![in_now()],                                     None,  Some(at("2026-01-05T18:15:00Z"))),
        ("a meeting goes stale",     vec![in_now()],                                     stale, stale),
        ("four weeks move on",       vec![out("2025-12-20T12:00:00Z")],                  None,  Some(at("2026-01-05T21:00:00Z"))),
        ("the strips move on",       vec![out("2026-01-05T17:00:00Z")],                  None,  Some(at("2026-01-05T18:15:00Z"))),
        ("somebody is long out",     vec![out("2025-12-02T12:00:00Z")],                  None,  Some(at("2026-01-06T12:00:01Z"))),
        ("somebody is out for good", vec![out("2025-12-01T12:00:00Z")],                  None,  None),
    ];
    for (what, people, stale, expected) in cases {
        let presence = Presence { next_change: stale, ..presence(people) };
        let settings: Settings = settings(Path::new("/nowhere"));
        let made = Dashboard::new(&presence, &settings, at(NOW));
        assert_eq!(made.next_change, expected, "{what}");
    }
}
