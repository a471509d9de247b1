//! `lookout print`: ready-to-use files for this configuration.

mod caddy;
mod edge;
mod front;
mod host;
mod manual;
pub mod nginx;
mod nginx_version;
mod quoted;
pub mod schema;
mod settings_manual;
pub(in crate::commands) mod systemd;

use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result};
use clap_complete::Shell;

use crate::config::{self, Environment, Settings, SettingsError};

/// What to print.
#[derive(Debug, clap::Subcommand)]
pub enum What {
    /// The server file for nginx: the site, the webhook, and GitHub Pages for everything else
    Nginx(nginx::Args),
    /// The Caddyfile: the same for Caddy, which gets its certificate itself
    Caddy(caddy::Args),
    /// The units for systemd
    Systemd(systemd::Args),
    /// The settings in effect, without secrets
    Config,
    /// A JSON Schema, for editors and programs
    Schema {
        /// What it describes
        #[arg(value_name = "SUBJECT", value_enum, default_value = "settings")]
        subject: schema::Subject,
    },
    /// The completions for a shell
    Completions {
        /// The shell
        #[arg(value_name = "SHELL")]
        shell: Shell,
    },
    /// The manual: the main page, or all pages
    Man(manual::Args),
}

/// Prints `what` for the settings in `file` and `env`; `command` is the definition of the command line.
pub fn run(
    what: &What,
    file: Option<&Path>,
    env: &Environment,
    command: clap::Command,
    out: &mut impl Write,
) -> Result<()> {
    let text = match what {
        What::Nginx(args) => nginx::server_file(&config::load(file, env)?, args)?,
        What::Caddy(args) => caddy::server_file(&config::load(file, env)?, args)?,
        What::Systemd(args) => {
            let program = std::env::current_exe().context("cannot find this program's path")?;
            systemd::unit(&config::load(file, env)?, args, &program)?
        }
        What::Config => config::load_effective(file, env)?,
        What::Schema { subject } => schema::schema(*subject)?,
        What::Completions { shell } => {
            manual::completions(*shell, command, out);
            return Ok(());
        }
        What::Man(args) => return manual::man(args, command, out),
    };
    Ok(out.write_all(text.as_bytes())?)
}

/// Refuses port 0, because other programs could not know where to connect.
fn require_fixed_port(settings: &Settings) -> Result<(), SettingsError> {
    match settings.zoom.listen.port() {
        0 => Err(settings
            .refuse("zoom.listen", "has port 0, which is any free one; write a port such as 8787")),
        _ => Ok(()),
    }
}
