//! Names that try to be more than names.

use std::path::Path;

use lookout::config::HideList;
use lookout::dashboard::Dashboard;
use lookout::site::Renderer;

use super::sample::{Does, NOW, at, person, presence, settings};
pub use crate::support::hostile::names;

#[test]
fn a_hostile_name_is_text_in_every_file() {
    let mut settings = settings(Path::new("/nowhere"));
    settings.site.base_url = "https://example.org".to_owned();
    let renderer = Renderer::load(&settings).expect("the built-in templates load");
    let tags = |html: &str| html.matches('<').count();
    for (what, text) in names() {
        let mut render = |shown: &str| {
            settings.site.title = shown.to_owned();
            let people = vec![
                person(shown).stays_from("2026-01-05T17:00:00Z"),
                person(&format!("{shown} too"))
                    .was_in("2026-01-04T17:00:00Z", "2026-01-04T18:00:00Z"),
            ];
            let dashboard = Dashboard::new(&presence(people), &settings, at(NOW));
            let files =
                renderer.render(&dashboard, &settings).expect("names can't break a template");
            let text = |path: &str| {
                let file = files.iter().find(|file| file.path == path).expect("the file is made");
                String::from_utf8(file.bytes.to_vec()).expect("files are UTF-8")
            };
            let xml = [text("lookout/feed.xml"), text("lookout/badge.svg")];
            let paths: Vec<_> = files.iter().map(|file| file.path.clone()).collect();
            assert!(
                paths.iter().all(|path| !path.contains("..") && !path.starts_with('/')),
                "{what}"
            );
            let badge: serde_json::Value =
                serde_json::from_str(&text("lookout/badge.json")).expect("it is JSON");
            assert_eq!(badge.as_object().map(serde_json::Map::len), Some(4), "{what}: {badge}");
            let app: serde_json::Value =
                serde_json::from_str(&text("lookout/manifest.webmanifest")).expect("it is JSON");
            assert_eq!(app["name"], shown, "{what}: {app}");
            (
                text("lookout/index.html") + &text("lookout/embed.html"),
                text("lookout/presence.json"),
                text("_data/zoom-room-dashboard.csv"),
                xml,
            )
        };
        let (page, json, csv, xml) = render(&text);
        let (plain_page, .., plain_xml) = render("Ada");
        for (xml, plain) in xml.iter().zip(&plain_xml) {
            let elements = |xml: &str| {
                let document = roxmltree::Document::parse(xml);
                document
                    .unwrap_or_else(|error| panic!("{what}: {error}\n{xml}"))
                    .descendants()
                    .count()
            };
            assert_eq!(elements(xml), elements(plain), "{what}: {xml}");
        }
        assert_eq!(tags(&page), tags(&plain_page), "{what}: a tag more or less");
        assert!(!page.contains("onmouseover=\"") && !page.contains("onerror=a\""), "{what}");
        assert!(!json.contains(['<', '>', '&', '\u{2028}', '\u{2029}']), "{what}: {json}");
        let widget: serde_json::Value = serde_json::from_str(&json).expect("it is JSON");
        let clean = super::sample::name(&text);
        assert_eq!(widget["members"][0]["name"], clean.as_str(), "{what}");
        assert_eq!(csv.lines().count(), 3, "{what}: {csv}");
        assert_eq!(csv.matches('<').count(), 4, "{what}: only the two icons are elements");
    }
}

#[test]
fn a_hidden_hostile_name_is_in_no_file() {
    let mut settings = settings(Path::new("/nowhere"));
    let hidden: Vec<_> = names().into_iter().map(|(_, text)| super::sample::name(&text)).collect();
    settings.privacy.hide = HideList::new(hidden.clone(), &[]);
    let renderer = Renderer::load(&settings).expect("the built-in templates load");
    let render = |people| {
        let dashboard = Dashboard::new(&presence(people), &settings, at(NOW));
        let files = renderer.render(&dashboard, &settings).expect("the templates render");
        let owned = files.into_iter().map(|file| (file.path, file.bytes.into_owned()));
        owned.collect::<Vec<_>>()
    };
    let shown = || person("Quxada").stays_from("2026-01-05T17:00:00Z");
    let mut everybody: Vec<_> = hidden
        .iter()
        .map(|name| person(name.as_str()).was_in("2026-01-05T16:00:00Z", "2026-01-05T17:30:00Z"))
        .collect();
    everybody.push(shown());
    assert_eq!(render(everybody), render(vec![shown()]));
}
