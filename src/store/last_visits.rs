//! Last Join and Last Left of each name and account in the meetings of each number: all that pages need
//! of people who were not there lately.
//!
//! Settings and other meetings have a say only in sessions that have no end. Here, they count as over, end
//! unknown; since when there are any is noted, and whoever reads has to see whether they are.

use std::collections::BTreeSet;

use anyhow::Result;
use indexmap::IndexSet;
use rusqlite::{Connection, params};
use rustc_hash::{FxBuildHasher, FxHashMap};
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

use super::attended::{Attended, Backwards, Who};
use super::{BEGINNING, Damaged, chunks};
use crate::roster::{End, Span, SpanEnd, Stay, join_up, span_order};
use crate::time::moment::Moment;

/// All last visits, in memory.
#[derive(Debug, Default)]
pub(super) struct LastVisits {
    of: FxHashMap<Who, SmallVec<[OfNumber; 1]>>,
    /// No number is the empty one.
    numbers: IndexSet<Box<str>, FxBuildHasher>,
    /// Those to be found anew.
    outdated: BTreeSet<(Who, Box<str>)>,
}

/// The last visits to the meetings of one number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct OfNumber {
    number: u32,
    lasts: LastVisit,
}

/// What is known of the last visits to some meetings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct LastVisit {
    /// Last Join, and that visit.
    join: Option<Latest>,
    /// Last Left, and since when that visit lasted.
    pub(super) left: Option<(Moment, Moment)>,
    /// All sessions are in what is noted that ended at this moment or later.
    pub(super) since: Moment,
    /// When the latest session without an end began, if there is one.
    pub(super) open: Option<Moment>,
}

/// The visit that began last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Latest {
    start: Moment,
    /// The last moment that belongs to it for certain.
    reach: Moment,
    /// Whether it ended then. Otherwise, its end is unknown.
    has_ended: bool,
}

impl Latest {
    /// Spans of which it follows.
    fn spans(self) -> impl Iterator<Item = Span> {
        let vanished = Span { start: self.reach, end: SpanEnd::Unknown };
        let known = Span { start: self.start, end: SpanEnd::At(self.reach) };
        [known].into_iter().chain((!self.has_ended).then_some(vanished))
    }
}

impl LastVisit {
    /// Spans of which the same follows.
    pub(super) fn spans(self) -> impl Iterator<Item = Span> {
        let is_left = |start| self.left.is_some_and(|(_, from)| from == start);
        let is_same = self.join.is_some_and(|join| is_left(join.start));
        let left = self.left.map(|(end, start)| match is_same || start < end {
            true => Span { start, end: SpanEnd::At(end) },
            false => Span { start: end, end: SpanEnd::Bare },
        });
        self.join.filter(|_| !is_same).into_iter().flat_map(Latest::spans).chain(left)
    }
}

impl LastVisits {
    /// Reads them.
    pub(super) fn read(db: &Connection) -> Result<Self> {
        let mut read = Self::default();
        let mut query = db.prepare("SELECT who, number, found FROM last_visit")?;
        let mut rows = query.query([])?;
        while let Some(row) = rows.next()? {
            let (id, number): (i64, &str) = (row.get(0)?, row.get_ref(1)?.as_str()?);
            let sealed = chunks::unseal(row.get_ref(2)?.as_blob()?)?;
            let found: (i64, &str, LastVisit) =
                postcard::from_bytes(sealed).map_err(|_| Damaged)?;
            if (found.0, found.1) != (id, number) {
                return Err(Damaged.into());
            }
            let (number, lasts) = (read.number(number), found.2);
            let who = Who::of_id(id).ok_or(Damaged)?;
            read.of.entry(who).or_default().push(OfNumber { number, lasts });
        }
        let mut query = db.prepare("SELECT who, number FROM outdated")?;
        let mut rows = query.query([])?;
        while let Some(row) = rows.next()? {
            let who = Who::of_id(row.get(0)?).ok_or(Damaged)?;
            read.outdated.insert((who, row.get_ref(1)?.as_str()?.into()));
        }
        Ok(read)
    }

    /// Each number whose meetings `who` attended, with the last visits there.
    pub(super) fn of(&self, who: Who) -> impl Iterator<Item = (Option<&str>, LastVisit)> {
        self.of.get(&who).into_iter().flatten().map(|last| {
            let number = self.numbers.get_index(last.number as usize).map(|number| &**number);
            (number.filter(|number| !number.is_empty()), last.lasts)
        })
    }

    /// Takes note that sessions of `whose` at `number` are others than before.
    pub(super) fn are_outdated(
        &mut self,
        db: &Connection,
        whose: impl Iterator<Item = Who>,
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

    /// Finds anew what is outdated.
    pub(super) fn settle(&mut self, db: &Connection, attended: &mut Attended) -> Result<()> {
        if self.outdated.is_empty() {
            return Ok(());
        }
        let mut replace = db.prepare_cached(
            "INSERT OR REPLACE INTO last_visit (who, number, found) VALUES (?1, ?2, ?3)",
        )?;
        let mut delete =
            db.prepare_cached("DELETE FROM last_visit WHERE who = ?1 AND number = ?2")?;
        for (who, number) in std::mem::take(&mut self.outdated) {
            let found = find(db, attended, who, &number)?;
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
                Some(lasts) => {
                    all.push(OfNumber { number: place, lasts });
                    let found = postcard::to_stdvec(&(who.id(), &*number, lasts))?;
                    replace.execute(params![who.id(), number, chunks::seal(found)])?;
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

/// Looks for the last visits of `who` to meetings of `number`; `None`: there are no sessions.
fn find(
    db: &Connection,
    attended: &mut Attended,
    who: Who,
    number: &str,
) -> Result<Option<LastVisit>> {
    let number = Some(number).filter(|number| !number.is_empty());
    let mut meetings = Backwards::of(db, [who]).with_number(number);
    let mut spans: Vec<Span> = Vec::new();
    let mut open = None;
    loop {
        let next = meetings.peek()?;
        let found = lasts_of(&mut spans);
        let is_enough = |(reach, _): &(Moment, i64)| {
            let begins = found.and_then(|found| Some(found.join?.start.min(found.left?.1)));
            begins.is_some_and(|begins| *reach < begins)
        };
        let Some(next) = next.filter(|next| !is_enough(next)) else {
            // What was not looked at ended before this.
            let since = next.map_or(BEGINNING, |(reach, _)| reach.plus(1));
            return Ok(found.map(|found| LastVisit {
                since: found.since.max(since),
                open,
                ..found
            }));
        };
        meetings.pass(next);
        let known = attended.meeting(db, next.1)?;
        let sessions = known.chunks.iter().flat_map(|(_, sessions)| sessions);
        let theirs = sessions.filter(|(_, sessions)| who.is(&sessions.who));
        for span in theirs.flat_map(|(_, sessions)| &sessions.spans) {
            let is_open = span.is_open();
            open = open.max(is_open.then_some(span.start));
            spans.push(if is_open { Span { end: SpanEnd::Unknown, ..*span } } else { *span });
        }
    }
}

/// What follows from all of `spans`; `None` where there are none.
fn lasts_of(spans: &mut [Span]) -> Option<LastVisit> {
    spans.sort_by_key(span_order);
    spans.first()?;
    let (mut join, mut left) = (None, None);
    let mut stays = Vec::new();
    join_up(spans.iter().copied(), |stay| {
        let end = match stay.visit.end {
            End::At(end) => Some(end),
            End::Open | End::Unknown => None,
        };
        let reach = stay.reach.expect("what is open counts as over");
        let latest = |start| Latest { start, reach, has_ended: end.is_some() };
        join = join.max(stay.visit.start.map(latest));
        left = left.max(end.map(|end| (end, stay.visit.start.unwrap_or(end))));
        stays.push(stay);
    });
    // Of all others nothing is noted.
    let is_noted = |Stay { visit, .. }: &Stay| {
        let is_left = left.is_some_and(|(end, _)| visit.end == End::At(end));
        is_left || (visit.start.is_some() && visit.start == join.map(|join| join.start))
    };
    let others = stays.iter().filter(|stay| !is_noted(stay)).filter_map(|stay| stay.reach);
    let since = others.max().map_or(BEGINNING, |reach| reach.plus(1));
    Some(LastVisit { join, left, since, open: None })
}
