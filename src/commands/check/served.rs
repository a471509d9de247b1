//! What a web server finds in the output directory: nothing private, and nothing that it can't read.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use nix::unistd::{User, geteuid};
use walkdir::{DirEntry, WalkDir};

use super::{Context, Finding};
use crate::files::real_path::real_path;

/// Checks that the home of the service's user is not served. Loading the settings refuses to serve
/// Lookout's own private files.
pub(super) fn home(context: &Context<'_>) -> Vec<Finding> {
    let output = &context.settings.site.output_dir;
    let home = User::from_uid(geteuid()).ok().flatten().map(|user| user.dir);
    let Some(home) = home.filter(|home| home != Path::new("/")) else { return Vec::new() };
    if !real_path(&home).starts_with(real_path(output)) {
        return Vec::new();
    }
    let text = format!(
        "this user's home (`{}`) would be public through `{}`; \
         give the site a directory of its own in `site.output_dir`",
        home.display(),
        context.shown(output)
    );
    vec![Finding::problem("output", text)]
}

/// Checks that a web server can read the dashboard and the table, if they exist.
pub(super) fn readable(context: &Context<'_>) -> Vec<Finding> {
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
        Finding::warning("output", text)
    };
    entries.into_iter().find(is_closed).map(line).into_iter().collect()
}
