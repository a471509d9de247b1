//! Who attended which meetings, the latest first.

use std::sync::Arc;

use anyhow::Result;
use rusqlite::{Connection, params};
use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use super::chunks::{self, Grouped};
use super::window;
use crate::roster::{Outline, Said, Word};
use crate::time::moment::Moment;

/// So many meetings are asked for at once.
const PAGE: usize = 8;

/// At most so many meetings stay in memory: people who are looked for mostly met.
const CACHED: usize = 256;

/// What tells whose a session is: a name, or an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Who {
    Name(Word),
    Account(Word),
}

impl Who {
    /// The number that stands for it on disk.
    pub(super) fn id(self) -> i64 {
        match self {
            Self::Name(word) => i64::from(word.number()),
            Self::Account(word) => -i64::from(word.number()),
        }
    }

    /// What a number stands for.
    pub(super) fn of_id(id: i64) -> Option<Self> {
        let word = Word::of(u32::try_from(id.unsigned_abs()).ok()?)?;
        Some(if id > 0 { Self::Name(word) } else { Self::Account(word) })
    }

    /// All that a participant was said to be.
    pub(super) fn all_of(said: &Said) -> impl Iterator<Item = Self> {
        let accounts = said.zoom_user_ids.iter().copied().map(Self::Account);
        said.name.map(Self::Name).into_iter().chain(accounts)
    }

    /// Whether a participant was said to be that.
    pub(super) fn is(self, said: &Said) -> bool {
        match self {
            Self::Name(word) => said.name == Some(word),
            Self::Account(word) => said.zoom_user_ids.contains(&word),
        }
    }
}

/// A meeting, read from the disk.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) outline: Outline,
    pub(super) chunks: Vec<(u32, Grouped)>,
}

/// The meetings that were looked at last.
#[derive(Debug, Default)]
pub(super) struct Attended {
    cache: FxHashMap<i64, Arc<Known>>,
    /// Meetings that are not as on disk.
    derived: FxHashMap<i64, Arc<Known>>,
}

impl Attended {
    /// No meetings but those that are not as on disk.
    pub(super) fn with(derived: FxHashMap<i64, Arc<Known>>) -> Self {
        Self { derived, cache: FxHashMap::default() }
    }

    /// The sessions of a meeting.
    pub(super) fn meeting(&mut self, db: &Connection, meeting: i64) -> Result<Arc<Known>> {
        if let Some(known) = self.derived.get(&meeting).or_else(|| self.cache.get(&meeting)) {
            return Ok(Arc::clone(known));
        }
        let outline = window::outline_of(db, meeting)?;
        let known = Arc::new(Known { outline, chunks: read_chunks(db, meeting)? });
        if self.cache.len() >= CACHED {
            self.cache.clear();
        }
        self.cache.insert(meeting, Arc::clone(&known));
        Ok(known)
    }

    /// Takes note that a meeting's sessions are others than before.
    pub(super) fn is_outdated(&mut self, meeting: i64) {
        self.cache.remove(&meeting);
    }
}

/// All chunks of sessions of a meeting, in order.
pub(super) fn read_chunks(db: &Connection, meeting: i64) -> Result<Vec<(u32, Grouped)>> {
    let (from, to) = chunks::chunk_ids(meeting);
    let mut query =
        db.prepare_cached("SELECT id, of FROM sessions WHERE id >= ?1 AND id < ?2 ORDER BY id")?;
    let mut rows = query.query([from, to])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let (_, chunk) = chunks::of_id(row.get(0)?);
        found.push((chunk, chunks::decode_sessions(row.get_ref(1)?.as_blob()?)?));
    }
    Ok(found)
}

/// The meetings that somebody attended, the one that lasted longest for them first.
pub(super) struct Backwards<'a> {
    db: &'a Connection,
    cursors: SmallVec<[Cursor; 1]>,
    /// Only meetings of this number, where it says one.
    number: Option<Option<&'a str>>,
    /// Only meetings that had begun by then.
    begun_by: Option<Moment>,
}

struct Cursor {
    who: Who,
    /// The last of these is the next.
    waiting: Vec<(Moment, i64)>,
    /// Where the next page begins; `None` behind the last one.
    next: Option<(i64, i64)>,
}

impl<'a> Backwards<'a> {
    /// The meetings of whoever is any of `whose`.
    pub(super) fn of(db: &'a Connection, whose: impl IntoIterator<Item = Who>) -> Self {
        let cursor = |who| Cursor { who, waiting: Vec::new(), next: Some((i64::MAX, i64::MAX)) };
        Self { db, cursors: whose.into_iter().map(cursor).collect(), number: None, begun_by: None }
    }

    /// The same, of one number.
    pub(super) fn with_number(self, number: Option<&'a str>) -> Self {
        Self { number: Some(number), ..self }
    }

    /// The same, that had begun by a moment.
    pub(super) fn begun_by(self, begun_by: Option<Moment>) -> Self {
        Self { begun_by, ..self }
    }

    /// The next meeting, and until when they were in it at most.
    pub(super) fn peek(&mut self) -> Result<Option<(Moment, i64)>> {
        let mut latest = None;
        for cursor in &mut self.cursors {
            if cursor.waiting.is_empty() {
                cursor.read_page(self.db, self.number, self.begun_by)?;
            }
            latest = latest.max(cursor.waiting.last().copied());
        }
        Ok(latest)
    }

    /// Passes over the next meeting.
    pub(super) fn pass(&mut self, next: (Moment, i64)) {
        for cursor in &mut self.cursors {
            if cursor.waiting.last() == Some(&next) {
                cursor.waiting.pop();
            }
        }
    }
}

impl Cursor {
    fn read_page(
        &mut self,
        db: &Connection,
        number: Option<Option<&str>>,
        begun_by: Option<Moment>,
    ) -> Result<()> {
        type Found = (i64, i64, u32);
        let Some((reach, meeting)) = self.next else { return Ok(()) };
        let row = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
        let who = self.who.id();
        let page: rusqlite::Result<Vec<Found>> = match (number, begun_by) {
            (None, None) => db
                .prepare_cached(
                    "SELECT reach, meeting, checksum FROM attended
                     WHERE who = ?1 AND (reach, meeting) < (?2, ?3)
                     ORDER BY reach DESC, meeting DESC LIMIT ?4",
                )?
                .query_map(params![who, reach, meeting, PAGE], row)?
                .collect(),
            (number, begun_by) => {
                let begun_by = begun_by.map(Moment::seconds);
                db.prepare_cached(
                    "SELECT reach, meeting, attended.checksum
                     FROM attended JOIN meeting ON meeting.id = attended.meeting
                     WHERE who = ?1 AND (reach, meeting) < (?2, ?3)
                         AND (NOT ?5 OR number IS ?6) AND (?7 IS NULL OR first_fact <= ?7)
                     ORDER BY reach DESC, meeting DESC LIMIT ?4",
                )?
                .query_map(
                    params![
                        who,
                        reach,
                        meeting,
                        PAGE,
                        number.is_some(),
                        number.flatten(),
                        begun_by
                    ],
                    row,
                )?
                .collect()
            }
        };
        let page = page?;
        for &(reach, meeting, checksum) in &page {
            chunks::ensure_whole(&(who, meeting, reach), checksum)?;
        }
        self.next = page.last().filter(|_| page.len() == PAGE).map(|last| (last.0, last.1));
        let moments = page.into_iter().rev();
        self.waiting.extend(moments.map(|(reach, id, _)| (Moment::from_seconds(reach), id)));
        Ok(())
    }
}
