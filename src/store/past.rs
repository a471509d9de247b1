//! Presence as of a moment in the past, from the same sessions.
//!
//! Most meetings were over by then, or had not begun. Only those that went on over that moment are derived
//! anew, from the facts up to it.

use std::sync::Arc;

use anyhow::Result;
use rusqlite::{Connection, OptionalExtension};
use rustc_hash::{FxHashMap, FxHashSet};

use super::attended::{Attended, Known};
use super::chunks::{self, Grouped};
use super::completing::Completing;
use super::window::Window;
use super::{Memory, Store, classified};
use crate::roster::{Gathered, LISTED, Meeting, Newest, Presence, Roster, Rules, Words};
use crate::time::moment::Moment;
use crate::zoom::Event;

/// What differs from the present.
struct Past {
    moment: Moment,
    words: Words,
    /// Meetings that went on, as far as they had come.
    derived: FxHashMap<i64, Arc<Known>>,
    newest: Newest,
    window: Window,
}

impl Store {
    /// Who was where at `moment`, by the facts up to it.
    ///
    /// # Errors
    ///
    /// The store can't be read.
    pub fn presence_as_of(&self, rules: &Rules, moment: Moment) -> Result<Presence> {
        self.derive_as_of(rules, moment).map_err(classified)
    }

    fn derive_as_of(&self, rules: &Rules, moment: Moment) -> Result<Presence> {
        if self.memory.words.has_form_seen_after(moment) {
            // Which form of a name was the latest then, only the facts tell.
            return Ok(self.roster_as_of(moment)?.presence(rules, moment));
        }
        let (db, since) = (&self.db, moment.plus(-LISTED));
        let Past { words, derived, newest, window, .. } = Past::read(db, &self.memory, moment)?;
        let mut gathered = Gathered::new(&words, rules, moment, &newest);
        for (outline, sessions) in window.meetings() {
            gathered.add(outline, sessions);
        }
        let mut completing = Completing {
            db,
            window: &window,
            last_visits: &self.memory.last_visits,
            attended: &mut Attended::with(derived),
            since,
            shared: FxHashSet::default(),
            until: Some(moment),
            whole: FxHashMap::default(),
        };
        completing.complete(&mut gathered)?;
        Ok(gathered.presence(None))
    }

    /// Everything that counts until `moment`.
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

impl Past {
    fn read(db: &Connection, memory: &Memory, moment: Moment) -> Result<Self> {
        let mut past = Self {
            moment,
            words: memory.words.clone(),
            derived: FxHashMap::default(),
            newest: Newest::default(),
            window: Window::default(),
        };
        let mut query = db.prepare(
            "SELECT id, uuid FROM meeting WHERE first_fact <= ?1 AND last_fact > ?1 ORDER BY id",
        )?;
        let mut rows = query.query([moment.seconds()])?;
        let mut meetings = FxHashMap::<i64, (String, Vec<&Event>)>::default();
        while let Some(row) = rows.next()? {
            meetings.insert(row.get(0)?, (row.get(1)?, Vec::new()));
        }
        // What was yet to come, and has by then.
        let mut unknown = 0;
        let mut ids = FxHashMap::<&str, i64>::default();
        for (_, event) in memory.future.iter().filter(|(_, event)| event.at <= moment) {
            let Some(meeting) = &event.meeting else { continue };
            let uuid = meeting.uuid.as_str();
            let id = match ids.get(uuid) {
                Some(id) => *id,
                None => id_of(db, uuid)?.unwrap_or_else(|| {
                    unknown -= 1;
                    unknown
                }),
            };
            ids.insert(uuid, id);
            meetings.entry(id).or_insert_with(|| (uuid.to_owned(), Vec::new())).1.push(event);
        }
        for (id, (uuid, to_come)) in &meetings {
            past.derive(db, *id, uuid, to_come)?;
        }
        past.read_newest(db)?;
        past.window.load_past(db, moment, &past.derived)?;
        Ok(past)
    }

    /// Derives a meeting from its facts up to the moment.
    fn derive(&mut self, db: &Connection, id: i64, uuid: &str, to_come: &[&Event]) -> Result<()> {
        let mut meeting = Meeting::default();
        let (from, to) = chunks::chunk_ids(id);
        let mut query =
            db.prepare_cached("SELECT events FROM facts WHERE id >= ?1 AND id < ?2 ORDER BY id")?;
        let mut rows = query.query([from, to])?;
        while let Some(row) = rows.next()? {
            let bytes = chunks::unseal(row.get_ref(0)?.as_blob()?)?;
            for fact in chunks::read_facts(bytes, uuid) {
                let (_, _, event) = fact?;
                if event.at <= self.moment {
                    meeting.apply(&event, &mut self.words);
                }
            }
        }
        for event in to_come {
            meeting.apply(event, &mut self.words);
        }
        let sessions = |group| Some((group, meeting.sessions(group, &self.words)?));
        let sessions: Grouped = meeting.groups().filter_map(sessions).collect();
        let outline = meeting.outline().clone();
        self.derived.insert(id, Arc::new(Known { outline, chunks: vec![(0, sessions)] }));
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
            if let (Some(number), Some(seen)) = (known.outline.number(), known.outline.seen) {
                let newest = self.newest.entry(number.into()).or_insert(seen.first);
                *newest = seen.first.max(*newest);
            }
        }
        Ok(())
    }
}

fn id_of(db: &Connection, uuid: &str) -> Result<Option<i64>> {
    let mut query = db.prepare_cached("SELECT id FROM meeting WHERE uuid = ?1")?;
    Ok(query.query_row([uuid], |row| row.get(0)).optional()?)
}
