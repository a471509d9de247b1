//! `check`: what is in order, what is not, and what to do about it.
//!
//! Each check is a function from a [`Context`] to lines; all of them run, so that
//! one run tells everything. To add one, write the function and name it in [`CHECKS`].

mod archive;
mod clock;
mod copies;
mod damage;
mod events;
mod files;
mod line;
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
mod zone;

use std::io::Write;
use std::path::{Display, Path};

use anyhow::Result;
use nix::errno::Errno;
use nix::unistd::{AccessFlags, access};

use crate::commands::owner;
use crate::config::Settings;
use crate::time::moment::Moment;

pub use line::{Line, Mark};

/// What checks may look at.
pub struct Context<'a> {
    /// The settings, which are valid.
    pub settings: &'a Settings,
    /// The machine's idea of the time.
    pub now: Moment,
}

/// How thoroughly a journal is examined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// For two seconds.
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

    /// A path of the settings as it was written there.
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
pub type Check = fn(&Context<'_>) -> Vec<Line>;

/// All checks, in the order of their lines.
pub const CHECKS: &[Check] = &[
    settings,
    secret::check,
    secret::others,
    files::journal,
    events::check,
    archive::check,
    personal::check,
    files::output,
    served::home,
    served::readable,
    copies::check,
    templates::check,
    copies::own_directories,
    clock::check,
    zone::check,
    ports::check,
    unit::check,
    nginx::check,
    outside::webhook,
    people::publish,
    people::never_seen,
    people::rooms,
    people::merged,
    notify::check,
];

/// Writes a line for each thing examined to `out`; whether none of them is wrong.
///
/// Run as root, it looks as the service does: root may read and write everything, so it would
/// find fault with nothing.
pub fn run(context: &Context<'_>, depth: Depth, out: &mut impl Write) -> Result<bool> {
    owner::become_journals(context.settings)?;
    let mut all_in_order = true;
    let damage = || damage::check(context, depth);
    for line in
        CHECKS.iter().flat_map(|check| check(context)).chain(std::iter::once_with(damage).flatten())
    {
        all_in_order &= line.mark != Mark::Wrong;
        writeln!(out, "{line}")?;
    }
    Ok(all_in_order)
}

/// Settings that could be loaded are in order: what is left is to say where they came from.
fn settings(context: &Context<'_>) -> Vec<Line> {
    let text = match &context.settings.origin.file {
        // It was read by root, before this became the service's user.
        Some(file) if access(file, AccessFlags::R_OK) == Err(Errno::EACCES) => {
            let user = files::user();
            let file = file.display();
            let text = format!(
                "user `{user}`, whom the journal belongs to, may not read `{file}`; `chown root:{user} {file}` and \
                 `chmod 640 {file}`"
            );
            return vec![Line::wrong("settings", text)];
        }
        Some(file) => format!("{} is valid", file.display()),
        None => "there is no lookout.toml, so defaults apply; `lookout init` writes one".to_owned(),
    };
    vec![Line::fine("settings", text)]
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
