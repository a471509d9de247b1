//! The collection's indexes.

use anyhow::Result;
use mongodb::bson::raw::RawDocumentBuf;
use mongodb::bson::{Document, doc};
use mongodb::options::{CommitQuorum, IndexOptions};
use mongodb::{Collection, IndexModel};

/// The key of an event; its unique index prevents duplicates.
pub const KEY: &str = "lookout.key";

/// The names of all indexes.
pub const NAMES: [&str; 3] =
    ["lookout.key_1", "lookout.received_at_1", "payload.object.participant.user_name_1_event_ts_1"];

/// Creates the index that shipping needs. On a large collection it takes long; meanwhile events wait in
/// the journal.
pub async fn create_unique(collection: &Collection<RawDocumentBuf>) -> Result<()> {
    let options = IndexOptions::builder()
        .unique(true)
        .partial_filter_expression(doc! { KEY: { "$exists": true } })
        .build();
    create(collection, doc! { KEY: 1 }, options).await
}

/// Creates the indexes that speed up queries.
pub async fn create_others(collection: &Collection<RawDocumentBuf>) -> Result<()> {
    let by_name = doc! { "payload.object.participant.user_name": 1, "event_ts": 1 };
    for keys in [doc! { "lookout.received_at": 1 }, by_name] {
        create(collection, keys, IndexOptions::default()).await?;
    }
    Ok(())
}

async fn create(
    collection: &Collection<RawDocumentBuf>,
    keys: Document,
    options: IndexOptions,
) -> Result<()> {
    let index = IndexModel::builder().keys(keys).options(options).build();
    let creation = collection.create_index(index);
    // By default, an unreachable member would delay the index for ever.
    if is_replicated(collection).await? {
        creation.commit_quorum(CommitQuorum::Majority).await?;
    } else {
        creation.await?;
    }
    Ok(())
}

/// Whether the server is a member of a replica set, or a router of a sharded cluster.
pub async fn is_replicated(collection: &Collection<RawDocumentBuf>) -> Result<bool> {
    let database = collection.client().database("admin");
    let hello = database.run_command(doc! { "hello": 1 }).await?;
    Ok(hello.contains_key("setName") || hello.get_str("msg").is_ok_and(|msg| msg == "isdbgrid"))
}
