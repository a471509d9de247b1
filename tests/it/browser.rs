//! A real Chromium looks at real pages; what it looks for stands in `tests/fixtures/browser`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::Lookout;

/// Runs a script of `tests/fixtures/browser` with the program's path, and expects it to find nothing wrong.
#[track_caller]
fn browse(script: &str, arguments: &[&str]) {
    let scripts = scripts();
    let mut node = Command::new("node");
    node.arg(scripts.join(script)).arg(env!("CARGO_BIN_EXE_lookout")).args(arguments);
    expect_success(node.current_dir(std::env::temp_dir()));
}

fn scripts() -> PathBuf {
    let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/browser");
    let installed = scripts.join("node_modules/.package-lock.json").exists();
    assert!(installed, "the browser's driver is not installed; `tests/run.sh` does it");
    scripts
}

#[track_caller]
fn expect_success(command: &mut Command) {
    let output = command.output().expect("node is installed; `tests/run.sh` does it");
    let (out, err) = (&output.stdout, &output.stderr);
    let said = format!("{}{}", String::from_utf8_lossy(out), String::from_utf8_lossy(err));
    assert!(output.status.success(), "{said}");
}

#[test]
fn a_change_arrives_without_a_reload_and_leaves_focus_and_scroll() {
    browse("visitor.mjs", &["a change arrives"]);
}

#[test]
fn a_hidden_tab_keeps_its_title_current_with_one_request_a_minute() {
    browse("hidden.mjs", &[]);
}

#[test]
fn the_demo_shows_people_who_come_and_go() {
    browse("visitor.mjs", &["the demo"]);
}

#[test]
fn a_paused_page_stays_as_it_is() {
    browse("visitor.mjs", &["pause"]);
}

#[test]
fn the_page_works_without_javascript() {
    browse("visitor.mjs", &["without JavaScript"]);
}

#[test]
fn when_lookout_is_stopped_the_page_goes_on_and_says_so() {
    browse("visitor.mjs", &["Lookout is stopped and nginx goes on"]);
}

#[test]
fn five_hundred_hostile_names_add_no_element_and_run_no_script() {
    browse("visitor.mjs", &["500 hostile names"]);
}

#[test]
fn every_page_is_accessible_small_and_asks_nobody_else() {
    browse("standards.mjs", &[]);
}

#[test]
fn a_hidden_tab_tells_of_whom_was_chosen_and_two_tabs_tell_once() {
    browse("bell.mjs", &["a hidden tab tells of whom was chosen"]);
}

#[test]
fn the_first_of_all_is_told_of_although_the_page_reloads() {
    browse("bell.mjs", &["the first of all is told of although the page reloads"]);
}

#[test]
fn what_came_while_the_computer_slept_is_summed_up_once() {
    browse("bell.mjs", &["what came while the computer slept is summed up once"]);
}

#[test]
fn a_browser_that_refuses_notifications_is_told_of_in_one_sentence() {
    browse("bell.mjs", &["a refusal is said in one sentence"]);
}

#[test]
fn a_hostile_name_in_a_notification_is_text() {
    browse("bell.mjs", &["a hostile name is text"]);
}

#[test]
fn a_chat_can_preview_the_page_and_a_phone_can_keep_it_as_an_app() {
    browse("shared.mjs", &[]);
}

#[test]
fn golden_pages_are_valid_html() {
    let (scripts, golden) =
        (scripts(), Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/golden"));
    let files = walkdir::WalkDir::new(golden).sort_by_file_name().into_iter();
    let paths = files.map(|entry| entry.expect("the golden sites can be read").into_path());
    let pages: Vec<PathBuf> =
        paths.filter(|path| path.extension().is_some_and(|e| e == "html")).collect();
    assert!(!pages.is_empty());
    expect_valid(&scripts, &pages);
}

#[test]
fn example_pages_are_valid_html_with_somebody_and_with_nobody() {
    let scripts = scripts();
    let lookout = Lookout::new();
    let pages = ["board", "overlay"].map(|example| {
        lookout.ok(&["init", "--example", example]);
        lookout.path(&format!("site/lookout/{example}.html"))
    });
    lookout.ok(&["build"]);
    expect_valid(&scripts, &pages);
    let join = r#"{"event":"meeting.participant_joined","event_ts":1767634200000,"payload":{"object":{"uuid":"m","id":"42","participant":{"user_id":"1","user_name":"<b>Ada & \"Co\""}}}}"#;
    fs::write(lookout.path("events.jsonl"), join).expect("written");
    lookout.ok(&["import", "events.jsonl"]);
    lookout.ok(&["build", "--at", "2026-01-05T18:00:00Z"]);
    for page in &pages {
        assert!(fs::read_to_string(page).expect("built").contains("&lt;b&gt;Ada"), "{page:?}");
    }
    expect_valid(&scripts, &pages);
}

#[track_caller]
fn expect_valid(scripts: &Path, pages: &[PathBuf]) {
    let mut validate = Command::new(scripts.join("node_modules/.bin/html-validate"));
    validate.arg("--config").arg(scripts.join(".htmlvalidate.json")).args(pages);
    expect_success(&mut validate);
}
