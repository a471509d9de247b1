//! The log: on stderr, as text for people or as JSON for machines.
//!
//! Flags set the level. Other crates log warnings and errors only, so that `--verbose` shows what
//! Lookout does rather than what its HTTP library does. Only `-vvv` shows everything.

use std::fmt;
use std::io::IsTerminal;

use clap::{Args, ValueEnum};
use tracing::Level;
use tracing::field::Field;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::format::{Writer, debug_fn};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::config::Environment;

/// How much is logged.
#[derive(Debug, Clone, Copy, Args)]
pub struct Verbosity {
    /// Log warnings and errors only
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,

    /// Log more; repeat it for even more
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
}

/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object per line.
    Json,
}

/// Sends the log to stderr. A second call changes nothing.
pub fn init(verbosity: &Verbosity, format: LogFormat, env: &Environment) {
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let lines = match format {
        LogFormat::Text => {
            let colour = coloured(std::io::stderr().is_terminal(), env);
            lines.with_target(false).with_ansi(colour).fmt_fields(debug_fn(write_message)).boxed()
        }
        LogFormat::Json => lines.json().flatten_event(true).boxed(),
    };
    let lines = lines.with_filter(filter(verbosity));
    // This fails only if logging is already set up, as in tests that share a process.
    let _ = tracing_subscriber::registry().with(lines).try_init();
}

/// Writes the message and leaves out the other fields, which repeat its values for machines.
fn write_message(writer: &mut Writer<'_>, field: &Field, value: &dyn fmt::Debug) -> fmt::Result {
    if field.name() == "message" { write!(writer, "{value:?}") } else { Ok(()) }
}

/// Whether stderr may be coloured: on a terminal, unless `NO_COLOR` is set (<https://no-color.org>) or
/// `TERM` is `dumb`.
pub fn coloured(is_terminal: bool, env: &Environment) -> bool {
    is_terminal && !env.is_set("NO_COLOR") && env.get("TERM") != Some("dumb")
}

fn filter(verbosity: &Verbosity) -> Targets {
    let ours = match (verbosity.quiet, verbosity.verbose) {
        (true, _) => Level::WARN,
        (false, 0) => Level::INFO,
        (false, 1) => Level::DEBUG,
        (false, _) => Level::TRACE,
    };
    let others = match verbosity.verbose {
        0..=2 => LevelFilter::WARN,
        _ => LevelFilter::TRACE,
    };
    Targets::new().with_default(others).with_target("lookout", ours)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_set_the_level_of_our_logs_and_of_others() {
        #[rustfmt::skip]
        let cases = [
            // what is special     quiet  verbose  ours          others
            ("no flag",            false, 0,       Level::INFO,  Level::WARN),
            ("quiet",              true,  0,       Level::WARN,  Level::WARN),
            ("verbose",            false, 1,       Level::DEBUG, Level::WARN),
            ("very verbose",       false, 2,       Level::TRACE, Level::WARN),
            ("everything",         false, 3,       Level::TRACE, Level::TRACE),
        ];
        for (what, quiet, verbose, ours, others) in cases {
            let filter = filter(&Verbosity { quiet, verbose });
            let most_verbose = |target: &str| {
                let levels = [Level::ERROR, Level::WARN, Level::INFO, Level::DEBUG, Level::TRACE];
                levels.into_iter().rfind(|level| filter.would_enable(target, level))
            };
            assert_eq!(most_verbose("lookout::journal"), Some(ours), "{what}: ours");
            assert_eq!(most_verbose("hyper"), Some(others), "{what}: others");
        }
    }

    #[test]
    fn only_a_terminal_is_coloured_unless_the_environment_forbids_it() {
        #[rustfmt::skip]
        let cases = [
            // what is special         terminal  variables              coloured
            ("a terminal",             true,     vec![],                true),
            ("a file or pipe",         false,    vec![],                false),
            ("NO_COLOR",               true,     vec![("NO_COLOR", "1")], false),
            ("an empty NO_COLOR",      true,     vec![("NO_COLOR", "")],  true),
            ("a dumb terminal",        true,     vec![("TERM", "dumb")],  false),
        ];
        for (what, terminal, variables, expected) in cases {
            let env = variables.into_iter().collect();
            assert_eq!(coloured(terminal, &env), expected, "{what}");
        }
    }
}
