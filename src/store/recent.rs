//! The sessions that pages list, in memory: open ones, and those that lasted into the last 35 days.

use std::collections::BTreeMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use anyhow::Result;
use rusqlite::{Connection, Row, params};
use rustc_hash::FxHashMap;

use super::Damaged;
use super::chunks::{self, Grouped};
use crate::roster::{MeetingInfo, Sessions, Span, SpanEnd, TimeRange, VISITS_LISTED_S};
use crate::time::moment::Moment;

/// A meeting read from disk.
#[derive(Debug)]
pub(super) struct StoredMeeting {
    pub(super) info: MeetingInfo,
    pub(super) chunks: Vec<(u32, Grouped)>,
}

/// How much older than the window sessions in memory may be, in seconds, before they are reloaded.
const RETENTION_SLACK_S: i64 = 24 * 60 * 60;

/// The recent sessions of all meetings.
#[derive(Debug, Default)]
pub(super) struct RecentSessions {
    /// All sessions that lasted until this moment or longer are loaded; `None`: nothing is.
    since: Option<Moment>,
    meetings: FxHashMap<i64, RecentMeeting>,
}

#[derive(Debug)]
struct RecentMeeting {
    info: MeetingInfo,
    chunks: BTreeMap<u32, Grouped>,
}

/// When the last session of a chunk ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ChunkEnd {
    /// The last moment that certainly belongs to one of them.
    pub(super) last: Moment,
    pub(super) has_open: bool,
}

impl RecentSessions {
    /// Loads all sessions that lasted until `since` or longer, if they are not loaded.
    pub(super) fn load(&mut self, db: &Connection, since: Moment) -> Result<()> {
        if self.since.is_some_and(|known| known <= since && since.since(known) < RETENTION_SLACK_S)
        {
            return Ok(());
        }
        self.meetings.clear();
        // Reading may fail half-way.
        self.since = None;
        for query in [
            "SELECT id, of FROM sessions WHERE reach >= ?1 AND NOT has_open",
            "SELECT id, of FROM sessions WHERE has_open AND ?1 IS NOT NULL",
        ] {
            let mut query = db.prepare_cached(query)?;
            let mut rows = query.query([since.seconds()])?;
            while let Some(row) = rows.next()? {
                let (meeting, chunk) = chunks::split_id(row.get(0)?);
                let sessions = chunks::decode_sessions(row.get_ref(1)?.as_blob()?)?;
                self.add(db, meeting, chunk, sessions)?;
            }
        }
        self.since = Some(since);
        Ok(())
    }

    /// Loads the sessions as of `moment`. `derived` holds the meetings that continued after it.
    pub(super) fn load_as_of(
        &mut self,
        db: &Connection,
        moment: Moment,
        derived: &FxHashMap<i64, Arc<StoredMeeting>>,
    ) -> Result<()> {
        let (since, moment) = (moment.plus(-VISITS_LISTED_S).seconds(), moment.seconds());
        for which in ["reach BETWEEN ?1 AND ?2 AND NOT has_open", "has_open AND ?1 IS NOT NULL"] {
            let mut query = db.prepare(&format!(
                "SELECT sessions.id, of FROM sessions JOIN meeting ON meeting.id = sessions.id >> ?3
                 WHERE {which} AND last_fact <= ?2"
            ))?;
            let mut rows = query.query(params![since, moment, chunks::CHUNK_BITS])?;
            while let Some(row) = rows.next()? {
                let (meeting, chunk) = chunks::split_id(row.get(0)?);
                if derived.contains_key(&meeting) {
                    continue;
                }
                let sessions = chunks::decode_sessions(row.get_ref(1)?.as_blob()?)?;
                self.add(db, meeting, chunk, sessions)?;
            }
        }
        for (id, known) in derived {
            let (info, chunks) = (known.info.clone(), known.chunks.iter().cloned().collect());
            self.meetings.insert(*id, RecentMeeting { info, chunks });
        }
        Ok(())
    }

    fn add(&mut self, db: &Connection, meeting: i64, chunk: u32, sessions: Grouped) -> Result<()> {
        let recent = match self.meetings.entry(meeting) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => {
                let info = read_info_of(db, meeting)?;
                entry.insert(RecentMeeting { info, chunks: BTreeMap::new() })
            }
        };
        recent.chunks.insert(chunk, sessions);
        Ok(())
    }

    /// Replaces a chunk of a meeting, or removes it if it has no sessions.
    pub(super) fn put(
        &mut self,
        (meeting, chunk): (i64, u32),
        info: &MeetingInfo,
        sessions: Option<(&Grouped, ChunkEnd)>,
    ) {
        let Some(since) = self.since else { return };
        let sessions = sessions.filter(|(_, reach)| reach.has_open || reach.last >= since);
        match sessions {
            Some((sessions, _)) => {
                let recent = self.meetings.entry(meeting).or_insert_with(|| RecentMeeting {
                    info: info.clone(),
                    chunks: BTreeMap::new(),
                });
                recent.chunks.insert(chunk, sessions.clone());
            }
            None => {
                if let Some(recent) = self.meetings.get_mut(&meeting) {
                    recent.chunks.remove(&chunk);
                    if recent.chunks.is_empty() {
                        self.meetings.remove(&meeting);
                    }
                }
            }
        }
    }

    /// Replaces the info of a meeting.
    pub(super) fn set_info(&mut self, meeting: i64, info: &MeetingInfo) {
        if let Some(recent) = self.meetings.get_mut(&meeting) {
            recent.info = info.clone();
        }
    }

    /// Whether a chunk is loaded.
    pub(super) fn has(&self, meeting: i64, chunk: u32) -> bool {
        self.meetings.get(&meeting).is_some_and(|recent| recent.chunks.contains_key(&chunk))
    }

    /// The number of loaded chunks of a meeting.
    pub(super) fn chunk_count(&self, meeting: i64) -> usize {
        self.meetings.get(&meeting).map_or(0, |recent| recent.chunks.len())
    }

    /// All meetings, by id, with their sessions.
    pub(super) fn meetings(
        &self,
    ) -> impl Iterator<Item = (i64, &MeetingInfo, impl Iterator<Item = &Sessions>)> {
        self.meetings.iter().map(|(id, recent)| {
            let sessions = recent.chunks.values().flatten().map(|(_, sessions)| sessions);
            (*id, &recent.info, sessions)
        })
    }
}

impl ChunkEnd {
    /// The end of a chunk; `None` if it has no sessions.
    pub(super) fn of(sessions: &Grouped) -> Option<Self> {
        let spans = sessions.iter().flat_map(|(_, sessions)| &sessions.spans);
        let last = spans.clone().map(last_of).max()?;
        Some(Self { last, has_open: spans.clone().any(Span::is_open) })
    }
}

/// The last moment that certainly belongs to a span.
pub(super) fn last_of(span: &Span) -> Moment {
    match span.end {
        SpanEnd::At(end) => end.max(span.start),
        SpanEnd::Open { .. } | SpanEnd::Unknown | SpanEnd::UnmatchedLeave => span.start,
    }
}

const OUTLINE: &str =
    "SELECT uuid, number, number_at, first_seen, last_seen, first_fact, last_fact, checksum
     FROM meeting WHERE id = ?1";

pub(super) fn read_info_of(db: &Connection, meeting: i64) -> Result<MeetingInfo> {
    let mut query = db.prepare_cached(OUTLINE)?;
    let mut rows = query.query([meeting])?;
    read_info(meeting, rows.next()?.ok_or(Damaged)?)
}

fn read_info(meeting: i64, row: &Row<'_>) -> Result<MeetingInfo> {
    let uuid = row.get_ref(0)?.as_str()?;
    let number = row.get_ref(1)?.as_str_or_null()?;
    let (number_at, first, last): (Option<i64>, Option<i64>, Option<i64>) =
        (row.get(2)?, row.get(3)?, row.get(4)?);
    let facts: (i64, i64) = (row.get(5)?, row.get(6)?);
    let whole = (meeting, uuid, (number, number_at, first, last), facts);
    chunks::verify_row(&whole, row.get(7)?)?;
    let moments = |(first, last)| TimeRange {
        first: Moment::from_seconds(first),
        last: Moment::from_seconds(last),
    };
    Ok(MeetingInfo {
        number: number_at.map(Moment::from_seconds).zip(number.map(Into::into)),
        seen: first.zip(last).map(moments),
    })
}

/// The column values of a meeting info.
pub(super) fn info_params(
    info: &MeetingInfo,
) -> (Option<&str>, Option<i64>, Option<i64>, Option<i64>) {
    let number_at = info.number.as_ref().map(|(at, _)| at.seconds());
    let seen = |moment: fn(TimeRange) -> Moment| info.seen.map(|seen| moment(seen).seconds());
    (info.number(), number_at, seen(|seen| seen.first), seen(|seen| seen.last))
}
