//! Everybody and every meeting number that was ever seen, for the operator.
//!
//! Names are as Zoom reported them: `[[people]]` and `[[rooms]]` are not applied. Topics are not in
//! the store; they are looked up in the journal, in late events of each number.

use std::collections::BTreeMap;

use anyhow::Result;

use super::Log;
use crate::journal::Reader;
use crate::roster::{End, Rules};
use crate::store::SeenNumber;
use crate::time::moment::Moment;
use crate::zoom::{self, Name};

/// How many late events of a number are read for its topic.
const EVENTS_PER_NUMBER: usize = 20;

/// All names and meeting numbers.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    /// All names, ordered by name; of names that only joiners tell apart, the one seen last.
    pub names: Vec<NameSeen>,
    /// All meeting numbers, ordered.
    pub meetings: Vec<MeetingSeen>,
}

/// One name.
#[derive(Debug, Clone)]
pub struct NameSeen {
    /// The name as Zoom reported it.
    pub name: Name,
    /// When it was last reported.
    pub last_seen: Moment,
    /// The number of visits under this name; 0 if nobody of this name was let in.
    pub visits: u64,
    /// Where somebody of this name is in, and since when.
    pub inside: Vec<(String, Moment)>,
    /// The Zoom accounts that were reported with it, in order.
    pub accounts: Vec<String>,
}

/// One meeting number.
#[derive(Debug, Clone)]
pub struct MeetingSeen {
    /// The number.
    pub number: String,
    /// Its topic, if the journal still has a late event that tells it. Hostile text.
    pub topic: Option<String>,
    /// When something last happened.
    pub last_seen: Moment,
    /// The number of visits.
    pub visits: u64,
    /// How many named people are in.
    pub inside: usize,
}

impl Log {
    /// Everybody and every meeting number that was seen up to `now`.
    ///
    /// # Errors
    ///
    /// The store or the journal can't be read.
    pub fn seen(&mut self, now: Moment) -> Result<Seen> {
        let numbers = self.store.seen_numbers()?;
        let mut names = self.names_seen()?;
        let mut visits = vec![(0_u64, 0_usize); numbers.len()];
        let rules = Rules {
            rooms: numbers.iter().map(|seen| seen.number.clone()).collect(),
            people: Vec::new(),
            ..self.rules.clone()
        };
        self.store.for_each_visit(&rules, now, |visit| {
            let room = visit.room as usize;
            let since = visit.visit.start.filter(|_| visit.visit.end == End::Open);
            // Without any number, all meetings count as one room.
            let number = numbers.get(room).map_or_else(String::new, |seen| seen.number.clone());
            if let Some((visits, inside)) = visits.get_mut(room) {
                *visits += 1;
                *inside += usize::from(since.is_some());
            }
            let name = visit.name.without_caller_ordinal();
            let name = name.as_ref().unwrap_or(&visit.name);
            if let Some(seen) = names.get_mut(&*name.comparable()) {
                seen.visits += 1;
                seen.inside.extend(since.map(|since| (number, since)));
            }
            Ok(())
        })?;
        let meetings = numbers.into_iter().zip(visits);
        let meetings =
            meetings.map(|(SeenNumber { number, last_seen, events }, (visits, inside))| {
                let topic = topic(self.reader.as_ref(), &number, &events)?;
                Ok(MeetingSeen { number, topic, last_seen, visits, inside })
            });
        let meetings = meetings.collect::<Result<_>>()?;
        let mut names: Vec<_> = names.into_values().collect();
        names.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(Seen { names, meetings })
    }

    /// All names without visits, by their comparable form.
    fn names_seen(&self) -> Result<BTreeMap<Name, NameSeen>> {
        let mut names = BTreeMap::<Name, NameSeen>::new();
        for found in self.store.seen_names()? {
            let new = NameSeen {
                name: found.name,
                last_seen: found.last_seen,
                visits: 0,
                inside: Vec::new(),
                accounts: found.accounts,
            };
            let compared = new.name.comparable().into_owned();
            let Some(known) = names.get_mut(&compared) else {
                names.insert(compared, new);
                continue;
            };
            known.accounts.extend(new.accounts);
            known.accounts.sort_unstable();
            known.accounts.dedup();
            if (known.last_seen, &known.name) < (new.last_seen, &new.name) {
                (known.last_seen, known.name) = (new.last_seen, new.name);
            }
        }
        Ok(names)
    }
}

/// The topic in the latest of `events` that tells one for `number`. Places may be those of another
/// journal, so the number has to match.
fn topic(reader: Option<&Reader>, number: &str, events: &[u64]) -> Result<Option<String>> {
    let Some(reader) = reader else { return Ok(None) };
    for event in events.iter().take(EVENTS_PER_NUMBER) {
        let Some(entry) = reader.event_at(*event)? else { continue };
        let told = zoom::topic_of(&entry.document).filter(|(of, _)| of == number);
        if let Some((_, topic)) = told {
            return Ok(Some(topic));
        }
    }
    Ok(None)
}
