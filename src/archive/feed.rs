//! Reading the archive: everything, what is new, or on and on.
//!
//! A task reads and hands on pages; whoever takes them may be slow, or go away. Documents
//! of all machines count, and so do late ones: see [`Seen`].

use std::time::Duration;

use anyhow::{Result, anyhow};
use mongodb::Collection;
use mongodb::bson::oid::ObjectId;
use mongodb::bson::raw::RawDocumentBuf;
use mongodb::bson::{Bson, Document, doc};
use mongodb::options::ReadConcern;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, timeout};

use crate::archive::Archive;
use crate::archive::client::identity;
use crate::archive::document::{self, Archived};
use crate::archive::seen::{Position, Seen};

/// Documents read at once.
const PAGE: usize = 2_000;

/// `_id`s read at once.
const IDS: usize = 20_000;

/// Pages that may wait to be taken.
const WAITING: usize = 4;

/// So often it is looked whether there is anything new …
const LOOK: Duration = Duration::from_millis(500);

/// … also for so long after the last change: what a minority has is not shown yet.
const SETTLE: Duration = Duration::from_secs(10);

/// So often it is counted whether anything came late.
const COUNT: Duration = Duration::from_secs(30);

/// After a failure the next attempt is made so much later …
const RETRY: Duration = Duration::from_millis(500);

/// … and then twice as late each time, to at most this.
const RETRY_MOST: Duration = Duration::from_secs(5);

/// A page comes by then, or not at all.
const PATIENCE: Duration = Duration::from_secs(60);

/// How long to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Until everything was read once; a failure ends it.
    Once,
    /// For ever, over all failures.
    On,
}

/// What was read.
#[derive(Debug)]
pub enum Update {
    /// Some documents, and how far the archive was read with them.
    Page(Vec<Archived>, Position),
    /// Documents are there that no look can find: everything has to be read again.
    Rescan,
    /// It can't be read now.
    Away(anyhow::Error),
}

/// Pages of an archive, as they are read.
#[derive(Debug)]
pub struct Feed {
    archive: Archive,
    updates: mpsc::Receiver<Update>,
}

impl Feed {
    /// Reads everything.
    pub fn scan(archive: &Archive) -> Self {
        let reading = |reading: Reading| async move {
            if let Err(error) = reading.scan().await {
                reading.tell(Update::Away(error)).await;
            }
        };
        Self::start(archive, reading)
    }

    /// Reads what is new since `position`.
    pub fn since(archive: &Archive, position: Option<Position>, mode: Mode) -> Self {
        let reading = move |reading: Reading| async move {
            match mode {
                Mode::Once => {
                    if let Err(error) = Following::new(&reading, position).look_thoroughly().await {
                        reading.tell(Update::Away(error)).await;
                    }
                }
                Mode::On => Following::new(&reading, position).follow().await,
            }
        };
        Self::start(archive, reading)
    }

    fn start<F>(archive: &Archive, read: impl FnOnce(Reading) -> F) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let (tell, updates) = mpsc::channel(WAITING);
        archive.runtime().spawn(read(Reading { archive: archive.clone(), updates: tell }));
        Self { archive: archive.clone(), updates }
    }

    /// The next update, waiting for it; `None` after the last. Blocks its thread.
    ///
    /// # Errors
    ///
    /// [`Update::Away`], or nothing at all for a long time.
    pub fn wait(&mut self) -> Result<Option<Update>> {
        let updates = &mut self.updates;
        let next = async { timeout(PATIENCE, updates.recv()).await };
        match self.archive.runtime().block_on(next) {
            Ok(Some(Update::Away(error))) => Err(error),
            Ok(update) => Ok(update),
            Err(_) => Err(anyhow!("MongoDB at `{}` gives no answer", self.archive.address())),
        }
    }

    /// The next update, if there is one already.
    pub fn ready(&mut self) -> Option<Update> {
        self.updates.try_recv().ok()
    }
}

/// The reading side of a feed.
struct Reading {
    archive: Archive,
    updates: mpsc::Sender<Update>,
}

impl Reading {
    /// Hands on an update; whether anybody is still there to take it.
    async fn tell(&self, update: Update) -> bool {
        self.updates.send(update).await.is_ok()
    }

    /// Reads everything in the order of `_id`, of whatever type that is.
    async fn scan(&self) -> Result<()> {
        let about = self.archive.call(|collection| async move {
            let count = collection.estimated_document_count().await?;
            Ok((identity(&collection).await?, count))
        });
        let (collection, count) = about.await?;
        let collection = collection.unwrap_or_default();
        let mut seen = Seen::new(Position::start_of(collection));
        let mut last: Option<Bson> = None;
        loop {
            let from = last.clone();
            let page = self.archive.call(|collection| page(collection, from)).await?;
            let is_last = page.len() < PAGE;
            last = page
                .last()
                .and_then(|document| Bson::try_from(document.get("_id").ok()??).ok())
                .or(last);
            seen.note(page.iter().filter_map(|document| document::id(document)));
            if is_last {
                seen.expect_at_least(count);
            }
            let documents = page.iter().filter_map(|document| document::read(document)).collect();
            let told = self.tell(Update::Page(documents, seen.position().clone())).await;
            if is_last || !told {
                return Ok(());
            }
        }
    }
}

/// Looking for what is new.
struct Following<'a> {
    reading: &'a Reading,
    seen: Option<Seen>,
}

impl<'a> Following<'a> {
    fn new(reading: &'a Reading, position: Option<Position>) -> Self {
        Self { reading, seen: position.map(Seen::new) }
    }

    async fn follow(mut self) {
        let mut retry = RETRY;
        while !self.reading.updates.is_closed() {
            match self.look_on_and_on().await {
                Ok(()) => return,
                Err(error) => {
                    if !self.reading.tell(Update::Away(error)).await {
                        return;
                    }
                    sleep(retry).await;
                    retry = (retry * 2).min(RETRY_MOST);
                }
            }
        }
    }

    /// Looks until nobody listens any more, or everything has to be read again.
    async fn look_on_and_on(&mut self) -> Result<()> {
        let mut counted = Instant::now();
        let mut changed = Instant::now();
        let mut count = 0;
        if !self.look_thoroughly().await? {
            return Ok(());
        }
        loop {
            sleep(LOOK).await;
            let now = Instant::now();
            if now - counted >= COUNT {
                counted = now;
                if !self.look_thoroughly().await? {
                    return Ok(());
                }
            }
            let size = self
                .reading
                .archive
                .call(|collection| async move { Ok(collection.estimated_document_count().await?) });
            let size = size.await?;
            if size != count {
                (count, changed) = (size, now);
            }
            if now - changed < SETTLE && !self.look().await? {
                return Ok(());
            }
            if self.reading.updates.is_closed() {
                return Ok(());
            }
        }
    }

    /// Looks for what is new and for what came late; whether to go on.
    async fn look_thoroughly(&mut self) -> Result<bool> {
        let archive = &self.reading.archive;
        let about = archive.call(|collection| async move {
            let count = collection.estimated_document_count().await?;
            Ok((identity(&collection).await?, count))
        });
        let (collection, count) = about.await?;
        let collection = collection.unwrap_or_default();
        let known = self.seen.as_mut().filter(|seen| seen.position().collection == collection);
        let Some(seen) = known else {
            self.reading.tell(Update::Rescan).await;
            return Ok(false);
        };
        let from = begin(archive, seen).await?;
        if !self.look_from(from).await? {
            return Ok(false);
        }
        let expected = self.seen.as_ref().map_or(0, |seen| seen.position().expected);
        if count > expected {
            tracing::info!(
                count,
                expected,
                "the archive has documents out of the usual order; all are read again"
            );
            self.reading.tell(Update::Rescan).await;
            return Ok(false);
        }
        Ok(true)
    }

    /// Looks for what is new; whether to go on.
    async fn look(&mut self) -> Result<bool> {
        let Some(seen) = &mut self.seen else { return Ok(false) };
        let from = match seen.has_to_count() {
            true => begin(&self.reading.archive, seen).await?,
            false => seen.look_from(),
        };
        self.look_from(from).await
    }

    /// Reads what is new from `from` on; whether anybody takes it.
    async fn look_from(&mut self, mut from: ObjectId) -> Result<bool> {
        let Some(seen) = &mut self.seen else { return Ok(false) };
        let archive = &self.reading.archive;
        loop {
            let ids = archive.call(|collection| ids(collection, from)).await?;
            let new: Vec<_> = ids.iter().copied().filter(|id| seen.is_new(*id)).collect();
            for some in new.chunks(PAGE) {
                let wanted = some.to_vec();
                let page = archive.call(|collection| fetch(collection, wanted)).await?;
                seen.note(page.iter().filter_map(|document| document::id(document)));
                let documents =
                    page.iter().filter_map(|document| document::read(document)).collect();
                if !self.reading.tell(Update::Page(documents, seen.position().clone())).await {
                    return Ok(false);
                }
            }
            match ids.last() {
                Some(last) if ids.len() == IDS => from = *last,
                _ => return Ok(true),
            }
        }
    }
}

/// Where to begin a look: earlier than usual if there are more documents than were read.
async fn begin(archive: &Archive, seen: &mut Seen) -> Result<ObjectId> {
    let (first, newest) = seen.window();
    let window = doc! { "_id": { "$gte": first, "$lte": newest } };
    let count = archive.call(|collection| async move {
        let majority = ReadConcern::majority();
        Ok(collection.count_documents(window).read_concern(majority).await?)
    });
    Ok(if count.await? > seen.in_window() { seen.forget_window() } else { seen.look_from() })
}

/// Documents from the one with the `_id` of `last` on, but without it.
async fn page(
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
        // A comparison would stay within one type of `_id`; the bound of an index does not.
        find = find.hint(mongodb::options::Hint::Keys(by_id)).min(doc! { "_id": last.clone() });
    }
    let mut documents = collect(find.await?).await?;
    let first = documents.first().and_then(|document| document.get("_id").ok()?);
    if last.is_some() && first.and_then(|id| Bson::try_from(id).ok()) == last {
        documents.remove(0);
    }
    documents.truncate(PAGE);
    Ok(documents)
}

async fn ids(collection: Collection<RawDocumentBuf>, from: ObjectId) -> Result<Vec<ObjectId>> {
    let find = collection
        .find(doc! { "_id": { "$gte": from } })
        .projection(doc! { "_id": 1 })
        .sort(doc! { "_id": 1 })
        .read_concern(ReadConcern::majority())
        .limit(IDS as i64);
    let documents = collect(find.await?).await?;
    Ok(documents.iter().filter_map(|document| document::id(document)).collect())
}

async fn fetch(
    collection: Collection<RawDocumentBuf>,
    ids: Vec<ObjectId>,
) -> Result<Vec<RawDocumentBuf>> {
    let find =
        collection.find(doc! { "_id": { "$in": ids } }).read_concern(ReadConcern::majority());
    collect(find.await?).await
}

async fn collect(mut cursor: mongodb::Cursor<RawDocumentBuf>) -> Result<Vec<RawDocumentBuf>> {
    let mut documents = Vec::new();
    while cursor.advance().await? {
        documents.push(cursor.current().to_owned());
    }
    Ok(documents)
}
