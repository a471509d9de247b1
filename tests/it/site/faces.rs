//! Faces: emoji and pictures of people, and that pictures of hidden people are nowhere.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use lookout::config::{Emoji, Face, Faces, HideList, PublishList, Settings};
use lookout::roster::Presence;
use lookout::site::{PublishOutcome, Renderer, Replace, build};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::look::{png, problems, with_files};
use super::sample::{Does, edition, name, person, presence_in};

/// A picture that no other has the bytes of.
fn picture(of: &str) -> Vec<u8> {
    [png(64, 64), of.as_bytes().to_vec()].concat()
}

fn with_faces(settings: &mut Settings, faces: &[(&str, &str)]) {
    settings.faces = Faces::new(faces.iter().map(|(person, face)| {
        let emoji = Emoji::parse(face).map(Face::Emoji);
        (name(person), emoji.unwrap_or_else(|_| Face::Picture((*face).to_owned())))
    }));
}

/// Ada shares in the lounge, Zoë is there too; Björk has left the library.
fn evening() -> Presence {
    let mut ada = person("Ada").stays_from("2026-01-05T17:38:09Z");
    ada.sharing_since = ada.present_since;
    presence_in(vec![
        vec![ada, person("Zoë").stays_from("2026-01-05T17:40:00Z")],
        vec![person("Björk").was_in("2026-01-05T10:00:00Z", "2026-01-05T11:30:00Z")],
    ])
}

/// Builds into the output directory; returns all files in it, by path.
fn publish(settings: &Settings, presence: &Presence) -> BTreeMap<String, Vec<u8>> {
    let renderer = Renderer::load(settings).expect("the built-in templates load");
    build_when_due(&renderer, presence, settings);
    published(settings)
}

/// Builds, later if a change follows another one too soon.
fn build_when_due(renderer: &Renderer, presence: &Presence, settings: &Settings) {
    let outcome = || {
        let built = build(renderer, presence, settings, &edition(1), Replace::Any);
        built.expect("it builds").outcome
    };
    while let PublishOutcome::TooSoon(wait) = outcome() {
        std::thread::sleep(wait);
    }
}

/// All files in the output directory, by path.
fn published(settings: &Settings) -> BTreeMap<String, Vec<u8>> {
    let output = &settings.site.output_dir;
    let entries = walkdir::WalkDir::new(output).into_iter().map(|entry| entry.expect("it is read"));
    let files = entries.filter(|entry| entry.file_type().is_file()).map(|entry| {
        let path = entry.path().strip_prefix(output).expect("it is below").display().to_string();
        (path, fs::read(entry.path()).expect("it is read"))
    });
    files.collect()
}

/// The files that contain `bytes`.
fn holders(files: &BTreeMap<String, Vec<u8>>, bytes: &[u8]) -> usize {
    let has = |text: &Vec<u8>| text.windows(bytes.len()).any(|window| window == bytes);
    files.values().filter(|text| has(text)).count()
}

#[test]
fn a_face_is_on_page_card_and_frame_and_its_picture_is_where_they_say() {
    let ada = picture("ada");
    let (_directory, mut settings) = with_files(&[("people/ada.png", &ada)]);
    with_faces(&mut settings, &[("Ada", "people/ada.png"), ("Zoë", "🦊"), ("Björk", "❤")]);
    let files = publish(&settings, &evening());
    let text = |path: &str| String::from_utf8_lossy(&files[path]).into_owned();
    #[rustfmt::skip]
    let pages = [
        // page                           the folder  faces besides the picture
        ("lookout/index.html",            "lookout/",         vec!["🦊", "❤\u{fe0f}"]),
        ("lookout/embed.html",            "lookout/",         vec!["🦊"]),
        ("lookout/lounge/index.html",     "lookout/lounge/",  vec!["🦊"]),
        ("lookout/lounge/embed.html",     "lookout/lounge/",  vec!["🦊"]),
    ];
    for (path, folder, faces) in pages {
        let page = text(path);
        let (_, rest) = page.split_once("<img src=\"").unwrap_or_else(|| panic!("{path}: {page}"));
        let source = rest.split('"').next().expect("it ends");
        let target = match source.strip_prefix("../") {
            Some(above) => format!("lookout/{above}"),
            None => format!("{folder}{}", source.trim_start_matches("./")),
        };
        assert_eq!(files.get(&target), Some(&ada), "{path}: {source}");
        assert!(page.contains("alt=\"\""), "{path}");
        assert!(!page.contains(">A</span>"), "{path}: the letter is there, too");
        for face in faces {
            assert!(page.contains(&format!(">{face}</span>")), "{path}: {face}");
        }
    }
    assert!(text("lookout/library/index.html").contains(">❤\u{fe0f}</span>"));
}

#[test]
fn presence_json_has_sharing_emoji_and_picture_of_each_member() {
    let ada = picture("ada");
    let (_directory, mut settings) = with_files(&[("ada.png", &ada)]);
    with_faces(&mut settings, &[("Ada", "ada.png"), ("Zoë", "🦊")]);
    let files = publish(&settings, &evening());
    let widget: Value = serde_json::from_slice(&files["lookout/presence.json"]).expect("JSON");
    let picture = widget["members"][0]["picture"].as_str().expect("it has a path").to_owned();
    assert_eq!(files.get(&format!("lookout/{picture}")), Some(&ada));
    let expected = json!([
        { "name": "Ada", "since": "2026-01-05T17:38:09Z", "sharing": "2026-01-05T17:38:09Z", "emoji": null, "picture": picture },
        { "name": "Zoë", "since": "2026-01-05T17:40:00Z", "sharing": null, "emoji": "🦊", "picture": null },
    ]);
    assert_eq!(widget["members"], expected);
    assert_eq!(widget["rooms"][0]["members"], expected);
}

#[test]
fn a_picture_is_published_only_while_somebody_who_has_it_may_appear() {
    let everybody = || PublishList::Everybody;
    let only = |names: &[&str]| PublishList::only(names.iter().map(|text| name(text)));
    let hide = |names: &[&str]| HideList::new(names.iter().map(|text| name(text)), &[]);
    let (ada, zoe) = (picture("ada"), picture("zoe"));
    #[rustfmt::skip]
    let steps = [
        // what is special             published             hidden            Ada has     Zoë has     whose pictures are there
        ("everybody is published",     everybody(),          hide(&[]),        "ada.png",  "zoe.png",  (1, 1)),
        ("one is no longer",           only(&["Zoë"]),       hide(&[]),        "ada.png",  "zoe.png",  (0, 1)),
        ("nobody is",                  only(&[]),            hide(&[]),        "ada.png",  "zoe.png",  (0, 0)),
        ("one is published later",     only(&["Ada"]),       hide(&[]),        "ada.png",  "zoe.png",  (1, 0)),
        ("hiding wins",                everybody(),          hide(&["Ada"]),   "ada.png",  "zoe.png",  (0, 1)),
        ("they share one",             only(&["Zoë"]),       hide(&[]),        "ada.png",  "ada.png",  (1, 1)),
        ("neither of them may",        only(&[]),            hide(&[]),        "ada.png",  "ada.png",  (0, 1)),
        ("it was a static file",       only(&["Zoë"]),       hide(&[]),        "zoe.png",  "ada.png",  (1, 0)),
    ];
    let (_directory, mut settings) = with_files(&[("ada.png", &ada), ("zoe.png", &zoe)]);
    for (what, published, hidden, of_ada, of_zoe, expected) in steps {
        settings.privacy.publish = published;
        settings.privacy.hide = hidden;
        with_faces(&mut settings, &[("Ada", of_ada), ("Zoë", of_zoe)]);
        let files = publish(&settings, &evening());
        assert_eq!((holders(&files, &ada), holders(&files, &zoe)), expected, "{what}");
    }
}

#[test]
fn a_file_that_becomes_the_picture_of_somebody_hidden_is_gone_at_once() {
    let ada = picture("ada");
    let (directory, mut settings) = with_files(&[("ada.png", &ada), ("team.png", &ada)]);
    symlink("ada.png", directory.path().join("static/link.png")).expect("linked");
    settings.privacy.publish = PublishList::only([name("Zoë")]);
    assert_eq!(holders(&publish(&settings, &evening()), &ada), 3, "they are static files");

    // Links and copies go with it, also if the file changes meanwhile.
    let newer = picture("newer");
    fs::write(directory.path().join("static/ada.png"), &newer).expect("written");
    fs::write(directory.path().join("static/team.png"), &newer).expect("written");
    with_faces(&mut settings, &[("Ada", "ada.png")]);
    settings.site.logo = Some("team.png".to_owned());
    let files = publish(&settings, &evening());
    assert_eq!((holders(&files, &ada), holders(&files, &newer)), (0, 0), "{:?}", files.keys());
    let page = String::from_utf8_lossy(&files["lookout/index.html"]).into_owned();
    assert!(!page.contains("<img"), "{page}");
}

#[test]
fn what_was_published_before_a_picture_was_hidden_is_gone_at_once() {
    let png = picture("ada");
    let svg = [b"<svg xmlns='http://www.w3.org/2000/svg'>".as_slice(), &[b' '; 2048]].concat();
    #[rustfmt::skip]
    let cases = [
        // what is special                  content  static files before      the picture, the only file after
        ("the same file",                   &png,    ["ada.png", "b.png"],    "ada.png"),
        ("it moves, a copy is deleted",     &png,    ["ada.png", "old.png"],  "people/ada.png"),
        ("a copy without an ending",        &png,    ["ada.png", "photo"],    "ada.png"),
        ("it has a compressed copy",        &svg,    ["ada.svg", "b.svg"],    "ada.svg"),
        ("a compressed copy elsewhere",     &svg,    ["ada.svg", "b.svg"],    "people/ada.svg"),
    ];
    let (_directory, settings) = with_files(&[]);
    let builtin = publish(&settings, &evening());
    for (what, content, before, after) in cases {
        let (directory, mut settings) = with_files(&before.map(|name| (name, content.as_slice())));
        settings.privacy.publish = PublishList::only([name("Zoë")]);
        let own = |settings: &Settings| {
            let files = publish(settings, &evening());
            files.into_keys().filter(|path| !builtin.contains_key(path)).collect::<Vec<_>>()
        };
        assert!(own(&settings).len() >= 2, "{what}: they are static files");
        for name in before {
            fs::remove_file(directory.path().join("static").join(name)).expect("removed");
        }
        let picture = directory.path().join("static").join(after);
        fs::create_dir_all(picture.parent().expect("below static")).expect("made");
        fs::write(picture, content).expect("written");
        with_faces(&mut settings, &[("Ada", after)]);
        assert_eq!(own(&settings), [""; 0], "{what}");
    }
}

#[test]
fn settings_that_name_a_picture_count_at_once_for_a_renderer_loaded_before() {
    let ada = picture("ada");
    let (_directory, mut settings) = with_files(&[("ada.png", &ada), ("copy.png", &ada)]);
    settings.privacy.publish = PublishList::only([name("Zoë")]);
    let before = Renderer::load(&settings).expect("the built-in templates load");
    with_faces(&mut settings, &[("Ada", "ada.png")]);
    build_when_due(&before, &evening(), &settings);
    assert_eq!(holders(&published(&settings), &ada), 0);
}

#[test]
fn a_picture_that_is_missing_or_unfit_leaves_the_letter_and_says_why_once_without_a_name() {
    let (small, long) = (png(64, 64), [png(64, 64), vec![0; 300 << 10]].concat());
    #[rustfmt::skip]
    let cases: [(_, _, &[u8], _); 5] = [
        // what is special  named       content   problem
        ("a picture",       "ada.png",  &small,   ""),
        ("missing",         "ada.png",  b"",      "the picture `static/ada.png` is no file that everybody may read; put the picture there; pages show a letter instead"),
        ("an SVG",          "ada.svg",  b"<svg/>", "the picture `static/ada.svg` is no PNG, JPEG, WebP or GIF; save it as one of these; pages show a letter instead"),
        ("too long",        "ada.png",  &long,    "the picture `static/ada.png` is larger than 256 KiB; make it smaller; pages show a letter instead"),
        ("a built-in file", "style.css", b"",     "the picture `static/style.css` is no file that everybody may read; put the picture there; pages show a letter instead"),
    ];
    for (what, file, content, problem) in cases {
        let given: &[(&str, &[u8])] = if content.is_empty() { &[] } else { &[(file, content)] };
        let (directory, mut settings) = with_files(given);
        with_faces(&mut settings, &[("Ada", file), ("Björk", file)]);
        assert_eq!(problems(&directory, &settings), problem, "{what}");
        let files = publish(&settings, &evening());
        let page = String::from_utf8_lossy(&files["lookout/index.html"]).into_owned();
        assert_eq!(page.contains("<img"), problem.is_empty(), "{what}");
        assert_eq!(page.contains(">A</span>"), !problem.is_empty(), "{what}");
        let is_there = !problem.is_empty() && !content.is_empty() && holders(&files, content) > 0;
        assert!(!is_there, "{what}: it is published all the same");
    }
}

#[test]
fn faces_of_people_who_are_hidden_change_no_byte() {
    let ada = picture("ada");
    let (_directory, mut settings) = with_files(&[("ada.png", &ada)]);
    settings.privacy.publish = PublishList::only([name("Zoë"), name("Björk")]);
    with_faces(&mut settings, &[("Ada", "ada.png"), ("Hidden", "🦊")]);
    let site = |settings: &Settings| {
        let mut files = publish(settings, &evening());
        files.retain(|path, _| !Path::new(path).starts_with(".lookout-manifest.json"));
        files
    };
    let with = site(&settings);
    let directory: TempDir = TempDir::new().expect("a temporary directory");
    settings.faces = Faces::default();
    settings.site.output_dir = directory.path().join("site");
    settings.site.static_dir = directory.path().join("static");
    assert_eq!(with, site(&settings));
}
