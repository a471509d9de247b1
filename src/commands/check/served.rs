//! What a web server would find in the output directory: nothing that is not to be read, and
//! nothing that it may not read.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use nix::unistd::{User, geteuid};
use walkdir::{DirEntry, WalkDir};

use super::files::existing;
use super::{Context, Line};

/// Examines whether something that nobody may read lies in what is served.
pub(super) fn secrets(context: &Context<'_>) -> Vec<Line> {
    let settings = context.settings;
    let output = settled(&settings.site.output_dir);
    if output == Path::new("/") {
        let text = "`/` holds the whole machine, and all of it would be served; \
                    give the site a directory of its own in `site.output_dir`";
        return vec![Line::wrong("output", text)];
    }
    let home = User::from_uid(geteuid()).ok().flatten().map(|user| user.dir);
    let secrets = [
        (Some(settings.journal.path.clone()), "the journal"),
        (settings.origin.file.clone(), "the settings"),
        (settings.origin.secret.file().cloned(), "the secret token"),
        (home.filter(|home| home != Path::new("/")), "this user's home"),
    ];
    let inside = secrets.into_iter().filter_map(|(path, what)| Some((path?, what)));
    let inside = inside.filter(|(path, _)| settled(path).starts_with(&output));
    let shown = context.shown(&settings.site.output_dir);
    let line = |(path, what): (PathBuf, _)| {
        let text = format!(
            "{what} (`{}`) would be served from `{shown}` to everybody; \
             give the site a directory of its own in `site.output_dir`",
            context.shown(&path)
        );
        Line::wrong("output", text)
    };
    inside.map(line).collect()
}

/// Examines whether a web server can read the dashboard and the table, where they are.
pub(super) fn readable(context: &Context<'_>) -> Vec<Line> {
    let settings = context.settings;
    let output = &settings.site.output_dir;
    let places = [settings.site.path.trim_matches('/'), settings.csv.path.as_str()];
    let entries = places.into_iter().flat_map(|place| {
        WalkDir::new(output.join(place)).sort_by_file_name().into_iter().flatten()
    });
    let needed = |entry: &DirEntry| if entry.file_type().is_dir() { 0o001 } else { 0o004 };
    let is_closed = |entry: &DirEntry| {
        let mode = entry.metadata().map(|data| data.permissions().mode());
        mode.is_ok_and(|mode| mode & needed(entry) == 0)
    };
    let line = |entry: DirEntry| {
        let right = if entry.file_type().is_dir() { "o+x" } else { "o+r" };
        let path = entry.path().display();
        let text = format!(
            "other users can't read `{path}`: if nginx is to serve it, `chmod {right} {path}`"
        );
        Line::look("output", text)
    };
    entries.into_iter().find(is_closed).map(line).into_iter().collect()
}

/// A path without links and `..`, also where its end does not exist yet.
fn settled(path: &Path) -> PathBuf {
    let existing = existing(path);
    let rest =
        path.strip_prefix(&existing).unwrap_or(if path.exists() { Path::new("") } else { path });
    let base = existing.canonicalize().unwrap_or(existing);
    if rest.as_os_str().is_empty() { base } else { base.join(rest) }
}
