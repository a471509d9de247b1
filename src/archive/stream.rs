//! What tells that somebody inserted something.
//!
//! A replica set has a stream of changes, which tells at once. A server alone has none: there
//! the number of documents is asked for again and again. Neither has to be complete: whoever
//! hears of something looks for himself, and looks thoroughly after each gap.

use std::time::Duration;

use anyhow::Result;
use mongodb::bson::doc;
use mongodb::bson::oid::ObjectId;
use mongodb::bson::raw::RawDocumentBuf;
use mongodb::change_stream::ChangeStream;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, timeout};

use crate::archive::{Archive, NOTE, document, erasing, indexes};

/// For so long after the last change of their number documents are looked for: what a
/// minority has is counted, and not shown yet.
const SETTLE: Duration = Duration::from_secs(10);

/// The stream is asked so often whether there is anything.
const TURN: Duration = Duration::from_secs(1);

/// So many changes may wait to be heard of.
const WAITING: usize = 10_000;

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Inserted {
    /// Nothing, as far as anybody knows.
    Nothing,
    /// Some documents, of which this is the least `_id`.
    From(ObjectId),
    /// Perhaps something.
    Somewhere,
    /// It was noted that something went.
    Noted,
}

/// Tells of insertions.
pub enum Stream {
    /// As the replica set tells them.
    Told {
        /// The `_id`s of what was inserted; `None` for a note that something went.
        ids: mpsc::Receiver<Option<ObjectId>>,
        /// Since when.
        opened: Instant,
    },
    /// As the number of documents shows them.
    Counted {
        /// Whose documents.
        archive: Archive,
        /// How many there were.
        count: u64,
        /// When that changed.
        changed: Instant,
        /// What identified the collection.
        edition: Option<String>,
    },
}

impl Stream {
    /// Begins to listen; whatever is inserted from now on is told.
    pub async fn open(archive: &Archive) -> Result<Self> {
        let opening = archive.call(|collection| async move {
            if !indexes::is_replicated(&collection).await? {
                return Ok(Opened::Counting(erasing::edition(&collection).await?));
            }
            let inserted =
                doc! { "$match": { "operationType": { "$in": ["insert", "replace", "update"] } } };
            let id_only = doc! { "$project": { "documentKey._id": 1 } };
            let stream = collection.watch().pipeline([inserted, id_only]).max_await_time(TURN);
            Ok(Opened::Telling(stream.await?.with_type::<RawDocumentBuf>()))
        });
        Ok(match opening.await? {
            Opened::Counting(edition) => {
                let (archive, changed) = (archive.clone(), Instant::now());
                Self::Counted { archive, count: 0, changed, edition }
            }
            Opened::Telling(stream) => {
                let (tell, told) = mpsc::channel(WAITING);
                archive.runtime().spawn(listen(stream, tell));
                Self::Told { ids: told, opened: Instant::now() }
            }
        })
    }

    /// What happened, waiting for it for as long as `patience`; `None` when the stream is lost.
    pub async fn next(&mut self, patience: Duration) -> Result<Option<Inserted>> {
        match self {
            Self::Told { ids: told, opened } => {
                let first = match timeout(patience, told.recv()).await {
                    // What a majority got only after the stream was opened, and the primary
                    // before, is not told.
                    Err(_) if opened.elapsed() < SETTLE => return Ok(Some(Inserted::Somewhere)),
                    Err(_) => return Ok(Some(Inserted::Nothing)),
                    Ok(None) => return Ok(None),
                    Ok(Some(id)) => id,
                };
                let mut earliest = first;
                while let Ok(id) = told.try_recv() {
                    earliest = earliest.min(id);
                }
                // `None` is the least.
                Ok(Some(earliest.map_or(Inserted::Noted, Inserted::From)))
            }
            Self::Counted { archive, count, changed, edition } => {
                sleep(patience).await;
                let now = archive.call(|collection| async move {
                    let count = collection.estimated_document_count().await?;
                    Ok((count, erasing::edition(&collection).await?))
                });
                let (now, edition_now) = now.await?;
                let before = std::mem::replace(edition, edition_now);
                if before != *edition {
                    return Ok(Some(Inserted::Noted));
                }
                if now != *count {
                    (*count, *changed) = (now, Instant::now());
                }
                let is_settled = changed.elapsed() >= SETTLE;
                Ok(Some(if is_settled { Inserted::Nothing } else { Inserted::Somewhere }))
            }
        }
    }
}

/// What a server offers.
enum Opened {
    Telling(ChangeStream<RawDocumentBuf>),
    /// The collection as it is identified now.
    Counting(Option<String>),
}

/// Passes on the `_id`s of a stream of changes until it ends or nobody listens any more.
async fn listen(mut stream: ChangeStream<RawDocumentBuf>, tell: mpsc::Sender<Option<ObjectId>>) {
    while stream.is_alive() && !tell.is_closed() {
        match stream.next_if_any().await {
            Ok(None) => {}
            Ok(Some(change)) => {
                let Ok(key) = change.get_document("documentKey") else { continue };
                let id = document::id(key);
                // Any other `_id` of another type is found by counting.
                if id.is_none() && key.get_str("_id").ok() != Some(NOTE) {
                    continue;
                }
                if tell.send(id).await.is_err() {
                    return;
                }
            }
            Err(error) => {
                tracing::debug!("the stream of changes was lost: {error}");
                return;
            }
        }
    }
}
