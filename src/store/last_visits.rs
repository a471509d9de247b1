//! Last Join and Last Left of each name and account, for each meeting number. Pages need nothing else
//! of people whose visits are older than 35 days.
//!
//! Open sessions depend on settings and on other meetings. Here they count as over with an unknown
//! end. The start of the latest one is stored, so that the reader can check whether it is over.

use std::collections::BTreeSet;

use anyhow::Result;
use indexmap::IndexSet;
use rusqlite::{Connection, params};
use rustc_hash::{FxBuildHasher, FxHashMap};
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

use super::attendance::{AttendedMeetings, IdentityKey, MeetingCache};
use super::{Damaged, MIN_MOMENT, chunks};
use crate::roster::{DerivedVisit, End, Span, SpanEnd, merge_spans, span_order};
use crate::time::moment::Moment;

/// All last visits.
#[derive(Debug, Default)]
pub(super) struct LastVisits {
    of: FxHashMap<IdentityKey, SmallVec<[RoomLastVisit; 1]>>,
    /// Meeting numbers; empty for meetings without a number.
    numbers: IndexSet<Box<str>, FxBuildHasher>,
    /// Last visits to recompute.
    outdated: BTreeSet<(IdentityKey, Box<str>)>,
}

/// The last visits to meetings of one number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct RoomLastVisit {
    number: u32,
    last_visit: LastVisit,
}

/// The last visits to some meetings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct LastVisit {
    /// The visit of Last Join.
    join: Option<Latest>,
    /// Last Left, and the start of that visit.
    pub(super) left: Option<(Moment, Moment)>,
    /// These values account for all sessions that ended at this moment or later.
    pub(super) since: Moment,
    /// The start of the latest open session, if there is one.
    pub(super) open: Option<Moment>,
}

/// The visit that began last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Latest {
    start: Moment,
    /// The last moment that certainly belongs to it.
    reach: Moment,
    /// Whether it ended at `reach`. Otherwise, its end is unknown.
    has_ended: bool,
}

impl Latest {
    /// Spans that merge into this visit.
    fn spans(self) -> impl Iterator<Item = Span> {
        let unknown_end = Span { start: self.reach, end: SpanEnd::Unknown };
        let known = Span { start: self.start, end: SpanEnd::At(self.reach) };
        [known].into_iter().chain((!self.has_ended).then_some(unknown_end))
    }
}

impl LastVisit {
    /// Spans that result in the same last visits.
    pub(super) fn spans(self) -> impl Iterator<Item = Span> {
        let is_left = |start| self.left.is_some_and(|(_, from)| from == start);
        let is_same = self.join.is_some_and(|join| is_left(join.start));
        let left = self.left.map(|(end, start)| match is_same || start < end {
            true => Span { start, end: SpanEnd::At(end) },
            false => Span { start: end, end: SpanEnd::UnmatchedLeave },
        });
        self.join.filter(|_| !is_same).into_iter().flat_map(Latest::spans).chain(left)
    }
}

impl LastVisits {
    pub(super) fn read(db: &Connection) -> Result<Self> {
        let mut read = Self::default();
        let mut query = db.prepare("SELECT who, number, found FROM last_visit")?;
        let mut rows = query.query([])?;
        while let Some(row) = rows.next()? {
            let (id, number): (i64, &str) = (row.get(0)?, row.get_ref(1)?.as_str()?);
            let sealed = chunks::verify_checksum(row.get_ref(2)?.as_blob()?)?;
            let found: (i64, &str, LastVisit) =
                postcard::from_bytes(sealed).map_err(|_| Damaged)?;
            if (found.0, found.1) != (id, number) {
                return Err(Damaged.into());
            }
            let (number, last_visit) = (read.number(number), found.2);
            let who = IdentityKey::from_id(id).ok_or(Damaged)?;
            read.of.entry(who).or_default().push(RoomLastVisit { number, last_visit });
        }
        let mut query = db.prepare("SELECT who, number FROM outdated")?;
        let mut rows = query.query([])?;
        while let Some(row) = rows.next()? {
            let who = IdentityKey::from_id(row.get(0)?).ok_or(Damaged)?;
            read.outdated.insert((who, row.get_ref(1)?.as_str()?.into()));
        }
        Ok(read)
    }

    /// The last visits of `who`, by meeting number.
    pub(super) fn of(&self, who: IdentityKey) -> impl Iterator<Item = (Option<&str>, LastVisit)> {
        self.of.get(&who).into_iter().flatten().map(|last| {
            let number = self.numbers.get_index(last.number as usize).map(|number| &**number);
            (number.filter(|number| !number.is_empty()), last.last_visit)
        })
    }

    /// Marks the last visits of `whose` at `number` as outdated.
    pub(super) fn mark_outdated(
        &mut self,
        db: &Connection,
        whose: impl Iterator<Item = IdentityKey>,
        number: Option<&str>,
    ) -> Result<()> {
        let number = number.unwrap_or_default();
        let mut insert =
            db.prepare_cached("INSERT OR IGNORE INTO outdated (who, number) VALUES (?1, ?2)")?;
        for who in whose {
            if self.outdated.insert((who, number.into())) {
                insert.execute(params![who.id(), number])?;
            }
        }
        Ok(())
    }

    /// Recomputes what is outdated.
    pub(super) fn update(
        &mut self,
        db: &Connection,
        meeting_cache: &mut MeetingCache,
    ) -> Result<()> {
        if self.outdated.is_empty() {
            return Ok(());
        }
        let mut replace = db.prepare_cached(
            "INSERT OR REPLACE INTO last_visit (who, number, found) VALUES (?1, ?2, ?3)",
        )?;
        let mut delete =
            db.prepare_cached("DELETE FROM last_visit WHERE who = ?1 AND number = ?2")?;
        for (who, number) in std::mem::take(&mut self.outdated) {
            let found = find(db, meeting_cache, who, &number)?;
            let place = self.number(&number);
            let all = self.of.entry(who).or_default();
            all.retain(|last| last.number != place);
            match found {
                None => {
                    delete.execute(params![who.id(), number])?;
                    if all.is_empty() {
                        self.of.remove(&who);
                    }
                }
                Some(last_visit) => {
                    all.push(RoomLastVisit { number: place, last_visit });
                    let found = postcard::to_stdvec(&(who.id(), &*number, last_visit))?;
                    replace.execute(params![who.id(), number, chunks::add_checksum(found)])?;
                }
            }
        }
        db.execute("DELETE FROM outdated", [])?;
        Ok(())
    }

    fn number(&mut self, text: &str) -> u32 {
        let known = self.numbers.get_index_of(text);
        let place = known.unwrap_or_else(|| self.numbers.insert_full(text.into()).0);
        u32::try_from(place).expect("four billion numbers do not fit in memory")
    }
}

/// Finds the last visits of `who` to meetings of `number`; `None` if there are no sessions.
fn find(
    db: &Connection,
    meeting_cache: &mut MeetingCache,
    who: IdentityKey,
    number: &str,
) -> Result<Option<LastVisit>> {
    let number = Some(number).filter(|number| !number.is_empty());
    let mut meetings = AttendedMeetings::of(db, [who]).with_number(number);
    let mut spans: Vec<Span> = Vec::new();
    let mut open = None;
    loop {
        let next = meetings.peek()?;
        let found = last_visit_in(&mut spans);
        let is_enough = |(reach, _): &(Moment, i64)| {
            let begins = found.and_then(|found| Some(found.join?.start.min(found.left?.1)));
            begins.is_some_and(|begins| *reach < begins)
        };
        let Some(next) = next.filter(|next| !is_enough(next)) else {
            // All sessions that were not read ended before this.
            let since = next.map_or(MIN_MOMENT, |(reach, _)| reach.plus(1));
            return Ok(found.map(|found| LastVisit {
                since: found.since.max(since),
                open,
                ..found
            }));
        };
        meetings.skip(next);
        let known = meeting_cache.meeting(db, next.1)?;
        let sessions = known.chunks.iter().flat_map(|(_, sessions)| sessions);
        let theirs = sessions.filter(|(_, sessions)| who.matches(&sessions.who));
        for span in theirs.flat_map(|(_, sessions)| &sessions.spans) {
            let is_open = span.is_open();
            open = open.max(is_open.then_some(span.start));
            spans.push(if is_open { Span { end: SpanEnd::Unknown, ..*span } } else { *span });
        }
    }
}

/// The last visits in `spans`; `None` if there are no spans.
fn last_visit_in(spans: &mut [Span]) -> Option<LastVisit> {
    spans.sort_by_key(span_order);
    spans.first()?;
    let (mut join, mut left) = (None, None);
    let mut visits = Vec::new();
    merge_spans(spans.iter().copied(), |derived| {
        let end = match derived.visit.end {
            End::At(end) => Some(end),
            End::Open | End::Unknown => None,
        };
        let reach = derived.reach.expect("open spans count as over");
        let latest = |start| Latest { start, reach, has_ended: end.is_some() };
        join = join.max(derived.visit.start.map(latest));
        left = left.max(end.map(|end| (end, derived.visit.start.unwrap_or(end))));
        visits.push(derived);
    });
    // All other visits are dropped.
    let is_kept = |DerivedVisit { visit, .. }: &DerivedVisit| {
        let is_left = left.is_some_and(|(end, _)| visit.end == End::At(end));
        is_left || (visit.start.is_some() && visit.start == join.map(|join| join.start))
    };
    let others =
        visits.iter().filter(|derived| !is_kept(derived)).filter_map(|derived| derived.reach);
    let since = others.max().map_or(MIN_MOMENT, |reach| reach.plus(1));
    Some(LastVisit { join, left, since, open: None })
}
