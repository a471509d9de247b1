//! A text that one process at a time may change, whichever machine it runs on.
//!
//! Whoever takes the lease holds it until it expires by the *server's* clock, so that the
//! clocks of the machines do not matter, and renews it with whatever it keeps. Each taking
//! counts a fence up, and only the holder of the latest fence can keep anything: one
//! that was believed dead, and was not, changes nothing any more.
//!
//! Somebody else may [change] the text all the same, to leave something out for good. That
//! counts up its edition, and the holder can't keep anything before it has seen the change.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use mongodb::Collection;
use mongodb::bson::raw::RawDocumentBuf;
use mongodb::bson::{DateTime, Document, doc};
use mongodb::error::{Error, ErrorKind, WriteFailure};
use mongodb::options::{Acknowledgment, CollectionOptions, ReturnDocument, WriteConcern};

use crate::archive::Archive;

/// The collection of leases, beside that of events.
const COLLECTION: &str = "lookout_leases";

/// So long a lease lasts without being renewed.
pub const TERM: Duration = Duration::from_secs(20);

/// A majority of the members has a change by then, or it has failed.
const MAJORITY: Duration = Duration::from_secs(10);

/// MongoDB's code for a document that is there already.
const DUPLICATE_KEY: i32 = 11_000;

/// A lease, held or not.
#[derive(Debug)]
pub struct Lease {
    archive: Archive,
    id: String,
    /// `None` while another one holds it.
    held: Option<Held>,
}

/// What is kept.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Record {
    /// Counts how often somebody changed it who does not hold it.
    pub edition: i64,
    /// The text; `None` before there is one.
    pub text: Option<String>,
}

/// What the holder learns from keeping or renewing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// It is ours, and as we know it.
    Ours,
    /// It is ours, but somebody changed it, to this. Nothing was kept.
    Changed(Record),
    /// It is another one's.
    Lost,
}

#[derive(Debug, Clone, Copy)]
struct Held {
    fence: i64,
    /// By our own clock, counted from before the request: never later than the server's.
    until: Instant,
}

impl Lease {
    /// The lease of this name. Nobody is asked for it yet.
    pub fn new(archive: Archive, id: String) -> Self {
        Self { archive, id, held: None }
    }

    /// Takes the lease if nobody holds it: what was kept with it last. `None` while another one
    /// holds it.
    ///
    /// # Errors
    ///
    /// The archive can't be reached, or has no majority.
    pub async fn take(&mut self) -> Result<Option<Record>> {
        let (id, begun) = (self.id.clone(), Instant::now());
        let taken = self.archive.call(|events| async move { take(&leases(&events), &id).await });
        let Some(document) = taken.await? else { return Ok(None) };
        let fence = document.get_i64("fence").context("a lease has no fence")?;
        self.held = Some(Held { fence, until: begun + TERM });
        Ok(Some(record(&document)))
    }

    /// Keeps `text` if the edition is this, and renews the lease.
    ///
    /// # Errors
    ///
    /// The archive can't be reached, or has no majority: the text may be kept or not.
    pub async fn keep(&mut self, edition: i64, text: String) -> Result<Standing> {
        self.renew_with(edition, doc! { "kept": { "$literal": text } }).await
    }

    /// Renews the lease if the edition is this.
    ///
    /// # Errors
    ///
    /// As for [`Lease::keep`].
    pub async fn renew(&mut self, edition: i64) -> Result<Standing> {
        self.renew_with(edition, Document::new()).await
    }

    /// How much longer it is ours for certain.
    pub fn left(&self) -> Duration {
        let until = self.held.map(|held| held.until);
        until.map_or(Duration::ZERO, |until| until.saturating_duration_since(Instant::now()))
    }

    /// Gives it back, so that another one need not wait for its end.
    pub async fn release(&mut self) {
        let Some(Held { fence, .. }) = self.held.take() else { return };
        let id = self.id.clone();
        let released = self.archive.call(|events| async move {
            let expired = doc! { "$set": { "until": DateTime::from_millis(0) } };
            leases(&events).update_one(doc! { "_id": id, "fence": fence }, expired).await?;
            Ok(())
        });
        if let Err(error) = released.await {
            tracing::debug!("a lease expires by itself: {error:#}");
        }
    }

    async fn renew_with(&mut self, edition: i64, mut change: Document) -> Result<Standing> {
        let Some(Held { fence, .. }) = self.held else { return Ok(Standing::Lost) };
        change.insert("until", in_a_term());
        let (id, begun) = (self.id.clone(), Instant::now());
        let renewed = self.archive.call(|events| async move {
            let leases = leases(&events);
            let ours = doc! { "_id": id, "fence": fence };
            let mut unchanged = ours.clone();
            unchanged.insert("edition", edition);
            let update = leases.update_one(unchanged, vec![doc! { "$set": change }]).await?;
            if update.matched_count == 1 {
                return Ok(Standing::Ours);
            }
            let found = leases.find_one(ours).await?;
            Ok(found.map_or(Standing::Lost, |found| Standing::Changed(record(&found))))
        });
        let standing = renewed.await?;
        match standing {
            Standing::Ours => self.held = Some(Held { fence, until: begun + TERM }),
            Standing::Lost => self.held = None,
            Standing::Changed(_) => {}
        }
        Ok(standing)
    }
}

/// The texts kept under these names, whoever holds them.
pub async fn look(archive: &Archive, ids: Vec<String>) -> Result<Vec<(String, String)>> {
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

/// Puts what `change` makes of them in the place of all texts, also of those that are held.
///
/// # Errors
///
/// The archive can't be reached, or has no majority; some may be changed.
pub async fn change(
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

/// Whether it worked: the holder may have kept something meanwhile.
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
        .w_timeout(MAJORITY)
        .build();
    let options = CollectionOptions::builder().write_concern(majority).build();
    let database = events.client().database(&events.namespace().db);
    database.collection_with_options(COLLECTION, options)
}

async fn take(leases: &Collection<Document>, id: &str) -> Result<Option<Document>> {
    let expired = doc! { "_id": id, "$expr": { "$lte": ["$until", "$$NOW"] } };
    let taking = doc! { "$set": {
        "fence": { "$add": ["$fence", 1_i64] },
        "edition": { "$ifNull": ["$edition", 0_i64] },
        "until": in_a_term(),
    } };
    let attempt = || {
        leases
            .find_one_and_update(expired.clone(), vec![taking.clone()])
            .return_document(ReturnDocument::After)
    };
    if let Some(taken) = attempt().await? {
        return Ok(Some(taken));
    }
    let new = doc! { "_id": id, "fence": 0_i64, "until": DateTime::from_millis(0) };
    match leases.insert_one(new).await {
        Ok(_) => Ok(attempt().await?),
        Err(error) if is_there_already(&error) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// The end of a lease that is renewed now, by the server's clock.
fn in_a_term() -> Document {
    let term = i64::try_from(TERM.as_millis()).expect("a term is short");
    doc! { "$add": ["$$NOW", term] }
}

fn is_there_already(error: &Error) -> bool {
    let ErrorKind::Write(WriteFailure::WriteError(error)) = &*error.kind else { return false };
    error.code == DUPLICATE_KEY
}
