//! `print man` and `print completions`: made of the definition that the commands are read by.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::CommandFactory;
use clap_complete::Shell;
use clap_mangen::Man;

use crate::cli::Cli;

/// What `print man` takes.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Write the pages of all commands into this directory, instead of printing the first one
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
}

/// Prints the manual page, or writes those of all commands.
pub fn man(args: &Args, out: &mut impl Write) -> Result<()> {
    match &args.dir {
        Some(dir) => {
            all_pages(dir).with_context(|| format!("cannot write into `{}`", dir.display()))
        }
        None => Ok(Man::new(Cli::command()).render(out)?),
    }
}

/// Prints what makes `shell` complete command lines.
pub fn completions(shell: Shell, out: &mut impl Write) {
    clap_complete::generate(shell, &mut Cli::command(), "lookout", out);
}

fn all_pages(dir: &Path) -> io::Result<()> {
    std::fs::create_dir_all(dir)?;
    clap_mangen::generate_to(Cli::command().disable_help_subcommand(true), dir)
}
