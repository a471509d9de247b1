//! Older sessions, where pages need them: of whoever was not there lately, the last visit counts,
//! however long ago it was.

use anyhow::Result;
use rusqlite::{Connection, params};
use rustc_hash::{FxHashMap, FxHashSet};
use smallvec::SmallVec;

use super::attended::{Attended, Backwards, Who};
use super::last_visits::LastVisits;
use super::window::{self, Window};
use super::{BEGINNING, chunks};
use crate::roster::{Gathered, KnownFrom, RoomSpan, Rules, Words};
use crate::time::moment::Moment;

/// What older sessions are looked for in.
pub(super) struct Completing<'a> {
    pub(super) db: &'a Connection,
    pub(super) window: &'a Window,
    pub(super) last_visits: &'a LastVisits,
    pub(super) attended: &'a mut Attended,
    /// All sessions were gathered that lasted until here or longer.
    pub(super) since: Moment,
    /// Names and accounts whose sessions are somebody else's where a certain account had them.
    pub(super) shared: FxHashSet<Who>,
    /// Only meetings that had begun by then exist; `None`: all.
    pub(super) until: Option<Moment>,
    /// Meetings of which nothing is missing in the window.
    pub(super) whole: FxHashMap<i64, bool>,
}

/// Who somebody goes by.
type Selectors = SmallVec<[Who; 1]>;

/// Somebody whose spans are being completed.
struct Person<'a> {
    /// The place in the cast.
    place: u32,
    selectors: &'a Selectors,
    /// Several people may go by one mask, so their spans must not be taken for one another's.
    is_masked: bool,
    /// Whether they were in several rooms.
    was_in_several: bool,
    /// Meetings whose older sessions were added.
    added: SmallVec<[i64; 4]>,
}

impl Person<'_> {
    /// Since when all of their spans have to be known, by those that count.
    fn known_from(
        &self,
        spans: &mut [RoomSpan],
        since: Moment,
        counts: impl Fn(&RoomSpan) -> bool,
    ) -> Option<Moment> {
        let from = KnownFrom::of(spans, since, &counts).all()?;
        // Which of several people a span is of depends on all that meet.
        let earliest = spans.iter().filter(|found| self.is_masked && counts(found));
        Some(earliest.map(|found| found.span.start).fold(from, Moment::min))
    }
}

impl Completing<'_> {
    /// Adds to everybody's spans those that are needed for Last Join and Last Left, in each room
    /// and over all.
    pub(super) fn complete(&mut self, gathered: &mut Gathered<'_>) -> Result<()> {
        let mut selectors = vec![Selectors::new(); gathered.cast().people().len()];
        for (word, person) in gathered.cast().names() {
            selectors[person as usize].push(Who::Name(word));
        }
        for (word, person) in gathered.cast().accounts() {
            selectors[person as usize].push(Who::Account(word));
        }
        for (place, selectors) in (0..).zip(&selectors) {
            let is_masked = gathered.cast().people()[place as usize].name.is_telephone_mask();
            let person = Person {
                place,
                selectors,
                is_masked,
                was_in_several: false,
                added: SmallVec::new(),
            };
            self.complete_person(gathered, person)?;
        }
        Ok(())
    }

    fn complete_person(
        &mut self,
        gathered: &mut Gathered<'_>,
        mut person: Person<'_>,
    ) -> Result<()> {
        // Each room that they were ever in, and since when all of their sessions there are known.
        let mut rooms: SmallVec<[(u32, Moment); 2]> = SmallVec::new();
        for who in person.selectors {
            for (number, _) in self.last_visits.of(*who) {
                if let Some(room) = gathered.frame().room(number)
                    && !rooms.iter().any(|(known, _)| *known == room)
                {
                    rooms.push((room, self.since));
                }
            }
        }
        for found in gathered.spans_mut(person.place).iter() {
            if !rooms.iter().any(|(known, _)| *known == found.room) {
                rooms.push((found.room, self.since));
            }
        }
        person.was_in_several = rooms.len() > 1;
        for (room, known_since) in &mut rooms {
            *known_since = self.complete_room(gathered, &mut person, *room)?;
        }
        if rooms.len() < 2 {
            return Ok(());
        }
        // Over all rooms, a visit may have begun in another one, longer ago.
        let known_since = rooms.iter().map(|(_, since)| *since).max().unwrap_or(BEGINNING);
        let from = person.known_from(gathered.spans_mut(person.place), self.since, |_| true);
        if known_since == BEGINNING || from.is_some_and(|from| from >= known_since) {
            return Ok(());
        }
        self.walk(gathered, &mut person, |_| true).map(drop)
    }

    /// Completes a person's spans in one room; since when all of them are known there.
    fn complete_room(
        &mut self,
        gathered: &mut Gathered<'_>,
        person: &mut Person<'_>,
        room: u32,
    ) -> Result<Moment> {
        let is_here = |found: &RoomSpan| found.room == room;
        let spans = gathered.spans_mut(person.place);
        let was_here = spans.iter().any(is_here);
        if was_here
            && person.known_from(spans, self.since, is_here).is_some_and(|from| from >= self.since)
        {
            return Ok(self.since);
        }
        // Older spans make room for what stands for them, unless those of other rooms touch them.
        if !(was_here && person.was_in_several)
            && let Some((found, known_since)) = self.last_visits(gathered, person, room)
        {
            let spans = gathered.spans_mut(person.place);
            spans.retain(|known| known.room != room || self.is_of_late(known));
            spans.extend(found);
            return Ok(known_since);
        }
        self.walk(gathered, person, is_here)
    }

    /// Whether it is one of those of which all were gathered.
    fn is_of_late(&self, found: &RoomSpan) -> bool {
        found.span.is_open() || window::last_of(&found.span) >= self.since
    }

    /// Spans that stand for the last visits to a room, so that Last Join and Last Left follow from
    /// them and those of late, and since when all are known there; `None` where only sessions tell.
    fn last_visits(
        &self,
        gathered: &mut Gathered<'_>,
        person: &Person<'_>,
        room: u32,
    ) -> Option<(Vec<RoomSpan>, Moment)> {
        if person.is_masked || self.until.is_some() {
            return None;
        }
        let spans = gathered.spans_mut(person.place);
        let is_of_late = |known: &&RoomSpan| known.room == room && self.is_of_late(known);
        let mut all: Vec<RoomSpan> = spans.iter().filter(is_of_late).copied().collect();
        let was_here_lately = !all.is_empty();
        let known = KnownFrom::of(&mut all, self.since, |_| true);
        if known.listed < self.since || known.join.is_some_and(|from| from < self.since) {
            return None;
        }
        let (mut found, mut known_since, mut count) = (Vec::new(), BEGINNING, 0);
        let mut left = None;
        for who in person.selectors {
            if self.shared.contains(who) {
                return None;
            }
            for (number, lasts) in self.last_visits.of(*who) {
                if gathered.frame().room(number) != Some(room) {
                    continue;
                }
                // A newer meeting has ended what has no end; else it may still last. What may is gathered.
                let newest = gathered.frame().newest(number);
                let may_last = |open| newest.is_none_or(|newest| newest <= open);
                if !was_here_lately && lasts.open.is_some_and(may_last) {
                    return None;
                }
                count += 1;
                known_since = known_since.max(lasts.since);
                left = left.max(lasts.left);
                found.extend(lasts.spans().map(|span| RoomSpan { room, span }));
            }
        }
        all.extend(&found);
        let known = KnownFrom::of(&mut all, self.since, |_| true);
        // They did not leave who left in a visit that still lasts: of the one before, nothing is noted.
        if known.present.is_some_and(|present| left.is_some_and(|(end, _)| end >= present)) {
            return None;
        }
        // Those of several names or numbers may meet what is not noted.
        let is_enough = count < 2
            || known_since == BEGINNING
            || known.all().is_some_and(|from| from >= known_since);
        is_enough.then_some((found, known_since))
    }

    /// Adds sessions, the latest first, until Last Join and Last Left are certain in the rooms that
    /// `counts` lets pass; since when all sessions there are known.
    fn walk(
        &mut self,
        gathered: &mut Gathered<'_>,
        person: &mut Person<'_>,
        counts: impl Fn(&RoomSpan) -> bool,
    ) -> Result<Moment> {
        let mut meetings =
            Backwards::of(self.db, person.selectors.iter().copied()).begun_by(self.until);
        loop {
            let Some(next) = meetings.peek()? else { return Ok(BEGINNING) };
            let known_since =
                person.known_from(gathered.spans_mut(person.place), self.since, &counts);
            if let Some(from) = known_since.filter(|from| next.0 < *from) {
                return Ok(from);
            }
            meetings.pass(next);
            if !person.added.contains(&next.1) {
                self.add_older(gathered, person, next.1, &counts)?;
            }
        }
    }

    /// Whether all sessions of a meeting were gathered, as those of most lately are.
    fn is_whole(&mut self, meeting: i64) -> Result<bool> {
        if let Some(is_whole) = self.whole.get(&meeting) {
            return Ok(*is_whole);
        }
        let (there, (from, to)) = (self.window.chunks_of(meeting), chunks::chunk_ids(meeting));
        let query = "SELECT count(*) FROM sessions WHERE id >= ?1 AND id < ?2";
        let count = |row: &rusqlite::Row<'_>| row.get::<_, usize>(0);
        let is_whole = self.until.is_none()
            && there > 0
            && self.db.prepare_cached(query)?.query_row([from, to], count)? == there;
        self.whole.insert(meeting, is_whole);
        Ok(is_whole)
    }

    /// Adds a person's sessions in a meeting that were not gathered, if its room counts.
    fn add_older(
        &mut self,
        gathered: &mut Gathered<'_>,
        person: &mut Person<'_>,
        meeting: i64,
        counts: impl Fn(&RoomSpan) -> bool,
    ) -> Result<()> {
        if self.is_whole(meeting)? {
            return Ok(());
        }
        let known = self.attended.meeting(self.db, meeting)?;
        let Some((room, bounds)) = gathered.frame().room_and_bounds(&known.outline) else {
            return Ok(());
        };
        let older = known.chunks.iter().filter(|(chunk, _)| !self.window.has(meeting, *chunk));
        let sessions = older.flat_map(|(_, sessions)| sessions).map(|(_, sessions)| sessions);
        let who = |said| gathered.cast().who(said) == Some(person.place);
        let theirs = sessions.filter(|sessions| who(&sessions.who));
        let spans = theirs.flat_map(|sessions| &sessions.spans);
        let found = spans.map(|span| RoomSpan { room, span: bounds.close(*span) });
        let found: Vec<RoomSpan> = found.filter(counts).collect();
        if !found.is_empty() {
            person.added.push(meeting);
            gathered.spans_mut(person.place).extend(found);
        }
        Ok(())
    }
}

/// The names and accounts some of whose sessions belong to an account of the settings.
pub(super) fn shared(db: &Connection, words: &Words, rules: &Rules) -> Result<FxHashSet<Who>> {
    let mut shared = FxHashSet::default();
    let mut query = db.prepare_cached("SELECT who FROM account_of WHERE account = ?1")?;
    for id in rules.people.iter().flat_map(|person| &person.zoom_user_ids) {
        let Some(word) = words.zoom_user_ids.find(id.as_str()) else { continue };
        let mut rows = query.query(params![Who::Account(word).id()])?;
        while let Some(row) = rows.next()? {
            shared.extend(Who::of_id(row.get(0)?));
        }
    }
    Ok(shared)
}
