//! A name in every file of the site.

use std::cell::LazyCell;
use std::collections::BTreeMap;

use html5gum::{Token, Tokenizer};
use lookout::config::{Room, Settings, Slug};
use lookout::dashboard::Dashboard;
use lookout::roster::{self, Presence};
use lookout::site::Renderer;
use lookout::zoom::Name;
use serde_json::Value;

use super::sample;

/// Somebody who means no harm.
const SOMEBODY: &str = "Ada";

struct Site {
    renderer: Renderer,
    settings: Settings,
    /// The site in which everybody is called [`SOMEBODY`].
    plain: BTreeMap<String, Skeleton>,
}

thread_local! {
    static SITE: LazyCell<Site> = LazyCell::new(|| {
        let mut settings = sample::settings();
        settings.site.base_url = "https://example.org".to_owned();
        settings.rooms = ["one", "two"].map(room).to_vec();
        let renderer = Renderer::load(&settings).expect("the built-in templates load");
        let mut site = Site { renderer, settings, plain: BTreeMap::new() };
        site.plain = site.files(&name(SOMEBODY)).into_iter().map(|(path, text)| {
            let skeleton = Skeleton::of(&path, &text);
            (path, skeleton)
        }).collect();
        site
    });
}

/// Whatever people, rooms and the site are called, they are text: each file has the elements and
/// attributes that it has without, no file more, and programs and browsers read the very name.
pub fn shows_names_as_text(text: &str) {
    let Some(name) = Name::clean(text) else { return };
    SITE.with(|site| {
        let files = site.files(&name);
        assert!(files.keys().eq(site.plain.keys()), "other files: {:?}", files.keys());
        let shown = in_xml(name.as_str());
        for (path, text) in &files {
            let skeleton = Skeleton::of(path, text);
            assert_eq!(skeleton.parts, site.plain[path].parts, "{path} has another shape: {text}");
            if path.ends_with(".html") {
                assert!(skeleton.text.contains(&shown), "{path} lacks the name: {text}");
            }
        }
        let widget = &files["lookout/presence.json"];
        assert!(!widget.contains(['<', '>', '&', '\u{2028}', '\u{2029}']), "{widget}");
        let widget: Value = serde_json::from_str(widget).expect("it is JSON");
        // A telephone's number is nobody's name.
        let shown = name.telephone_mask().unwrap_or(name);
        assert_eq!(widget["members"][0]["name"], shown.as_str());
    });
}

/// What of a name is a character of XML at all.
fn in_xml(name: &str) -> String {
    name.chars().filter(|c| !matches!(c, '\u{fffe}' | '\u{ffff}')).collect()
}

fn name(text: &str) -> Name {
    Name::clean(text).expect("it is not empty")
}

fn room(slug: &str) -> Room {
    Room {
        meeting_id: slug.len().to_string(),
        name: String::new(),
        slug: Slug::parse(slug).expect("it is a slug"),
        join_url: "https://example.org/join?pwd=a&b".to_owned(),
        icon: None,
        subtitle: None,
        stale_after: None,
    }
}

impl Site {
    /// The site's files that templates and names make, where everybody and everything has `name`.
    fn files(&self, name: &Name) -> BTreeMap<String, String> {
        let mut settings = self.settings.clone();
        settings.site.title = name.to_string();
        settings.rooms.iter_mut().for_each(|room| room.name = name.to_string());
        let presence = sample::presence(name);
        let people = presence.people.clone();
        let room = roster::RoomPresence { people, ..roster::RoomPresence::default() };
        let presence = Presence { rooms: vec![room; 2], ..presence };
        let dashboard = Dashboard::new(&presence, &settings, sample::NOW);
        let files = self.renderer.render(&dashboard, &settings).expect("names can't break it");
        let files = files.into_iter().filter(|file| !file.lasting);
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("files are UTF-8");
        files.map(|file| (file.path, text(&file.bytes))).collect()
    }
}

/// A file without what it says.
struct Skeleton {
    /// Elements with the names of their attributes, in order; comments.
    parts: Vec<String>,
    /// All texts.
    text: String,
}

impl Skeleton {
    fn of(path: &str, text: &str) -> Self {
        match path.rsplit_once('.') {
            Some((_, "html")) => Self::of_html(text),
            Some((_, "xml" | "svg")) => Self::of_xml(path, text),
            Some((_, "json")) => {
                serde_json::from_str::<Value>(text).expect("it is JSON");
                Self { parts: Vec::new(), text: String::new() }
            }
            // The table has properties of its own.
            _ => Self { parts: vec![text.lines().count().to_string()], text: String::new() },
        }
    }

    fn of_html(html: &str) -> Self {
        let (mut parts, mut text) = (Vec::new(), String::new());
        for token in Tokenizer::new(html) {
            let lossy = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            match token.expect("a text can be read") {
                Token::StartTag(tag) => {
                    let names = tag.attributes.keys().map(|name| lossy(name));
                    let names = names.collect::<Vec<_>>().join(" ");
                    parts.push(format!("<{} {names}>", lossy(&tag.name)));
                }
                Token::EndTag(tag) => parts.push(format!("</{}>", lossy(&tag.name))),
                Token::String(string) => text.push_str(&lossy(&string.value)),
                Token::Comment(comment) => parts.push(format!("<!--{}-->", lossy(&comment.value))),
                Token::Doctype(_) => parts.push("<!DOCTYPE>".to_owned()),
                Token::Error(_) => {}
            }
        }
        Self { parts, text }
    }

    fn of_xml(path: &str, xml: &str) -> Self {
        let document = roxmltree::Document::parse(xml)
            .unwrap_or_else(|error| panic!("{path} is no XML: {error}\n{xml}"));
        let nodes = document.descendants().filter(|node| !node.is_text());
        let parts = nodes.map(|node| {
            let names: Vec<&str> = node.attributes().map(|attribute| attribute.name()).collect();
            format!("{:?} {} {}", node.node_type(), node.tag_name().name(), names.join(" "))
        });
        Self { parts: parts.collect(), text: String::new() }
    }
}
