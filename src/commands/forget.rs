//! `lookout forget NAME`: removes a person's events and every trace of the name from journal, archive,
//! store, site and the delivery states of chats, also while `serve` runs.

use std::collections::BTreeSet;
use std::io::{self, BufRead, IsTerminal, Write};
use std::path::Path;

use anyhow::{Context, Result, ensure};
use tokio::runtime::Handle;

use crate::app::counted::counted;
use crate::app::privileges;
use crate::archive::{self, Archive};
use crate::commands::build;
use crate::config::{Person, Privacy, Settings};
use crate::forget::{Forgetting, Found};
use crate::generator;
use crate::journal::{self, Eraser, Reader};
use crate::notify;
use crate::site;
use crate::zoom::Name;

/// How many similar names are listed at most.
const MAX_LISTED: usize = 20;

/// Stands for a name on stdin.
const STDIN: &str = "-";

/// Arguments of `forget`.
#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    /// The name, as Zoom or the page shows it; with it go the other names and accounts of its `[[people]]` entry.
    /// `-` reads it from the first line of stdin, so that it appears in no process list and no shell history
    #[arg(value_name = "NAME|-")]
    pub name: String,

    /// Do not ask for confirmation
    #[arg(short, long)]
    pub yes: bool,
}

/// Forgets the person, after a question on `notes` and a yes from `answer`.
pub fn run(
    settings: Settings,
    args: &Args,
    runtime: &Handle,
    notes: &mut impl Write,
    answer: &mut impl BufRead,
) -> Result<()> {
    let is_on_stdin = args.name == STDIN;
    let name = if is_on_stdin { read_name(notes, answer)? } else { args.name.clone() };
    let name = Name::clean(&name).context("the name is empty; write it as the page shows it")?;
    privileges::become_journal_owner(&settings)?;
    let archive = settings.archive.as_ref().map(|a| Archive::new(a, runtime.clone()));
    ensure!(
        archive.is_some() || !matches!(settings.journal.path.try_exists(), Ok(false)),
        "there is no journal at `{}`, so there is nothing to forget; name the right settings with `--config`",
        settings.journal.path.display()
    );
    let stores = Stores { settings: &settings, archive: archive.as_ref(), runtime };
    let mut forgetting = Forgetting::new(&name, &settings.people);
    while stores.learn(&mut forgetting)? {}
    let (journal, shared) = stores.find(&forgetting)?;
    let address = archive.as_ref().map(Archive::address);
    report(&forgetting, &journal, shared.as_ref().zip(address), notes)?;
    if !args.yes {
        write!(notes, "This cannot be undone. Forget? [y/N] ")?;
        notes.flush()?;
        let mut line = String::new();
        answer.read_line(&mut line).context("cannot read the answer")?;
        let is_meant = ["y", "yes"].contains(&line.trim().to_lowercase().as_str());
        let place = if is_on_stdin { " in the second line of stdin" } else { "" };
        ensure!(is_meant, "nothing was removed; answer `y`{place}, or add `--yes`");
    }
    stores.erase(&forgetting)?;
    publish(settings.clone(), runtime)?;
    write_what_stays(&forgetting, &settings, notes)?;
    let shared = shared.map(|shared| shared.near).unwrap_or_default();
    write_near(&(&journal.near | &shared), notes)
}

fn read_name(notes: &mut impl Write, input: &mut impl BufRead) -> Result<String> {
    if io::stdin().is_terminal() {
        write!(notes, "Name to forget: ")?;
        notes.flush()?;
    }
    let mut name = String::new();
    let length = input.read_line(&mut name);
    let length = length.context("cannot read the name from stdin; it has to be UTF-8")?;
    ensure!(
        length > 0,
        "stdin is empty; its first line is the name, and without `--yes` its second the answer `y`"
    );
    Ok(name)
}

/// Everything that has something of a person.
struct Stores<'a> {
    settings: &'a Settings,
    archive: Option<&'a Archive>,
    runtime: &'a Handle,
}

impl Stores<'_> {
    fn journal(&self) -> &Path {
        &self.settings.journal.path
    }

    /// Shows all events to `forgetting`; returns whether it learnt anything.
    fn learn(&self, forgetting: &mut Forgetting) -> Result<bool> {
        let mut has_learnt = journal::learn(self.journal(), forgetting)?;
        if let Some(archive) = self.archive {
            has_learnt |= self.runtime.block_on(archive::learn(archive, forgetting))?;
        }
        Ok(has_learnt)
    }

    /// What is in the journal, and in the archive if there is one.
    fn find(&self, forgetting: &Forgetting) -> Result<(Found, Option<Found>)> {
        let mut journal = journal::find(self.journal(), forgetting)?;
        for name in generator::names_in_store(self.settings)? {
            forgetting.near_name(&name, &mut journal.near);
        }
        let archive = self.archive.map(|archive| archive::find(archive, forgetting));
        Ok((journal, archive.map(|finding| self.runtime.block_on(finding)).transpose()?))
    }

    /// Erases everything, in this order: what waits for chats, so that none is sent; the events, so
    /// that nothing restores them; and what chats were told of the person in the meantime.
    fn erase(&self, forgetting: &Forgetting) -> Result<()> {
        self.erase_from_chats(forgetting)?;
        self.erase_events(forgetting)?;
        self.erase_from_chats(forgetting)
    }

    fn erase_from_chats(&self, forgetting: &Forgetting) -> Result<()> {
        let forgotten = notify::forget(self.settings, self.archive, forgetting);
        self.runtime.block_on(forgotten)
    }

    fn erase_events(&self, forgetting: &Forgetting) -> Result<()> {
        journal::erase(self.journal(), forgetting)?;
        if let Some(archive) = self.archive {
            self.runtime.block_on(archive::erase(archive, forgetting))?;
        }
        generator::reset_journal(self.settings, forgetting, |before, after| match self.archive {
            Some(archive) => self.runtime.block_on(archive::rename_journal(archive, before, after)),
            None => Ok(()),
        })?;
        if Reader::open(self.journal())?.is_some() {
            Eraser::open(self.journal())?.finish()?;
        }
        Ok(())
    }
}

fn report(
    forgetting: &Forgetting,
    journal: &Found,
    archive: Option<(&Found, &str)>,
    notes: &mut impl Write,
) -> Result<()> {
    writeln!(notes, "to be forgotten: {}", listed(forgetting.names()))?;
    write_found("in the journal", journal, notes)?;
    if let Some((found, address)) = archive {
        write_found(&format!("in the archive at {address}"), found, notes)?;
    }
    for mask in forgetting.names().filter_map(Name::telephone_mask) {
        writeln!(
            notes,
            "callers are mostly stored without their numbers; `lookout forget '{mask}'` removes all whose \
             numbers end so"
        )?;
    }
    if forgetting.other_names().next().is_some() {
        let others = listed(forgetting.other_names());
        writeln!(notes, "with it goes what happened on the same connections as {others}")?;
    }
    Ok(())
}

fn write_found(place: &str, found: &Found, notes: &mut impl Write) -> Result<()> {
    let theirs = counted(found.theirs, "event of theirs", "events of theirs");
    let others = counted(found.others, "event of others", "events of others");
    let odd = counted(found.quarantined, "unreadable delivery", "unreadable deliveries");
    writeln!(
        notes,
        "  {place}: {theirs}; the name in {others}, which stay without it, and in {odd}"
    )?;
    Ok(())
}

/// What this cannot reach, and what would bring the name back.
fn write_what_stays(
    forgetting: &Forgetting,
    settings: &Settings,
    notes: &mut impl Write,
) -> Result<()> {
    writeln!(notes, "forgotten; what this cannot reach:")?;
    writeln!(notes, "  exports and backups made before, and copies of the site; delete those")?;
    for kept in journal::old_copies(&settings.journal.path) {
        writeln!(notes, "  `{}`, of an old copy of the journal; delete it", kept.display())?;
    }
    if !settings.notify.is_empty() {
        writeln!(notes, "  messages that were sent to a chat already; delete those there")?;
    }
    if settings.archive.is_some() {
        writeln!(notes, "  the journals of other machines; run this on each of them")?;
    }
    let mut configured = settings.people.iter().flat_map(Person::all_names);
    let is_configured = configured.any(|name| forgetting.means(name));
    let Privacy { publish, hide, .. } = &settings.privacy;
    if is_configured || forgetting.names().any(|name| publish.names(name) || hide.names(name)) {
        writeln!(notes, "  the settings, which still name them; take that out")?;
    }
    writeln!(notes, "who joins under the name again is stored again")?;
    Ok(())
}

/// What stays because it may be somebody else's, with the command for what is not.
fn write_near(near: &BTreeSet<Name>, notes: &mut impl Write) -> Result<()> {
    if near.is_empty() {
        return Ok(());
    }
    writeln!(notes, "what is near to the name stays; whatever is theirs goes with")?;
    for name in near.iter().take(MAX_LISTED) {
        let quoted = name.as_str().replace('\'', r"'\''");
        let ends_options = if quoted.starts_with('-') { "-- " } else { "" };
        writeln!(notes, "  lookout forget {ends_options}'{quoted}'")?;
    }
    if let Some(more @ 1..) = near.len().checked_sub(MAX_LISTED) {
        writeln!(notes, "  and {more} more; run this again once these are gone")?;
    }
    Ok(())
}

/// Publishes the site again if there is one, and removes the files of a killed process from it.
fn publish(settings: Settings, runtime: &Handle) -> Result<()> {
    site::sweep(&settings).context(
        "the events are removed, but temporary files of a killed process in the site may have the name; correct this, and run the same command again",
    )?;
    let build = || match site::is_published(&settings)? {
        true => build::run(settings.clone(), build::From::Store, runtime).map(drop),
        false => Ok(()),
    };
    build().context(
        "the events are removed, but the site still has the name; correct this, then run `lookout build`",
    )
}

fn listed<'a>(names: impl Iterator<Item = &'a Name>) -> String {
    // A name is hostile text, on a terminal as well.
    let quoted = names.map(|name| format!("`{}`", name.as_str().escape_debug()));
    quoted.collect::<Vec<_>>().join(", ")
}
