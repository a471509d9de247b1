//! Outboxes in the archive: a document with a lease, which one process of all machines holds.
//!
//! The lease expires by the *server's* clock, so the clocks of the machines do not matter; each
//! save renews it. Each acquisition increments a fencing token, and only the holder of the latest
//! one can save: a process that seemed dead, and was not, changes nothing any more.
//!
//! Another process may [change](change_all) an outbox all the same, to remove names. That
//! increments the edition, and the holder can't save anything before it has seen the change.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use mongodb::Collection;
use mongodb::bson::raw::RawDocumentBuf;
use mongodb::bson::{DateTime, Document, doc};
use mongodb::error::{Error, ErrorKind, WriteFailure};
use mongodb::options::{Acknowledgment, CollectionOptions, ReturnDocument, WriteConcern};

use super::ownership::{Ownership, Record};
use crate::archive::Archive;

/// The collection of leases, in the database of the events.
const COLLECTION: &str = "lookout_leases";

/// How long a lease lasts without being renewed.
const LEASE_DURATION: Duration = Duration::from_secs(20);

/// How long a majority of the members may take to confirm a write.
const MAJORITY_TIMEOUT: Duration = Duration::from_secs(10);

/// MongoDB's error code for a duplicate `_id`.
const DUPLICATE_KEY: i32 = 11_000;

/// The lease of one outbox, held or not.
#[derive(Debug)]
pub struct Lease {
    archive: Archive,
    id: String,
    /// `None` while another process holds it.
    held: Option<Held>,
}

#[derive(Debug, Clone, Copy)]
struct Held {
    fence: i64,
    /// By our own clock, counted from before the request, so never later than by the server's.
    until: Instant,
}

impl Lease {
    /// The lease of the outbox `id`. Does not acquire it yet.
    pub fn new(archive: Archive, id: String) -> Self {
        Self { archive, id, held: None }
    }

    /// Acquires the lease, and loads the outbox. `None` while another process holds it.
    ///
    /// # Errors
    ///
    /// The archive can't be reached, or has no majority.
    pub async fn acquire(&mut self) -> Result<Option<Record>> {
        let (id, begun) = (self.id.clone(), Instant::now());
        let acquired =
            self.archive.call(|events| async move { acquire(&leases(&events), &id).await });
        let Some(document) = acquired.await? else { return Ok(None) };
        let fence = document.get_i64("fence").context("a lease has no fence")?;
        self.held = Some(Held { fence, until: begun + LEASE_DURATION });
        Ok(Some(record(&document)))
    }

    /// Saves `text` if the edition is still `edition`, and renews the lease.
    ///
    /// # Errors
    ///
    /// The archive can't be reached, or has no majority: the text may be saved or not.
    pub async fn save(&mut self, edition: i64, text: String) -> Result<Ownership<Record>> {
        self.renew_with(edition, doc! { "kept": { "$literal": text } }).await
    }

    /// Renews the lease if the edition is still `edition`.
    ///
    /// # Errors
    ///
    /// As for [`Lease::save`].
    pub async fn renew(&mut self, edition: i64) -> Result<Ownership<Record>> {
        self.renew_with(edition, Document::new()).await
    }

    /// How much longer this process certainly holds it.
    pub fn remaining(&self) -> Duration {
        let until = self.held.map(|held| held.until);
        until.map_or(Duration::ZERO, |until| until.saturating_duration_since(Instant::now()))
    }

    /// Releases it, so that another process need not wait for it to expire.
    pub async fn release(&mut self) {
        let Some(Held { fence, .. }) = self.held.take() else { return };
        let id = self.id.clone();
        let released = self.archive.call(|events| async move {
            let expired = doc! { "$set": { "until": DateTime::from_millis(0) } };
            leases(&events).update_one(doc! { "_id": id, "fence": fence }, expired).await?;
            Ok(())
        });
        if let Err(error) = released.await {
            tracing::debug!("cannot release a lease, which expires by itself: {error:#}");
        }
    }

    async fn renew_with(
        &mut self,
        edition: i64,
        mut change: Document,
    ) -> Result<Ownership<Record>> {
        let Some(Held { fence, .. }) = self.held else { return Ok(Ownership::Lost) };
        change.insert("until", lease_end());
        let (id, begun) = (self.id.clone(), Instant::now());
        let renewed = self.archive.call(|events| async move {
            let leases = leases(&events);
            let ours = doc! { "_id": id, "fence": fence };
            let mut unchanged = ours.clone();
            unchanged.insert("edition", edition);
            let update = leases.update_one(unchanged, vec![doc! { "$set": change }]).await?;
            if update.matched_count == 1 {
                return Ok(Ownership::Held);
            }
            let found = leases.find_one(ours).await?;
            Ok(found.map_or(Ownership::Lost, |found| Ownership::Changed(record(&found))))
        });
        let ownership = renewed.await?;
        match ownership {
            Ownership::Held => self.held = Some(Held { fence, until: begun + LEASE_DURATION }),
            Ownership::Lost => self.held = None,
            Ownership::Changed(_) => {}
        }
        Ok(ownership)
    }
}

/// Reads the outboxes `ids`, whether their leases are held or not.
pub(super) async fn read_all(archive: &Archive, ids: Vec<String>) -> Result<Vec<(String, String)>> {
    let found = archive.call(|events| async move {
        let mut found = leases(&events).find(doc! { "_id": { "$in": ids } }).await?;
        let mut texts = Vec::new();
        while found.advance().await? {
            let document = found.deserialize_current()?;
            if let (Ok(id), Ok(kept)) = (document.get_str("_id"), document.get_str("kept")) {
                texts.push((id.to_owned(), kept.to_owned()));
            }
        }
        Ok(texts)
    });
    found.await
}

/// Replaces each outbox by what `change` returns, also while its lease is held.
///
/// # Errors
///
/// The archive can't be reached, or has no majority; some may be changed.
pub(super) async fn change_all(
    archive: &Archive,
    mut change: impl FnMut(Option<&str>) -> Result<String>,
) -> Result<()> {
    let ids = archive.call(|events| async move {
        let ids = leases(&events).distinct("_id", doc! {}).await?;
        Ok(ids.into_iter().filter_map(|id| id.as_str().map(str::to_owned)).collect::<Vec<_>>())
    });
    for id in ids.await? {
        while !change_one(archive, id.clone(), &mut change).await? {}
    }
    Ok(())
}

/// Whether it succeeded; it fails if the holder saves at the same time.
async fn change_one(
    archive: &Archive,
    id: String,
    change: &mut impl FnMut(Option<&str>) -> Result<String>,
) -> Result<bool> {
    let this = doc! { "_id": id };
    let found = this.clone();
    let found = archive.call(|events| async move { Ok(leases(&events).find_one(found).await?) });
    let Some(found) = found.await? else { return Ok(true) };
    let before = record(&found).text;
    let after = change(before.as_deref())?;
    let unchanged = doc! { "_id": this.get("_id"), "kept": before };
    let changed = archive.call(|events| async move {
        let change = doc! { "$set": { "kept": after }, "$inc": { "edition": 1_i64 } };
        Ok(leases(&events).update_one(unchanged, change).await?.matched_count == 1)
    });
    changed.await
}

fn record(lease: &Document) -> Record {
    Record {
        edition: lease.get_i64("edition").unwrap_or_default(),
        text: lease.get_str("kept").ok().map(str::to_owned),
    }
}

fn leases(events: &Collection<RawDocumentBuf>) -> Collection<Document> {
    let majority = WriteConcern::builder()
        .w(Acknowledgment::Majority)
        .journal(true)
        .w_timeout(MAJORITY_TIMEOUT)
        .build();
    let options = CollectionOptions::builder().write_concern(majority).build();
    let database = events.client().database(&events.namespace().db);
    database.collection_with_options(COLLECTION, options)
}

async fn acquire(leases: &Collection<Document>, id: &str) -> Result<Option<Document>> {
    let expired = doc! { "_id": id, "$expr": { "$lte": ["$until", "$$NOW"] } };
    let acquisition = doc! { "$set": {
        "fence": { "$add": ["$fence", 1_i64] },
        "edition": { "$ifNull": ["$edition", 0_i64] },
        "until": lease_end(),
    } };
    let attempt = || {
        leases
            .find_one_and_update(expired.clone(), vec![acquisition.clone()])
            .return_document(ReturnDocument::After)
    };
    if let Some(acquired) = attempt().await? {
        return Ok(Some(acquired));
    }
    let new = doc! { "_id": id, "fence": 0_i64, "until": DateTime::from_millis(0) };
    match leases.insert_one(new).await {
        Ok(_) => Ok(attempt().await?),
        Err(error) if is_duplicate(&error) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// When a lease that is renewed now expires, by the server's clock.
fn lease_end() -> Document {
    let duration_ms = i64::try_from(LEASE_DURATION.as_millis()).expect("a lease is short");
    doc! { "$add": ["$$NOW", duration_ms] }
}

fn is_duplicate(error: &Error) -> bool {
    let ErrorKind::Write(WriteFailure::WriteError(error)) = &*error.kind else { return false };
    error.code == DUPLICATE_KEY
}
