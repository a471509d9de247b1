//! The collection's indexes.

use anyhow::Result;
use mongodb::bson::raw::RawDocumentBuf;
use mongodb::bson::{Document, doc};
use mongodb::options::{CommitQuorum, IndexOptions};
use mongodb::{Collection, IndexModel};

/// Our key in a document; its unique index keeps an event from being there twice.
pub const KEY: &str = "lookout.key";

/// The names of all of them.
pub const NAMES: [&str; 3] =
    ["lookout.key_1", "lookout.received_at_1", "payload.object.participant.user_name_1_event_ts_1"];

/// Makes the index that shipping relies on. On a collection that is large already it takes
/// its time; meanwhile events wait in the journal.
pub async fn create_unique(collection: &Collection<RawDocumentBuf>) -> Result<()> {
    let options = IndexOptions::builder()
        .unique(true)
        .partial_filter_expression(doc! { KEY: { "$exists": true } })
        .build();
    create(collection, doc! { KEY: 1 }, options).await
}

/// Makes the indexes that only make queries quick.
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
    // By default a member that is away would keep everybody waiting for the index.
    if is_replicated(collection).await? {
        creation.commit_quorum(CommitQuorum::Majority).await?;
    } else {
        creation.await?;
    }
    Ok(())
}

/// Whether the server is a member of a replica set, or leads to several.
pub async fn is_replicated(collection: &Collection<RawDocumentBuf>) -> Result<bool> {
    let database = collection.client().database("admin");
    let hello = database.run_command(doc! { "hello": 1 }).await?;
    Ok(hello.contains_key("setName") || hello.get_str("msg").is_ok_and(|msg| msg == "isdbgrid"))
}
