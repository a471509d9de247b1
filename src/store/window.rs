//! The sessions that pages list, in memory: those that lasted into the last 35 days, and those that
//! are open.

use std::collections::BTreeMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use anyhow::Result;
use rusqlite::{Connection, Row, params};
use rustc_hash::FxHashMap;

use super::Damaged;
use super::attended::Known;
use super::chunks::{self, Grouped};
use crate::roster::{LISTED, Outline, Sessions, Span, SpanEnd, Stretch};
use crate::time::moment::Moment;

/// How much older sessions may be that are kept, in seconds: they need not be dropped one by one.
const SLACK: i64 = 24 * 60 * 60;

/// Sessions in memory.
#[derive(Debug, Default)]
pub(super) struct Window {
    /// All that lasted until here or longer are there; `None`: nothing was loaded.
    since: Option<Moment>,
    meetings: FxHashMap<i64, Shown>,
}

#[derive(Debug)]
struct Shown {
    outline: Outline,
    chunks: BTreeMap<u32, Grouped>,
}

/// Until when the sessions of a chunk lasted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Reach {
    /// The last moment that belongs to any of them for certain.
    pub(super) last: Moment,
    pub(super) has_open: bool,
}

impl Window {
    /// Sees to it that all sessions are there that lasted until `since` or longer.
    pub(super) fn load(&mut self, db: &Connection, since: Moment) -> Result<()> {
        if self.since.is_some_and(|known| known <= since && since.since(known) < SLACK) {
            return Ok(());
        }
        self.meetings.clear();
        // Reading may fail in the middle.
        self.since = None;
        for query in [
            "SELECT id, of FROM sessions WHERE reach >= ?1 AND NOT has_open",
            "SELECT id, of FROM sessions WHERE has_open AND ?1 IS NOT NULL",
        ] {
            let mut query = db.prepare_cached(query)?;
            let mut rows = query.query([since.seconds()])?;
            while let Some(row) = rows.next()? {
                let (meeting, chunk) = chunks::of_id(row.get(0)?);
                let sessions = chunks::decode_sessions(row.get_ref(1)?.as_blob()?)?;
                self.add(db, meeting, chunk, sessions)?;
            }
        }
        self.since = Some(since);
        Ok(())
    }

    /// The same as of `moment`: of meetings that had begun by then, those that went on as they were
    /// `derived`.
    pub(super) fn load_past(
        &mut self,
        db: &Connection,
        moment: Moment,
        derived: &FxHashMap<i64, Arc<Known>>,
    ) -> Result<()> {
        let (since, moment) = (moment.plus(-LISTED).seconds(), moment.seconds());
        for which in ["reach BETWEEN ?1 AND ?2 AND NOT has_open", "has_open AND ?1 IS NOT NULL"] {
            let mut query = db.prepare(&format!(
                "SELECT sessions.id, of FROM sessions JOIN meeting ON meeting.id = sessions.id >> ?3
                 WHERE {which} AND last_fact <= ?2"
            ))?;
            let mut rows = query.query(params![since, moment, chunks::BITS])?;
            while let Some(row) = rows.next()? {
                let (meeting, chunk) = chunks::of_id(row.get(0)?);
                if derived.contains_key(&meeting) {
                    continue;
                }
                let sessions = chunks::decode_sessions(row.get_ref(1)?.as_blob()?)?;
                self.add(db, meeting, chunk, sessions)?;
            }
        }
        for (id, known) in derived {
            let (outline, chunks) = (known.outline.clone(), known.chunks.iter().cloned().collect());
            self.meetings.insert(*id, Shown { outline, chunks });
        }
        Ok(())
    }

    fn add(&mut self, db: &Connection, meeting: i64, chunk: u32, sessions: Grouped) -> Result<()> {
        let shown = match self.meetings.entry(meeting) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => {
                let outline = outline_of(db, meeting)?;
                entry.insert(Shown { outline, chunks: BTreeMap::new() })
            }
        };
        shown.chunks.insert(chunk, sessions);
        Ok(())
    }

    /// Takes note that a chunk of a meeting is another one; without sessions, there is none.
    pub(super) fn put(
        &mut self,
        (meeting, chunk): (i64, u32),
        outline: &Outline,
        sessions: Option<(&Grouped, Reach)>,
    ) {
        let Some(since) = self.since else { return };
        let sessions = sessions.filter(|(_, reach)| reach.has_open || reach.last >= since);
        match sessions {
            Some((sessions, _)) => {
                let shown = self
                    .meetings
                    .entry(meeting)
                    .or_insert_with(|| Shown { outline: outline.clone(), chunks: BTreeMap::new() });
                shown.chunks.insert(chunk, sessions.clone());
            }
            None => {
                if let Some(shown) = self.meetings.get_mut(&meeting) {
                    shown.chunks.remove(&chunk);
                    if shown.chunks.is_empty() {
                        self.meetings.remove(&meeting);
                    }
                }
            }
        }
    }

    /// Takes note of what is known of a meeting besides its sessions.
    pub(super) fn put_outline(&mut self, meeting: i64, outline: &Outline) {
        if let Some(shown) = self.meetings.get_mut(&meeting) {
            shown.outline = outline.clone();
        }
    }

    /// Whether a chunk is there.
    pub(super) fn has(&self, meeting: i64, chunk: u32) -> bool {
        self.meetings.get(&meeting).is_some_and(|shown| shown.chunks.contains_key(&chunk))
    }

    /// How many chunks of a meeting are there.
    pub(super) fn chunks_of(&self, meeting: i64) -> usize {
        self.meetings.get(&meeting).map_or(0, |shown| shown.chunks.len())
    }

    /// All meetings with their sessions.
    pub(super) fn meetings(
        &self,
    ) -> impl Iterator<Item = (&Outline, impl Iterator<Item = &Sessions>)> {
        self.meetings.values().map(|shown| {
            let sessions = shown.chunks.values().flatten().map(|(_, sessions)| sessions);
            (&shown.outline, sessions)
        })
    }
}

impl Reach {
    /// That of a chunk; `None` where it has no sessions.
    pub(super) fn of(sessions: &Grouped) -> Option<Self> {
        let spans = sessions.iter().flat_map(|(_, sessions)| &sessions.spans);
        let last = spans.clone().map(last_of).max()?;
        Some(Self { last, has_open: spans.clone().any(Span::is_open) })
    }
}

/// The last moment that belongs to a span for certain.
pub(super) fn last_of(span: &Span) -> Moment {
    match span.end {
        SpanEnd::At(end) => end.max(span.start),
        SpanEnd::Open { .. } | SpanEnd::Unknown | SpanEnd::Bare => span.start,
    }
}

const OUTLINE: &str =
    "SELECT uuid, number, number_at, first_seen, last_seen, first_fact, last_fact, checksum
     FROM meeting WHERE id = ?1";

/// What is known of a meeting besides its sessions.
pub(super) fn outline_of(db: &Connection, meeting: i64) -> Result<Outline> {
    let mut query = db.prepare_cached(OUTLINE)?;
    let mut rows = query.query([meeting])?;
    read_outline(meeting, rows.next()?.ok_or(Damaged)?)
}

fn read_outline(meeting: i64, row: &Row<'_>) -> Result<Outline> {
    let uuid = row.get_ref(0)?.as_str()?;
    let number = row.get_ref(1)?.as_str_or_null()?;
    let (number_at, first, last): (Option<i64>, Option<i64>, Option<i64>) =
        (row.get(2)?, row.get(3)?, row.get(4)?);
    let facts: (i64, i64) = (row.get(5)?, row.get(6)?);
    let whole = (meeting, uuid, (number, number_at, first, last), facts);
    chunks::ensure_whole(&whole, row.get(7)?)?;
    let moments = |(first, last)| Stretch {
        first: Moment::from_seconds(first),
        last: Moment::from_seconds(last),
    };
    Ok(Outline {
        number: number_at.map(Moment::from_seconds).zip(number.map(Into::into)),
        seen: first.zip(last).map(moments),
    })
}

/// The values of an outline, for a statement.
pub(super) fn outline_params(
    outline: &Outline,
) -> (Option<&str>, Option<i64>, Option<i64>, Option<i64>) {
    let number_at = outline.number.as_ref().map(|(at, _)| at.seconds());
    let seen = |moment: fn(Stretch) -> Moment| outline.seen.map(|seen| moment(seen).seconds());
    (outline.number(), number_at, seen(|seen| seen.first), seen(|seen| seen.last))
}
