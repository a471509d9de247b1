//! The operator's templates and static files.

use std::fs;
use std::path::Path;

use lookout::config::Settings;
use lookout::dashboard::Dashboard;
use lookout::site::{Renderer, Replace, build};
use tempfile::TempDir;

use super::sample::{Does, NOW, at, edition, person, presence, settings};

/// A directory with some of the operator's files in it.
pub fn directory(files: &[(&str, &str)]) -> (TempDir, Settings) {
    let directory = TempDir::new().expect("a temporary directory");
    for (path, text) in files {
        let path = directory.path().join(path);
        let parent = path.parent().expect("files have a directory");
        fs::create_dir_all(parent).expect("the directory can be made");
        fs::write(&path, text).expect("the file can be written");
    }
    let settings = settings(directory.path());
    (directory, settings)
}

/// The page of somebody called `<b>` and the paths of all files, or the error.
pub fn render(settings: &Settings) -> Result<(String, Vec<String>), String> {
    let people = vec![person("<b>").stays_from("2026-01-05T17:00:00Z")];
    let dashboard = Dashboard::new(&presence(people), settings, at(NOW));
    let renderer = Renderer::load(settings).map_err(|error| format!("{error:#}"))?;
    let files = renderer.render(&dashboard, settings).map_err(|error| format!("{error:#}"))?;
    let page = files.iter().find(|file| file.path == "lookout/index.html");
    let page = String::from_utf8_lossy(&page.expect("there is a page").bytes).into_owned();
    Ok((page, files.into_iter().map(|file| file.path).collect()))
}

#[test]
fn own_templates_replace_built_in_ones() {
    let extending =
        r#"{% extends "builtin/index.html" %}{% block present %}<p>mine</p>{% endblock present %}"#;
    let frame =
        r#"{% extends "builtin/base.html" %}{% block head %}<meta name="mine">{% endblock head %}"#;
    let component = r#"{% component speaker() %}<i>mine</i>{% endcomponent speaker %}"#;
    #[rustfmt::skip]
    let cases = [
        // what is special                    name                         source                                  in the page
        ("instead",                           "templates/index.html",      "mine: {{ heading }}",                  "mine: Lookout"),
        ("extending the built-in one",        "templates/index.html",      extending,                              "<p>mine</p>"),
        ("the frame of a built-in one",       "templates/base.html",       frame,                                  "<meta name=\"mine\">"),
        ("one component",                     "templates/mine.html",       component,                              "<i>mine</i>"),
        ("static files by name",              "templates/index.html",      "{{ root }}{{ assets[\"style.css\"] }}", "./assets/style."),
    ];
    for (what, path, source, expected) in cases {
        let (_directory, settings) = directory(&[(path, source)]);
        let (page, _) = render(&settings).unwrap_or_else(|error| panic!("{what}: {error}"));
        assert!(page.contains(expected), "{what}: {page}");
    }
}

#[test]
fn a_template_with_a_fault_is_shown_with_line_and_column() {
    #[rustfmt::skip]
    let cases = [
        // what is special        source                                       in the error
        ("a fault in the syntax", "<p>\n{% if heading %}\n</p>",               vec!["the templates of `", "index.html:3:"]),
        ("an unknown filter",     "<p>\n{{ heading | shout }}\n</p>",          vec!["Unknown filter `shout`", "index.html:2:14", "{{ heading | shout }}"]),
        ("an unknown variable",   "<p>\n  {{ headline }}\n</p>",               vec!["failed to render `index.html` from the template `index.html`", "index.html:2:6", "{{ headline }}"]),
        ("an unknown asset",      "{{ assets[\"logo.png\"] }}",                vec!["index.html:1:", "logo.png"]),
        ("an unknown parent",     "{% extends \"nowhere.html\" %}",            vec!["index.html", "nowhere.html"]),
    ];
    for (what, source, expected) in cases {
        let (_directory, settings) = directory(&[("templates/index.html", source)]);
        let error = render(&settings).expect_err(what);
        for part in expected {
            assert!(error.contains(part), "{what}: `{part}` is missing in\n{error}");
        }
    }
}

#[test]
fn a_failed_render_leaves_everything_as_it_was() {
    let (directory, settings) = directory(&[]);
    let people = |name: &str| presence(vec![person(name).stays_from("2026-01-05T17:00:00Z")]);
    let renderer = Renderer::load(&settings).expect("the built-in templates load");
    build(&renderer, &people("Ada"), &settings, &edition(1), Replace::NotNewer).expect("it builds");
    let before = tree(&settings.site.output_dir);

    let templates = directory.path().join("templates");
    fs::create_dir_all(&templates).expect("the directory can be made");
    fs::write(templates.join("index.html"), "{{ nothing }}").expect("the file can be written");
    let renderer = Renderer::load(&settings).expect("the template is well formed");
    let failed = build(&renderer, &people("Zoë"), &settings, &edition(2), Replace::NotNewer);
    failed.expect_err("the template asks for what is not there");
    assert_eq!(tree(&settings.site.output_dir), before);
}

fn tree(directory: &Path) -> Vec<(String, Vec<u8>)> {
    let entries = walkdir::WalkDir::new(directory).sort_by_file_name();
    let files = entries.into_iter().map(|entry| entry.expect("it can be read"));
    let files = files.filter(|entry| entry.file_type().is_file());
    files
        .map(|entry| {
            let bytes = fs::read(entry.path()).expect("it can be read");
            (entry.path().display().to_string(), bytes)
        })
        .collect()
}

#[test]
fn static_files_are_regular_files_of_the_directory() {
    let (directory, settings) = directory(&[
        ("static/style.css", "b { color: red }"),
        ("static/img/logo.png", "png"),
        ("static/LICENSE", "free"),
        ("static/.hidden", "no"),
        ("static/.git/config", "no"),
        ("static/style.css~", "no"),
        ("secret", "no"),
    ]);
    let link = |target: &str, name: &str| {
        let from = directory.path().join("static").join(name);
        std::os::unix::fs::symlink(directory.path().join(target), from).expect("links can be made");
    };
    link("secret", "secret.txt");
    link(".", "up");
    let pipe = directory.path().join("static/pipe");
    nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).expect("pipes can be made");
    let (_, paths) = render(&settings).expect("it renders");
    let assets = paths.iter().filter(|path| path.contains("/assets/"));
    let mut stems: Vec<String> = assets
        .map(|path| path.split('.').filter(|part| part.len() != 10).collect::<Vec<_>>().join("."))
        .collect();
    stems.sort();
    let is_icon =
        |path: &str| ["/app/", "/favicon/", "/preview/"].iter().any(|part| path.contains(part));
    let icons = stems.iter().filter(|path| path.starts_with("lookout/assets/favicon/")).count();
    assert_eq!(icons, 11, "none to nine, and more");
    assert_eq!(
        stems.iter().filter(|path| !is_icon(path)).collect::<Vec<_>>(),
        [
            "lookout/assets/LICENSE",
            "lookout/assets/app.js",
            "lookout/assets/bell.js",
            "lookout/assets/embed.css",
            "lookout/assets/embed.js",
            "lookout/assets/img/logo.png",
            "lookout/assets/style.css",
        ]
    );
}
