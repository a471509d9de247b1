//! What an author is told of a template with a fault.

use super::templates::{directory, render};

/// The error that `source` as the template of the page gives, without the directory's name.
#[track_caller]
fn told(source: &str) -> String {
    let (directory, settings) = directory(&[("templates/index.html", source)]);
    let error = render(&settings).expect_err("it has a fault");
    error.replace(&directory.path().display().to_string(), "DIR")
}

#[test]
fn an_unfinished_block() {
    insta::assert_snapshot!(told("<h1>{{ heading }}</h1>\n{% if count %}\n<p>some</p>\n"), @"");
}

#[test]
fn an_unknown_filter() {
    insta::assert_snapshot!(told("<h1>\n{{ heading | shout }}\n</h1>\n"), @"");
}

#[test]
fn an_unknown_variable() {
    insta::assert_snapshot!(told("{% extends \"builtin/index.html\" %}\n{% block present %}\n  <p>{{ membres }}</p>\n{% endblock present %}\n"), @"");
}

#[test]
fn an_unknown_field() {
    insta::assert_snapshot!(told("{% for member in members %}\n<li>{{ member.nmae }}</li>\n{% endfor %}\n"), @"");
}

#[test]
fn an_unknown_parent() {
    insta::assert_snapshot!(told("{% extends \"layout.html\" %}\n{% block main %}mine{% endblock main %}\n"), @"");
}

#[test]
fn an_unknown_static_file() {
    insta::assert_snapshot!(told("<img src=\"{{ root }}{{ assets[\"logo.png\"] }}\" alt=\"\">\n"), @"");
}

#[test]
fn a_component_without_what_it_needs() {
    insta::assert_snapshot!(told("<p>\n{{ <moment /> }}\n</p>\n"), @"");
}

#[test]
fn two_files_with_a_fault_are_both_named() {
    let (directory, settings) =
        directory(&[("templates/index.html", "{{ heading"), ("templates/room.html", "{% if %}")]);
    let error = render(&settings).expect_err("they have faults");
    let error = error.replace(&directory.path().display().to_string(), "DIR");
    insta::assert_snapshot!(error, @"");
}
