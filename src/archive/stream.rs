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

use crate::archive::{Archive, document, indexes};

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
}

/// Tells of insertions.
pub enum Stream {
    /// As the replica set tells them.
    Told {
        /// The `_id`s of what was inserted.
        ids: mpsc::Receiver<ObjectId>,
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
    },
}

impl Stream {
    /// Begins to listen; whatever is inserted from now on is told.
    pub async fn open(archive: &Archive) -> Result<Self> {
        let opening = archive.call(|collection| async move {
            if !indexes::is_replicated(&collection).await? {
                return Ok(None);
            }
            let inserted =
                doc! { "$match": { "operationType": { "$in": ["insert", "replace", "update"] } } };
            let id_only = doc! { "$project": { "documentKey._id": 1 } };
            let stream = collection.watch().pipeline([inserted, id_only]).max_await_time(TURN);
            Ok(Some(stream.await?.with_type::<RawDocumentBuf>()))
        });
        Ok(match opening.await? {
            None => Self::Counted { archive: archive.clone(), count: 0, changed: Instant::now() },
            Some(stream) => {
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
                Ok(Some(Inserted::From(earliest)))
            }
            Self::Counted { archive, count, changed } => {
                sleep(patience).await;
                let now = archive.call(|collection| async move {
                    Ok(collection.estimated_document_count().await?)
                });
                let now = now.await?;
                if now != *count {
                    (*count, *changed) = (now, Instant::now());
                }
                let is_settled = changed.elapsed() >= SETTLE;
                Ok(Some(if is_settled { Inserted::Nothing } else { Inserted::Somewhere }))
            }
        }
    }
}

/// Passes on the `_id`s of a stream of changes until it ends or nobody listens any more.
async fn listen(mut stream: ChangeStream<RawDocumentBuf>, tell: mpsc::Sender<ObjectId>) {
    while stream.is_alive() && !tell.is_closed() {
        match stream.next_if_any().await {
            Ok(None) => {}
            Ok(Some(change)) => {
                let Ok(key) = change.get_document("documentKey") else { continue };
                // An `_id` of another type is found by counting.
                let Some(id) = document::id(key) else { continue };
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
