//! How is written: so that a majority of the members has it on disk.

use std::time::Duration;

use anyhow::{Result, anyhow};
use mongodb::Collection;
use mongodb::bson::raw::RawDocumentBuf;
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

/// Inserts what is not there; returns what was refused for another reason.
pub async fn insert(
    collection: Collection<RawDocumentBuf>,
    documents: Vec<RawDocumentBuf>,
) -> Result<Vec<Refused>> {
    let inserting = collection.insert_many(documents).ordered(false).write_concern(majority());
    let Err(error) = inserting.await else { return Ok(Vec::new()) };
    let ErrorKind::InsertMany(failed) = &*error.kind else { return Err(error.into()) };
    if let Some(unsure) = &failed.write_concern_error {
        return Err(anyhow!("no majority has it: {}", unsure.message));
    }
    let errors = failed.write_errors.iter().flatten();
    let is_known =
        |code: i32, message: &str| code == DUPLICATE_KEY && message.contains(indexes::KEY);
    let refused = errors.filter(|error| !is_known(error.code, &error.message));
    let refused = refused.map(|error| Refused { place: error.index, why: error.message.clone() });
    Ok(refused.collect())
}
