//! `lookout check`: reports problems of the set-up, and what to do about each.
//!
//! Each check is a function from a [`Context`] to findings. All of them run, so that one run
//! reports everything. To add one, write the function and add it to [`CHECKS`].

mod archive;
mod clock;
mod copies;
mod damage;
mod events;
mod files;
mod finding;
mod join_links;
mod nginx;
mod notify;
mod outside;
mod people;
mod personal;
mod ports;
mod secret;
mod served;
mod templates;
mod unit;
pub mod wait;
mod words;
mod zone;
mod zoom_api;

use std::io::Write;
use std::path::{Display, Path};

use anyhow::Result;
use nix::errno::Errno;
use nix::unistd::{AccessFlags, access};

use crate::app::privileges;
use crate::config::Settings;
use crate::generator::Log;
use crate::time::moment::Moment;

pub use finding::{Finding, Mark};

/// The input of each check.
pub struct Context<'a> {
    /// The valid settings.
    pub settings: &'a Settings,
    /// The time of this machine's clock.
    pub now: Moment,
}

/// How thoroughly a journal is examined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// As much as two seconds allow.
    Quick,
    /// All of it.
    Deep,
}

impl<'a> Context<'a> {
    /// The directory that relative paths are relative to.
    fn directory(&self) -> &'a Path {
        let file = self.settings.origin.file.as_deref();
        file.and_then(Path::parent).unwrap_or(Path::new(""))
    }

    /// The events that this machine has read. What is in an archive is as `serve` read it last: to
    /// catch up without the archive would replace the store by one of the journal alone.
    fn log(&self) -> Result<Log> {
        let mut log = Log::open(self.settings, None)?;
        if self.settings.archive.is_none() {
            log.catch_up(self.now)?;
        }
        Ok(log)
    }

    /// A path from the settings, as the settings spell it.
    fn shown<'p>(&self, path: &'p Path) -> Display<'p> {
        let dir = self.directory();
        match path.strip_prefix(dir) {
            Ok(typed) if !dir.as_os_str().is_empty() && !typed.as_os_str().is_empty() => {
                typed.display()
            }
            _ => path.display(),
        }
    }
}

/// Examines one thing.
pub type Check = fn(&Context<'_>) -> Vec<Finding>;

/// All checks, in the order of their findings.
pub const CHECKS: &[Check] = &[
    settings,
    secret::check,
    secret::others,
    files::journal,
    events::check,
    archive::check,
    zoom_api::check,
    personal::check,
    files::output,
    served::home,
    served::readable,
    copies::check,
    templates::check,
    words::check,
    copies::own_directories,
    clock::check,
    zone::check,
    ports::check,
    unit::check,
    nginx::check,
    outside::webhook,
    people::publish,
    people::hidden,
    people::never_seen,
    people::rooms,
    join_links::passcodes,
    people::merged,
    notify::check,
];

/// Writes each finding as a line to `out`; returns whether there is no problem.
///
/// Run as root, it becomes the user of the service first: root may read and write everything, so
/// it would find no problems of access.
pub fn run(context: &Context<'_>, depth: Depth, out: &mut impl Write) -> Result<bool> {
    privileges::become_journal_owner(context.settings)?;
    let mut all_in_order = true;
    let damage = || damage::check(context, depth);
    for line in
        CHECKS.iter().flat_map(|check| check(context)).chain(std::iter::once_with(damage).flatten())
    {
        all_in_order &= line.mark != Mark::Problem;
        writeln!(out, "{line}")?;
    }
    Ok(all_in_order)
}

/// Writes whether Lookout runs here as a line to `out`; returns whether it does.
pub fn alive(settings: &Settings, out: &mut impl Write) -> Result<bool> {
    let finding = ports::alive(settings.admin.listen);
    writeln!(out, "{finding}")?;
    Ok(finding.mark == Mark::Ok)
}

/// Reports where the settings came from. They are valid, as they could be loaded.
fn settings(context: &Context<'_>) -> Vec<Finding> {
    let text = match &context.settings.origin.file {
        // Root read it, before this process became the service's user.
        Some(file) if access(file, AccessFlags::R_OK) == Err(Errno::EACCES) => {
            let user = files::user();
            let file = file.display();
            let text = format!(
                "user `{user}`, who owns the journal, may not read `{file}`; `chown root:{user} {file}` and \
                 `chmod 640 {file}`"
            );
            return vec![Finding::problem("settings", text)];
        }
        Some(file) => format!("{} is valid", file.display()),
        None => "there is no lookout.toml, so defaults apply; `lookout init` writes one".to_owned(),
    };
    vec![Finding::ok("settings", text)]
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::{Environment, parse};

    /// The lines for settings in `dir`, whose path is left out of them.
    fn checked(dir: &Path, text: &str) -> (bool, String) {
        let file = dir.join("lookout.toml");
        let settings = parse(text, &file, &Environment::default()).expect("valid");
        let context = Context {
            settings: &settings,
            now: Moment::parse_rfc3339("2027-01-05T20:00:00Z").expect("a moment"),
        };
        let mut out = Vec::new();
        let all_in_order = run(&context, Depth::Quick, &mut out).expect("written");
        let out = String::from_utf8(out).expect("UTF-8");
        (all_in_order, out.replace(&dir.display().to_string(), "DIR"))
    }

    #[test]
    fn each_line_has_a_mark_and_any_cross_fails_the_whole() {
        let dir = tempfile::tempdir().expect("a directory");
        let free = "listen = '127.0.0.1:0'\n";
        let settings = format!("[admin]\n{free}[zoom]\n{free}secret_token = 'hush'");
        let (in_order, lines) = checked(dir.path(), &settings);
        assert!(in_order, "{lines}");
        assert!(!lines.contains('✗'), "{lines}");
        assert!(!lines.contains("hush"), "{lines}");

        let (in_order, lines) = checked(dir.path(), &format!("[admin]\n{free}[zoom]\n{free}"));
        assert!(!in_order, "{lines}");
        let crosses: Vec<_> = lines.lines().filter(|line| line.starts_with('✗')).collect();
        assert_eq!(crosses.len(), 1, "{lines}");
        assert!(crosses[0].starts_with("✗ secret    is empty"), "{lines}");
    }
}
