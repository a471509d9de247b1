//! What chats show for a link, and what phones keep on a home screen.

use std::collections::BTreeMap;
use std::path::Path;

use lookout::config::Settings;
use lookout::dashboard::Dashboard;
use lookout::roster::Person;
use lookout::site::Renderer;

use super::sample::{Does, NOW, at, person, presence, presence_in, room, settings};

/// What every object needs, by <https://ogp.me>.
const REQUIRED: [&str; 4] = ["og:title", "og:type", "og:image", "og:url"];

/// The files of a site, by path.
fn render(people: Vec<Person>, settings: &Settings) -> BTreeMap<String, Vec<u8>> {
    let renderer = Renderer::load(settings).expect("the built-in templates load");
    let presence = match settings.rooms.len() {
        0 => presence(people),
        rooms => presence_in(vec![people; rooms]),
    };
    let dashboard = Dashboard::new(&presence, settings, at(NOW));
    let files = renderer.render(&dashboard, settings).expect("the built-in templates render");
    files.into_iter().map(|file| (file.path, file.bytes.into_owned())).collect()
}

fn public() -> Settings {
    let mut settings = settings(Path::new("/nowhere"));
    settings.site.base_url = "https://example.org".to_owned();
    settings
}

fn crowd(count: usize) -> Vec<Person> {
    (0..count)
        .map(|i| person(&format!("Person {i:02}")).stays_from("2026-01-05T17:38:00Z"))
        .collect()
}

/// The content of each `<meta property>` and `<meta name>` of a page.
fn metas(page: &[u8]) -> BTreeMap<String, String> {
    let page = String::from_utf8_lossy(page);
    let value = |line: &str, name: &str| {
        let start = line.find(&format!(" {name}=\""))? + name.len() + 3;
        Some(line[start..].split('"').next()?.to_owned())
    };
    let metas = page.lines().filter(|line| line.starts_with("<meta "));
    let named = metas.filter_map(|line| {
        let name = value(line, "property").or_else(|| value(line, "name"))?;
        Some((name, value(line, "content")?))
    });
    named.collect()
}

/// Width, height and colour type of a PNG.
fn png(bytes: &[u8]) -> (u32, u32, u8) {
    assert!(bytes.starts_with(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"), "it is a PNG");
    let number = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().expect("four bytes"));
    (number(16), number(20), bytes[25])
}

#[test]
fn a_link_preview_says_how_many_are_in_and_as_of_when_and_names_nobody() {
    let files = render(crowd(3), &public());
    let found = metas(&files["lookout/index.html"]);
    for name in REQUIRED {
        assert!(found.get(name).is_some_and(|content| !content.is_empty()), "{name}: {found:?}");
    }
    let said: Vec<_> = found
        .iter()
        .filter(|(name, _)| name.starts_with("og:") || name.starts_with("twitter:"))
        .collect();
    let text = format!("{said:?}");
    assert!(!text.contains("Person "), "{text}");
    assert_eq!(
        found["og:description"],
        "3 people are in · Last change: 5\u{a0}Jan\u{a0}2026, 20:38 (Europe/Istanbul)"
    );
    assert_eq!(found["og:url"], "https://example.org/lookout/");
    assert_eq!(found["twitter:card"], "summary_large_image");
    assert_eq!(
        (found["og:image:width"].as_str(), found["og:image:height"].as_str()),
        ("1200", "630")
    );
}

#[test]
fn each_count_has_an_image_of_its_own_that_is_published() {
    let mut images = Vec::new();
    for count in [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11] {
        let files = render(crowd(count), &public());
        let image = metas(&files["lookout/index.html"])["og:image"].clone();
        let path = image.strip_prefix("https://example.org/").expect("it is absolute");
        let bytes = files.get(path).unwrap_or_else(|| panic!("{path} is not published"));
        assert_eq!(
            png(bytes),
            (1200, 630, 3),
            "{path}: its size, and that its colours are indexed"
        );
        assert!(bytes.len() <= 32 << 10, "{path} has {} bytes", bytes.len());
        images.push(image);
    }
    assert_eq!(images[10], images[11], "beyond nine there is one for all");
    images.dedup();
    assert_eq!(images.len(), 11, "{images:?}");
}

#[test]
fn a_room_has_a_preview_of_its_own_and_without_an_address_there_is_none() {
    let mut settings = public();
    settings.rooms = vec![room("salon", "Salon"), room("lounge", "Lounge")];
    let files = render(crowd(1), &settings);
    let found = metas(&files["lookout/salon/index.html"]);
    assert_eq!(found["og:title"], "Salon");
    assert_eq!(found["og:url"], "https://example.org/lookout/salon/");
    let image = found["og:image"].strip_prefix("https://example.org/").expect("it is absolute");
    assert!(files.contains_key(image), "{image}");

    settings.site.base_url = String::new();
    let found = metas(&render(crowd(1), &settings)["lookout/index.html"]);
    assert!(!found.keys().any(|name| name.starts_with("og:")), "{found:?}");
    assert!(found.contains_key("theme-color"), "{found:?}");
}

#[test]
fn the_manifest_has_what_an_app_needs_and_its_icons_are_as_large_as_it_says() {
    let mut settings = settings(Path::new("/nowhere"));
    settings.site.title = "</script>\"Lounge".to_owned();
    let files = render(crowd(1), &settings);
    let text = String::from_utf8_lossy(&files["lookout/manifest.webmanifest"]);
    assert!(!text.contains(['<', '>', '&']), "{text}");
    let manifest: serde_json::Value = serde_json::from_str(&text).expect("it is JSON");
    assert_eq!(manifest["name"], settings.site.title.as_str());
    assert_eq!(manifest["display"], "standalone");
    assert_eq!((&manifest["start_url"], &manifest["scope"]), (&"./".into(), &"./".into()));
    let icons = manifest["icons"].as_array().expect("it has icons");
    let mut found = Vec::new();
    for icon in icons {
        let path = format!("lookout/{}", icon["src"].as_str().expect("an address"));
        let (width, height, _) =
            png(files.get(&path).unwrap_or_else(|| panic!("{path} is not published")));
        assert_eq!(icon["sizes"], format!("{width}x{height}"), "{path}");
        found.push((width, icon["purpose"].as_str().unwrap_or_default()));
    }
    assert_eq!(found, [(192, "any"), (512, "any"), (512, "maskable")]);
    let page = String::from_utf8_lossy(&files["lookout/index.html"]).into_owned();
    assert!(page.contains(r#"<link rel="manifest" href="./manifest.webmanifest""#), "{page}");
}
