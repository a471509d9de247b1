//! Taking somebody out of what is kept, wherever that is, also while a process sends.

use anyhow::{Context, Result};

use super::{local, read};
use crate::archive::{Archive, change_leases};
use crate::config::Settings;
use crate::forget::Forgetting;
use crate::notify::forgotten::Mark;
use crate::notify::kept::Kept;
use crate::notify::pace::Pace;
use crate::notify::service::seed;
use crate::notify::target::Target;
use crate::time::clock;

/// Forgets whoever `forgetting` means, in the file beside the journal and in the archive. A
/// process that sends notices before it keeps or sends anything more.
///
/// # Errors
///
/// Something can't be reached; part of it is then done.
pub async fn forget(
    settings: &Settings,
    archive: Option<&Archive>,
    forgetting: &Forgetting,
) -> Result<()> {
    let (salt, now) = (hex::encode(seed()), clock::now());
    let mark = |name| Mark::new(name, salt.clone(), now);
    let marks: Vec<_> = forgetting.names().map(mark).collect();
    let without = |text: Option<&str>| {
        let mut kept = text.map(read).unwrap_or_default();
        kept.adopt(&marks);
        serde_json::to_string::<Kept>(&kept).context("what is kept always encodes")
    };
    let targets = Target::all(settings, Pace::default());
    let ids: Vec<_> = targets.into_iter().flatten().map(|target| target.id).collect();
    local::change(&settings.journal.path, &ids, without)?;
    match archive {
        Some(archive) => change_leases(archive, without).await,
        None => Ok(()),
    }
}
