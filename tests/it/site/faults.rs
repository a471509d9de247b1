//! What an author is told of a template with a fault: in the terminal, over the preview, by `check`.

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
