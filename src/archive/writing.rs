//! How is written: so that a majority of the members has it on disk.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::{Result, anyhow};
use mongodb::Collection;
use mongodb::bson::doc;
use mongodb::bson::raw::{RawDocument, RawDocumentBuf};
use mongodb::error::ErrorKind;
use mongodb::options::{Acknowledgment, WriteConcern};

use crate::archive::indexes;

/// MongoDB's code for a document whose key is there already.
pub const DUPLICATE_KEY: i32 = 11_000;

/// A majority of the members has a batch by then, or it is shipped again.
const MAJORITY: Duration = Duration::from_secs(10);

/// What every write waits for.
pub fn majority() -> WriteConcern {
    WriteConcern::builder().w(Acknowledgment::Majority).journal(true).w_timeout(MAJORITY).build()
}

/// A document that the server did not take.
pub struct Refused {
    /// Its place among those to be inserted.
    pub place: usize,
    /// What the server said.
    pub why: String,
}

/// Inserts what is not there; returns what was refused for another reason. An event takes the place
/// of the quarantined delivery that it was before it could be read.
pub async fn insert(
    collection: Collection<RawDocumentBuf>,
    documents: Vec<RawDocumentBuf>,
) -> Result<Vec<Refused>> {
    let Inserted { known, mut refused } = insert_new(&collection, &documents).await?;
    let was_quarantined = remove_quarantined(&collection, &documents, &known).await?;
    let readable = was_quarantined.iter().map(|place| documents[*place].clone());
    let readable: Vec<_> = readable.collect();
    if !readable.is_empty() {
        // A kill in between loses nothing: what is not noted as shipped is shipped again.
        let again = insert_new(&collection, &readable).await?.refused;
        refused.extend(
            again
                .into_iter()
                .map(|Refused { place, why }| Refused { place: was_quarantined[place], why }),
        );
    }
    Ok(refused)
}

/// What became of documents, by their places.
#[derive(Default)]
struct Inserted {
    /// Those whose key was there.
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
    if let Some(unsure) = &failed.write_concern_error {
        return Err(anyhow!("no majority has it: {}", unsure.message));
    }
    let mut inserted = Inserted::default();
    for error in failed.write_errors.iter().flatten() {
        if error.code == DUPLICATE_KEY && error.message.contains(indexes::KEY) {
            inserted.known.push(error.index);
        } else {
            inserted.refused.push(Refused { place: error.index, why: error.message.clone() });
        }
    }
    Ok(inserted)
}

/// Removes what is there as a quarantined delivery of the events among `known`; returns the places
/// of these events.
async fn remove_quarantined(
    collection: &Collection<RawDocumentBuf>,
    documents: &[RawDocumentBuf],
    known: &[usize],
) -> Result<Vec<usize>> {
    let is_event = |place: &&usize| documents[**place].get_str("event").is_ok();
    let events: Vec<usize> = known.iter().filter(is_event).copied().collect();
    if events.is_empty() {
        return Ok(Vec::new());
    }
    let keys: Vec<_> = events.iter().filter_map(|place| key(&documents[*place])).collect();
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
    let is_found = |place: &usize| key(&documents[*place]).is_some_and(|key| found.contains(key));
    Ok(events.into_iter().filter(is_found).collect())
}

fn key(document: &RawDocument) -> Option<&str> {
    document.get_document("lookout").ok()?.get_str("key").ok()
}
