//! Taking documents out of the archive for good.
//!
//! What goes leaves its `_id` and key behind, so that nobody ships it again: other machines
//! may still have the event in their journals. At the end a note says that something went:
//! every generator that follows the archive then reads it anew ([`edition`]).

use anyhow::Result;
use mongodb::Collection;
use mongodb::bson::raw::{RawDocument, RawDocumentBuf};
use mongodb::bson::{Bson, DateTime, doc};

use crate::archive::client::identity;
use crate::archive::document::{self, Archived};
use crate::archive::queries::{PAGE, page};
use crate::archive::writing::majority;
use crate::archive::{Archive, NOTE};
use crate::time::clock;

/// Shows every document to `each`, and puts what it gives back in the document's place.
/// Returns how many were replaced.
///
/// # Errors
///
/// An archive that can't be read or written; what was replaced before stays so.
pub async fn walk(
    archive: &Archive,
    mut each: impl FnMut(&Archived, &RawDocument) -> Option<RawDocumentBuf>,
) -> Result<u64> {
    let mut last: Option<Bson> = None;
    let mut replaced = 0;
    loop {
        let from = last.clone();
        let documents = archive.call(|collection| page(collection, from)).await?;
        let is_last = documents.len() < PAGE;
        let mut changes = Vec::new();
        for document in &documents {
            let Some(id) = document.get("_id").ok().flatten() else { continue };
            let id = Bson::try_from(id)?;
            if let Some(archived) = document::read(document)
                && let Some(instead) = each(&archived, document)
            {
                changes.push((id.clone(), instead));
            }
            last = Some(id);
        }
        replaced += changes.len() as u64;
        if !changes.is_empty() {
            archive.call(|collection| replace(collection, changes)).await?;
        }
        if is_last {
            return Ok(replaced);
        }
    }
}

async fn replace(
    collection: Collection<RawDocumentBuf>,
    changes: Vec<(Bson, RawDocumentBuf)>,
) -> Result<()> {
    for (id, instead) in changes {
        let replacing = collection.replace_one(doc! { "_id": id }, instead);
        replacing.write_concern(majority()).await?;
    }
    Ok(())
}

/// Notes that something went, so that whoever read the archive reads it anew.
pub async fn note(archive: &Archive) -> Result<()> {
    let now = DateTime::from_millis(clock::now_ms());
    let noting = |collection: Collection<RawDocumentBuf>| async move {
        let note = doc! { "$set": { "lookout.forgotten_at": now } };
        let noting = collection.update_one(doc! { "_id": NOTE }, note).upsert(true);
        noting.write_concern(majority()).await?;
        Ok(())
    };
    archive.call(noting).await
}

/// What identifies the collection for whoever reads it: it changes with each note as well.
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
