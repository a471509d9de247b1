//! Inserts documents so that a majority of the replica set's members has them on disk.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::{Result, anyhow};
use mongodb::Collection;
use mongodb::bson::doc;
use mongodb::bson::raw::{RawDocument, RawDocumentBuf};
use mongodb::error::{Error, ErrorKind, WriteFailure};
use mongodb::options::{Acknowledgment, WriteConcern};

use crate::archive::indexes;

/// MongoDB's code for a document whose key exists already.
const DUPLICATE_KEY: i32 = 11_000;

/// How long a write waits for a majority of the members.
const MAJORITY_TIMEOUT: Duration = Duration::from_secs(10);

/// The write concern of all writes.
pub fn majority() -> WriteConcern {
    WriteConcern::builder()
        .w(Acknowledgment::Majority)
        .journal(true)
        .w_timeout(MAJORITY_TIMEOUT)
        .build()
}

/// Whether a single write failed because the document exists already.
pub fn is_duplicate_key(error: &Error) -> bool {
    let ErrorKind::Write(WriteFailure::WriteError(error)) = &*error.kind else { return false };
    error.code == DUPLICATE_KEY
}

/// A document that the server refused.
pub struct Refused {
    /// Its index among the documents to insert.
    pub index: usize,
    /// What the server said.
    pub why: String,
}

/// Inserts the documents whose keys are new; returns those that the server refused for another reason.
/// An event replaces the quarantined delivery with the same key.
pub async fn insert(
    collection: Collection<RawDocumentBuf>,
    documents: Vec<RawDocumentBuf>,
) -> Result<Vec<Refused>> {
    let Inserted { known, mut refused } = insert_new(&collection, &documents).await?;
    let replacing = remove_quarantined(&collection, &documents, &known).await?;
    let events: Vec<_> = replacing.iter().map(|index| documents[*index].clone()).collect();
    if !events.is_empty() {
        // If the process is killed here, nothing is lost: the journal still has the events and ships
        // them again.
        let again = insert_new(&collection, &events).await?.refused;
        refused.extend(
            again
                .into_iter()
                .map(|Refused { index, why }| Refused { index: replacing[index], why }),
        );
    }
    Ok(refused)
}

/// The documents that were not inserted.
#[derive(Default)]
struct Inserted {
    /// The indexes of documents whose key exists already.
    known: Vec<usize>,
    refused: Vec<Refused>,
}

async fn insert_new(
    collection: &Collection<RawDocumentBuf>,
    documents: &[RawDocumentBuf],
) -> Result<Inserted> {
    let inserting = collection.insert_many(documents).ordered(false).write_concern(majority());
    let Err(error) = inserting.await else { return Ok(Inserted::default()) };
    let ErrorKind::InsertMany(failed) = &*error.kind else { return Err(error.into()) };
    if let Some(unconfirmed) = &failed.write_concern_error {
        let why = &unconfirmed.message;
        return Err(anyhow!("a majority of the members did not confirm the write: {why}"));
    }
    let mut inserted = Inserted::default();
    for error in failed.write_errors.iter().flatten() {
        if error.code == DUPLICATE_KEY && error.message.contains(indexes::KEY) {
            inserted.known.push(error.index);
        } else {
            inserted.refused.push(Refused { index: error.index, why: error.message.clone() });
        }
    }
    Ok(inserted)
}

/// Removes each quarantined delivery that has the key of an event among `known`; returns the indexes of
/// these events, which can be inserted now.
async fn remove_quarantined(
    collection: &Collection<RawDocumentBuf>,
    documents: &[RawDocumentBuf],
    known: &[usize],
) -> Result<Vec<usize>> {
    let is_event = |index: &&usize| documents[**index].get_str("event").is_ok();
    let events: Vec<usize> = known.iter().filter(is_event).copied().collect();
    if events.is_empty() {
        return Ok(Vec::new());
    }
    let keys: Vec<_> = events.iter().filter_map(|index| key(&documents[*index])).collect();
    let quarantined = doc! {
        "lookout.key": { "$in": keys },
        "lookout.raw": { "$exists": true },
        "event": { "$exists": false },
    };
    let mut found = BTreeSet::new();
    let mut cursor = collection.find(quarantined.clone()).await?;
    while cursor.advance().await? {
        found.extend(key(cursor.current()).map(str::to_owned));
    }
    if !found.is_empty() {
        collection.delete_many(quarantined).write_concern(majority()).await?;
    }
    let is_found = |index: &usize| key(&documents[*index]).is_some_and(|key| found.contains(key));
    Ok(events.into_iter().filter(is_found).collect())
}

fn key(document: &RawDocument) -> Option<&str> {
    document.get_document("lookout").ok()?.get_str("key").ok()
}
