//! `print systemd`: the units for these settings.
//!
//! The texts are templates, `lookout.service` and `lookout.socket`; this module provides their values.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf, absolute};

use anyhow::{Context as _, Result};
use serde::Serialize;
use tera::{Context, Tera};

use super::quoted;
use crate::config::{Settings, credential_name};
use crate::files::real_path::real_path;

const SERVICE: &str = include_str!("lookout.service");
const SOCKET: &str = include_str!("lookout.socket");

/// Where systemd creates directories for services.
const STATE: &str = "/var/lib";

/// Directories that `ProtectHome=yes` would hide.
const HOMES: [&str; 3] = ["/home", "/root", "/run/user"];

/// Arguments of `print systemd`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Print the socket instead of the service
    #[arg(long)]
    pub socket: bool,

    /// The command that the service runs
    #[arg(long, value_name = "COMMAND", value_enum, default_value_t)]
    pub command: Service,
}

/// The commands that run until they are stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Service {
    /// Everything on one machine.
    #[default]
    Serve,
    /// Only accept deliveries.
    Intake,
    /// Only keep the site current.
    Watch,
    /// Only notify chats.
    Notify,
}

/// The templates' values, already quoted.
#[derive(Debug, Serialize)]
struct View {
    command: &'static str,
    program: String,
    settings_file: Option<String>,
    /// The base of relative paths if there is no settings file.
    working_directory: Option<String>,
    has_socket: bool,
    listen: String,
    /// The directory below `/var/lib` that systemd creates.
    state_directory: Option<String>,
    /// All other directories that are written to.
    writable: Vec<String>,
    /// Those of them that are Lookout's own, quoted for a shell.
    own_directories: Vec<String>,
    /// Files with secrets, each with the name of its copy.
    credentials: Vec<String>,
    uses_home: bool,
}

/// The unit that `args` ask for; `program` is the path of this program.
///
/// # Errors
///
/// A path that a unit can't represent, or a socket for a command that accepts no deliveries.
pub fn unit(settings: &Settings, args: &Args, program: &Path) -> Result<String> {
    let view = View::new(settings, args, program)?;
    if args.socket && !view.has_socket {
        return Err(settings
            .refuse(
                "lookout.socket",
                &format!("`{}` takes no deliveries; it needs no socket", view.command),
            )
            .into());
    }
    let mut tera = Tera::new();
    tera.autoescape_on(Vec::<&str>::new());
    tera.add_raw_template("unit", if args.socket { SOCKET } else { SERVICE })
        .context("the template is ours")?;
    let context = Context::from_serialize(&view).context("texts can be serialised")?;
    tera.render("unit", &context).context("the template is ours")
}

impl View {
    fn new(settings: &Settings, args: &Args, program: &Path) -> Result<Self> {
        let refuse = |problem: String| settings.refuse("paths", &problem);
        super::require_fixed_port(settings)?;
        let file = settings.origin.file.as_deref().map(absolute).transpose()?;
        let state = Path::new(STATE).join("lookout");
        let own = own_directories(settings, args.command)?;
        let kept: BTreeSet<_> =
            own.iter().filter(|path| !path.starts_with(&state)).cloned().collect();
        let mut writable = kept.clone();
        if args.command.makes_the_site() {
            writable.extend(directories_of_copies(settings)?);
        }
        let listed = |paths: &BTreeSet<PathBuf>, quoted: fn(&Path) -> Result<String, String>| {
            paths.iter().map(|path| quoted(path).map_err(refuse)).collect::<Result<Vec<_>, _>>()
        };
        let read = file
            .iter()
            .cloned()
            .chain([program.to_owned(), absolute(&settings.site.templates_dir)?]);
        let is_at_home = |path: PathBuf| HOMES.iter().any(|home| path.starts_with(home));
        Ok(Self {
            command: args.command.name(),
            program: quoted::for_exec(program).map_err(refuse)?,
            working_directory: match file {
                Some(_) => None,
                None => Some(quoted::for_rest_of_line(&absolute(".")?).map_err(refuse)?),
            },
            settings_file: file.as_deref().map(quoted::for_exec).transpose().map_err(refuse)?,
            has_socket: args.command.takes_deliveries(),
            listen: settings.zoom.listen.to_string(),
            state_directory: own
                .iter()
                .any(|path| path.starts_with(&state))
                .then(|| "lookout".to_owned()),
            uses_home: read.chain(own).chain(writable.iter().cloned()).any(is_at_home),
            writable: listed(&writable, quoted::for_systemd)?,
            own_directories: listed(&kept, quoted::for_shell)?,
            credentials: credentials(settings)?,
        })
    }
}

impl Service {
    fn name(self) -> &'static str {
        match self {
            Self::Serve => "serve",
            Self::Intake => "intake",
            Self::Watch => "watch",
            Self::Notify => "notify",
        }
    }

    fn takes_deliveries(self) -> bool {
        matches!(self, Self::Serve | Self::Intake)
    }

    fn makes_the_site(self) -> bool {
        matches!(self, Self::Serve | Self::Watch)
    }
}

/// Lookout's own directories: those of the journal and the site.
fn own_directories(settings: &Settings, service: Service) -> Result<Vec<PathBuf>> {
    let site = absolute(&settings.site.output_dir)?;
    let journal = absolute(&settings.journal.path)?;
    let journal = journal.parent().unwrap_or(Path::new("/")).to_owned();
    // The store and the delivery states of chats are next to the journal, also if other processes write it.
    Ok(if service.makes_the_site() { vec![journal, site] } else { vec![journal] })
}

/// The directory of a copy, or of its target if it is a link, because replacing a copy by renaming
/// writes to the directory.
fn directories_of_copies(settings: &Settings) -> Result<Vec<PathBuf>> {
    let parent = |copy: &PathBuf| {
        let copy = if copy.is_symlink() { real_path(copy) } else { absolute(copy)? };
        Ok(copy.parent().unwrap_or(Path::new("/")).to_owned())
    };
    settings.csv.copies.iter().map(parent).collect()
}

fn credentials(settings: &Settings) -> Result<Vec<String>> {
    let credential = |file: &PathBuf| {
        let file = absolute(file)?;
        let path = quoted::for_rest_of_line(&file);
        let path = path.map_err(|problem| settings.refuse("files with secrets", &problem))?;
        Ok(format!("{}:{path}", credential_name(&file)))
    };
    let files: BTreeSet<_> = settings.origin.secret_files.iter().collect();
    files.into_iter().map(credential).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_copy_that_is_a_link_the_directory_it_leads_to_is_writable() {
        let directory = tempfile::tempdir().expect("a directory");
        let root = directory.path().canonicalize().expect("it is there");
        let mut settings = Settings::default();
        settings.csv.copies = ["plain.csv", "link.csv"].map(|name| root.join(name)).into();
        std::os::unix::fs::symlink("blog/_data/table.csv", root.join("link.csv")).expect("linked");
        let directories = directories_of_copies(&settings).expect("absolute");
        assert_eq!(directories, [root.clone(), root.join("blog/_data")]);
    }
}
