//! How far a journal is in an archive, noted on both sides.
//!
//! The journal's note alone would be wrong once an older backup of MongoDB is put back, and the
//! archive's alone once one of the journal is. Each is true of what it lies beside; so what
//! both say is there is there, and the rest is shipped again, which changes nothing where it
//! is there after all.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use mongodb::bson::raw::RawDocumentBuf;
use mongodb::bson::{DateTime, Document, doc};
use mongodb::error::{ErrorKind, WriteFailure};
use mongodb::{Collection, Namespace};
use tokio::time::Instant;

use crate::archive::Archive;
use crate::archive::client::identity;
use crate::archive::writing::{DUPLICATE_KEY, majority};
use crate::journal::{Journal, Reader, Shipped};
use crate::time::clock;

/// How far one journal is in one archive.
#[derive(Debug)]
pub struct Progress {
    /// What tells the journal from any other.
    journal: String,
    /// What tells the collection from any other.
    collection: String,
    /// The `_id` of the archive's note.
    id: Document,
    /// How far it is.
    pub shipped: Shipped,
    /// The note in the archive, as it was seen last.
    noted: Option<Shipped>,
    /// When that was written.
    pub noted_at: Instant,
    /// When it was looked at.
    pub verified_at: Instant,
}

impl Progress {
    /// How far the journal at `path` is in `collection` of `archive`.
    pub async fn find(archive: &Archive, collection: String, path: &Path) -> Result<Self> {
        let (path, id) = (path.to_owned(), collection.clone());
        let here = tokio::task::spawn_blocking(move || note_here(&path, &id));
        let (journal, here) = here.await.context("a task of the journal panicked")??;
        let id = doc! { "journal": &journal, "collection": &collection };
        let noted = note_there(archive, &id).await?;
        let there = noted.unwrap_or_default();
        let shipped = Shipped {
            event: here.event.min(there.event),
            quarantined: here.quarantined.min(there.quarantined),
        };
        if shipped != here {
            tracing::warn!(
                "the archive does not say that it has all that this journal shipped there, as after a backup of \
                 either was put back; what the journal still holds behind event {} is shipped again",
                shipped.event
            );
        }
        let now = Instant::now();
        Ok(Self { journal, collection, id, shipped, noted, noted_at: now, verified_at: now })
    }

    /// Whether both sides have to be told how far it is.
    pub fn is_news(&self) -> bool {
        self.noted.unwrap_or_default() != self.shipped
    }

    /// Whether the journal at `path` is still the one it was found for: `lookout forget` makes it
    /// another one, and takes the archive's note over for that.
    pub async fn is_of(&self, path: &Path) -> Result<bool> {
        let path = path.to_owned();
        let id = tokio::task::spawn_blocking(move || journal_id(&path));
        Ok(id.await.context("a task of the journal panicked")?? == self.journal)
    }

    /// Tells both sides, the archive first.
    ///
    /// # Errors
    ///
    /// Where the archive's note is not the one seen last: it is not the archive it was.
    pub async fn note(&mut self, archive: &Archive, journal: &Journal) -> Result<()> {
        let before = self.noted.map(|noted| note(&self.id, noted));
        let mut note = note(&self.id, self.shipped);
        note.insert("at", DateTime::from_millis(clock::now_ms()));
        let replaced = archive.call(|events| async move {
            let notes = notes(&events);
            match before {
                Some(before) => {
                    let done = notes.replace_one(before, note).write_concern(majority()).await?;
                    Ok(done.matched_count > 0)
                }
                None => match notes.insert_one(note).write_concern(majority()).await {
                    Ok(_) => Ok(true),
                    Err(error) if is_duplicate(&error) => Ok(false),
                    Err(error) => Err(error.into()),
                },
            }
        });
        ensure!(replaced.await?, "the archive is not what it was: {OLDER}");
        journal.note_shipped(&self.collection, self.shipped);
        (self.noted, self.noted_at) = (Some(self.shipped), Instant::now());
        Ok(())
    }

    /// Makes sure that the collection and the archive's note are those seen last.
    ///
    /// # Errors
    ///
    /// Where they are not.
    pub async fn verify(&mut self, archive: &Archive) -> Result<()> {
        let there = archive.call(|collection| async move { identity(&collection).await }).await?;
        let is_same = there.as_ref() == Some(&self.collection);
        let is_same = is_same && note_there(archive, &self.id).await? == self.noted;
        ensure!(is_same, "the archive is not what it was: {OLDER}");
        self.verified_at = Instant::now();
        Ok(())
    }
}

/// Takes the note of the journal `before` over for `after`, which it will be called from now on:
/// what is there need not be shipped again.
pub async fn carry_over(archive: &Archive, before: String, after: String) -> Result<()> {
    let carrying = |events: Collection<RawDocumentBuf>| async move {
        let Some(collection) = identity(&events).await? else { return Ok(()) };
        let id = |journal| doc! { "journal": journal, "collection": &collection };
        let notes = notes(&events);
        if let Some(mut note) = notes.find_one(doc! { "_id": id(before) }).await? {
            note.insert("_id", id(after));
            notes.insert_one(note).write_concern(majority()).await?;
        }
        Ok(())
    };
    archive.call(carrying).await
}

/// What has happened where a note is not what it was.
const OLDER: &str = "a backup was put back, or a copy of this journal is shipped, too";

fn journal_id(path: &Path) -> Result<String> {
    Reader::open(path)?.context("the journal vanished")?.journal_id()
}

/// The journal's id and its note.
fn note_here(path: &Path, collection: &str) -> Result<(String, Shipped)> {
    let reader = Reader::open(path)?.context("the journal vanished")?;
    Ok((reader.journal_id()?, reader.shipped(collection)?))
}

/// The archive's note, if there is one.
///
/// Reading alone would not do: what a new primary knows that a majority has may be old. A write
/// sees what is there now, and is answered once a majority has that, too.
async fn note_there(archive: &Archive, id: &Document) -> Result<Option<Shipped>> {
    let wanted = doc! { "_id": id };
    let touch = doc! { "$currentDate": { "at": true } };
    let find = |events: Collection<RawDocumentBuf>| async move {
        let notes = notes(&events);
        let found = notes.find_one_and_update(wanted, touch).write_concern(majority()).await?;
        let Some(note) = found else { return Ok(None) };
        let place = |key| anyhow::Ok(u64::try_from(note.get_i64(key)?)?);
        Ok(Some(Shipped { event: place("event")?, quarantined: place("quarantined")? }))
    };
    archive.call(find).await
}

/// A note, but for its time.
fn note(id: &Document, shipped: Shipped) -> Document {
    let place = |place| i64::try_from(place).unwrap_or(i64::MAX);
    let (event, quarantined) = (place(shipped.event), place(shipped.quarantined));
    doc! { "_id": id, "event": event, "quarantined": quarantined }
}

/// Where notes are kept, for the events of a namespace.
pub fn namespace(events: &Namespace) -> Namespace {
    Namespace { db: events.db.clone(), coll: format!("{}.shipped", events.coll) }
}

fn notes(events: &Collection<RawDocumentBuf>) -> Collection<Document> {
    let Namespace { db, coll } = namespace(&events.namespace());
    events.client().database(&db).collection(&coll)
}

fn is_duplicate(error: &mongodb::error::Error) -> bool {
    let ErrorKind::Write(WriteFailure::WriteError(error)) = &*error.kind else { return false };
    error.code == DUPLICATE_KEY
}
