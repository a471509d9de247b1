//! The events in the journal: how many are stored, unreadable, or in the future.

use anyhow::Result;

use super::{Context, Finding};
use crate::app::counted::counted;
use crate::journal::Reader;

/// Reads the journal as `build` would.
pub(super) fn check(context: &Context<'_>) -> Vec<Finding> {
    let problem = |error: anyhow::Error| Finding::problem("events", format!("{error:#}"));
    let stored = match stored(context) {
        Ok(stored) => stored,
        // `future` would only repeat it.
        Err(error) => return vec![problem(error)],
    };
    let future = future(context).unwrap_or_else(|error| Some(problem(error)));
    std::iter::once(stored).chain(future).collect()
}

/// Reports events whose time is in the future: this machine's clock or Zoom's is wrong.
fn future(context: &Context<'_>) -> Result<Option<Finding>> {
    let count = context.log()?.future_event_count();
    let events = counted(count as u64, "event is", "events are");
    let text = format!(
        "{events} from the future: the site shows an event only from its own time on; \
         check this machine's clock with `timedatectl`"
    );
    Ok((count > 0).then(|| Finding::warning("future", text)))
}

fn stored(context: &Context<'_>) -> Result<Finding> {
    let Some(reader) = Reader::open(&context.settings.journal.path)? else {
        let text = "none yet; the first event creates the journal";
        return Ok(Finding::ok("events", text));
    };
    let events = match reader.last_id()? {
        0 => "none yet".to_owned(),
        count => counted(count, "was stored", "were stored"),
    };
    Ok(match reader.quarantined_count()? {
        0 => Finding::ok("events", events),
        count => {
            let unreadable = counted(count, "delivery", "deliveries");
            let text = format!(
                "{events}; {unreadable} could not be parsed; list them with `lookout export --quarantined`"
            );
            Finding::warning("events", text)
        }
    })
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;
    use crate::config::{Environment, parse};
    use crate::journal::Journal;
    use crate::time::moment::Moment;

    #[test]
    fn what_cannot_be_read_is_reported_once() {
        #[rustfmt::skip]
        let cases = [
            // what is special           file that leads to itself     lines
            ("nothing stored",           None,                         "✓ events    none yet; the first event creates the journal"),
            ("the journal is no file",   Some("lookout.db"),           "✗ events    "),
            ("the store is no file",     Some("lookout.presence"),     "✓ events    none yet\n✗ events    "),
        ];
        for (what, looping, expected) in cases {
            let dir = tempfile::tempdir().expect("a directory");
            let data = dir.path().join("data");
            fs::create_dir(&data).expect("made");
            if looping == Some("lookout.presence") {
                drop(Journal::open(&data.join("lookout.db")).expect("made"));
            }
            if let Some(file) = looping {
                symlink(file, data.join(file)).expect("linked");
            }
            let settings = parse("", &dir.path().join("lookout.toml"), &Environment::default());
            let settings = settings.expect("valid");
            let context = Context { settings: &settings, now: Moment::from_seconds(0) };
            let lines: Vec<_> = check(&context).iter().map(ToString::to_string).collect();
            let expected: Vec<_> = expected.lines().collect();
            assert_eq!(lines.len(), expected.len(), "{what}: {lines:?}");
            for (line, expected) in lines.iter().zip(expected) {
                assert!(line.starts_with(expected), "{what}: {line}");
            }
        }
    }
}
