//! `lookout build`: one rebuild, then exit.

use std::fmt;
use std::path::PathBuf;
use std::thread;

use anyhow::{Context, Result, bail, ensure};
use serde::Serialize;
use tokio::runtime::Handle;

use crate::archive::{Archive, Mode};
use crate::clock;
use crate::config::Settings;
use crate::generator::{Generator, Log};
use crate::moment::Moment;
use crate::site::{Build, Outcome, Published, Replace};

/// A checkpoint is written where so many events were read without one.
const WORTH_SAVING: u64 = 1_000;

/// What to build from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum From {
    /// The checkpoint, and what came after it.
    Checkpoint,
    /// All events.
    Start,
    /// All events whose facts are not later than this, as of then.
    Past(Moment),
}

/// What a build did: the line that `--json` prints.
#[derive(Debug, Clone, Serialize)]
pub struct Summary {
    /// The output directory.
    pub output_dir: PathBuf,
    /// As of when the site is.
    pub at: String,
    /// How many events the journal had given out.
    pub last_event: u64,
    /// What was done to the directory.
    #[serde(flatten)]
    pub published: Published,
}

/// For people; `--json` is for machines.
impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Published { written, removed, unchanged, .. } = &self.published;
        let dir = self.output_dir.display();
        write!(f, "`{dir}` is as of {}: {} files written, ", self.at, written.len())?;
        write!(f, "{} removed, {unchanged} unchanged", removed.len())
    }
}

/// Builds the site once.
///
/// The archive, where there is one, is read on `runtime`.
pub fn run(settings: Settings, from: From, runtime: &Handle) -> Result<Summary> {
    become_owner(&settings)?;
    warn_if_nobody_appears(&settings);
    let now = match from {
        From::Past(moment) => moment,
        From::Checkpoint | From::Start => clock::now(),
    };
    let archive = settings.archive.as_ref();
    let archive = archive.map(|archive| (Archive::new(archive, runtime.clone()), Mode::Once));
    let log = match from {
        From::Checkpoint => Log::from_checkpoint(&settings, archive)?,
        From::Start => Log::from_start(&settings, archive),
        From::Past(moment) => Log::as_of(&settings, archive, moment),
    };
    let mut generator = Generator::new(settings, log)?;
    generator.catch_up(now)?;
    let published = publish(&generator, now, from)?;
    save_if_worth_it(&mut generator, now);
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

/// Says so if the site will be empty, and how to change it.
pub fn warn_if_nobody_appears(settings: &Settings) {
    if settings.privacy.publish.is_empty() {
        tracing::warn!(
            "nobody appears on the site, because `privacy.publish` is empty; \
             list the names that may appear, or `[\"*\"]` for everybody"
        );
    }
}

/// Waits where a server's `ETag` needs it, and gives way to a newer edition.
fn publish(generator: &Generator, now: Moment, from: From) -> Result<Published> {
    let replace = match from {
        From::Checkpoint => Replace::NotNewer,
        From::Start | From::Past(_) => Replace::Any,
    };
    loop {
        let Build { outcome, .. } = generator.publish(now, replace)?;
        match outcome {
            Outcome::Published(published) => return Ok(published),
            Outcome::TooSoon(wait) => thread::sleep(wait),
            Outcome::Superseded(_) => {
                tracing::info!("a newer site is in place already");
                return Ok(Published::default());
            }
        }
    }
}

/// A checkpoint is a cache: that it can't be written is no failure of the build.
fn save_if_worth_it(generator: &mut Generator, now: Moment) {
    let log = generator.log_mut();
    if log.unsaved() >= WORTH_SAVING
        && let Err(error) = log.save(now)
    {
        tracing::warn!("{error:#}");
    }
}

/// Run as root, becomes the owner of the journal (or of the directory it will lie in), so
/// that no file is left which the service can't write.
fn become_owner(settings: &Settings) -> Result<()> {
    use std::os::unix::fs::MetadataExt;

    use nix::unistd::{Gid, Uid, geteuid, setgid, setgroups, setuid};

    if !geteuid().is_root() {
        return Ok(());
    }
    let journal = &settings.journal.path;
    let Some(owned) = journal.ancestors().find_map(|path| path.metadata().ok()) else {
        return Ok(());
    };
    if owned.uid() == 0 {
        return Ok(());
    }
    let (uid, gid) = (Uid::from_raw(owned.uid()), Gid::from_raw(owned.gid()));
    let become_it = || {
        setgroups(&[gid])?;
        setgid(gid)?;
        setuid(uid)
    };
    if let Err(error) = become_it() {
        bail!("cannot become the journal's owner, user {uid}: {error}");
    }
    std::env::current_dir().context("the journal's owner may not enter this directory")?;
    Ok(())
}
