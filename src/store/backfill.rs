//! Adds the sessions older than 35 days that Last Join and Last Left depend on.

use anyhow::Result;
use rusqlite::{Connection, params};
use rustc_hash::{FxHashMap, FxHashSet};
use smallvec::SmallVec;

use super::attendance::{AttendedMeetings, IdentityKey, MeetingCache};
use super::last_visits::LastVisits;
use super::recent::{self, RecentSessions};
use super::{MIN_MOMENT, chunks};
use crate::roster::{PresenceBuilder, RequiredSince, RoomSpan, Rules, SymbolTable, first_caller};
use crate::time::moment::Moment;

/// Where older sessions are looked up.
pub(super) struct Backfill<'a> {
    pub(super) db: &'a Connection,
    pub(super) recent: &'a RecentSessions,
    pub(super) last_visits: &'a LastVisits,
    pub(super) meeting_cache: &'a mut MeetingCache,
    /// The builder already has all sessions that lasted until this moment or longer.
    pub(super) since: Moment,
    /// Names and accounts that do not determine a person, because some of their sessions belong to
    /// another account of the settings.
    pub(super) ambiguous: FxHashSet<IdentityKey>,
    /// Ignore meetings that began after this moment.
    pub(super) until: Option<Moment>,
    /// For each meeting, whether all of its sessions are recent.
    pub(super) is_all_recent: FxHashMap<i64, bool>,
}

/// The names and accounts of a person.
type PersonKeys = SmallVec<[IdentityKey; 1]>;

/// A person whose spans are being completed.
struct Candidate<'a> {
    /// The person's index in the resolver.
    index: u32,
    keys: &'a PersonKeys,
    /// Several people may share one masked number, so their spans must stay apart.
    is_masked: bool,
    /// Whether they were in several rooms.
    was_in_several: bool,
    /// Meetings whose older sessions have been added.
    added: SmallVec<[i64; 4]>,
}

impl Candidate<'_> {
    /// From when on all spans of this person have to be known, judging by those that count.
    fn known_from(
        &self,
        spans: &mut [RoomSpan],
        since: Moment,
        counts: impl Fn(&RoomSpan) -> bool,
    ) -> Option<Moment> {
        let from = if self.is_masked {
            // Of several callers, the first one has all older spans.
            let mut first = first_caller(spans.to_vec(), since);
            RequiredSince::of(&mut first, since, &counts).all()?
        } else {
            RequiredSince::of(spans, since, &counts).all()?
        };
        // How callers are split depends on all spans that overlap.
        let earliest = spans.iter().filter(|found| self.is_masked && counts(found));
        Some(earliest.map(|found| found.span.start).fold(from, Moment::min))
    }
}

impl Backfill<'_> {
    /// Adds the older spans of all people, for each room and over all rooms.
    pub(super) fn run(&mut self, builder: &mut PresenceBuilder<'_>) -> Result<()> {
        let mut keys = vec![PersonKeys::new(); builder.resolver().people().len()];
        for (symbol, person) in builder.resolver().names() {
            keys[person as usize].push(IdentityKey::Name(symbol));
        }
        for (symbol, person) in builder.resolver().accounts() {
            keys[person as usize].push(IdentityKey::Account(symbol));
        }
        for (index, keys) in (0..).zip(&keys) {
            let is_masked = builder.resolver().people()[index as usize].is_telephone_mask();
            let person =
                Candidate { index, keys, is_masked, was_in_several: false, added: SmallVec::new() };
            self.fill_person(builder, person)?;
        }
        Ok(())
    }

    fn fill_person(
        &mut self,
        builder: &mut PresenceBuilder<'_>,
        mut person: Candidate<'_>,
    ) -> Result<()> {
        // Each room the person was ever in, and since when all sessions there are known.
        let mut rooms: SmallVec<[(u32, Moment); 2]> = SmallVec::new();
        for who in person.keys {
            for (number, _) in self.last_visits.of(*who) {
                if let Some(room) = builder.context().room(number)
                    && !rooms.iter().any(|(known, _)| *known == room)
                {
                    rooms.push((room, self.since));
                }
            }
        }
        for found in builder.spans_mut(person.index).iter() {
            if !rooms.iter().any(|(known, _)| *known == found.room) {
                rooms.push((found.room, self.since));
            }
        }
        person.was_in_several = rooms.len() > 1;
        for (room, known_since) in &mut rooms {
            *known_since = self.fill_room(builder, &mut person, *room)?;
        }
        if rooms.len() < 2 {
            return Ok(());
        }
        // Over all rooms, a visit may have begun earlier, in another room.
        let known_since = rooms.iter().map(|(_, since)| *since).max().unwrap_or(MIN_MOMENT);
        let from = person.known_from(builder.spans_mut(person.index), self.since, |_| true);
        if known_since == MIN_MOMENT || from.is_some_and(|from| from >= known_since) {
            return Ok(());
        }
        self.walk(builder, &mut person, |_| true).map(drop)
    }

    /// Completes a person's spans in one room. Returns since when all spans there are known.
    fn fill_room(
        &mut self,
        builder: &mut PresenceBuilder<'_>,
        person: &mut Candidate<'_>,
        room: u32,
    ) -> Result<Moment> {
        let is_here = |found: &RoomSpan| found.room == room;
        let spans = builder.spans_mut(person.index);
        let was_here = spans.iter().any(is_here);
        if was_here
            && person.known_from(spans, self.since, is_here).is_some_and(|from| from >= self.since)
        {
            return Ok(self.since);
        }
        // Last visits replace older spans, unless these may touch spans in other rooms.
        if !(was_here && person.was_in_several)
            && let Some((found, known_since)) = self.last_visits(builder, person, room)
        {
            let spans = builder.spans_mut(person.index);
            spans.retain(|known| known.room != room || self.is_recent(known));
            spans.extend(found);
            return Ok(known_since);
        }
        self.walk(builder, person, is_here)
    }

    /// Whether the builder has all spans as late as this one.
    fn is_recent(&self, found: &RoomSpan) -> bool {
        found.span.is_open() || recent::last_of(&found.span) >= self.since
    }

    /// Spans for the stored last visits to a room, and since when all spans there are known. Last
    /// Join and Last Left follow from these and the recent spans. `None` if all older sessions are
    /// needed.
    fn last_visits(
        &self,
        builder: &mut PresenceBuilder<'_>,
        person: &Candidate<'_>,
        room: u32,
    ) -> Option<(Vec<RoomSpan>, Moment)> {
        if person.is_masked || self.until.is_some() {
            return None;
        }
        let spans = builder.spans_mut(person.index);
        let is_recent = |known: &&RoomSpan| known.room == room && self.is_recent(known);
        let mut all: Vec<RoomSpan> = spans.iter().filter(is_recent).copied().collect();
        let was_here_lately = !all.is_empty();
        let known = RequiredSince::of(&mut all, self.since, |_| true);
        if known.listed < self.since || known.join.is_some_and(|from| from < self.since) {
            return None;
        }
        let (mut found, mut known_since, mut count) = (Vec::new(), MIN_MOMENT, 0);
        let mut left = None;
        for who in person.keys {
            if self.ambiguous.contains(who) {
                return None;
            }
            for (number, lasts) in self.last_visits.of(*who) {
                if builder.context().room(number) != Some(room) {
                    continue;
                }
                // Unless a newer meeting ended it, an open session may still last. It is then among the
                // recent sessions.
                let newest = builder.context().newest(number);
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
        let known = RequiredSince::of(&mut all, self.since, |_| true);
        // If the last known leave lies within the open visit, it is no Last Left, and the one before
        // it is not stored.
        if known.present.is_some_and(|present| left.is_some_and(|(end, _)| end >= present)) {
            return None;
        }
        // With several names or numbers, visits may overlap others that are not stored.
        let is_enough = count < 2
            || known_since == MIN_MOMENT
            || known.all().is_some_and(|from| from >= known_since);
        is_enough.then_some((found, known_since))
    }

    /// Adds older sessions, the latest first, until Last Join and Last Left are certain among the
    /// spans for which `counts` is true. Returns since when all of these are known.
    fn walk(
        &mut self,
        builder: &mut PresenceBuilder<'_>,
        person: &mut Candidate<'_>,
        counts: impl Fn(&RoomSpan) -> bool,
    ) -> Result<Moment> {
        let mut meetings =
            AttendedMeetings::of(self.db, person.keys.iter().copied()).begun_by(self.until);
        loop {
            let Some(next) = meetings.peek()? else { return Ok(MIN_MOMENT) };
            let known_since =
                person.known_from(builder.spans_mut(person.index), self.since, &counts);
            if let Some(from) = known_since.filter(|from| next.0 < *from) {
                return Ok(from);
            }
            meetings.skip(next);
            if !person.added.contains(&next.1) {
                self.add_older(builder, person, next.1, &counts)?;
            }
        }
    }

    /// Whether all sessions of a meeting are recent.
    fn is_all_recent(&mut self, meeting: i64) -> Result<bool> {
        if let Some(is_all) = self.is_all_recent.get(&meeting) {
            return Ok(*is_all);
        }
        let (there, (from, to)) = (self.recent.chunk_count(meeting), chunks::chunk_ids(meeting));
        let query = "SELECT count(*) FROM sessions WHERE id >= ?1 AND id < ?2";
        let count = |row: &rusqlite::Row<'_>| row.get::<_, usize>(0);
        let is_all = self.until.is_none()
            && there > 0
            && self.db.prepare_cached(query)?.query_row([from, to], count)? == there;
        self.is_all_recent.insert(meeting, is_all);
        Ok(is_all)
    }

    /// Adds a person's older sessions in a meeting, if its room counts.
    fn add_older(
        &mut self,
        builder: &mut PresenceBuilder<'_>,
        person: &mut Candidate<'_>,
        meeting: i64,
        counts: impl Fn(&RoomSpan) -> bool,
    ) -> Result<()> {
        if self.is_all_recent(meeting)? {
            return Ok(());
        }
        let known = self.meeting_cache.meeting(self.db, meeting)?;
        let Some((room, bounds)) = builder.context().room_and_bounds(&known.info) else {
            return Ok(());
        };
        let older = known.chunks.iter().filter(|(chunk, _)| !self.recent.has(meeting, *chunk));
        let sessions = older.flat_map(|(_, sessions)| sessions).map(|(_, sessions)| sessions);
        let is_theirs = |identity| builder.resolver().resolve(identity) == Some(person.index);
        let theirs = sessions.filter(|sessions| is_theirs(&sessions.who));
        let spans = theirs.flat_map(|sessions| &sessions.spans);
        let found = spans.map(|span| RoomSpan { room, span: bounds.close(*span) });
        let found: Vec<RoomSpan> = found.filter(counts).collect();
        if !found.is_empty() {
            person.added.push(meeting);
            builder.spans_mut(person.index).extend(found);
        }
        Ok(())
    }
}

/// The names and accounts that were reported together with an account of the settings.
pub(super) fn ambiguous_keys(
    db: &Connection,
    symbols: &SymbolTable,
    rules: &Rules,
) -> Result<FxHashSet<IdentityKey>> {
    let mut ambiguous = FxHashSet::default();
    let mut query = db.prepare_cached("SELECT who FROM account_of WHERE account = ?1")?;
    for id in rules.people.iter().flat_map(|person| &person.zoom_user_ids) {
        let Some(symbol) = symbols.zoom_user_ids.get(id.as_str()) else { continue };
        let mut rows = query.query(params![IdentityKey::Account(symbol).id()])?;
        while let Some(row) = rows.next()? {
            ambiguous.extend(IdentityKey::from_id(row.get(0)?));
        }
    }
    Ok(ambiguous)
}
