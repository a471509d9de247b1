//! Reads the status of each target, without sending anything.

use anyhow::Result;

use crate::archive::Archive;
use crate::config::Settings;
use crate::notify::outbox::{Outbox, store};
use crate::notify::target::{BrokenTarget, Label, Target};
use crate::notify::timing::Timing;

/// The status of one target.
pub struct TargetStatus {
    /// The target.
    pub label: Label,
    /// How many rooms it hears of.
    pub rooms: usize,
    /// Its outbox; `None` if no process has compared its rooms yet.
    pub outbox: Option<Outbox>,
}

/// The status of all targets of `settings`, or why they can't receive messages.
///
/// # Errors
///
/// The outboxes can't be read.
pub async fn target_statuses(
    settings: &Settings,
    archive: Option<&Archive>,
) -> Result<Vec<Result<TargetStatus, BrokenTarget>>> {
    let targets = Target::all(settings, Timing::default());
    let ids = targets.iter().flatten().map(|target| target.id.clone()).collect();
    let outboxes = store::read(archive, &settings.journal.path, ids).await?;
    let statuses = targets.into_iter().map(|target| {
        target.map(|target| {
            // A new outbox may hold nothing but tombstones.
            let is_its =
                |(id, outbox): &&(String, Outbox)| *id == target.id && outbox.state.is_some();
            TargetStatus {
                outbox: outboxes.iter().find(is_its).map(|(_, outbox)| outbox.clone()),
                rooms: target.rules.rooms.len(),
                label: target.label,
            }
        })
    });
    Ok(statuses.collect())
}
