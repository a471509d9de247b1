//! `print systemd`: the units for these settings.
//!
//! The texts are templates, `lookout.service` and `lookout.socket`; here is what they are told.

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

/// Where systemd makes directories for services.
const STATE: &str = "/var/lib";

/// Directories that `ProtectHome=yes` would hide.
const HOMES: [&str; 3] = ["/home", "/root", "/run/user"];

/// What `print systemd` takes.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Print the socket instead of the service
    #[arg(long)]
    pub socket: bool,

    /// What the service is to do
    #[arg(long, value_name = "COMMAND", value_enum, default_value_t)]
    pub command: Service,
}

/// The commands that run until they are stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Service {
    /// Everything on one machine.
    #[default]
    Serve,
    /// Only take deliveries.
    Intake,
    /// Only keep the site current.
    Watch,
    /// Only tell chats what happens.
    Notify,
}

/// What the templates are told; texts are quoted already.
#[derive(Debug, Serialize)]
struct View {
    command: &'static str,
    program: String,
    settings_file: Option<String>,
    /// Where relative paths begin that are in no settings file.
    working_directory: Option<String>,
    has_socket: bool,
    listen: String,
    /// Below `/var/lib`, where systemd makes it.
    state_directory: Option<String>,
    /// Everything else that is written to.
    writable: Vec<String>,
    /// Of these, those that are Lookout's own, as a shell takes them.
    own_directories: Vec<String>,
    /// Files with secrets, each with the name of its copy.
    credentials: Vec<String>,
    uses_home: bool,
}

/// The unit that `args` ask for; `program` is the path of this program.
///
/// # Errors
///
/// A path that a unit can't hold, or a socket for a command that takes no deliveries.
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

/// The directories in which Lookout keeps what is its own: the journal and the site.
fn own_directories(settings: &Settings, service: Service) -> Result<Vec<PathBuf>> {
    let site = absolute(&settings.site.output_dir)?;
    let journal = absolute(&settings.journal.path)?;
    let journal = journal.parent().unwrap_or(Path::new("/")).to_owned();
    // The store and what chats were told lie beside the journal, also where others write that.
    Ok(if service.makes_the_site() { vec![journal, site] } else { vec![journal] })
}

/// A copy is replaced by renaming, so it is its directory that is written to; of a link, that of
/// what it leads to.
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
