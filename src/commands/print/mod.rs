//! `lookout print`: ready-to-use files for this configuration.

mod host;
mod manual;
pub mod nginx;
mod quoted;
pub(in crate::commands) mod systemd;

use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result};
use clap_complete::Shell;

use crate::config::{self, Environment, Settings, SettingsError};

/// What to print.
#[derive(Debug, clap::Subcommand)]
pub enum What {
    /// The server file of nginx: the site, the webhook, and GitHub Pages for the rest
    Nginx(nginx::Args),
    /// The units of systemd
    Systemd(systemd::Args),
    /// The settings in effect, without secrets
    Config,
    /// What makes a shell complete command lines
    Completions {
        /// The shell
        #[arg(value_name = "SHELL")]
        shell: Shell,
    },
    /// The manual page
    Man(manual::Args),
}

/// Prints `what` for the settings in `file` and `env`.
pub fn run(
    what: &What,
    file: Option<&Path>,
    env: &Environment,
    out: &mut impl Write,
) -> Result<()> {
    let text = match what {
        What::Nginx(args) => nginx::server_file(&config::load(file, env)?, args)?,
        What::Systemd(args) => {
            let program = std::env::current_exe().context("cannot find this program's path")?;
            systemd::unit(&config::load(file, env)?, args, &program)?
        }
        What::Config => config::load_effective(file, env)?,
        What::Completions { shell } => {
            manual::completions(*shell, out);
            return Ok(());
        }
        What::Man(args) => return manual::man(args, out),
    };
    Ok(out.write_all(text.as_bytes())?)
}

/// Refuses settings by which nobody can know where to connect to.
fn require_fixed_port(settings: &Settings) -> Result<(), SettingsError> {
    match settings.zoom.listen.port() {
        0 => Err(settings
            .refuse("zoom.listen", "has port 0, which is any free one; write a port such as 8787")),
        _ => Ok(()),
    }
}
