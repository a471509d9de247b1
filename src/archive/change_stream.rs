//! Notices when documents are inserted.
//!
//! A replica set has a change stream, which reports at once. A single server has none: there the number
//! of documents is polled. Neither has to be complete: the follower reads the documents itself,
//! and checks everything after each gap.

use std::time::Duration;

use anyhow::Result;
use mongodb::bson::doc;
use mongodb::bson::oid::ObjectId;
use mongodb::bson::raw::RawDocumentBuf;
use mongodb::change_stream;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, timeout};

use crate::archive::identity::{NOTE, edition, edition_and_count};
use crate::archive::{Archive, document, indexes};

/// How long documents are looked for after their number changed: the count includes documents that only
/// a minority has, and that can't be read yet.
const SETTLE_TIME: Duration = Duration::from_secs(10);

/// How long one request to the stream waits for a change.
const AWAIT_TIME: Duration = Duration::from_secs(1);

/// The most changes that may wait for the follower.
const MAX_QUEUED: usize = 10_000;

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// No change is known.
    None,
    /// Documents were inserted; this is their lowest `_id`.
    InsertedFrom(ObjectId),
    /// Documents may have been inserted.
    Possible,
    /// Documents were erased, and a new edition began.
    NewEdition,
}

/// Reports changes.
pub enum ChangeStream {
    /// Of a replica set.
    Streamed {
        /// The `_id`s of inserted documents; `None` for a new edition.
        ids: mpsc::Receiver<Option<ObjectId>>,
        /// When the stream was opened.
        opened: Instant,
    },
    /// Of a single server.
    Polled {
        /// The archive to poll.
        archive: Archive,
        /// The last number of documents.
        count: u64,
        /// When that number changed.
        changed: Instant,
        /// The last edition.
        edition: Option<String>,
    },
}

impl ChangeStream {
    /// Opens the stream, which reports all changes from now on.
    pub async fn open(archive: &Archive) -> Result<Self> {
        let opening = archive.call(|collection| async move {
            if !indexes::is_replicated(&collection).await? {
                return Ok(Opened::Polled(edition(&collection).await?));
            }
            let inserted =
                doc! { "$match": { "operationType": { "$in": ["insert", "replace", "update"] } } };
            let id_only = doc! { "$project": { "documentKey._id": 1 } };
            let stream =
                collection.watch().pipeline([inserted, id_only]).max_await_time(AWAIT_TIME);
            Ok(Opened::Streamed(stream.await?.with_type::<RawDocumentBuf>()))
        });
        Ok(match opening.await? {
            Opened::Polled(edition) => {
                let (archive, changed) = (archive.clone(), Instant::now());
                Self::Polled { archive, count: 0, changed, edition }
            }
            Opened::Streamed(stream) => {
                let (sender, ids) = mpsc::channel(MAX_QUEUED);
                archive.runtime().spawn(forward(stream, sender));
                Self::Streamed { ids, opened: Instant::now() }
            }
        })
    }

    /// Waits for a change, for `limit` at most; `None` if the stream was lost.
    pub async fn next(&mut self, limit: Duration) -> Result<Option<Change>> {
        match self {
            Self::Streamed { ids, opened } => {
                let first = match timeout(limit, ids.recv()).await {
                    // The stream does not report what the primary got before it was opened, and
                    // a majority only after.
                    Err(_) if opened.elapsed() < SETTLE_TIME => return Ok(Some(Change::Possible)),
                    Err(_) => return Ok(Some(Change::None)),
                    Ok(None) => return Ok(None),
                    Ok(Some(id)) => id,
                };
                let mut earliest = first;
                while let Ok(id) = ids.try_recv() {
                    earliest = earliest.min(id);
                }
                // `None` sorts first.
                Ok(Some(earliest.map_or(Change::NewEdition, Change::InsertedFrom)))
            }
            Self::Polled { archive, count, changed, edition } => {
                sleep(limit).await;
                let now =
                    archive.call(|collection| async move { edition_and_count(&collection).await });
                let (edition_now, now) = now.await?;
                let before = std::mem::replace(edition, edition_now);
                if before != *edition {
                    return Ok(Some(Change::NewEdition));
                }
                if now != *count {
                    (*count, *changed) = (now, Instant::now());
                }
                let is_settled = changed.elapsed() >= SETTLE_TIME;
                Ok(Some(if is_settled { Change::None } else { Change::Possible }))
            }
        }
    }
}

/// What a server offers.
enum Opened {
    Streamed(change_stream::ChangeStream<RawDocumentBuf>),
    /// The current edition.
    Polled(Option<String>),
}

/// Forwards the `_id`s of the driver's stream until it ends or the follower is gone.
async fn forward(
    mut stream: change_stream::ChangeStream<RawDocumentBuf>,
    ids: mpsc::Sender<Option<ObjectId>>,
) {
    while stream.is_alive() && !ids.is_closed() {
        match stream.next_if_any().await {
            Ok(None) => {}
            Ok(Some(change)) => {
                let Ok(key) = change.get_document("documentKey") else { continue };
                let id = document::id(key);
                // Counting finds documents with other types of `_id`.
                if id.is_none() && key.get_str("_id").ok() != Some(NOTE) {
                    continue;
                }
                if ids.send(id).await.is_err() {
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
