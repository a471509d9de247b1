//! Meetings in which somebody is, or of which something is not known: what Zoom's API may be asked about.

use std::collections::BTreeMap;

use anyhow::Result;

use super::{MIN_MOMENT, Memory, Store, classify};
use crate::roster::{DerivationContext, MeetingInfo, Rules, SpanEnd, VISITS_LISTED_S};
use crate::time::moment::Moment;
use crate::zoom::Meeting;

/// A meeting in a shown room, by the committed events.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct UnsettledMeeting {
    /// The index of its room in the settings; 0 where none are configured.
    pub room: u32,
    /// Zoom's `uuid`.
    pub uuid: String,
    /// Its number.
    pub number: Option<String>,
    /// When it was last seen.
    pub last_seen: Moment,
    /// How many connections are in.
    pub inside: usize,
    /// How many participants wait to be let in.
    pub waiting: usize,
    /// Whether the beginning or the end of a stay is unknown.
    pub has_gaps: bool,
}

impl UnsettledMeeting {
    /// The meeting as events name it.
    pub fn meeting(&self) -> Meeting {
        let number = self.number.as_deref().map(Into::into);
        Meeting { uuid: self.uuid.as_str().into(), number }
    }

    /// A meeting of which nothing is known yet, not even its `uuid`.
    fn new(room: u32, info: &MeetingInfo) -> Self {
        Self {
            room,
            uuid: String::new(),
            number: info.number().map(str::to_owned),
            last_seen: info.seen.map_or(MIN_MOMENT, |seen| seen.last),
            inside: 0,
            waiting: 0,
            has_gaps: false,
        }
    }

    fn add(&mut self, end: SpanEnd) {
        match end {
            SpanEnd::Open { .. } => self.inside += 1,
            SpanEnd::Unknown | SpanEnd::UnmatchedLeave => self.has_gaps = true,
            SpanEnd::At(_) => {}
        }
    }

    fn is_unsettled(&self) -> bool {
        self.inside > 0 || self.waiting > 0 || self.has_gaps
    }

    /// The moment to state that it was not going on, if that was learnt at `now_ms`: later than
    /// everything known of it, because Zoom's clock may be ahead of ours.
    pub fn over_ms(&self, now_ms: i64) -> i64 {
        now_ms.max(self.last_seen.plus(1).seconds().saturating_mul(1000))
    }
}

impl Store {
    /// The meetings of the last 35 days in which somebody is at `now` or waits to be let in, or which
    /// have gaps; in order.
    ///
    /// # Errors
    ///
    /// The store can't be read.
    pub fn unsettled(&mut self, rules: &Rules, now: Moment) -> Result<Vec<UnsettledMeeting>> {
        self.find_unsettled(rules, now).map_err(classify)
    }

    fn find_unsettled(&mut self, rules: &Rules, now: Moment) -> Result<Vec<UnsettledMeeting>> {
        let Self { db, memory: Memory { recent, newest, waits, .. } } = self;
        recent.load(db, now.plus(-VISITS_LISTED_S))?;
        let context = DerivationContext::new(rules, now, newest);
        let mut found = BTreeMap::<i64, UnsettledMeeting>::new();
        for (id, info, sessions) in recent.meetings() {
            let Some((room, bounds)) = context.room_and_bounds(info) else { continue };
            let meeting = found.entry(id).or_insert_with(|| UnsettledMeeting::new(room, info));
            for span in sessions.flat_map(|sessions| &sessions.spans) {
                meeting.add(bounds.close(*span).end);
            }
        }
        for (id, info, waits) in waits.meetings() {
            let Some((room, waits)) = context.room_and_open_waits(info, waits) else { continue };
            let meeting = found.entry(id).or_insert_with(|| UnsettledMeeting::new(room, info));
            for wait in waits {
                meeting.waiting += 1;
                meeting.last_seen = meeting.last_seen.max(wait.since);
            }
        }
        found.retain(|_, meeting| meeting.is_unsettled());
        let mut uuid = db.prepare_cached("SELECT uuid FROM meeting WHERE id = ?1")?;
        let mut found: Vec<_> = found
            .into_iter()
            .map(|(id, meeting)| {
                let uuid = uuid.query_row([id], |row| row.get(0))?;
                Ok(UnsettledMeeting { uuid, ..meeting })
            })
            .collect::<Result<_>>()?;
        found.sort_unstable();
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::roster::tests::story::*;
    use crate::store::{LastVisitUpdate, Position};
    use crate::zoom::{Event, Kind};

    #[test]
    fn a_meeting_is_unsettled_while_somebody_is_in_or_something_is_not_known() {
        let bob = |event: Event| event.leg("2").connection("c2").name("Bob");
        #[rustfmt::skip]
        let cases = [
            // what is special         events                                           inside, waiting, gaps
            ("two are in",             vec![join("10:00"), bob(join("10:10"))],         Some((2, 0, false))),
            ("all is known",           vec![join("10:00"), leave("10:30")],             None),
            ("a join was lost",        vec![leave("10:30")],                            Some((0, 0, true))),
            ("a leave was lost",       vec![join("10:00"), event(Kind::Started, "10:30").meeting("m2")], Some((0, 0, true))),
            ("it was not going on",    vec![join("10:00"), event(Kind::NotGoingOn, "10:30")], Some((0, 0, true))),
            ("the operator said so",   vec![join("10:00"), event(Kind::Emptied, "10:30"), bob(join("10:40"))], Some((1, 0, true))),
            ("then all became known",  vec![join("10:00"), event(Kind::NotGoingOn, "10:30"), event(Kind::LeaveObserved, "10:20").leg("1")], None),
            ("somebody waits",         vec![about_ada(Kind::WaitStarted, "10:00")],     Some((0, 1, false))),
            ("until it was not going on", vec![about_ada(Kind::WaitStarted, "10:00"), event(Kind::NotGoingOn, "10:30")], None),
            ("in a room that is not shown", vec![join("10:00").number("222")],          None),
        ];
        for (what, events, expected) in cases {
            let mut store = Store::in_memory().expect("it opens");
            for event in &events {
                store.take_in(1, &event.clone().into(), clock("12:00")).expect("it is read");
            }
            store.commit(&Position::default(), LastVisitUpdate::Now).expect("it is written");
            let found = store.unsettled(&rules_of_rooms(&["111"]), clock("12:00"));
            let found = found.expect("it is read");
            let states: Vec<_> =
                found.iter().map(|found| (found.inside, found.waiting, found.has_gaps)).collect();
            assert_eq!(states, expected.into_iter().collect::<Vec<_>>(), "{what}");
            let is_m1 = |found: &UnsettledMeeting| {
                found.uuid == "m1" && found.number.as_deref() == Some("111")
            };
            assert!(found.iter().all(is_m1), "{what}");
        }
    }
}
