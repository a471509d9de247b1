//! Copies of the table, and the operator's own directories.

use std::fs::OpenOptions;
use std::io::{BufRead, BufReader, ErrorKind, Read};
use std::path::Path;

use super::files::{existing, refusals, writable_dir, writable_file};
use super::{Context, Finding};
use crate::files::real_path::real_path;
use crate::files::regular_file;

/// More than the length of the table's first line.
const FIRST_LINE_BYTES: u64 = 1024;

/// Checks that each of `csv.copies` can be written, and replaces only an earlier copy.
pub(super) fn check(context: &Context<'_>) -> Vec<Finding> {
    let copies = context.settings.csv.copies.iter();
    let mut lines: Vec<Finding> = Vec::new();
    for line in copies.flat_map(|copy| examine(context, copy)) {
        // Copies in one directory share their findings.
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    lines
}

fn examine(context: &Context<'_>, copy: &Path) -> Vec<Finding> {
    let shown = context.shown(copy);
    // Publishing writes to the target of a link.
    let target = if copy.is_symlink() { real_path(copy) } else { copy.to_owned() };
    let dir = target.parent().unwrap_or(Path::new(""));
    let wrong = |text: String| vec![Finding::problem("copy", format!("{text} (`csv.copies`)"))];
    if !dir.as_os_str().is_empty() && !dir.is_dir() {
        let dir = context.shown(dir);
        return wrong(format!("`{shown}` is in `{dir}`, which is not a directory; create it"));
    }
    if let Err(fault) = writable_file(&target).and_then(|()| writable_dir(dir)) {
        return wrong(fault);
    }
    if is_foreign(&target) {
        return wrong(format!(
            "`{shown}` is not a copy of the table, so it is not replaced; remove it, or name another file"
        ));
    }
    match refusals(context, existing(dir).as_path(), "copy") {
        Ok(refused) => {
            let line = Finding::ok("copy", format!("{shown} is kept identical to the table"));
            [line].into_iter().chain(refused).collect()
        }
        Err(line) => vec![line],
    }
}

/// Whether there is a file that does not start like the table.
fn is_foreign(copy: &Path) -> bool {
    let file = match regular_file::open(copy, OpenOptions::new().read(true)) {
        Ok(file) => file,
        Err(error) => return error.kind() != ErrorKind::NotFound,
    };
    let mut line = Vec::new();
    let mut lines = BufReader::new(file.take(FIRST_LINE_BYTES));
    match lines.read_until(b'\n', &mut line) {
        Ok(0) => false,
        Ok(_) => !line.starts_with(b"\"Username\","),
        Err(_) => true,
    }
}

/// Checks that the directories from the settings exist, other than the default ones.
pub(super) fn own_directories(context: &Context<'_>) -> Vec<Finding> {
    let site = &context.settings.site;
    let dirs = [
        (&site.templates_dir, "templates", "site.templates_dir"),
        (&site.static_dir, "static", "site.static_dir"),
    ];
    let missing = dirs
        .into_iter()
        .filter(|(dir, default, _)| !dir.is_dir() && **dir != context.directory().join(default));
    let line = |(dir, _, key): (&std::path::PathBuf, _, _)| {
        let shown = context.shown(dir);
        let text = format!("`{shown}` is not a directory; create it, or correct `{key}`");
        Finding::problem("templates", text)
    };
    missing.map(line).collect()
}
