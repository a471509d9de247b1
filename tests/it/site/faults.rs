//! What an author is told of a template with a fault: in the terminal, over the preview, by `check`.

use std::fs;

use lookout::site::{Renderer, Replace, build};

use super::sample::{edition, presence};
use super::templates::{directory, render};

/// The error that these files give, without the directory's name.
#[track_caller]
fn told(what: &str, files: &[(&str, &str)]) -> String {
    let (directory, settings) = directory(files);
    let error = render(&settings).expect_err(what);
    error.replace(&directory.path().display().to_string(), "DIR")
}

#[test]
fn each_fault_is_told_with_file_line_column_and_the_line_itself() {
    let extending = "{% extends \"builtin/index.html\" %}\n{% block present %}\n  <p>{{ membres }}</p>\n{% endblock present %}\n";
    #[rustfmt::skip]
    let cases = [
        // what is special                      the page's template
        ("an unfinished block",                 "<h1>{{ heading }}</h1>\n{% if count %}\n<p>some</p>\n"),
        ("an unfinished expression",            "<h1>\n{{ heading }</h1>\n"),
        ("an unknown filter",                   "<h1>\n{{ heading | shout }}\n</h1>\n"),
        ("an unknown variable",                 extending),
        ("an unknown field",                    "{% for member in members %}\n<li>{{ member.nmae }}</li>\n{% endfor %}\n"),
        ("an unknown parent",                   "{% extends \"layout.html\" %}\n{% block main %}mine{% endblock main %}\n"),
        ("an unknown static file",              "<img src=\"{{ root }}{{ assets[\"logo.png\"] }}\" alt=\"\">\n"),
        ("a component without what it needs",   "<p>\n{{ <moment /> }}\n</p>\n"),
    ];
    let mut all: Vec<String> = cases
        .iter()
        .map(|(what, source)| {
            format!("== {what}\n{}", told(what, &[("templates/index.html", source)]))
        })
        .collect();
    let two = [("templates/index.html", "{{ heading"), ("templates/room.html", "{% if %}")];
    all.push(format!("== two files\n{}", told("two files", &two)));
    insta::assert_snapshot!(all.join("\n\n"));
}

/// What is special, the templates with a fault, and a part of each report.
type Case = (&'static str, &'static [(&'static str, &'static str)], &'static [&'static str]);

#[test]
fn templates_without_a_fault_stay_in_use_beside_several_with_one() {
    let good = ("templates/index.html", "mine");
    #[rustfmt::skip]
    let cases: [Case; 6] = [
        // what is special            templates with a fault                                            the faults
        ("unknown filters",           &[("embed.html", "{{ root | a }}"), ("room.html", "{{ root | b }}")], &["filter `a`", "filter `b`"]),
        ("unknown parents",           &[("embed.html", "{% extends \"a\" %}"), ("room.html", "{% extends \"b\" %}")], &["template `a`", "template `b`"]),
        ("of several kinds",          &[("embed.html", "{% extends \"a\" %}"), ("feed.xml", "{{ root | b }}"), ("room.html", "{% if %}")], &["room.html:1", "template `a`", "filter `b`"]),
        ("a circle",                  &[("embed.html", "{% extends \"a.html\" %}"), ("a.html", "{% extends \"embed.html\" %}"), ("room.html", "{{ root | b }}")], &["Circular extend", "filter `b`"]),
        ("two that need one",         &[("embed.html", "{% include \"a.html\" %}"), ("room.html", "{% extends \"a.html\" %}"), ("a.html", "{{ root | b }}")], &["filter `b`"]),
        ("a component of one",        &[("embed.html", "{{ <mine /> }}"), ("a.html", "{% component mine() %}{{ 1 | b }}{% endcomponent mine %}")], &["filter `b`"]),
    ];
    for (what, broken, expected) in cases {
        let files: Vec<_> =
            broken.iter().map(|(name, source)| (format!("templates/{name}"), *source)).collect();
        let files = files.iter().map(|(path, source)| (path.as_str(), *source));
        let files: Vec<_> = files.chain([good]).collect();
        let (_directory, settings) = directory(&files);
        let renderer = Renderer::load_leniently(&settings);
        let faults = &renderer.problems().faults;
        assert_eq!(faults.len(), expected.len(), "{what}: {faults:#?}");
        for (fault, part) in faults.iter().zip(expected) {
            assert!(fault.contains(part), "{what}: {fault}");
        }
        let replace = Replace::NotNewer;
        let built = build(&renderer, &presence(Vec::new()), &settings, &edition(1), replace);
        built.expect(what);
        let page = fs::read_to_string(settings.site.output_dir.join("lookout/index.html"));
        assert_eq!(page.expect("it is published"), "mine", "{what}");
    }
}
