//! How far a journal has been shipped to an archive: a note that is saved in both.
//!
//! After an older backup of MongoDB is restored, the journal's note is wrong; after an older backup of
//! the journal, the archive's note is. What both notes agree on is in the archive. The rest is
//! shipped again, which changes nothing if the archive has it already.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use mongodb::bson::raw::RawDocumentBuf;
use mongodb::bson::{DateTime, Document, doc};
use mongodb::{Collection, Namespace};
use tokio::time::Instant;

use crate::archive::Archive;
use crate::archive::identity::identity;
use crate::archive::insertion::{is_duplicate_key, majority};
use crate::journal::{Journal, Reader, Shipped};
use crate::time::clock;

/// How far one journal has been shipped to one archive.
#[derive(Debug)]
pub struct Progress {
    /// The id of the journal.
    journal: String,
    /// The identity of the collection.
    collection: String,
    /// The `_id` of the archive's note.
    id: Document,
    /// How far the journal has been shipped.
    pub shipped: Shipped,
    /// The last known note in the archive.
    noted: Option<Shipped>,
    /// When that note was saved.
    pub saved_at: Instant,
    /// When that note was verified.
    pub verified_at: Instant,
}

impl Progress {
    /// Reads both notes about the journal at `path` and `collection`.
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
                "the archive's note says that it has less than this journal shipped, as after a \
                 restored backup of either; what the journal still holds after event {} is shipped again",
                shipped.event
            );
        }
        let now = Instant::now();
        Ok(Self { journal, collection, id, shipped, noted, saved_at: now, verified_at: now })
    }

    /// Whether more has been shipped than the notes say.
    pub fn is_unsaved(&self) -> bool {
        self.noted.unwrap_or_default() != self.shipped
    }

    /// Whether the journal at `path` still has the same id: `lookout forget` gives it a new one, and
    /// copies the archive's note to it.
    pub async fn is_for_journal(&self, path: &Path) -> Result<bool> {
        let path = path.to_owned();
        let id = tokio::task::spawn_blocking(move || journal_id(&path));
        Ok(id.await.context("a task of the journal panicked")?? == self.journal)
    }

    /// Updates both notes, the archive's first.
    ///
    /// # Errors
    ///
    /// The archive's note is not the last known one: it is another archive, or an older one.
    pub async fn save(&mut self, archive: &Archive, journal: &Journal) -> Result<()> {
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
                    Err(error) if is_duplicate_key(&error) => Ok(false),
                    Err(error) => Err(error.into()),
                },
            }
        });
        ensure!(replaced.await?, "the archive has changed unexpectedly: {WHY_CHANGED}");
        journal.save_shipped(&self.collection, self.shipped);
        (self.noted, self.saved_at) = (Some(self.shipped), Instant::now());
        Ok(())
    }

    /// Checks that the collection and the archive's note are the last known ones.
    ///
    /// # Errors
    ///
    /// They are not, or can't be read.
    pub async fn verify(&mut self, archive: &Archive) -> Result<()> {
        let there = archive.call(|collection| async move { identity(&collection).await }).await?;
        let is_same = there.as_ref() == Some(&self.collection);
        let is_same = is_same && note_there(archive, &self.id).await? == self.noted;
        ensure!(is_same, "the archive has changed unexpectedly: {WHY_CHANGED}");
        self.verified_at = Instant::now();
        Ok(())
    }
}

/// Copies the note of the journal `before` to `after`, its new id, so that nothing is shipped again.
pub async fn rename_journal(archive: &Archive, before: String, after: String) -> Result<()> {
    let copying = |events: Collection<RawDocumentBuf>| async move {
        let Some(collection) = identity(&events).await? else { return Ok(()) };
        let id = |journal| doc! { "journal": journal, "collection": &collection };
        let notes = notes(&events);
        if let Some(mut note) = notes.find_one(doc! { "_id": id(before) }).await? {
            note.insert("_id", id(after));
            notes.insert_one(note).write_concern(majority()).await?;
        }
        Ok(())
    };
    archive.call(copying).await
}

/// Why a note may have changed.
const WHY_CHANGED: &str =
    "an older backup was restored, or another process ships a copy of this journal";

fn journal_id(path: &Path) -> Result<String> {
    Reader::open(path)?.context("the journal's file is missing")?.journal_id()
}

/// The journal's id and its note.
fn note_here(path: &Path, collection: &str) -> Result<(String, Shipped)> {
    let reader = Reader::open(path)?.context("the journal's file is missing")?;
    Ok((reader.journal_id()?, reader.shipped(collection)?))
}

/// The archive's note, if there is one.
///
/// A read is not enough: after an election, the new primary may return an old document even with a
/// majority read. A write sees the current document, and is answered once a majority has it.
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

/// A note without its time.
fn note(id: &Document, shipped: Shipped) -> Document {
    let place = |place| i64::try_from(place).unwrap_or(i64::MAX);
    let (event, quarantined) = (place(shipped.event), place(shipped.quarantined));
    doc! { "_id": id, "event": event, "quarantined": quarantined }
}

/// The collection of the notes about a collection of events.
pub fn namespace(events: &Namespace) -> Namespace {
    Namespace { db: events.db.clone(), coll: format!("{}.shipped", events.coll) }
}

fn notes(events: &Collection<RawDocumentBuf>) -> Collection<Document> {
    let Namespace { db, coll } = namespace(&events.namespace());
    events.client().database(&db).collection(&coll)
}
