//! `check --wait`: follows what arrives at a running Lookout until somebody joins, explains it, and says
//! what to set next.
//!
//! Events come from the journal. What was refused is in no journal: it comes from the metrics and the
//! readiness that the running Lookout reports at `admin.listen`, which hold no names and no secrets.

mod arrival;
mod counters;
mod next;

use std::io::Write;
use std::time::Duration;

use anyhow::{Context as _, Result};

use super::{Finding, Mark};
use crate::app::privileges;
use crate::config::Settings;
use crate::generator::Load;
use crate::journal::{Entry, Reader};
use crate::shutdown::Signals;
use crate::zoom::{Kind, understand};
use counters::{Admin, Counted};
use next::Seen;

/// How often the journal and the running Lookout are asked.
const POLL_INTERVAL: Duration = Duration::from_millis(500);

/// Follows what arrives until somebody joins or a signal comes; returns whether there was no problem.
///
/// `load` reads the settings again, so that a correction counts for what arrives after it.
///
/// # Errors
///
/// The journal can't be read, or `out` can't be written.
pub async fn run(load: Load, mut signals: Signals, out: &mut impl Write) -> Result<bool> {
    let settings = load()?;
    privileges::become_journal_owner(&settings)?;
    let first_line = next::begin(&settings);
    let mut follower = Follower::new(settings, load)?;
    // What was counted before counts as known, so it is asked before anybody is told to begin.
    let mut findings = follower.poll().await?;
    writeln!(out, "{first_line}")?;
    let mut tick = tokio::time::interval(POLL_INTERVAL);
    loop {
        follower.all_in_order &= findings.iter().all(|line| line.mark != Mark::Problem);
        findings.iter().try_for_each(|line| writeln!(out, "{line}"))?;
        out.flush()?;
        if follower.seen.somebody_joined() {
            break;
        }
        tokio::select! {
            _ = signals.received() => break,
            _ = tick.tick() => findings = follower.poll().await?,
        }
    }
    for line in follower.seen.next_steps(&follower.settings) {
        writeln!(out, "{line}")?;
    }
    Ok(follower.all_in_order)
}

/// What was read so far.
struct Follower {
    settings: Settings,
    load: Load,
    admin: Option<Admin>,
    reader: Option<Reader>,
    /// The place of the last event that was explained.
    last_id: u64,
    /// How many deliveries were in quarantine.
    quarantined: u64,
    seen: Seen,
    all_in_order: bool,
}

impl Follower {
    /// Begins after what is in the journal now.
    fn new(settings: Settings, load: Load) -> Result<Self> {
        let reader = Reader::open(&settings.journal.path)?;
        let (last_id, quarantined) = match &reader {
            Some(reader) => (reader.last_id()?, reader.quarantined_count()?),
            None => (0, 0),
        };
        let admin = Admin::new(settings.admin.listen)?;
        let seen = Seen::default();
        Ok(Self { settings, load, admin, reader, last_id, quarantined, seen, all_in_order: true })
    }

    /// What arrived since it was asked last.
    async fn poll(&mut self) -> Result<Vec<Finding>> {
        let mut findings = Vec::new();
        if let Some(admin) = &mut self.admin {
            for counted in admin.poll().await {
                self.seen.is_validated |= matches!(counted, Counted::Challenge);
                findings.push(arrival::counted(&counted, &self.settings));
            }
        }
        let entries = self.new_entries()?;
        if !entries.is_empty() {
            // Settings with a mistake do not hold; the last good ones do, as in the service.
            self.settings = (self.load)().unwrap_or_else(|_| self.settings.clone());
        }
        findings.extend(entries.iter().flat_map(|entry| self.explain(entry)));
        let quarantined = self.reader.as_ref().map_or(Ok(0), Reader::quarantined_count)?;
        if quarantined > self.quarantined {
            findings.push(arrival::quarantined());
        }
        self.quarantined = quarantined;
        Ok(findings)
    }

    fn new_entries(&mut self) -> Result<Vec<Entry>> {
        let path = &self.settings.journal.path;
        let is_outdated =
            self.reader.as_ref().is_some_and(|reader| reader.is_outdated().unwrap_or(true));
        if is_outdated || self.reader.is_none() {
            self.reader = None;
            self.reader = Reader::open(path).context("cannot open the journal again")?;
        }
        let Some(reader) = &self.reader else { return Ok(Vec::new()) };
        let mut entries = Vec::new();
        reader.events_after(self.last_id, |entry| {
            entries.push(entry);
            Ok(())
        })?;
        self.last_id = entries.last().map_or(self.last_id, |entry| entry.id);
        Ok(entries)
    }

    fn explain(&mut self, entry: &Entry) -> Vec<Finding> {
        let event = understand(&entry.document, entry.received_ms);
        let finding = match event.kind {
            Kind::Joined => {
                let (finding, missing) = arrival::joined(&event, &self.settings);
                self.seen.join(missing);
                finding
            }
            _ => arrival::other(&event, arrival::event_name(&entry.document).as_deref()),
        };
        self.seen.kinds.insert(event.kind);
        vec![finding]
    }
}
