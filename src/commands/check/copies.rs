//! Files beside the site: copies of the table, and the operator's own templates.

use std::fs::OpenOptions;
use std::io::{BufRead, BufReader, ErrorKind, Read};
use std::path::Path;

use super::files::{existing, refusals, writable_dir, writable_file};
use super::{Context, Line};
use crate::files::real_path::real_path;
use crate::files::regular_file;

/// More than the table's first line has.
const FIRST_LINE_BYTES: u64 = 1024;

/// Examines `csv.copies`: each can be written, and replaces nothing but an earlier copy.
pub(super) fn check(context: &Context<'_>) -> Vec<Line> {
    let copies = context.settings.csv.copies.iter();
    let mut lines: Vec<Line> = Vec::new();
    for line in copies.flat_map(|copy| examine(context, copy)) {
        // Several copies may lie in one directory.
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    lines
}

fn examine(context: &Context<'_>, copy: &Path) -> Vec<Line> {
    let shown = context.shown(copy);
    // A link is written through.
    let target = if copy.is_symlink() { real_path(copy) } else { copy.to_owned() };
    let dir = target.parent().unwrap_or(Path::new(""));
    let wrong = |text: String| vec![Line::wrong("copy", format!("{text} (`csv.copies`)"))];
    if !dir.as_os_str().is_empty() && !dir.is_dir() {
        let dir = context.shown(dir);
        return wrong(format!("`{shown}` lies in `{dir}`, which is no directory; make it"));
    }
    if let Err(fault) = writable_file(&target).and_then(|()| writable_dir(dir)) {
        return wrong(fault);
    }
    if is_somebody_elses(&target) {
        return wrong(format!(
            "`{shown}` is something else than the table, so it stays; remove it, or name another file"
        ));
    }
    match refusals(context, existing(dir).as_path(), "copy") {
        Ok(refused) => {
            let line = Line::fine("copy", format!("{shown} is kept equal to the table"));
            [line].into_iter().chain(refused).collect()
        }
        Err(line) => vec![line],
    }
}

/// Whether something is there that does not begin as the table does.
fn is_somebody_elses(copy: &Path) -> bool {
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

/// Examines directories of one's own that were set: one that is missing was meant otherwise.
pub(super) fn own_directories(context: &Context<'_>) -> Vec<Line> {
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
        let text = format!("`{shown}` is no directory; make it, or correct `{key}`");
        Line::wrong("templates", text)
    };
    missing.map(line).collect()
}
