//! Forgets people in the outboxes, wherever they are stored, also while a process sends.

use anyhow::Result;

use crate::archive::Archive;
use crate::config::Settings;
use crate::forget::Forgetting;
use crate::notify::outbox::{Outbox, Tombstone, store};
use crate::notify::target::Target;
use crate::notify::timing::Timing;
use crate::notify::worker::random_seed;
use crate::time::clock;

/// Forgets the people that `forgetting` names, in the database beside the journal and in the
/// archive.
///
/// # Errors
///
/// A store can't be reached; the others may be done.
pub async fn forget(
    settings: &Settings,
    archive: Option<&Archive>,
    forgetting: &Forgetting,
) -> Result<()> {
    let (salt, now) = (hex::encode(random_seed()), clock::now());
    let tombstones: Vec<_> =
        forgetting.names().map(|name| Tombstone::new(name, salt.clone(), now)).collect();
    let targets = Target::all(settings, Timing::default());
    let ids: Vec<_> = targets.into_iter().flatten().map(|target| target.id).collect();
    let forget = |outbox: &mut Outbox| {
        outbox.apply_tombstones(&tombstones);
    };
    store::change(archive, &settings.journal.path, &ids, forget).await
}
