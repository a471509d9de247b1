//! How each target is, for whoever only looks: nothing is sent.

use anyhow::Result;

use crate::archive::Archive;
use crate::config::Settings;
use crate::notify::keep;
use crate::notify::kept::Kept;
use crate::notify::pace::Pace;
use crate::notify::target::{Label, Target, Unusable};

/// One target, as it was found.
pub struct Found {
    /// Which one it is.
    pub label: Label,
    /// Of how many rooms it is told.
    pub rooms: usize,
    /// What is kept of it; `None` where nothing is yet.
    pub kept: Option<Kept>,
}

/// All targets of `settings`, or why they can't be told.
///
/// # Errors
///
/// What is kept of them can't be read.
pub async fn survey(
    settings: &Settings,
    archive: Option<&Archive>,
) -> Result<Vec<Result<Found, Unusable>>> {
    let targets = Target::all(settings, Pace::default());
    let ids = targets.iter().flatten().map(|target| target.id.clone()).collect();
    let kept = keep::look(archive, &settings.journal.path, ids).await?;
    // One that was never looked at may be told to forget somebody all the same.
    let has_looked = |kept: &Kept| kept.told.is_some();
    let kept_of = |id: &str| {
        let kept = kept.iter().find(|(of, kept)| of == id && has_looked(kept));
        kept.map(|(_, kept)| kept.clone())
    };
    let found = targets.into_iter().map(|target| {
        target.map(|target| Found {
            kept: kept_of(&target.id),
            rooms: target.rules.rooms.len(),
            label: target.label,
        })
    });
    Ok(found.collect())
}
