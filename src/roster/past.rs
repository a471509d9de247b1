//! Summing up: what is long over is reduced to what still matters.
//!
//! A meeting is *settled* once its last fact, and the staleness that follows it,
//! lie more than 35 days before the newest fact; where it never goes stale, once nobody is in, too. Nothing that may still be taken
//! in can change how it looks, so its facts give way to the spans found in them;
//! and spans that nothing kept in detail can touch any more give way to Last
//! Join and Last Left. What would contradict this — a fact before
//! the horizon, or of a settled meeting — is not taken in: it needs a replay.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::cast::Cast;
use super::derive::KEPT;
use super::fold::{NeedsReplay, Roster};
use super::frame::{Frame, RoomSpan};
use super::meeting::Meeting;
use super::rules::{self, Fingerprint, Rules};
use super::visits::{self, Lasts};
use crate::moment::Moment;
use crate::zoom::{self, Name};

/// For how long, in seconds, nothing was said of a meeting before its facts are packed away.
const QUIET: i64 = 6 * 60 * 60;

/// What is left of settled meetings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Past {
    /// The rules it was summed up by.
    pub rules: Fingerprint,
    /// The rooms of these rules, in the order of the settings.
    pub room_numbers: Vec<String>,
    /// How many events were [set aside](Roster::set_aside).
    pub set_aside: u64,
    /// No fact before this is taken in.
    pub horizon: Moment,
    /// The settled meetings, as hashes of their uuids. Two that share one cost a replay, no more.
    pub meetings: BTreeSet<u64>,
    /// When those were first seen, by number, as far as a meeting kept in detail may be older.
    pub firsts: BTreeMap<Box<str>, BTreeSet<Moment>>,
    /// By name, as it is compared.
    pub people: BTreeMap<Name, Departed>,
}

/// What is left of one person.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Departed {
    /// Over all rooms.
    pub everywhere: Lasts,
    /// In each room, by its place in the settings.
    pub rooms: BTreeMap<u32, Lasts>,
    /// Spans that may still be touched by others, in order; not yet in the above.
    pub loose: Vec<RoomSpan>,
}

impl Past {
    /// Whether a fact may still be taken in: one said of `named`, of which `kept` is known in detail.
    pub(super) fn admit(
        &self,
        at: Moment,
        named: &zoom::Meeting,
        kept: Option<&Meeting>,
    ) -> Result<(), NeedsReplay> {
        let is_settled = || self.meetings.contains(&uuid_hash(&named.uuid));
        let refused = at < self.horizon
            || match kept {
                None => is_settled(),
                Some(kept) => self.would_renumber(kept, at, named.number.as_deref()),
            };
        if refused { Err(NeedsReplay) } else { Ok(()) }
    }

    /// Whether a meeting that was already there before the horizon, where it may have been the newer
    /// one to a settled meeting, would get another number.
    fn would_renumber(&self, kept: &Meeting, at: Moment, number: Option<&str>) -> bool {
        kept.known.first < self.horizon
            && number.is_some_and(|number| {
                kept.number() != Some(number) && kept.is_newer_number(at, number)
            })
    }
}

impl Roster {
    /// The rules by which something was summed up; `None` while every fact is kept in detail.
    ///
    /// With other rules, [`presence`](Self::presence) would be wrong: replay into a new roster.
    pub fn summed_under(&self) -> Option<Fingerprint> {
        self.past.as_ref().map(|past| past.rules)
    }

    /// Sums up what was settled by `now`, and packs what is quiet, to bound memory.
    ///
    /// This changes no [`presence`](Self::presence) by these rules from `now` on. Cheap where nothing
    /// is to be done, so it may be called often. What was already summed up by other rules stays as it is,
    /// and nothing is added to it.
    pub fn sum_up(&mut self, rules: &Rules, now: Moment) {
        let Some(newest) = self.newest else { return };
        let newest = newest.min(now);
        let is_quiet = |meeting: &&mut Meeting| meeting.known.last < newest.plus(-QUIET);
        for meeting in self.meetings.values_mut().filter(is_quiet) {
            meeting.pack(&self.words);
        }
        let under = rules.fingerprint();
        if self.summed_under().is_none_or(|before| before == under) {
            self.settle(rules, under, newest.plus(-KEPT), now);
        }
    }

    /// How many events were set aside.
    pub fn events_set_aside(&self) -> u64 {
        self.past.as_ref().map_or(0, |past| past.set_aside)
    }

    /// Counts an event that [`apply`](Self::apply) refused and that no replay can take in,
    /// because older events are gone.
    pub fn set_aside(&mut self) {
        if let Some(past) = &mut self.past {
            past.set_aside += 1;
        }
    }

    /// Follows `rules` although what was summed up can't be read again: it keeps the identities
    /// it was given by earlier rules, and what can't be told apart by the new rooms is dropped.
    ///
    /// Does nothing where nothing was summed up, or by the same rules.
    pub fn keep_past_under(&mut self, rules: &Rules) {
        let under = rules.fingerprint();
        if let Some(past) = self.past.as_mut().filter(|past| past.rules != under) {
            past.rules = under;
            past.move_to_rooms(&rules.rooms);
        }
    }

    fn settle(&mut self, rules: &Rules, under: Fingerprint, horizon: Moment, now: Moment) {
        let known = self.past.as_ref().map(|past| past.horizon);
        let horizon = known.map_or(horizon, |known| known.max(horizon));
        let now = now.max(horizon);
        let settled = self.settled(rules, horizon, now);
        if !settled.contains(&true) {
            return;
        }
        let spans = self.settled_spans(rules, now, &settled);
        let past = self.past.get_or_insert_with(|| Past::new(rules, under, horizon));
        past.horizon = horizon;
        let mut settled = settled.into_iter();
        self.meetings.retain(|uuid, meeting| {
            let settled = settled.next().unwrap_or(false);
            if settled {
                past.remember(uuid, meeting);
            }
            !settled
        });
        self.meetings.shrink_to_fit();
        for (name, spans) in spans {
            past.people.entry(name).or_default().loose.extend(spans);
        }
        let kept = self.meetings.values().map(|meeting| meeting.known.first);
        past.fold(kept.chain([horizon]).min().expect("the horizon is one"));
    }

    /// For each meeting, whether it is settled.
    fn settled(&self, rules: &Rules, horizon: Moment, now: Moment) -> Vec<bool> {
        let mut frame = None;
        let is_settled = |meeting: &Meeting| {
            let last = meeting.known.last;
            last < horizon
                && match rules.stale_at(meeting.number(), last) {
                    Some(stale_at) => stale_at < horizon,
                    None => {
                        let frame = frame.get_or_insert_with(|| Frame::new(self, rules, now));
                        !frame.has_open(meeting, horizon)
                    }
                }
        };
        self.meetings.values().map(is_settled).collect()
    }

    /// The spans of all settled meetings, for each person who has any, by name as it is compared.
    fn settled_spans(
        &self,
        rules: &Rules,
        now: Moment,
        settled: &[bool],
    ) -> Vec<(Name, Vec<RoomSpan>)> {
        let frame = Frame::new(self, rules, now);
        let cast = Cast::new(&self.words, rules);
        let mut spans = vec![Vec::new(); cast.people().len()];
        let meetings = self.meetings.values().zip(settled);
        for (meeting, _) in meetings.filter(|(_, settled)| **settled) {
            frame.find(meeting, &cast, |who, span| {
                // Nobody's spans matter only while they are open.
                if let Some(who) = who {
                    spans[who as usize].push(span);
                }
            });
        }
        let people = cast.people().iter().zip(spans);
        let people = people.filter(|(_, spans)| !spans.is_empty());
        people.map(|(person, spans)| (person.identity.as_ref().clone(), spans)).collect()
    }
}

impl Past {
    fn new(rules: &Rules, under: Fingerprint, horizon: Moment) -> Self {
        Self {
            rules: under,
            room_numbers: rules.rooms.clone(),
            set_aside: 0,
            horizon,
            meetings: BTreeSet::new(),
            firsts: BTreeMap::new(),
            people: BTreeMap::new(),
        }
    }

    /// Files everybody's past under `numbers` in place of the rooms it was summed up for.
    fn move_to_rooms(&mut self, numbers: &[String]) {
        if self.room_numbers == numbers {
            return;
        }
        let before = std::mem::replace(&mut self.room_numbers, numbers.to_vec());
        if before.is_empty() {
            // Nobody can tell any more in which of the rooms it was.
            self.people.clear();
            return;
        }
        let places = before.iter().map(|number| {
            let place = numbers.iter().position(|other| other == number)?;
            u32::try_from(place).ok()
        });
        let places: Vec<Option<u32>> =
            if numbers.is_empty() { vec![Some(0); before.len()] } else { places.collect() };
        for departed in self.people.values_mut() {
            departed.move_to(&places, numbers.is_empty());
        }
        self.people.retain(|_, departed| *departed != Departed::default());
    }

    /// Remembers that a meeting was there.
    fn remember(&mut self, uuid: &str, meeting: &Meeting) {
        self.meetings.insert(uuid_hash(uuid));
        if let (Some(number), Some(seen)) = (meeting.number(), meeting.seen) {
            let firsts = self.firsts.entry(number.into()).or_default();
            firsts.insert(seen.first);
        }
    }

    /// Forgets what nothing from `cut` on can touch. No fact kept in detail, and none that may
    /// still be taken in, is older than `cut`.
    fn fold(&mut self, cut: Moment) {
        for firsts in self.firsts.values_mut() {
            *firsts = firsts.split_off(&cut);
        }
        self.firsts.retain(|_, firsts| !firsts.is_empty());
        for departed in self.people.values_mut() {
            departed.fold(cut);
        }
    }
}

impl Departed {
    /// Moves what was in each room to its new place, and drops what was in rooms without one.
    /// Where the new rules tell no rooms apart, only what holds for all of them stays.
    fn move_to(&mut self, places: &[Option<u32>], is_one_room: bool) {
        let place = |room: u32| places.get(room as usize).copied().flatten();
        let is_shown = |room: u32| place(room).is_some();
        if !self.rooms.keys().all(|&room| is_shown(room)) {
            let mut everywhere = Lasts::default();
            for (_, lasts) in self.rooms.iter().filter(|(room, _)| is_shown(**room)) {
                everywhere.join = everywhere.join.max(lasts.join);
                everywhere.left = everywhere.left.max(lasts.left);
            }
            self.everywhere = everywhere;
        }
        self.loose.retain(|found| is_shown(found.room));
        for found in &mut self.loose {
            found.room = place(found.room).unwrap_or_default();
        }
        let rooms = std::mem::take(&mut self.rooms).into_iter();
        if !is_one_room {
            self.rooms = rooms.filter_map(|(room, lasts)| Some((place(room)?, lasts))).collect();
        }
    }

    fn fold(&mut self, cut: Moment) {
        if self.loose.is_empty() {
            return;
        }
        self.loose.sort_by_key(|found| visits::order(&found.span));
        let mut folded_to = None;
        visits::join_up(self.loose.iter().map(|found| found.span), |stay| {
            if let Some(reach) = stay.reach.filter(|&reach| reach < cut) {
                folded_to = Some(reach);
                self.everywhere.add(&stay);
            }
        });
        // Visits never overlap: what begins by the last one's end is in it or before it.
        let folded = self.loose.partition_point(|found| Some(found.span.start) <= folded_to);
        let folded: Vec<RoomSpan> = self.loose.drain(..folded).collect();
        self.loose.shrink_to_fit();
        let rooms: BTreeSet<u32> = folded.iter().map(|found| found.room).collect();
        for room in rooms {
            let lasts = self.rooms.entry(room).or_default();
            let here = folded.iter().filter(|found| found.room == room);
            visits::join_up(here.map(|found| found.span), |stay| lasts.add(&stay));
        }
    }
}

fn uuid_hash(uuid: &str) -> u64 {
    rules::stable_hash(uuid.as_bytes())
}
