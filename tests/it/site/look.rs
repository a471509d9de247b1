//! Colours, pictures and lines that the settings choose, without templates.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use lookout::config::{Emoji, Settings};
use lookout::dashboard::Dashboard;
use lookout::roster::Presence;
use lookout::site::Renderer;
use tempfile::TempDir;

use super::sample::{Does, NOW, at, person, presence_in, room, settings};
use crate::support::hostile;

/// The start of a PNG, up to its width and height.
pub fn png(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
    bytes.extend(width.to_be_bytes());
    bytes.extend(height.to_be_bytes());
    bytes.extend(b"\x08\x02\0\0\0");
    bytes
}

/// Settings with two rooms whose static directory contains `files`.
pub fn with_files(files: &[(&str, &[u8])]) -> (TempDir, Settings) {
    let directory = TempDir::new().expect("a temporary directory");
    fs::create_dir(directory.path().join("static")).expect("the directory can be made");
    for (path, bytes) in files {
        let path = directory.path().join("static").join(path);
        fs::create_dir_all(path.parent().expect("files have a directory")).expect("made");
        fs::write(path, bytes).expect("the file can be written");
    }
    let mut settings = settings(directory.path());
    settings.rooms = vec![room("lounge", "Lounge"), room("library", "Library")];
    (directory, settings)
}

fn somebody() -> Presence {
    presence_in(vec![vec![person("Ada").stays_from("2026-01-05T17:00:00Z")], Vec::new()])
}

/// All files of the site, by path below `site.path`.
pub fn files(settings: &Settings, presence: &Presence) -> BTreeMap<String, String> {
    let renderer = Renderer::load(settings).expect("the built-in templates load");
    let dashboard = Dashboard::new(presence, settings, at(NOW));
    let files = renderer.render(&dashboard, settings).expect("the built-in templates render");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let name = |path: String| path.trim_start_matches("lookout/").to_owned();
    files.into_iter().map(|file| (name(file.path), text(&file.bytes))).collect()
}

/// The problems of pictures, without the directory's path.
pub fn problems(directory: &TempDir, settings: &Settings) -> String {
    let renderer = Renderer::load_leniently(settings);
    let text = renderer.problems().without.join("\n");
    text.replace(&format!("{}/", directory.path().display()), "")
}

fn pages(files: &BTreeMap<String, String>) -> impl Iterator<Item = (&String, &String)> {
    files.iter().filter(|(path, _)| path.ends_with(".html"))
}

/// The names of the linked style sheets, without hashes, in order.
fn styles(page: &str) -> Vec<&str> {
    let links = page.split("<link rel=\"stylesheet\" href=\"").skip(1);
    let paths = links.filter_map(|link| link.split('"').next()?.rsplit('/').next());
    paths.filter_map(|name| name.split('.').next()).collect()
}

#[test]
fn every_page_links_to_the_accent_and_to_own_css_after_the_built_in_styles() {
    let own: &[(&str, &[u8])] = &[("own.css", b"p { color: red }")];
    #[rustfmt::skip]
    let cases = [
        // what is special    files  accent           style sheets
        ("neither",           &[][..], None,            vec![]),
        ("an own one",        own,     None,            vec!["own"]),
        ("an accent",         &[][..], Some(0xff_e6_00), vec!["accent"]),
        ("both",              own,     Some(0xff_e6_00), vec!["accent", "own"]),
    ];
    for (what, given, accent, expected) in cases {
        let (_directory, mut settings) = with_files(given);
        settings.site.accent = accent.map(palette::Srgb::from);
        let files = files(&settings, &somebody());
        assert_eq!(pages(&files).count(), 6, "{what}");
        for (path, page) in pages(&files) {
            let builtin = if path.ends_with("embed.html") { "embed" } else { "style" };
            let all: Vec<&str> = std::iter::once(builtin).chain(expected.clone()).collect();
            assert_eq!(styles(page), all, "{what}: {path}");
            for link in page.split("rel=\"stylesheet\" href=\"").skip(1) {
                let href = link.split('"').next().expect("it ends").trim_start_matches("../");
                assert!(files.contains_key(href.trim_start_matches("./")), "{what}: {href}");
            }
        }
    }
}

#[test]
fn an_own_accent_css_replaces_the_generated_one() {
    let (_directory, mut settings) = with_files(&[("accent.css", b"/* mine */")]);
    settings.site.accent = Some(palette::Srgb::from(0xff_e6_00));
    let files = files(&settings, &somebody());
    let sheet = files.iter().find(|(path, _)| path.starts_with("assets/accent."));
    assert_eq!(sheet.expect("it is published").1, "/* mine */");
}

#[test]
fn a_logo_is_shown_with_its_size_or_the_page_goes_without_and_says_why() {
    let (small, huge) = (png(120, 40), png(9000, 1));
    let long = [png(120, 40), vec![0; 300 << 10]].concat();
    #[rustfmt::skip]
    let cases: [(_, _, &[u8], _, _); 9] = [
        // what is special     named            content          image                                problem
        ("a PNG",              "logo.png",      &small,          r#"alt="Lookout" width="120" height="40""#, ""),
        ("in a directory",     "img/logo.png",  &small,          r#"alt="Lookout" width="120" height="40""#, ""),
        ("an SVG",             "logo.svg",      b"<svg/>",       r#"alt="Lookout">"#,                  ""),
        ("missing",            "none.png",      b"",             "",                                   "`site.logo`: `static/none.png` is missing, or the picture of a person; put a file there; pages show no logo"),
        ("no picture",         "logo.png",      b"text",         "",                                   "`site.logo`: `static/logo.png` is no PNG, JPEG, WebP or GIF; save it as one of these; pages show no logo"),
        ("no SVG",             "logo.svg",      b"text",         "",                                   "`site.logo`: `static/logo.svg` is no SVG; save it again; pages show no logo"),
        ("of another name",    "logo.jpg",      &small,          "",                                   "`site.logo`: `static/logo.jpg` is a PNG under another name; rename it; pages show no logo"),
        ("too long",           "logo.png",      &long,           "",                                   "`site.logo`: `static/logo.png` is larger than 256 KiB; make it smaller; pages show no logo"),
        ("too wide",           "logo.png",      &huge,           "",                                   "`site.logo`: `static/logo.png` has 9000 × 1 pixels, more than 4096; make it smaller; pages show no logo"),
    ];
    for (what, name, content, image, problem) in cases {
        let given: &[(&str, &[u8])] = if content.is_empty() { &[] } else { &[(name, content)] };
        let (directory, mut settings) = with_files(given);
        settings.site.logo = Some(name.to_owned());
        assert_eq!(problems(&directory, &settings), problem, "{what}");
        let files = files(&settings, &somebody());
        for (path, page) in pages(&files).filter(|(path, _)| path.ends_with("index.html")) {
            assert_eq!(page.contains("class=\"logo\""), !image.is_empty(), "{what}: {path}");
            assert!(page.contains(image), "{what}: {path}: {page}");
        }
    }
}

#[test]
fn a_rooms_icon_and_subtitle_are_on_its_page_its_card_and_its_frame() {
    let (_directory, mut settings) = with_files(&[]);
    settings.rooms[0].icon = Emoji::parse("🦊").ok();
    settings.rooms[0].subtitle = Some("Tea at five".to_owned());
    let files = files(&settings, &somebody());
    for path in ["index.html", "lounge/index.html", "lounge/embed.html"] {
        assert!(files[path].contains("🦊"), "{path}");
        assert!(files[path].contains("Tea at five"), "{path}");
    }
    for path in ["library/index.html", "embed.html"] {
        assert!(!files[path].contains("🦊") && !files[path].contains("Tea at five"), "{path}");
    }
}

#[test]
fn hostile_subtitles_and_titles_are_text() {
    let small = png(120, 40);
    let (_directory, mut settings) = with_files(&[("logo.png", &small)]);
    settings.site.logo = Some("logo.png".to_owned());
    let mut tags = |text: &str| {
        settings.site.title = text.to_owned();
        settings.rooms[0].subtitle = Some(text.to_owned());
        let files = files(&settings, &somebody());
        let html: String = pages(&files).map(|(_, page)| page.as_str()).collect();
        (html.matches('<').count(), html.matches('"').count())
    };
    let plain = tags("Ada");
    for (what, text) in hostile::names() {
        assert_eq!(tags(&text), plain, "{what}");
    }
}

#[test]
fn without_any_of_it_pages_are_as_before() {
    let mut settings = settings(Path::new("/nowhere"));
    settings.rooms = vec![room("lounge", "Lounge"), room("library", "Library")];
    for (path, page) in pages(&files(&settings, &somebody())) {
        assert!(!page.contains("accent.") && !page.contains("<img"), "{path}");
    }
}
