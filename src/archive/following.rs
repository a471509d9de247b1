//! Following an archive: everything that is new, again and again.

use std::time::Duration;

use anyhow::{Result, anyhow};
use mongodb::bson::oid::ObjectId;
use tokio::time::{Instant, sleep};

use crate::archive::erasing::edition;
use crate::archive::feed::{Reading, Update};
use crate::archive::queries;
use crate::archive::seen::{Position, Seen};
use crate::archive::stream::{Inserted, Stream};
use crate::archive::{Archive, document};
use crate::time::backoff::Backoff;

/// So often it is looked whether anybody still listens, and without a stream of changes
/// whether there is anything new.
const LOOK: Duration = Duration::from_millis(500);

/// So often it is counted whether anything came late.
const COUNT: Duration = Duration::from_secs(30);

/// So many looks do not find what is there before everything is read again.
const LOOKS: usize = 4;

/// The delay after the first failure.
const RETRY_INITIAL: Duration = Duration::from_millis(500);

/// The longest delay after a failure.
const RETRY_MAX: Duration = Duration::from_secs(5);

/// Looking for what is new.
pub struct Following<'a> {
    reading: &'a Reading,
    seen: Option<Seen>,
}

impl<'a> Following<'a> {
    /// Looks for what is new since `position`; without one, for an archive that answers.
    pub fn new(reading: &'a Reading, position: Option<Position>) -> Self {
        Self { reading, seen: position.map(Seen::new) }
    }

    /// Hands on what is new until nobody takes it, or everything has to be read again.
    pub async fn follow(mut self) {
        let mut backoff = Backoff::new(RETRY_INITIAL, RETRY_MAX);
        while !self.reading.is_over() {
            let begun = Instant::now();
            match self.look_on_and_on().await {
                Ok(()) => return,
                Err(error) => {
                    if !self.reading.tell(Update::Away(error)).await {
                        return;
                    }
                    if begun.elapsed() > RETRY_MAX {
                        backoff.reset();
                    }
                    sleep(backoff.next_wait()).await;
                }
            }
        }
    }

    /// Looks until nobody listens any more, or everything has to be read again.
    async fn look_on_and_on(&mut self) -> Result<()> {
        // The stream comes first, so that nothing falls between it and the first look.
        let mut stream = Stream::open(&self.reading.archive).await?;
        if !self.look_thoroughly().await? || !self.reading.tell(Update::Current).await {
            return Ok(());
        }
        let mut counted = Instant::now();
        while !self.reading.is_over() {
            let goes_on = match stream.next(LOOK).await? {
                Some(Inserted::Nothing) => true,
                Some(Inserted::From(earliest)) => self.look_for(earliest).await?,
                Some(Inserted::Somewhere) => self.look().await?,
                Some(Inserted::Noted) => self.look_thoroughly().await?,
                None => return Err(anyhow!("the stream of changes was lost")),
            };
            let is_due = counted.elapsed() >= COUNT;
            if is_due {
                counted = Instant::now();
            }
            if !goes_on || (is_due && !self.look_thoroughly().await?) {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Looks for what is new and for what came late; whether to go on.
    pub async fn look_thoroughly(&mut self) -> Result<bool> {
        let archive = &self.reading.archive;
        let about = archive.call(|collection| async move {
            let count = collection.estimated_document_count().await?;
            Ok((edition(&collection).await?, count))
        });
        let (collection, count) = about.await?;
        let collection = collection.unwrap_or_default();
        let known = self.seen.as_mut().filter(|seen| seen.position().collection == collection);
        let Some(seen) = known else {
            self.reading.tell(Update::Rescan).await;
            return Ok(false);
        };
        let mut from = begin(archive, seen).await?;
        for _ in 0..LOOKS {
            if !self.look_from(from).await? {
                return Ok(false);
            }
            let Some(seen) = &mut self.seen else { return Ok(false) };
            if count <= seen.position().expected {
                return Ok(true);
            }
            // Some may be counted already that no majority has yet.
            sleep(LOOK).await;
            from = begin(&self.reading.archive, seen).await?;
        }
        tracing::info!(
            count,
            "the archive has documents that no look can find; all are read again"
        );
        self.reading.tell(Update::Rescan).await;
        Ok(false)
    }

    /// Looks for what is new, the document `earliest` included.
    async fn look_for(&mut self, earliest: ObjectId) -> Result<bool> {
        let Some(seen) = &mut self.seen else { return Ok(false) };
        let from = match earliest < seen.look_from() {
            true => begin(&self.reading.archive, seen).await?,
            false => seen.look_from(),
        };
        self.look_from(from).await
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
            let ids = archive.call(|collection| queries::ids(collection, from)).await?;
            let new: Vec<_> = ids.iter().copied().filter(|id| seen.is_new(*id)).collect();
            for some in new.chunks(queries::PAGE) {
                let wanted = some.to_vec();
                let page = archive.call(|collection| queries::fetch(collection, wanted)).await?;
                seen.note(page.iter().filter_map(|document| document::id(document)));
                let documents =
                    page.iter().filter_map(|document| document::read(document)).collect();
                if !self.reading.tell(Update::Page(documents, seen.position().clone())).await {
                    return Ok(false);
                }
            }
            match ids.last() {
                Some(last) if ids.len() == queries::IDS => from = *last,
                _ => return Ok(true),
            }
        }
    }
}

/// Where to begin a look: earlier than usual if there are more documents than were read.
async fn begin(archive: &Archive, seen: &mut Seen) -> Result<ObjectId> {
    let (first, newest) = seen.window();
    let count = archive.call(|collection| queries::count(collection, first, newest)).await?;
    Ok(if count > seen.in_window() { seen.forget_window() } else { seen.look_from() })
}
