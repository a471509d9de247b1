//! Presence as of a moment in the past, from the same sessions.
//!
//! Most meetings were over at that moment or had not begun. Only the sessions of meetings that
//! continued after it are derived again, from the facts up to it.

use std::sync::Arc;

use anyhow::Result;
use rusqlite::Connection;
use rustc_hash::{FxHashMap, FxHashSet};

use super::attendance::MeetingCache;
use super::backfill::Backfill;
use super::recent::{RecentSessions, StoredMeeting};
use super::waiting::Waits;
use super::{Memory, Store, classify, read};
use crate::roster::{
    Meeting, Newest, Presence, PresenceBuilder, Roster, Rules, SymbolTable, VISITS_LISTED_S,
    add_newest,
};
use crate::time::moment::Moment;
use crate::zoom::Event;

/// The state of the store at a past moment, as far as it differs from the present.
struct AsOf {
    moment: Moment,
    symbols: SymbolTable,
    /// Meetings that continued after the moment, as of the moment.
    derived: FxHashMap<i64, Arc<StoredMeeting>>,
    newest: Newest,
    recent: RecentSessions,
    waits: Waits,
}

impl Store {
    /// Who was where at `moment`, by the facts up to it.
    ///
    /// # Errors
    ///
    /// The store can't be read.
    pub fn presence_as_of(&self, rules: &Rules, moment: Moment) -> Result<Presence> {
        self.derive_as_of(rules, moment).map_err(classify)
    }

    fn derive_as_of(&self, rules: &Rules, moment: Moment) -> Result<Presence> {
        if self.memory.symbols.has_form_seen_after(moment) {
            // The latest form of a name at that moment follows only from the facts.
            return Ok(self.roster_as_of(moment)?.presence(rules, moment));
        }
        let (db, since) = (&self.db, moment.plus(-VISITS_LISTED_S));
        let AsOf { symbols, derived, newest, recent, waits, .. } =
            AsOf::read(db, &self.memory, moment)?;
        let mut builder = PresenceBuilder::new(&symbols, rules, moment, &newest);
        for (_, info, sessions) in recent.meetings() {
            builder.add(info, sessions);
        }
        waits.add_to(&mut builder);
        let mut backfill = Backfill {
            db,
            recent: &recent,
            last_visits: &self.memory.last_visits,
            meeting_cache: &mut MeetingCache::with(derived),
            since,
            ambiguous: FxHashSet::default(),
            until: Some(moment),
            is_all_recent: FxHashMap::default(),
        };
        backfill.run(&mut builder)?;
        Ok(builder.build(None))
    }

    /// A roster of all facts up to `moment`.
    pub(super) fn roster_as_of(&self, moment: Moment) -> Result<Roster> {
        let mut roster = Roster::new();
        self.events_up_to(Some(moment), |_, event| {
            if event.at <= moment {
                roster.apply(&event);
            }
            Ok(())
        })?;
        Ok(roster)
    }
}

impl AsOf {
    fn read(db: &Connection, memory: &Memory, moment: Moment) -> Result<Self> {
        let mut state = Self {
            moment,
            symbols: memory.symbols.clone(),
            derived: FxHashMap::default(),
            newest: Newest::default(),
            recent: RecentSessions::default(),
            waits: memory.waits.up_to(db, moment)?,
        };
        let mut query = db.prepare(
            "SELECT id, uuid FROM meeting WHERE first_fact <= ?1 AND last_fact > ?1 ORDER BY id",
        )?;
        let mut rows = query.query([moment.seconds()])?;
        let mut meetings = FxHashMap::<i64, (String, Vec<&Event>)>::default();
        while let Some(row) = rows.next()? {
            meetings.insert(row.get(0)?, (row.get(1)?, Vec::new()));
        }
        // Events kept for the future that count at that moment.
        let mut unknown = 0;
        let mut ids = FxHashMap::<&str, i64>::default();
        for (_, event) in memory.future.iter().filter(|(_, event)| event.at <= moment) {
            let Some(meeting) = &event.meeting else { continue };
            let uuid = meeting.uuid.as_str();
            let id = match ids.get(uuid) {
                Some(id) => *id,
                None => read::meeting_id(db, uuid)?.unwrap_or_else(|| {
                    unknown -= 1;
                    unknown
                }),
            };
            ids.insert(uuid, id);
            meetings.entry(id).or_insert_with(|| (uuid.to_owned(), Vec::new())).1.push(event);
        }
        for (id, (uuid, future)) in &meetings {
            state.derive(db, *id, uuid, future)?;
        }
        state.read_newest(db)?;
        state.recent.load_as_of(db, moment, &state.derived)?;
        Ok(state)
    }

    /// Derives the sessions of a meeting from its facts up to the moment.
    fn derive(&mut self, db: &Connection, id: i64, uuid: &str, future: &[&Event]) -> Result<()> {
        let mut meeting = Meeting::default();
        read::for_each_event(db, id, uuid, |_, event| {
            if event.at <= self.moment {
                meeting.apply(&event, &mut self.symbols);
            }
            Ok(())
        })?;
        for event in future {
            meeting.apply(event, &mut self.symbols);
        }
        let sessions = meeting.all_sessions(&self.symbols).collect();
        let info = meeting.info().clone();
        self.waits.set(id, &info, meeting.waits(&self.symbols));
        self.derived.insert(id, Arc::new(StoredMeeting { info, chunks: vec![(0, sessions)] }));
        Ok(())
    }

    fn read_newest(&mut self, db: &Connection) -> Result<()> {
        let derived: Vec<String> = self.derived.keys().map(i64::to_string).collect();
        let mut query = db.prepare(&format!(
            "SELECT number, max(first_seen) FROM meeting
             WHERE last_fact <= ?1 AND number IS NOT NULL AND first_seen IS NOT NULL AND id NOT IN ({})
             GROUP BY number",
            derived.join(", ")
        ))?;
        let mut rows = query.query([self.moment.seconds()])?;
        while let Some(row) = rows.next()? {
            let first = Moment::from_seconds(row.get(1)?);
            self.newest.insert(row.get_ref(0)?.as_str()?.into(), first);
        }
        for known in self.derived.values() {
            add_newest(&mut self.newest, &known.info);
        }
        Ok(())
    }
}
