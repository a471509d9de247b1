//! The command line: commands and flags.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::commands::check::Depth;
use crate::commands::export::{Store, What};
use crate::commands::import::Input;
use crate::commands::{arguments, end, forget, guide, init, notify, print, visits, who};
use crate::server::visitors::preview;
use crate::telemetry::logging::{LogFormat, Verbosity};
use crate::time::moment::Moment;

const EXAMPLES: &str = "\
Examples:
  lookout demo                   See it at work, without any set-up
  lookout -c lookout.toml check  Find out what is missing before going live";

/// Shows who is in your Zoom room, on a page that is always current.
#[derive(Debug, Parser)]
#[command(name = "lookout", version, after_help = EXAMPLES, max_term_width = 100)]
pub struct Cli {
    /// The settings file; without this option, `lookout.toml` in the working directory, else in /etc/lookout
    #[arg(short, long, value_name = "FILE", global = true)]
    pub config: Option<PathBuf>,

    /// How much is logged.
    #[command(flatten)]
    pub verbosity: Verbosity,

    /// How log lines are written to stderr
    #[arg(long, value_name = "FORMAT", global = true, value_enum, default_value_t)]
    pub log_format: LogFormat,

    /// The command.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Write a commented settings file to start from
    Init(init::Args),
    /// Receive events from Zoom and keep the site current, until stopped
    Serve(Watching),
    /// Only receive events from Zoom, on any number of machines
    Intake,
    /// Only keep the site current with what other processes received
    Watch(Watching),
    /// Only notify chats of what other processes received
    Notify(notify::Args),
    /// Build the site once from what is stored, and exit
    Build(Build),
    /// Check settings, secrets, files and clock, and say what to do about each problem
    Check(Check),
    /// Show Lookout at work with simulated people, without any set-up
    Demo(Demo),
    /// Store events from a file of JSON lines
    Import(Import),
    /// Write all stored events to stdout as JSON lines
    Export(Export),
    /// List every name and meeting seen so far, who is in, and who is shown
    Who(who::Args),
    /// List who was in which room, from when to when, for a spreadsheet or a program
    Visits(visits::Args),
    /// End a meeting of which Zoom never said that it is over
    End(end::Args),
    /// Print a ready-to-use file for these settings
    #[command(subcommand)]
    Print(print::What),
    /// Copy the journal to a file, even while it is written to
    Backup(Backup),
    /// Replace the journal by a backup, and keep the old journal next to it
    Restore(Restore),
    /// Repair a damaged journal from the archive or a backup
    Repair(Repair),
    /// Remove a person's events and every trace of the name from everything stored and shown
    Forget(forget::Args),
    /// Read the guide: a page, or the list of pages
    Guide(guide::Args),
}

/// Arguments of `serve` and `watch`.
#[derive(Debug, Args)]
pub struct Watching {
    /// Also serve a preview to the template author, on this machine only: the page reloads itself
    /// when a template changes, and shows what is wrong with it
    #[arg(
        long,
        value_name = "ADDRESS:PORT",
        num_args = 0..=1,
        default_missing_value = "127.0.0.1:8789",
        value_parser = preview::parse_address
    )]
    pub preview: Option<SocketAddr>,
}

/// Arguments of `build`.
#[derive(Debug, Args)]
pub struct Build {
    /// Build into this directory instead of `site.output_dir`
    #[arg(long, value_name = "DIR")]
    pub output_dir: Option<PathBuf>,

    /// Show the room as it was at this moment, such as 2026-01-05T20:00:00Z
    #[arg(long, value_name = "RFC3339", value_parser = arguments::moment)]
    pub at: Option<Moment>,

    /// Read every event again, and rebuild the presence store from them
    #[arg(long)]
    pub replay: bool,

    /// Print a summary as JSON to stdout
    #[arg(long)]
    pub json: bool,

    /// Print what templates receive, as JSON, instead of building
    #[arg(long, conflicts_with_all = ["output_dir", "json"])]
    pub model: bool,

    /// With --model: print its JSON Schema instead
    #[arg(long, requires = "model", conflicts_with_all = ["at", "replay"])]
    pub schema: bool,
}

/// Arguments of `demo`.
#[derive(Debug, Args)]
pub struct Demo {
    /// Build one site from a short simulation, print its table, and exit
    #[arg(long)]
    pub once: bool,

    /// Choose the people and what they do; the same number gives the same demo
    #[arg(long, value_name = "N", default_value = "1", allow_negative_numbers = true, value_parser = arguments::number)]
    pub seed: u64,

    /// Serve the page here; without this option, on 127.0.0.1:8787, or on a free port where that is taken
    #[arg(long, value_name = "ADDRESS:PORT", value_parser = arguments::listen)]
    pub listen: Option<SocketAddr>,
}

/// Arguments of `check`.
#[derive(Debug, Args)]
pub struct Check {
    /// Check the whole journal, not only the newest events
    #[arg(long)]
    pub deep: bool,

    /// Check nothing, but follow what Zoom delivers until somebody joins, explain it, and say what to
    /// set next; beside a running `serve` or `intake`
    #[arg(long, conflicts_with = "deep")]
    pub wait: bool,

    /// Check only whether Lookout answers at `admin.listen`, as the health check of a container
    #[arg(long, conflicts_with_all = ["deep", "wait"])]
    pub alive: bool,
}

impl Check {
    /// How thoroughly to check the journal.
    pub fn depth(&self) -> Depth {
        if self.deep { Depth::Deep } else { Depth::Quick }
    }
}

/// Arguments of `import`.
#[derive(Debug, Args)]
pub struct Import {
    /// The file to read, or `-` for stdin
    #[arg(value_name = "FILE|-")]
    pub from: Input,
}

/// Arguments of `export`.
#[derive(Debug, Args)]
pub struct Export {
    /// Where to read from; without this option, from the archive if there is one
    #[arg(long, value_name = "STORE", value_enum)]
    pub from: Option<Store>,

    /// Write the deliveries that could not be parsed, instead of the events
    #[arg(long)]
    pub quarantined: bool,
}

/// Arguments of `backup`.
#[derive(Debug, Args)]
pub struct Backup {
    /// The file to write; only an earlier backup is replaced
    #[arg(value_name = "FILE")]
    pub to: PathBuf,
}

/// Arguments of `repair`.
#[derive(Debug, Args)]
pub struct Repair {
    /// A backup to restore damaged rows from, in addition to the archive
    #[arg(value_name = "FILE")]
    pub from: Option<PathBuf>,
}

/// Arguments of `restore`.
#[derive(Debug, Args)]
pub struct Restore {
    /// A file that `lookout backup` wrote
    #[arg(value_name = "FILE")]
    pub from: PathBuf,
}

impl Export {
    /// What to export.
    pub fn what(&self) -> What {
        if self.quarantined { What::Quarantined } else { What::Events }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    fn parsed(line: &str) -> Result<Cli, clap::Error> {
        Cli::try_parse_from(line.split_whitespace())
    }

    #[test]
    fn clap_finds_no_fault_with_the_definition() {
        Cli::command().debug_assert();
    }

    #[test]
    fn command_lines_are_taken_or_refused_with_exit_code_2() {
        #[rustfmt::skip]
        let cases = [
            // what is special             command line                                     taken
            ("as short as can be",         "lookout serve",                                 true),
            ("options before the command", "lookout -c a.toml -vv --log-format json serve", true),
            ("options after the command",  "lookout build -c a.toml -q --json --replay",    true),
            ("a moment",                   "lookout build --at 2026-01-05T20:00:00Z",       true),
            ("a moment without zone",      "lookout build --at 2026-01-05T20:00:00",        false),
            ("stdin",                      "lookout import -",                              true),
            ("nothing to import",          "lookout import",                                false),
            ("quiet and verbose",          "lookout -q -v check",                           false),
            ("no such store",              "lookout export --from cellar",                  false),
            ("a day and a moment",         "lookout visits --from 2026-01-05 --to 2026-01-05T20:00:00Z", true),
            ("no day",                     "lookout visits --from yesterday",               false),
            ("two formats at once",        "lookout visits --csv --json",                   false),
            ("no command",                 "lookout",                                       false),
            ("no such command",            "lookout sing",                                  false),
        ];
        for (what, line, taken) in cases {
            let code = parsed(line).err().map(|error| error.exit_code());
            assert_eq!(code, (!taken).then_some(2), "{what}");
        }
    }

    #[test]
    fn a_hyphen_is_stdin() {
        let Command::Import(import) = parsed("lookout import -").expect("taken").command else {
            panic!("not an import");
        };
        assert_eq!(import.from, Input::Stdin);
    }

    #[test]
    fn the_help_names_every_command() {
        let help = Cli::command().term_width(100).render_help().to_string();
        insta::assert_snapshot!(help, @"
        Shows who is in your Zoom room, on a page that is always current

        Usage: lookout [OPTIONS] <COMMAND>

        Commands:
          init     Write a commented settings file to start from
          serve    Receive events from Zoom and keep the site current, until stopped
          intake   Only receive events from Zoom, on any number of machines
          watch    Only keep the site current with what other processes received
          notify   Only notify chats of what other processes received
          build    Build the site once from what is stored, and exit
          check    Check settings, secrets, files and clock, and say what to do about each problem
          demo     Show Lookout at work with simulated people, without any set-up
          import   Store events from a file of JSON lines
          export   Write all stored events to stdout as JSON lines
          who      List every name and meeting seen so far, who is in, and who is shown
          visits   List who was in which room, from when to when, for a spreadsheet or a program
          end      End a meeting of which Zoom never said that it is over
          print    Print a ready-to-use file for these settings
          backup   Copy the journal to a file, even while it is written to
          restore  Replace the journal by a backup, and keep the old journal next to it
          repair   Repair a damaged journal from the archive or a backup
          forget   Remove a person's events and every trace of the name from everything stored and shown
          guide    Read the guide: a page, or the list of pages
          help     Print this message or the help of the given subcommand(s)

        Options:
          -c, --config <FILE>        The settings file; without this option, `lookout.toml` in the working
                                     directory, else in /etc/lookout
          -q, --quiet                Log warnings and errors only
          -v, --verbose...           Log more; repeat it for even more
              --log-format <FORMAT>  How log lines are written to stderr [default: text] [possible values:
                                     text, json]
          -h, --help                 Print help (see more with '--help')
          -V, --version              Print version

        Examples:
          lookout demo                   See it at work, without any set-up
          lookout -c lookout.toml check  Find out what is missing before going live
        ");
    }
}
