//! The last visit of each name and account to the meetings of each number: all that pages need of people
//! who were not there lately.
//!
//! A visit is noted only where its end is certain whatever the settings say; of any other, it is
//! noted that the sessions have to be looked at.

use std::collections::BTreeSet;

use anyhow::Result;
use indexmap::IndexSet;
use rusqlite::{Connection, params};
use rustc_hash::{FxBuildHasher, FxHashMap};
use smallvec::SmallVec;

use super::attended::{Attended, Backwards, Who};
use super::{Damaged, chunks};
use crate::moment::Moment;
use crate::roster::{End, Span, Stay, join_up, span_order};

/// All last visits, in memory.
#[derive(Debug, Default)]
pub(super) struct LastVisits {
    of: FxHashMap<Who, SmallVec<[LastVisit; 1]>>,
    /// No number is the empty one.
    numbers: IndexSet<Box<str>, FxBuildHasher>,
    /// Those to be found anew.
    outdated: BTreeSet<(Who, Box<str>)>,
}

/// The last visit to the meetings of one number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct LastVisit {
    number: u32,
    /// When it began and ended; `None` where settings or other meetings have a say in that.
    visit: Option<(Moment, Moment)>,
}

impl LastVisits {
    /// Reads them.
    pub(super) fn read(db: &Connection) -> Result<Self> {
        let mut read = Self::default();
        let mut query = db.prepare("SELECT who, number, start, stop, checksum FROM last_visit")?;
        let mut rows = query.query([])?;
        while let Some(row) = rows.next()? {
            let id: i64 = row.get(0)?;
            let who = Who::of_id(id).ok_or(Damaged)?;
            let (start, stop): (Option<i64>, Option<i64>) = (row.get(2)?, row.get(3)?);
            chunks::ensure_whole(&(id, row.get_ref(1)?.as_str()?, start, stop), row.get(4)?)?;
            let visit = start.map(Moment::from_seconds).zip(stop.map(Moment::from_seconds));
            let number = read.number(row.get_ref(1)?.as_str()?);
            read.of.entry(who).or_default().push(LastVisit { number, visit });
        }
        let mut query = db.prepare("SELECT who, number FROM outdated")?;
        let mut rows = query.query([])?;
        while let Some(row) = rows.next()? {
            let who = Who::of_id(row.get(0)?).ok_or(Damaged)?;
            read.outdated.insert((who, row.get_ref(1)?.as_str()?.into()));
        }
        Ok(read)
    }

    /// Each number whose meetings `who` attended, with the last visit there if it is certain.
    pub(super) fn of(
        &self,
        who: Who,
    ) -> impl Iterator<Item = (Option<&str>, Option<(Moment, Moment)>)> {
        self.of.get(&who).into_iter().flatten().map(|last| {
            let number = self.numbers.get_index(last.number as usize).map(|number| &**number);
            (number.filter(|number| !number.is_empty()), last.visit)
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
            "INSERT OR REPLACE INTO last_visit (who, number, start, stop, checksum)
             VALUES (?1, ?2, ?3, ?4, ?5)",
        )?;
        let mut delete =
            db.prepare_cached("DELETE FROM last_visit WHERE who = ?1 AND number = ?2")?;
        for (who, number) in std::mem::take(&mut self.outdated) {
            let found = find(db, attended, who, &number)?;
            let place = self.number(&number);
            let all = self.of.entry(who).or_default();
            all.retain(|last| last.number != place);
            match found {
                Found::Nothing => {
                    delete.execute(params![who.id(), number])?;
                    if all.is_empty() {
                        self.of.remove(&who);
                    }
                }
                Found::Visit(visit) => {
                    all.push(LastVisit { number: place, visit });
                    let (start, stop) = visit.unzip();
                    let (start, stop) = (start.map(Moment::seconds), stop.map(Moment::seconds));
                    let checksum = chunks::of_row(&(who.id(), &*number, start, stop));
                    replace.execute(params![who.id(), number, start, stop, checksum])?;
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

enum Found {
    /// There are no sessions any more.
    Nothing,
    /// The last one, if it is certain.
    Visit(Option<(Moment, Moment)>),
}

/// Looks for the last visit of `who` to meetings of `number`.
fn find(db: &Connection, attended: &mut Attended, who: Who, number: &str) -> Result<Found> {
    let number = Some(number).filter(|number| !number.is_empty());
    let mut meetings = Backwards::of(db, [who]).with_number(number);
    let mut spans: Vec<Span> = Vec::new();
    loop {
        let next = meetings.peek()?;
        let last = last_stay(&mut spans);
        let begins = last.as_ref().map(|stay| stay.visit.start.or(stay.reach));
        let is_whole = match (next, begins) {
            (None, _) => true,
            // It lasts, and nothing before can change that.
            (_, Some(_)) if last.as_ref().is_some_and(|stay| stay.visit.end == End::Open) => true,
            (Some((reach, _)), Some(begins)) => begins.is_some_and(|begins| reach < begins),
            (Some(_), None) => false,
        };
        if is_whole {
            return Ok(last.map_or(Found::Nothing, |Stay { visit, .. }| {
                Found::Visit(match (visit.start, visit.end) {
                    (Some(start), End::At(end)) => Some((start, end)),
                    _ => None,
                })
            }));
        }
        let Some(next) = next else { return Ok(Found::Nothing) };
        meetings.pass(next);
        let known = attended.meeting(db, next.1)?;
        let sessions = known.chunks.iter().flat_map(|(_, sessions)| sessions);
        let theirs = sessions.filter(|(_, sessions)| who.is(&sessions.who));
        spans.extend(theirs.flat_map(|(_, sessions)| sessions.spans.iter().copied()));
    }
}

fn last_stay(spans: &mut [Span]) -> Option<Stay> {
    spans.sort_by_key(span_order);
    let mut last = None;
    join_up(spans.iter().copied(), |stay| last = Some(stay));
    last
}
