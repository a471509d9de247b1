//! Erases a person from the archive, for `lookout forget`.
//!
//! An erased document leaves its `_id` and key behind, so that no other machine, which may still have
//! the event in its journal, ships it again. At the end a new [edition](crate::archive::identity)
//! begins.

use anyhow::Result;

use crate::archive::Archive;
use crate::archive::document::{self, Archived};
use crate::archive::identity::start_edition;
use crate::archive::walk::walk;
use crate::forget::{Forgetting, Found, Verdict};

/// How many times to read the whole archive at most: a later round finds events that were being
/// shipped during an earlier one.
const MAX_ROUNDS: usize = 3;

/// Shows all events of the archive to `forgetting`; returns whether it learnt anything.
///
/// # Errors
///
/// The archive can't be read.
pub async fn learn(archive: &Archive, forgetting: &mut Forgetting) -> Result<bool> {
    let mut has_learnt = false;
    walk(archive, |archived, _| {
        if let Archived::Event(entry) = archived {
            has_learnt |= forgetting.learn(&entry.document);
        }
        None
    })
    .await?;
    Ok(has_learnt)
}

/// What the archive has of the person.
///
/// # Errors
///
/// The archive can't be read.
pub async fn find(archive: &Archive, forgetting: &Forgetting) -> Result<Found> {
    let mut found = Found::default();
    walk(archive, |archived, _| {
        match archived {
            Archived::Event(entry) => found.add_event(forgetting, &entry.document),
            Archived::Quarantined(delivery) => found.add_quarantined(forgetting, &delivery.body),
        }
        None
    })
    .await?;
    Ok(found)
}

/// Erases from the archive what it has of the person.
///
/// # Errors
///
/// The archive can't be read or written; what was erased before stays erased.
pub async fn erase(archive: &Archive, forgetting: &Forgetting) -> Result<()> {
    for _ in 0..MAX_ROUNDS {
        let replaced = walk(archive, |archived, document| match archived {
            Archived::Event(entry) => match forgetting.judge(&entry.document) {
                Verdict::Stays => None,
                Verdict::Changes(text) => document::emptied(document, &text, forgetting).ok(),
                Verdict::Goes => Some(document::forgotten(document)),
            },
            Archived::Quarantined(delivery) => {
                forgetting.is_in(&delivery.body).then(|| document::forgotten(document))
            }
        });
        if replaced.await? == 0 {
            break;
        }
    }
    start_edition(archive).await
}
