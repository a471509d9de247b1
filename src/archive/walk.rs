//! Goes through all documents of the archive.

use anyhow::Result;
use mongodb::Collection;
use mongodb::bson::raw::{RawDocument, RawDocumentBuf};
use mongodb::bson::{Bson, doc};

use crate::archive::Archive;
use crate::archive::document::{self, Archived};
use crate::archive::insertion::majority;
use crate::archive::queries::{PAGE, page};

/// Calls `each` for every document, and replaces the document by what `each` returns, if anything.
/// Returns how many were replaced.
///
/// # Errors
///
/// The archive can't be read or written; what was replaced before stays so.
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
                && let Some(replacement) = each(&archived, document)
            {
                changes.push((id.clone(), replacement));
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
    for (id, replacement) in changes {
        let replacing = collection.replace_one(doc! { "_id": id }, replacement);
        replacing.write_concern(majority()).await?;
    }
    Ok(())
}
