//! `check`: what is in order, what is not, and what to do about it.
//!
//! Each check is a function from a [`Context`] to lines; all of them run, so that
//! one run tells everything. To add one, write the function and name it in [`CHECKS`].

mod archive;
mod clock;
mod events;
mod files;
mod notify;
mod people;
mod secret;
mod templates;

use std::fmt;
use std::io::{self, Write};

use crate::config::Settings;
use crate::moment::Moment;

/// What checks may look at.
pub struct Context<'a> {
    /// The settings, which are valid.
    pub settings: &'a Settings,
    /// The machine's idea of the time.
    pub now: Moment,
}

/// One thing that was examined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    in_order: bool,
    about: &'static str,
    text: String,
}

impl Line {
    /// `about` is in order; `text` may add a hint.
    pub fn fine(about: &'static str, text: impl Into<String>) -> Self {
        let (in_order, text) = (true, text.into());
        Self { in_order, about, text }
    }

    /// `about` is not in order; `text` says what to do.
    pub fn wrong(about: &'static str, text: impl Into<String>) -> Self {
        let (in_order, text) = (false, text.into());
        Self { in_order, about, text }
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mark = if self.in_order { '✓' } else { '✗' };
        write!(f, "{mark} {:<9} {}", self.about, self.text)
    }
}

/// Examines one thing.
pub type Check = fn(&Context<'_>) -> Vec<Line>;

/// All checks, in the order of their lines.
pub const CHECKS: &[Check] = &[
    settings,
    secret::check,
    files::journal,
    events::check,
    archive::check,
    files::output,
    templates::check,
    clock::check,
    people::publish,
    people::rooms,
    people::merged,
    notify::check,
];

/// Writes a line for each thing examined to `out`; whether all of them are in order.
pub fn run(context: &Context<'_>, out: &mut impl Write) -> io::Result<bool> {
    let mut all_in_order = true;
    for check in CHECKS {
        for line in check(context) {
            all_in_order &= line.in_order;
            writeln!(out, "{line}")?;
        }
    }
    Ok(all_in_order)
}

/// Settings that could be loaded are in order: what is left is to say where they came from.
fn settings(context: &Context<'_>) -> Vec<Line> {
    let text = match &context.settings.origin.file {
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
        let all_in_order = run(&context, &mut out).expect("written");
        let out = String::from_utf8(out).expect("UTF-8");
        (all_in_order, out.replace(&dir.display().to_string(), "DIR"))
    }

    #[test]
    fn each_line_has_a_mark_and_any_cross_fails_the_whole() {
        let dir = tempfile::tempdir().expect("a directory");
        let (in_order, lines) = checked(dir.path(), "[zoom]\nsecret_token = 'hush'");
        assert!(in_order, "{lines}");
        assert!(lines.lines().all(|line| line.starts_with('✓')), "{lines}");
        assert!(!lines.contains("hush"), "{lines}");

        let (in_order, lines) = checked(dir.path(), "");
        assert!(!in_order, "{lines}");
        let crosses: Vec<_> = lines.lines().filter(|line| line.starts_with('✗')).collect();
        assert_eq!(crosses.len(), 1, "{lines}");
        assert!(crosses[0].starts_with("✗ secret    is empty"), "{lines}");
    }
}
