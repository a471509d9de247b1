//! `print man` and `print completions`: generated from the definition of the command line, and from the
//! commented settings.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::Command;
use clap_complete::Shell;
use clap_mangen::Man;

use super::settings_manual;

/// Arguments of `print man`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Write the pages of all commands and of the settings to this directory, instead of printing the
    /// main page
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
}

/// Prints the manual page of `lookout`, or writes all pages.
pub fn man(args: &Args, command: Command, out: &mut impl Write) -> Result<()> {
    match &args.dir {
        Some(dir) => all_pages(dir, command)
            .with_context(|| format!("cannot write into `{}`", dir.display())),
        None => Ok(Man::new(command).render(out)?),
    }
}

/// Prints the completions for `shell`.
pub fn completions(shell: Shell, mut command: Command, out: &mut impl Write) {
    clap_complete::generate(shell, &mut command, "lookout", out);
}

fn all_pages(dir: &Path, command: Command) -> io::Result<()> {
    std::fs::create_dir_all(dir)?;
    clap_mangen::generate_to(command.disable_help_subcommand(true), dir)?;
    std::fs::write(dir.join(settings_manual::FILE_NAME), settings_manual::page())
}
