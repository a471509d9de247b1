//! `lookout build`: builds the site once.

use std::fmt;
use std::io::Write;
use std::path::PathBuf;
use std::thread;

use anyhow::{Result, ensure};
use serde::Serialize;
use tokio::runtime::Handle;

use crate::app::quarantine::reread_quarantine;
use crate::app::{privileges, warn_if_nobody_appears};
use crate::archive::{Archive, Mode};
use crate::config::Settings;
use crate::generator::{self, Generator, Log, newer_than_journal};
use crate::site::{Position, PublishOutcome, Published, Replace};
use crate::time::clock;
use crate::time::moment::Moment;

/// Where the events come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum From {
    /// The presence store, and the events after it.
    Store,
    /// All events, from which the presence store is rebuilt.
    Start,
    /// All events whose facts are not later than this moment.
    Past(Moment),
}

/// What a build did, as `--json` prints it.
#[derive(Debug, Clone, Serialize)]
pub struct Summary {
    /// The output directory.
    pub output_dir: PathBuf,
    /// The moment that the site shows.
    pub at: String,
    /// The number of the last event that was read.
    pub last_event: u64,
    /// The changes of the directory.
    #[serde(flatten)]
    pub published: Published,
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Published { written, removed, unchanged, .. } = &self.published;
        let dir = self.output_dir.display();
        write!(f, "`{dir}` is as of {}: {} written, ", self.at, written.len())?;
        write!(f, "{} removed, {unchanged} unchanged", removed.len())
    }
}

/// Builds the site once.
///
/// The archive, if there is one, is read on `runtime`.
pub fn run(settings: Settings, from: From, runtime: &Handle) -> Result<Summary> {
    let (mut generator, now) = prepare(settings, from, runtime)?;
    let published = publish(&mut generator, now, from)?;
    ensure!(
        published.problems.is_empty(),
        "the site is in place, but {}",
        published.problems.join("; ")
    );
    Ok(Summary {
        output_dir: generator.settings().site.output_dir.clone(),
        at: now.to_string(),
        last_event: generator.position().last_event,
        published,
    })
}

/// Writes the templates' input to `out` as JSON. Publishes nothing.
pub fn print_model(
    settings: Settings,
    from: From,
    runtime: &Handle,
    out: &mut impl Write,
) -> Result<()> {
    let (mut generator, now) = prepare(settings, from, runtime)?;
    generator.with_models(now, |models| serde_json::to_writer_pretty(&mut *out, models))??;
    writeln!(out)?;
    Ok(())
}

/// A generator that has read all events, and the moment to build for.
fn prepare(settings: Settings, from: From, runtime: &Handle) -> Result<(Generator, Moment)> {
    privileges::become_journal_owner(&settings)?;
    generator::sweep(&settings.journal.path);
    reread_quarantine(&settings);
    warn_if_nobody_appears(&settings);
    let now = match from {
        From::Past(moment) => moment,
        From::Store | From::Start => clock::now(),
    };
    let archive = settings.archive.as_ref();
    let archive = archive.map(|archive| (Archive::new(archive, runtime.clone()), Mode::Once));
    let log = match from {
        From::Store | From::Start => Log::open(&settings, archive)?,
        From::Past(moment) => Log::as_of(&settings, archive, moment)?,
    };
    let mut generator = Generator::new(settings, log)?;
    if from == From::Start {
        generator.log_mut().replay(now)?;
    }
    generator.catch_up(now)?;
    Ok((generator, now))
}

/// Publishes the site unless a newer edition is in place; waits where a server's `ETag` requires it.
fn publish(generator: &mut Generator, now: Moment, from: From) -> Result<Published> {
    let mut replace = match from {
        From::Store | From::Start => Replace::NotNewer,
        From::Past(_) => Replace::Any,
    };
    loop {
        let presence = generator.presence(now)?;
        let there = match generator.publish(&presence, now, replace)?.outcome {
            PublishOutcome::Published(published) => return Ok(published),
            PublishOutcome::TooSoon(wait) => {
                thread::sleep(wait);
                continue;
            }
            PublishOutcome::Superseded(there) => there,
        };
        let restored = generator.log_mut().ends_before(&there)?;
        match from {
            From::Start if restored => replace = Replace::Any,
            // A running `serve` published while all events were read.
            From::Start => drop(generator.catch_up(now)?),
            _ => {
                give_way(&there, restored);
                return Ok(Published::default());
            }
        }
    }
}

fn give_way(there: &Position, restored: bool) {
    if restored {
        tracing::warn!("the site stays as it was: {}", newer_than_journal(there));
    } else {
        tracing::info!("a newer site is in place already");
    }
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;
    use crate::config::PublishList;
    use crate::journal::{Content, Journal, Record};
    use crate::zoom::{Key, Redaction};

    fn settings(directory: &TempDir) -> Settings {
        let mut settings = Settings::default();
        settings.site.output_dir = directory.path().join("site");
        settings.journal.path = directory.path().join("lookout.db");
        settings.privacy.publish = PublishList::Everybody;
        settings
    }

    fn join(settings: &Settings, name: &str) {
        let body = format!(
            r#"{{"event":"meeting.participant_joined","event_ts":1,"payload":{{"object":{{"uuid":"m","participant":{{"user_id":"{name}","user_name":"{name}"}}}}}}}}"#
        );
        let content = Content::of(body.as_bytes(), 0, &Redaction::default());
        let key = Key::of(body.as_bytes());
        let record = Record { key, received_ms: 0, request_id: None, content };
        let journal = Journal::open(&settings.journal.path).expect("it opens");
        journal.append_all(vec![record]).expect("stored");
        journal.close();
    }

    #[test]
    fn a_replay_does_not_undo_what_was_published_meanwhile() {
        let directory = TempDir::new().expect("a temporary directory");
        let settings = settings(&directory);
        join(&settings, "Ada");
        let log = Log::in_memory(&settings, None).expect("it is empty");
        let mut replaying = Generator::new(settings.clone(), log).expect("the templates are ours");
        let now = clock::now();
        replaying.catch_up(now).expect("it can be read");

        join(&settings, "Grace");
        let runtime = tokio::runtime::Runtime::new().expect("it starts");
        run(settings.clone(), From::Store, runtime.handle()).expect("it builds");
        publish(&mut replaying, now, From::Start).expect("it builds");
        let csv = settings.site.output_dir.join(&settings.csv.path);
        assert!(std::fs::read_to_string(csv).expect("it is there").contains("Grace"));
    }
}
