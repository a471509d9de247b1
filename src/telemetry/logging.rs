//! The log: on stderr, as text for people or as JSON for machines.
//!
//! How much is said is a matter of flags alone. Other crates are heard from a
//! warning up, so that `--verbose` shows what Lookout does rather than what its
//! HTTP library does.

use std::fmt;
use std::io::IsTerminal;

use tracing::Level;
use tracing::field::Field;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::format::{Writer, debug_fn};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::cli::{LogFormat, Verbosity};
use crate::config::Environment;

/// Sends the log to stderr from now on. A second call changes nothing.
pub fn init(verbosity: &Verbosity, format: LogFormat, env: &Environment) {
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let lines = match format {
        LogFormat::Text => {
            let colour = coloured(std::io::stderr().is_terminal(), env);
            lines.with_target(false).with_ansi(colour).fmt_fields(debug_fn(sentence)).boxed()
        }
        LogFormat::Json => lines.json().flatten_event(true).boxed(),
    };
    let lines = lines.with_filter(filter(verbosity));
    // It fails only where a log is set up already: in tests, which share a process.
    let _ = tracing_subscriber::registry().with(lines).try_init();
}

/// The sentence of a line. It has its numbers in it; as fields they are for machines.
fn sentence(writer: &mut Writer<'_>, field: &Field, value: &dyn fmt::Debug) -> fmt::Result {
    if field.name() == "message" { write!(writer, "{value:?}") } else { Ok(()) }
}

/// Whether stderr may be coloured: on a terminal that was not told otherwise (<https://no-color.org>).
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
    fn flags_say_how_much_is_logged() {
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
            let loudest = |target: &str| {
                let levels = [Level::ERROR, Level::WARN, Level::INFO, Level::DEBUG, Level::TRACE];
                levels.into_iter().rfind(|level| filter.would_enable(target, level))
            };
            assert_eq!(loudest("lookout::journal"), Some(ours), "{what}: ours");
            assert_eq!(loudest("hyper"), Some(others), "{what}: others");
        }
    }

    #[test]
    fn colour_needs_a_terminal_that_wants_it() {
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
