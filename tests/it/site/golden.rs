//! Whole sites, file by file. What changed on purpose is accepted with
//! `LOOKOUT_ACCEPT=1 cargo test golden`.

#![expect(
    clippy::disallowed_methods,
    reason = "whoever accepts a golden site says so in the environment"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use lookout::config::{Language, Others, PublishList, Settings};
use lookout::dashboard::Dashboard;
use lookout::roster::{PersonWaiting, Presence, Waiting};
use lookout::site::Renderer;

use super::sample::{Does, NOW, at, name, person, presence, presence_in, room, settings};

type Files = BTreeMap<String, Vec<u8>>;

fn render(presence: &Presence, settings: &Settings) -> Files {
    let dashboard = Dashboard::new(presence, settings, at(NOW));
    let renderer = Renderer::load(settings).expect("the built-in templates load");
    let files = renderer.render(&dashboard, settings).expect("the built-in templates render");
    files.into_iter().map(|file| (file.path, file.bytes.into_owned())).collect()
}

/// Compares the union of both sets of files, or accepts what was made.
#[track_caller]
fn check(case: &str, made: &Files) {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/golden").join(case);
    // The static files have tests of their own, and their contents are in `static/`.
    let made: Files = made
        .iter()
        .filter(|(path, _)| !path.contains("/assets/"))
        .map(|(path, bytes)| (path.clone(), without_hashes(bytes)))
        .collect();
    if std::env::var_os("LOOKOUT_ACCEPT").is_some() {
        accept(&golden, &made);
        return;
    }
    let expected = read(&golden, &golden);
    let paths: BTreeSet<&String> = made.keys().chain(expected.keys()).collect();
    for path in paths {
        let text = |files: &Files| {
            let bytes = files.get(path);
            bytes.map(|bytes| String::from_utf8_lossy(bytes).into_owned())
        };
        assert_eq!(
            text(&made),
            text(&expected),
            "`{path}` of the golden site `{case}` is another; if that is meant, \
             run `LOOKOUT_ACCEPT=1 cargo test golden` and look at the difference"
        );
    }
}

/// A page with the hashes of static files taken out: changing the style is no change of the page.
fn without_hashes(bytes: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(bytes);
    let parts = text.split("assets/").enumerate().map(|(number, part)| {
        let mut words: Vec<&str> = part.splitn(3, '.').collect();
        if number > 0 && words.len() == 3 {
            words[1] = "HASH";
        }
        words.join(".")
    });
    parts.collect::<Vec<_>>().join("assets/").into_bytes()
}

fn accept(golden: &Path, made: &Files) {
    if golden.exists() {
        fs::remove_dir_all(golden).expect("the golden site can be replaced");
    }
    for (path, bytes) in made {
        let path = golden.join(path);
        let parent = path.parent().expect("files have a directory");
        fs::create_dir_all(parent).expect("the golden site can be written");
        fs::write(&path, bytes).expect("the golden site can be written");
    }
}

fn read(directory: &Path, root: &Path) -> Files {
    let mut files = Files::new();
    let Ok(entries) = fs::read_dir(directory) else {
        return files;
    };
    for entry in entries {
        let path: PathBuf = entry.expect("the golden site can be read").path();
        if path.is_dir() {
            files.extend(read(&path, root));
        } else {
            let below = path.strip_prefix(root).expect("it was found there");
            let bytes = fs::read(&path).expect("the golden site can be read");
            files.insert(below.to_string_lossy().into_owned(), bytes);
        }
    }
    files
}

fn evening() -> Vec<lookout::roster::Person> {
    vec![
        person("Ada").stays_from("2026-01-05T17:38:09Z"),
        person("Björk Örn").was_in("2026-01-04T10:00:00Z", "2026-01-04T11:30:00Z"),
        person("Long Ago").was_in("2025-06-01T10:00:00Z", "2025-06-01T11:30:00Z"),
        person("Zoë")
            .was_in("2026-01-03T10:00:00Z", "2026-01-03T11:00:00Z")
            .stays_from("2026-01-05T16:00:00Z"),
    ]
}

#[test]
fn golden_one_room_for_all_meetings() {
    let settings = settings(Path::new("/nowhere"));
    check("no-rooms", &render(&presence(evening()), &settings));
}

#[test]
fn golden_nobody_ever_came() {
    let settings = settings(Path::new("/nowhere"));
    check("empty", &render(&presence(Vec::new()), &settings));
}

#[test]
fn golden_three_rooms_in_turkish_with_others_counted() {
    let mut settings = settings(Path::new("/nowhere"));
    settings.site.language = Language::built_in("tr").expect("built in");
    settings.privacy.others = Others::Counted;
    let published = ["Ada", "Björk Örn", "ipek", "Zoë"].map(name);
    settings.privacy.publish = PublishList::Only(published.into());
    settings.rooms =
        vec![room("salon", "Salon"), room("kitaplik", "Kitaplık"), room("mutfak", "Mutfak")];
    let mut presence = presence_in(vec![
        evening(),
        vec![
            person("Hidden").stays_from("2026-01-05T17:50:00Z"),
            person("ipek").stays_from("2026-01-05T17:55:00Z"),
        ],
        vec![person("Nobody Knows").stays_from("2026-01-05T17:51:00Z")],
    ]);
    let person = PersonWaiting { name: name("At the door"), since: at(NOW) };
    let waiting = Waiting { people: vec![person], nameless: Vec::new() };
    presence.rooms[2].waiting = waiting.clone();
    presence.waiting = waiting;
    check("three-rooms", &render(&presence, &settings));
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let settings = settings(Path::new("/nowhere"));
    let first = render(&presence(evening()), &settings);
    for _ in 0..8 {
        assert_eq!(render(&presence(evening()), &settings), first);
    }
}
