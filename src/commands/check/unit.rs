//! The installed systemd units: whether their sandbox permits what these settings need.
//!
//! A printed unit contains the paths and the secret files of the settings at that time. After a
//! change of these settings, an old unit denies the service access.

use std::fs;
use std::path::{Path, PathBuf, absolute};

use anyhow::Result;
use clap::ValueEnum;

use super::{Context, Finding};
use crate::commands::print::systemd::{Args, Service, unit};

/// Where systemd finds units; the first one of a name counts.
const PLACES: [&str; 3] = ["/etc/systemd/system", "/run/systemd/system", "/usr/lib/systemd/system"];

/// Prefixes of the lines that the settings need; an operator may change everything else.
const NEEDED: [&str; 5] = [
    "ListenStream=",
    "LoadCredential=",
    "ProtectHome=read-only",
    "ReadWritePaths=",
    "StateDirectory=",
];

/// Checks the units that are installed for these settings.
pub(super) fn check(context: &Context<'_>) -> Vec<Finding> {
    examine(context, &PLACES.map(PathBuf::from))
}

fn examine(context: &Context<'_>, places: &[PathBuf]) -> Vec<Finding> {
    let Some(service) = Unit::find("lookout.service", places) else { return Vec::new() };
    let Some((program, command)) = service.runs(context) else { return Vec::new() };
    let socket = Unit::find("lookout.socket", places);
    let units = [(Some(service), false), (socket, true)];
    let lines = units.into_iter().filter_map(|(installed, is_socket)| {
        let args = Args { socket: is_socket, command };
        Some(line(context, &installed?, &args, &program))
    });
    lines.collect()
}

/// An installed unit with its drop-in files.
struct Unit {
    path: PathBuf,
    text: String,
}

impl Unit {
    fn find(name: &str, places: &[PathBuf]) -> Option<Self> {
        // Systemd takes the first one, whatever it is, and one that cannot be examined may be there.
        let is_there = |path: &PathBuf| path.try_exists().unwrap_or(true);
        let path = places.iter().map(|place| place.join(name)).find(is_there)?;
        let mut text = fs::read_to_string(&path).ok()?;
        for place in places {
            let Ok(added) = fs::read_dir(place.join(format!("{name}.d"))) else { continue };
            for file in added.flatten() {
                text += "\n";
                text += &fs::read_to_string(file.path()).unwrap_or_default();
            }
        }
        Some(Self { path, text })
    }

    /// The program and the command that it runs; `None` if it is for other settings.
    fn runs(&self, context: &Context<'_>) -> Option<(PathBuf, Service)> {
        let file = absolute(context.settings.origin.file.as_ref()?).ok()?;
        let line = self.text.lines().find_map(|line| line.strip_prefix("ExecStart="))?;
        let mut words = line.split_whitespace();
        let program = words.next()?.into();
        let is_ours = line.contains(&format!(" -c {} ", file.display()));
        let command = Service::from_str(words.next_back()?, false).ok()?;
        is_ours.then_some((program, command))
    }

    /// The needed lines of `printed` that it lacks.
    fn lacks<'p>(&self, printed: &'p str) -> Vec<&'p str> {
        let needed = |line: &&str| NEEDED.iter().any(|needed| line.starts_with(needed));
        let is_here = |line: &&str| self.text.lines().any(|here| here == *line);
        printed.lines().filter(needed).filter(|line| !is_here(line)).collect()
    }
}

fn line(context: &Context<'_>, installed: &Unit, args: &Args, program: &Path) -> Finding {
    let path = installed.path.display();
    let printed: Result<_> = unit(context.settings, args, program);
    let printed = match printed {
        Ok(printed) => printed,
        Err(error) => return Finding::problem("unit", format!("{error:#}")),
    };
    let lacks = installed.lacks(&printed);
    if lacks.is_empty() {
        return Finding::ok("unit", format!("{path} fits these settings"));
    }
    let name = installed.path.file_name().unwrap_or_default().display();
    let option = if args.socket { " --socket" } else { "" };
    let text = format!(
        "{path} lacks `{}`, which these settings need; print it again: \
         `sudo lookout print systemd{option} | sudo tee /etc/systemd/system/{name}`, then \
         `sudo systemctl daemon-reload` and `sudo systemctl restart {name}`",
        lacks.join("`, `")
    );
    Finding::problem("unit", text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Environment, parse};
    use crate::time::moment::Moment;

    /// What is said of the units that were printed for `before`, now that `after` is set.
    fn said(before: &str, after: &str, added: &str) -> Vec<String> {
        let dir = tempfile::tempdir().expect("a directory");
        let at = |path: &str| dir.path().join(path);
        let file = at("lookout.toml");
        let of = |text: &str| parse(text, &file, &Environment::default()).expect("valid");
        let program = Path::new("/usr/bin/lookout");
        let command = Service::Serve;
        for (name, socket) in [("lookout.service", false), ("lookout.socket", true)] {
            let text = unit(&of(before), &Args { socket, command }, program).expect("printed");
            fs::write(at(name), text).expect("written");
        }
        fs::create_dir(at("lookout.service.d")).expect("made");
        fs::write(at("lookout.service.d/more.conf"), added).expect("written");
        let settings = of(after);
        let context = Context { settings: &settings, now: Moment::from_seconds(0) };
        let lines = examine(&context, &[at("nowhere"), dir.path().to_owned()]);
        let shown = dir.path().display().to_string();
        lines.iter().map(|line| line.to_string().replace(&shown, "DIR")).collect()
    }

    #[test]
    fn a_unit_that_was_printed_for_other_settings_is_named_with_what_it_lacks() {
        #[rustfmt::skip]
        let cases = [
            // what is special        the settings now                              added                        the service             the socket
            ("the same",              "",                                           "",                          "fits these settings",     "fits these settings"),
            ("nothing that matters",  "[site]\ntitle = 'x'",                        "",                          "fits these settings",     "fits these settings"),
            ("a secret in a file",    "[zoom]\nsecret_token_file = '/e/t'",         "",                          "lacks `LoadCredential=t-", "fits these settings"),
            ("a copy of the table",   "[csv]\ncopies = ['/srv/blog/a.csv']",        "",                          "lacks `ReadWritePaths=/srv/blog`", "fits these settings"),
            ("that, added by hand",   "[csv]\ncopies = ['/srv/blog/a.csv']",        "ReadWritePaths=/srv/blog",  "fits these settings",     "fits these settings"),
            ("another address",       "[zoom]\nlisten = '127.0.0.1:99'",            "",                          "fits these settings",     "lacks `ListenStream=127.0.0.1:99`"),
        ];
        for (what, after, added, service, socket) in cases {
            let lines = said("", after, added);
            assert_eq!(lines.len(), 2, "{what}: {lines:#?}");
            for (line, said) in lines.iter().zip([service, socket]) {
                assert!(line.contains(said), "{what}: {line}");
                assert_eq!(line.starts_with('✓'), !said.starts_with("lacks"), "{what}: {line}");
            }
        }
        let [_, socket] = &said("", "[zoom]\nlisten = '127.0.0.1:99'", "")[..] else {
            panic!("two units, two lines");
        };
        insta::assert_snapshot!(socket, @"✗ unit      DIR/lookout.socket lacks `ListenStream=127.0.0.1:99`, which these settings need; print it again: `sudo lookout print systemd --socket | sudo tee /etc/systemd/system/lookout.socket`, then `sudo systemctl daemon-reload` and `sudo systemctl restart lookout.socket`");
    }

    #[test]
    fn a_masked_unit_hides_the_one_that_is_printed() {
        let dir = tempfile::tempdir().expect("a directory");
        let file = dir.path().join("lookout.toml");
        let settings = parse("", &file, &Environment::default()).expect("valid");
        let args = Args { socket: false, command: Service::Serve };
        let printed = unit(&settings, &args, Path::new("/usr/bin/lookout")).expect("printed");
        let [etc, lib] = ["etc", "lib"].map(|place| dir.path().join(place));
        for place in [&etc, &lib] {
            fs::create_dir(place).expect("made");
        }
        fs::write(lib.join("lookout.service"), printed).expect("written");
        let context = Context { settings: &settings, now: Moment::from_seconds(0) };
        let places = [etc.clone(), lib];
        assert_eq!(examine(&context, &places).len(), 1);
        std::os::unix::fs::symlink("/dev/null", etc.join("lookout.service")).expect("linked");
        assert_eq!(examine(&context, &places), []);
    }

    #[test]
    fn units_of_other_settings_are_nobodys_business() {
        let dir = tempfile::tempdir().expect("a directory");
        let service = "[Service]\nExecStart=/usr/bin/lookout -c /elsewhere/lookout.toml serve\n";
        fs::write(dir.path().join("lookout.service"), service).expect("written");
        let settings = parse("", &dir.path().join("lookout.toml"), &Environment::default());
        let settings = settings.expect("valid");
        let context = Context { settings: &settings, now: Moment::from_seconds(0) };
        assert_eq!(examine(&context, &[dir.path().to_owned()]), []);
    }
}
