//! The queries that read the collection. They skip what only a minority of the members has: it might
//! be rolled back.

use anyhow::Result;
use mongodb::bson::oid::ObjectId;
use mongodb::bson::raw::RawDocumentBuf;
use mongodb::bson::{Bson, Document, doc};
use mongodb::options::{Hint, ReadConcern};
use mongodb::{Collection, Cursor};

use crate::archive::document;

/// The most documents in one answer.
pub const PAGE: usize = 2_000;

/// The most `_id`s in one answer.
pub const IDS: usize = 20_000;

/// The next documents after the one with the `_id` of `last`, in order of `_id`.
pub async fn page(
    collection: Collection<RawDocumentBuf>,
    last: Option<Bson>,
) -> Result<Vec<RawDocumentBuf>> {
    let by_id = doc! { "_id": 1 };
    let mut find = collection
        .find(Document::new())
        .sort(by_id.clone())
        .read_concern(ReadConcern::majority())
        .limit(PAGE as i64 + i64::from(last.is_some()));
    if let Some(last) = &last {
        // A comparison would stay within one type of `_id`; an index bound does not.
        find = find.hint(Hint::Keys(by_id)).min(doc! { "_id": last.clone() });
    }
    let mut documents = collect(find.await?).await?;
    let first = documents.first().and_then(|document| document.get("_id").ok()?);
    if last.is_some() && first.and_then(|id| Bson::try_from(id).ok()) == last {
        documents.remove(0);
    }
    documents.truncate(PAGE);
    Ok(documents)
}

/// The `_id`s from `from` on, in order.
pub async fn ids(collection: Collection<RawDocumentBuf>, from: ObjectId) -> Result<Vec<ObjectId>> {
    let find = collection
        .find(doc! { "_id": { "$gte": from } })
        .projection(doc! { "_id": 1 })
        .sort(doc! { "_id": 1 })
        .read_concern(ReadConcern::majority())
        .limit(IDS as i64);
    let documents = collect(find.await?).await?;
    Ok(documents.iter().filter_map(|document| document::id(document)).collect())
}

/// The documents with these `_id`s.
pub async fn fetch(
    collection: Collection<RawDocumentBuf>,
    ids: Vec<ObjectId>,
) -> Result<Vec<RawDocumentBuf>> {
    let find =
        collection.find(doc! { "_id": { "$in": ids } }).read_concern(ReadConcern::majority());
    collect(find.await?).await
}

async fn collect(mut cursor: Cursor<RawDocumentBuf>) -> Result<Vec<RawDocumentBuf>> {
    let mut documents = Vec::new();
    while cursor.advance().await? {
        documents.push(cursor.current().to_owned());
    }
    Ok(documents)
}

/// How many documents there are from `first` to `last`.
pub async fn count(
    collection: Collection<RawDocumentBuf>,
    first: ObjectId,
    last: ObjectId,
) -> Result<u64> {
    let between = doc! { "_id": { "$gte": first, "$lte": last } };
    Ok(collection.count_documents(between).read_concern(ReadConcern::majority()).await?)
}
