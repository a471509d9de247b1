//! Own output files: templates in `more/` make files beside the pages.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use lookout::config::{PublishList, Settings};
use lookout::dashboard::Dashboard;
use lookout::roster::Presence;
use lookout::site::{PublishOutcome, Renderer, Replace, build};

use super::sample::{Does, NOW, at, edition, name, person, presence_in, room};
use super::templates::directory;
use crate::support::hostile;

/// Somebody in the first of two rooms.
fn ada() -> Presence {
    presence_in(vec![vec![person("Ada").stays_from("2026-01-05T17:00:00Z")], Vec::new()])
}

fn with_rooms(mut settings: Settings, slugs: &[&str]) -> Settings {
    settings.rooms = slugs.iter().map(|slug| room(slug, &slug.to_uppercase())).collect();
    settings
}

/// The files below `lookout/`, as text.
fn rendered(presence: &Presence, settings: &Settings) -> Result<BTreeMap<String, String>, String> {
    let renderer = Renderer::load(settings).map_err(|error| format!("{error:#}"))?;
    let dashboard = Dashboard::new(presence, settings, at(NOW));
    let files = renderer.render(&dashboard, settings).map_err(|error| format!("{error:#}"))?;
    let below = files.into_iter().filter_map(|file| {
        let path = file.path.strip_prefix("lookout/")?.to_owned();
        Some((path, String::from_utf8_lossy(&file.bytes).into_owned()))
    });
    Ok(below.collect())
}

/// Paths, and templates or what they make.
type Texts<'a> = &'a [(&'a str, &'a str)];

#[test]
fn each_template_makes_a_file_beside_its_pages() {
    let top = ("templates/more/a/who.txt", "{{ heading }}: {{ summary }}");
    let room = (
        "templates/more/room/who.txt",
        "{{ root }} {{ heading }}, {{ feed.title }}, {{ badge.label }}",
    );
    let both = ("templates/more/who.txt", "mine");
    #[rustfmt::skip]
    let cases: [(&str, Texts, &[&str], Texts); 7] = [
        // what is special        templates        rooms                  files
        ("no rooms",              &[top, room],    &[],                   &[("a/who.txt", "Lookout: 1 person is in"), ("who.txt", "./ Lookout, Lookout, Lookout")]),
        ("one room",              &[top, room],    &["lounge"],           &[("a/who.txt", "LOUNGE: 1 person is in"), ("who.txt", "./ LOUNGE, LOUNGE, LOUNGE")]),
        ("several rooms",         &[top, room],    &["lounge", "attic"],  &[("a/who.txt", "Lookout: 1 person is in"), ("lounge/who.txt", "../ LOUNGE, LOUNGE, LOUNGE"), ("attic/who.txt", "../ ATTIC, ATTIC, ATTIC")]),
        ("one name, one room",    &[both, room],   &["lounge"],           &[("who.txt", "mine")]),
        ("one name, two rooms",   &[both, room],   &["lounge", "attic"],  &[("who.txt", "mine"), ("lounge/who.txt", "../ LOUNGE, LOUNGE, LOUNGE"), ("attic/who.txt", "../ ATTIC, ATTIC, ATTIC")]),
        ("like a room's folder",  &[("templates/more/lounge.txt", "mine")], &["lounge", "attic"], &[("lounge.txt", "mine")]),
        ("a room in a room",      &[("templates/more/room/lounge/a.txt", "mine")], &["lounge", "attic"], &[("lounge/lounge/a.txt", "mine"), ("attic/lounge/a.txt", "mine")]),
    ];
    for (what, templates, rooms, expected) in cases {
        let (_directory, settings) = directory(templates);
        let files = rendered(&ada(), &with_rooms(settings, rooms)).expect(what);
        let is_own =
            |(path, _): &(String, String)| path.ends_with(".txt") && path != "heartbeat.txt";
        let own: BTreeMap<_, _> = files.into_iter().filter(is_own).collect();
        let expected = expected.iter().map(|(path, text)| ((*path).into(), (*text).into()));
        assert_eq!(own, expected.collect(), "{what}");
    }
}

#[test]
fn a_template_that_can_make_no_file_is_refused_with_what_to_do() {
    #[rustfmt::skip]
    let cases = [
        // what is special           template                      source                  in the error
        ("another ending",           "more/app.js",                "{{ heading }}",        "app.js` makes no file of the site: the name of one in `more/` ends with .csv, .html, .ics, .json, .md, .svg, .txt, .xml; put other files into `site.static_dir`"),
        ("no ending",                "more/README",                "",                     "makes no file"),
        ("the page",                 "more/index.html",            "",                     "would make `index.html`, but `index.html` is a name that Lookout itself uses; give it another name"),
        ("the page of a room",       "more/room/index.html",       "",                     "would make `index.html`"),
        ("a widget",                 "more/presence.json",         "{}",                   "would make `presence.json`"),
        ("a widget, in capitals",    "more/Badge.svg",             "",                     "would make `Badge.svg`"),
        ("a widget in a folder",     "more/team/badge.svg",        "",                     "would make `team/badge.svg`, but `badge.svg` is a name that Lookout itself uses"),
        ("one of a room",            "more/room/x/presence.json",  "{}",                   "would make `x/presence.json`"),
        ("a frame in a folder",      "more/x/Embed.html",          "",                     "but `Embed.html` is a name"),
        ("the heartbeat",            "more/heartbeat.txt",         "",                     "would make `heartbeat.txt`"),
        ("below a file of ours",     "more/feed.xml/a.txt",        "",                     "but `feed.xml` is a name"),
        ("among the static files",   "more/assets/a.svg",          "",                     "but `assets` is a name"),
        ("the stream of changes",    "more/live/a.txt",            "",                     "but `live` is a name"),
        ("the folder of a room",     "more/lounge/a.txt",          "",                     "`lounge/` is the folder of a room; put files for rooms into `more/room/`"),
        ("the same, in capitals",    "more/Lounge/a.txt",          "",                     "`Lounge/` is the folder of a room"),
        ("a folder like a copy",     "more/a.txt.gz/b.txt",        "",                     "is in a folder that is called like a file, `a.txt.gz`"),
        ("one in capitals",          "more/A.TXT.GZ/b.txt",        "",                     "is in a folder that is called like a file, `A.TXT.GZ`"),
        ("a folder like a file",     "more/a.txt/b.txt",           "",                     "is in a folder that is called like a file, `a.txt`; rename the folder"),
        ("a long name",              "more/LONG.txt",              "",                     "has a name that is too long"),
        ("a field with quotes",      "more/a.csv",                 "\"{{ heading }}\"\n",  "has quotes around `{{ … }}`, which prints a whole field"),
        ("a quote open in a field",  "more/a.csv",                 "x,\"Dr. {{ heading }} is in\"\n", "has quotes around"),
        ("a quote open, with a tag", "more/a.csv",                 "\"{% if true %}{{ heading }}{% endif %}\"\n", "has quotes around"),
        ("a parameter in quotes",    "more/a.ics",                 "ATTENDEE;CN=\"{{ heading }}\":mailto:a@example.org\n", "prints into the parameters of a property, such as `;CN=…`"),
        ("a parameter",              "more/a.ics",                 "ATTENDEE;CN={{ heading }}:mailto:a@example.org\n", "prints into the parameters of a property"),
        ("no JSON",                  "more/a.json",                "{\"a\": {{ heading }}}", "error: The result is no JSON: expected value at line 1 column 7; write `{{ name | json }}` without quotes around it\n --> more/a.json"),
        ("an unknown variable",      "more/a.html",                "{{ headline }}",       "failed to render `a.html` from the template `more/a.html`\nerror: Variable `headline` is not defined"),
        ("an unknown variable, room", "more/room/a.md",            "{{ headline }}",       "failed to render `lounge/a.md` from the template `more/room/a.md`"),
        ("no picture",               "more/a.svg",                 "{{ heading | data_uri }}", "error: `Lookout` is not the URL of a person's picture"),
        ("a fault in the syntax",    "more/a.ics",                 "{% if %}",             "more/a.ics:1:7"),
    ];
    for (what, template, source, expected) in cases {
        let template = template.replace("LONG", &"a".repeat(250));
        let (_directory, settings) = directory(&[(&format!("templates/{template}"), source)]);
        let settings = with_rooms(settings, &["lounge", "attic"]);
        let error = rendered(&ada(), &settings).expect_err(what);
        assert!(error.contains(expected), "{what}: {error}");

        // At a start, the others are published without it.
        let renderer = Renderer::load_leniently(&settings);
        let files =
            build(&renderer, &ada(), &settings, &edition(1), Replace::NotNewer).expect(what);
        assert!(matches!(files.outcome, PublishOutcome::Published(_)), "{what}");
        let page = fs::read_to_string(settings.site.output_dir.join("lookout/index.html"));
        assert!(page.expect("it is published").contains("Comings and goings"), "{what}");
        assert_eq!(
            files.faults.len(),
            if template.contains("room/a.md") { 2 } else { 1 },
            "{what}"
        );
    }
}

#[test]
fn a_file_appears_changes_and_goes_with_its_template() {
    let source = "{% for member in members %}<b>{{ member.name }}</b>{% endfor %}";
    let long = "<!-- long enough to be compressed -->\n".repeat(50);
    let (directory, mut settings) = directory(&[("templates/more/a/who.html", source)]);
    let template = directory.path().join("templates/more/a/who.html");
    let site = settings.site.output_dir.join("lookout");
    let build = |settings: &Settings| {
        let renderer = Renderer::load(settings).expect("the templates load");
        build(&renderer, &ada(), settings, &edition(1), Replace::NotNewer).expect("it builds")
    };
    build(&settings);
    let read = || fs::read_to_string(site.join("a/who.html")).ok();
    assert_eq!(read().as_deref(), Some("<b>Ada</b>"));
    fs::write(&template, format!("{source}{long}")).expect("written");
    build(&settings);
    assert_eq!(read(), Some(format!("<b>Ada</b>{long}")));
    assert!(site.join("a/who.html.gz").is_file(), "a long one has a compressed copy");

    settings.privacy.publish = PublishList::Only([name("Zoë")].into());
    build(&settings);
    assert_eq!(read(), Some(long), "nobody hidden is in it");
    fs::remove_file(&template).expect("removed");
    build(&settings);
    assert!(!site.join("a").try_exists().expect("readable"), "the folder is gone, too");
}

/// A template for each ending, and the number of its lines for one person.
const ONE_OF_EACH: [(&str, &str); 8] = [
    (
        "who.csv",
        "name,since\n{% for member in members %}{{ member.name }},{{ member.since.datetime }}\n{% endfor %}",
    ),
    (
        "who.html",
        "<ul>{% for member in members %}<li title=\"{{ member.name }}\">{{ member.name }}{% endfor %}</ul>",
    ),
    (
        "who.ics",
        "BEGIN:VCALENDAR\n{% for member in members %}SUMMARY:{{ member.name }}\n{% endfor %}END:VCALENDAR\n",
    ),
    (
        "who.json",
        "[{% for member in members %}{{ member.name | json }}, \"{{ member.name }}\"{% endfor %}]",
    ),
    ("who.md", "Who is in:\n\n{% for member in members %}- {{ member.name }}\n{% endfor %}"),
    (
        "who.svg",
        "<svg xmlns=\"http://www.w3.org/2000/svg\">{% for member in members %}<text id=\"{{ member.name }}\">{{ member.name }}</text>{% endfor %}</svg>",
    ),
    ("who.txt", "{% for member in members %}{{ member.name }}\n{% endfor %}"),
    (
        "who.xml",
        "<who>{% for member in members %}<name of=\"{{ member.name }}\">{{ member.name }}</name>{% endfor %}</who>",
    ),
];

#[test]
fn a_hostile_name_is_text_in_a_file_of_each_format() {
    let templates: Vec<_> = ONE_OF_EACH
        .iter()
        .map(|(name, source)| (format!("templates/more/{name}"), *source))
        .collect();
    let templates: Vec<_> =
        templates.iter().map(|(name, source)| (name.as_str(), *source)).collect();
    let (_directory, settings) = directory(&templates);
    for (what, text) in hostile::names() {
        let clean = name(&text).to_string();
        let who = presence_in(vec![vec![person(&text).stays_from("2026-01-05T17:00:00Z")]]);
        let files = rendered(&who, &settings).unwrap_or_else(|error| panic!("{what}: {error}"));

        let mut table = csv::Reader::from_reader(files["who.csv"].as_bytes());
        let rows: Vec<Vec<String>> =
            table.deserialize().map(|row| row.expect("it is CSV")).collect();
        let is_formula = clean.starts_with(['=', '+', '-', '@']);
        let cell = if is_formula { format!("'{clean}") } else { clean.clone() };
        assert_eq!(rows, [[cell.as_str(), "2026-01-05T17:00:00Z"]], "{what}");

        let names: Vec<String> = serde_json::from_str(&files["who.json"]).expect(&what);
        assert_eq!(names, [clean.as_str(), &clean], "{what}");

        for path in ["who.svg", "who.xml"] {
            let document = roxmltree::Document::parse(&files[path]).expect(&what);
            let elements = document.descendants().filter(roxmltree::Node::is_element).count();
            assert_eq!(elements, 2, "{what}: {}", files[path]);
            let kept = clean.replace(['\u{fffe}', '\u{ffff}'], "");
            assert_eq!(
                document.root_element().first_element_child().and_then(|it| it.text()),
                Some(&*kept),
                "{what}"
            );
        }
        assert_eq!(files["who.html"].matches('<').count(), 3, "{what}: {}", files["who.html"]);
        assert_eq!(files["who.txt"], format!("{clean}\n"), "{what}");

        let unfolded = files["who.ics"].replace("\r\n ", "");
        let lines: Vec<_> = unfolded.split_terminator("\r\n").collect();
        assert_eq!(lines.len(), 3, "{what}: {lines:?}");
        let unescaped = lines[1].replace("\\,", ",").replace("\\;", ";").replace("\\\\", "\\");
        assert_eq!(unescaped, format!("SUMMARY:{clean}"), "{what}");
        let liquid = ["{{", "{%"].map(|tag| files["who.md"].contains(tag));
        assert_eq!(liquid, [false; 2], "{what}: {}", files["who.md"]);
        assert_eq!(
            markdown_text(&files["who.md"]),
            format!("Who is in:{clean}"),
            "{what}: {}",
            files["who.md"]
        );
    }
}

/// The text of one paragraph and one item, if there is nothing else in `markdown`.
fn markdown_text(markdown: &str) -> String {
    use pulldown_cmark::{Event, Options, Parser, Tag};
    let mut text = String::new();
    for event in Parser::new_ext(markdown, Options::all()) {
        match event {
            Event::Text(part) => text += &part,
            Event::Start(Tag::Paragraph | Tag::List(None) | Tag::Item) | Event::End(_) => {}
            other => text += &format!("[{other:?}]"),
        }
    }
    text.replace('\u{200b}', "")
}

#[test]
fn templates_that_nothing_uses_are_named() {
    let (_directory, settings) = directory(&[
        ("templates/indx.html", "{{ heading }}"),
        ("templates/layout.html", "{% block main %}{% endblock main %}"),
        ("templates/more/a.html", "{% extends \"layout.html\" %}"),
    ]);
    let renderer = Renderer::load(&settings).expect("the templates load");
    let [one] = renderer.problems().left_out.as_slice() else {
        panic!("{:?}", renderer.problems().left_out);
    };
    let path = settings.site.templates_dir.join("indx.html");
    let expected = format!(
        "`{}` is left out: nothing uses it; a file of its own is made from each template in `more/`",
        path.display()
    );
    assert_eq!(*one, expected);
}

#[test]
fn a_fault_in_a_template_that_nothing_uses_does_not_count() {
    for source in ["{% if", "{{ heading | shout }}", "{% extends \"nowhere.html\" %}"] {
        let (_directory, settings) = directory(&[("templates/indx.html", source)]);
        let renderer = Renderer::load(&settings).expect(source);
        assert_eq!(renderer.problems().left_out.len(), 1, "{source}");
    }
}

#[test]
fn a_room_that_comes_later_keeps_its_folder() {
    for folder in ["lounge", "Lounge"] {
        let template = format!("templates/more/{folder}/index.html");
        let (_directory, settings) = directory(&[(&template, "mine")]);
        let renderer = Renderer::load(&settings).expect("there is no such room");
        let settings = with_rooms(settings, &["lounge", "attic"]);
        let dashboard = Dashboard::new(&ada(), &settings, at(NOW));
        let files = renderer.render(&dashboard, &settings).expect("they render");
        let is_page = |path: &str| path.eq_ignore_ascii_case("lookout/lounge/index.html");
        let pages = files.iter().filter(|file| is_page(&file.path));
        let pages: Vec<_> = pages.map(|file| String::from_utf8_lossy(&file.bytes)).collect();
        assert!(matches!(pages.as_slice(), [page] if page.contains("LOUNGE")), "{pages:?}");
    }
}

#[test]
fn the_same_input_gives_the_same_json() {
    let (_directory, settings) =
        directory(&[("templates/more/all.json", "[{{ members | json }}, {{ feed | json }}]")]);
    let first = rendered(&ada(), &settings).expect("it renders");
    for _ in 0..8 {
        assert_eq!(rendered(&ada(), &settings).expect("it renders"), first);
    }
}

#[test]
fn the_model_says_which_variables_an_own_template_receives() {
    let (_directory, settings) = directory(&[("templates/more/room/who.txt", "")]);
    let settings = with_rooms(settings, &["lounge", "attic"]);
    let renderer = Renderer::load(&settings).expect("the template loads");
    let dashboard = Dashboard::new(&ada(), &settings, at(NOW));
    let models = serde_json::to_value(renderer.models(&dashboard)).expect("it is JSON");
    let files = serde_json::json!({ "lounge/who.txt": "more/room/who.txt" });
    let all = models["models"].as_array().expect("a list");
    let own = all.iter().find(|model| model["files"] == files).expect("it is listed");
    assert_eq!(own["model"]["heading"], "LOUNGE");
    assert_eq!(own["model"]["feed"]["openings"][0]["names"], "Ada");
    assert_eq!(own["model"]["badge"]["label"], "LOUNGE");
}

#[test]
fn no_name_of_ours_is_free() {
    let (_directory, settings) = directory(&[]);
    let files = rendered(&ada(), &with_rooms(settings, &["lounge", "attic"])).expect("it renders");
    let names: BTreeSet<&str> = files.keys().map(|path| first(path)).collect();
    assert!(names.len() > 8, "{names:?}");
    for name in names {
        let is_folder = files.keys().any(|path| path.starts_with(&format!("{name}/")));
        let template =
            if is_folder { format!("more/{name}/a.txt") } else { format!("more/{name}") };
        let (_directory, settings) = directory(&[(&format!("templates/{template}"), "{}")]);
        let settings = with_rooms(settings, &["lounge", "attic"]);
        let error = rendered(&ada(), &settings).expect_err(name);
        assert!(error.contains(&template), "{name}: {error}");
    }
}

fn first(path: &str) -> &str {
    path.split('/').next().unwrap_or_default()
}
