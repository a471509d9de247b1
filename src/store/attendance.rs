//! Which meetings each name and account attended, the latest first.

use std::sync::Arc;

use anyhow::Result;
use rusqlite::{Connection, params};
use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use super::chunks::{self, Grouped};
use super::recent::{self, StoredMeeting};
use crate::roster::{Identity, Symbol};
use crate::time::moment::Moment;

/// The number of meetings read at once.
const PAGE_SIZE: usize = 8;

/// The maximum number of meetings in the cache. People whose old visits are needed mostly attended
/// the same meetings.
const MAX_CACHED_MEETINGS: usize = 256;

/// What a session is found by: a name or an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum IdentityKey {
    Name(Symbol),
    Account(Symbol),
}

impl IdentityKey {
    /// Its number on disk.
    pub(super) fn id(self) -> i64 {
        match self {
            Self::Name(symbol) => i64::from(symbol.number()),
            Self::Account(symbol) => -i64::from(symbol.number()),
        }
    }

    /// The inverse of [`id`](Self::id).
    pub(super) fn from_id(id: i64) -> Option<Self> {
        let symbol = Symbol::from_number(u32::try_from(id.unsigned_abs()).ok()?)?;
        Some(if id > 0 { Self::Name(symbol) } else { Self::Account(symbol) })
    }

    /// The name and all accounts of an identity.
    pub(super) fn all_of(identity: &Identity) -> impl Iterator<Item = Self> {
        let accounts = identity.zoom_user_ids.iter().copied().map(Self::Account);
        identity.name.map(Self::Name).into_iter().chain(accounts)
    }

    /// Whether the identity has this name or account.
    pub(super) fn matches(self, identity: &Identity) -> bool {
        match self {
            Self::Name(symbol) => identity.name == Some(symbol),
            Self::Account(symbol) => identity.zoom_user_ids.contains(&symbol),
        }
    }
}

/// Recently read meetings.
#[derive(Debug, Default)]
pub(super) struct MeetingCache {
    cache: FxHashMap<i64, Arc<StoredMeeting>>,
    /// Meetings whose sessions differ from those on disk.
    derived: FxHashMap<i64, Arc<StoredMeeting>>,
}

impl MeetingCache {
    /// A cache in which `derived` replaces meetings on disk.
    pub(super) fn with(derived: FxHashMap<i64, Arc<StoredMeeting>>) -> Self {
        Self { derived, cache: FxHashMap::default() }
    }

    pub(super) fn meeting(&mut self, db: &Connection, meeting: i64) -> Result<Arc<StoredMeeting>> {
        if let Some(known) = self.derived.get(&meeting).or_else(|| self.cache.get(&meeting)) {
            return Ok(Arc::clone(known));
        }
        let info = recent::read_info_of(db, meeting)?;
        let known = Arc::new(StoredMeeting { info, chunks: read_chunks(db, meeting)? });
        if self.cache.len() >= MAX_CACHED_MEETINGS {
            self.cache.clear();
        }
        self.cache.insert(meeting, Arc::clone(&known));
        Ok(known)
    }

    /// Drops a meeting whose sessions have changed.
    pub(super) fn invalidate(&mut self, meeting: i64) {
        self.cache.remove(&meeting);
    }
}

/// All chunks of a meeting's sessions, in order.
pub(super) fn read_chunks(db: &Connection, meeting: i64) -> Result<Vec<(u32, Grouped)>> {
    let (from, to) = chunks::chunk_ids(meeting);
    let mut query =
        db.prepare_cached("SELECT id, of FROM sessions WHERE id >= ?1 AND id < ?2 ORDER BY id")?;
    let mut rows = query.query([from, to])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let (_, chunk) = chunks::split_id(row.get(0)?);
        found.push((chunk, chunks::decode_sessions(row.get_ref(1)?.as_blob()?)?));
    }
    Ok(found)
}

/// Iterates over the meetings that a person attended, the one they left last first.
pub(super) struct AttendedMeetings<'a> {
    db: &'a Connection,
    cursors: SmallVec<[KeyCursor; 1]>,
    /// Only meetings with this number; the outer `None`: with any.
    number: Option<Option<&'a str>>,
    /// Only meetings that had begun by this moment.
    begun_by: Option<Moment>,
}

struct KeyCursor {
    who: IdentityKey,
    /// Meetings read but not passed yet; the last of these is next.
    waiting: Vec<(Moment, i64)>,
    /// Where the next page begins; `None` after the last page.
    next: Option<(i64, i64)>,
}

impl<'a> AttendedMeetings<'a> {
    /// The meetings of a person with these names and accounts.
    pub(super) fn of(db: &'a Connection, whose: impl IntoIterator<Item = IdentityKey>) -> Self {
        let cursor = |who| KeyCursor { who, waiting: Vec::new(), next: Some((i64::MAX, i64::MAX)) };
        Self { db, cursors: whose.into_iter().map(cursor).collect(), number: None, begun_by: None }
    }

    /// Limits them to meetings of one number.
    pub(super) fn with_number(self, number: Option<&'a str>) -> Self {
        Self { number: Some(number), ..self }
    }

    /// Limits them to meetings that had begun by a moment.
    pub(super) fn begun_by(self, begun_by: Option<Moment>) -> Self {
        Self { begun_by, ..self }
    }

    /// The next meeting, and an upper bound of when the person left it.
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

    /// Skips the next meeting.
    pub(super) fn skip(&mut self, next: (Moment, i64)) {
        for cursor in &mut self.cursors {
            if cursor.waiting.last() == Some(&next) {
                cursor.waiting.pop();
            }
        }
    }
}

impl KeyCursor {
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
                .query_map(params![who, reach, meeting, PAGE_SIZE], row)?
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
                        PAGE_SIZE,
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
            chunks::verify_row(&(who, meeting, reach), checksum)?;
        }
        self.next = page.last().filter(|_| page.len() == PAGE_SIZE).map(|last| (last.0, last.1));
        let moments = page.into_iter().rev();
        self.waiting.extend(moments.map(|(reach, id, _)| (Moment::from_seconds(reach), id)));
        Ok(())
    }
}
