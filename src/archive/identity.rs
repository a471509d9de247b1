//! What identifies the collection of events, and its current edition.
//!
//! The edition changes when documents are erased. Every generator that follows the archive then reads
//! it from the start.

use anyhow::Result;
use mongodb::Collection;
use mongodb::bson::raw::RawDocumentBuf;
use mongodb::bson::{DateTime, doc};

use crate::archive::Archive;
use crate::archive::insertion::majority;
use crate::time::clock;

/// The `_id` of the one document of ours that is not an event.
pub const NOTE: &str = "lookout";

/// Identifies the collection, even after it was dropped and created again; `None` if there is none.
pub async fn identity(collection: &Collection<RawDocumentBuf>) -> Result<Option<String>> {
    let database = collection.client().database(&collection.namespace().db);
    let filter = doc! { "name": collection.name() };
    let mut found = database.list_collections().filter(filter).await?;
    if !found.advance().await? {
        return Ok(None);
    }
    let uuid = found.deserialize_current()?.info.uuid;
    Ok(uuid.map(|uuid| hex::encode(uuid.bytes)))
}

/// Identifies the collection and its edition; `None` if there is no collection.
pub async fn edition(collection: &Collection<RawDocumentBuf>) -> Result<Option<String>> {
    let Some(identity) = identity(collection).await? else { return Ok(None) };
    let note = collection.find_one(doc! { "_id": NOTE }).await?;
    let noted = note.as_ref().and_then(|note| note.get_document("lookout").ok());
    let noted = noted.and_then(|lookout| lookout.get_datetime("forgotten_at").ok());
    Ok(Some(match noted {
        Some(at) => format!("{identity}-{}", at.timestamp_millis()),
        None => identity,
    }))
}

/// The edition, and an estimate of how many documents there are.
pub async fn edition_and_count(
    collection: &Collection<RawDocumentBuf>,
) -> Result<(Option<String>, u64)> {
    let count = collection.estimated_document_count().await?;
    Ok((edition(collection).await?, count))
}

/// Starts a new edition, after documents were erased.
pub async fn start_edition(archive: &Archive) -> Result<()> {
    let now = DateTime::from_millis(clock::now_ms());
    let noting = |collection: Collection<RawDocumentBuf>| async move {
        let note = doc! { "$set": { "lookout.forgotten_at": now } };
        let noting = collection.update_one(doc! { "_id": NOTE }, note).upsert(true);
        noting.write_concern(majority()).await?;
        Ok(())
    };
    archive.call(noting).await
}
