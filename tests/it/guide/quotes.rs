//! What the page on troubleshooting quotes from `lookout check` and the log.

use std::fs;

use walkdir::WalkDir;

use super::{Document, assert_none, root};

/// Programs whose command lines the page shows.
const PROGRAMS: &[&str] = &["curl", "journalctl", "lookout", "sudo", "timedatectl"];

#[test]
fn troubleshooting_quotes_what_lookout_says() {
    let source = source();
    let page = Document::read("src/guide/troubleshooting.md");
    let is_quote = |span: &&String| {
        span.contains(' ') && !PROGRAMS.contains(&span.split(' ').next().unwrap_or_default())
    };
    // What is between the parts is a value, or the alignment of columns.
    let parts = |span: &String| {
        let parts = span.split(['…', ':', ';']).flat_map(|part| part.split("  "));
        parts.map(|part| part.trim().to_owned()).filter(|part| !part.is_empty()).collect::<Vec<_>>()
    };
    let quoted: Vec<_> = page.spans.iter().filter(is_quote).flat_map(parts).collect();
    assert!(quoted.len() > 15, "the page quotes little: {quoted:?}");
    let unknown = quoted.iter().filter(|part| !source.contains(*part));
    assert_none(&unknown.map(|part| format!("nothing in `src` says `{part}`")).collect::<Vec<_>>());
}

/// All code, with continued lines as one.
fn source() -> String {
    let files = WalkDir::new(root().join("src")).sort_by_file_name();
    let paths = files.into_iter().map(|file| file.expect("read").into_path());
    let code = paths.filter(|path| path.extension().is_some_and(|extension| extension == "rs"));
    let text = code.map(|path| fs::read_to_string(path).expect("it is text")).collect::<String>();
    let mut lines = text.split("\\\n");
    let first = lines.next().unwrap_or_default().to_owned();
    lines.fold(first, |joined, line| joined + line.trim_start())
}
