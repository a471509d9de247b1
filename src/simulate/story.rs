//! A few invented people who join, leave and share their screens.

use std::collections::VecDeque;
use std::ops::RangeInclusive;

use serde_json::{Value, json};

use crate::time::moment::Moment;

use super::rng::{PerMille, Rng};

/// The meeting number of the room.
pub const ROOM_NUMBER: &str = "81234567890";
/// The name of the room.
pub const ROOM_NAME: &str = "Lounge";

const NAMES: [&str; 11] = [
    "Amara Lindqvist",
    "Bence Okafor",
    "Çiğdem Halvorsen",
    "Dario Nakagawa",
    "Elif Boateng",
    "Freya Castellanos 🌻",
    "Gustavo Rautavaara",
    "Hana Dvořáková",
    "Idris Whitlock",
    "Júlía Mbeki-Stone",
    "Kai O'Hanrahan",
];

/// How many of them are in the room when a live story starts.
const INITIAL_PEOPLE: usize = 6;

/// Milliseconds between two actions of [`Story::live`].
const LIVE_GAP_MS: RangeInclusive<i64> = 2_000..=4_000;
/// Milliseconds between two actions of [`evening`].
const EVENING_GAP_MS: RangeInclusive<i64> = 40_000..=180_000;
/// Milliseconds between two actions of [`Story::past`]; at quiet hours most of them do not happen.
const PAST_GAP_MS: RangeInclusive<i64> = 300_000..=1_140_000;

/// The length of [`Story::past`], in seconds: five weeks, as far back as pages go.
const PAST_S: i64 = 35 * 24 * 60 * 60;

/// When [`evening`] starts: 2026-01-05T18:00:00Z.
const EVENING_START: Moment = Moment::from_seconds(1_767_636_000);
/// How many deliveries [`evening`] has.
const EVENING_DELIVERIES: usize = 60;

/// How busy each hour of a UTC day is, in percent of the busiest.
const BUSY_PERCENT: [usize; 24] =
    [12, 6, 4, 3, 3, 4, 8, 16, 26, 34, 36, 38, 44, 40, 38, 40, 46, 58, 76, 94, 100, 88, 56, 28];

/// How often an action starts or stops sharing instead of joining or leaving.
const SHARES: PerMille = PerMille(80);

/// How long after an event its delivery arrives, in milliseconds.
const TRAVEL_MS: RangeInclusive<i64> = 50..=350;

/// One webhook request of Zoom, without its signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// When it is sent, in milliseconds since the epoch.
    pub at_ms: i64,
    /// The exact body.
    pub body: String,
    /// `x-zm-request-id`.
    pub request_id: String,
}

/// An endless sequence of deliveries, in the order in which they are sent.
#[derive(Debug)]
pub struct Story {
    rng: Rng,
    gap_ms: RangeInclusive<i64>,
    has_quiet_hours: bool,
    now_ms: i64,
    /// The legs of [`NAMES`]; `None` where somebody is out.
    legs: [Option<Leg>; NAMES.len()],
    /// The current meeting's `uuid`.
    meeting: Option<String>,
    next_user_id: u64,
    due: VecDeque<Delivery>,
}

/// Somebody's stay.
#[derive(Debug, Clone)]
struct Leg {
    user_id: u64,
    connection: String,
    is_sharing: bool,
}

impl Story {
    /// A lively room: some people join within the first second, then somebody joins, leaves or
    /// shares every two to four seconds.
    pub fn live(seed: u64, start: Moment) -> Self {
        Self::with_people_inside(seed, start, LIVE_GAP_MS)
    }

    /// The five weeks before `end`, with busy evenings and quiet nights, so that the charts have
    /// data. People who are still in at its end never leave: the next story's meeting replaces theirs.
    pub fn past(seed: u64, end: Moment) -> impl Iterator<Item = Delivery> {
        let end_ms = end.seconds() * 1000;
        // Another seed than the live story's, so that ids differ.
        let mut story = Self::new(seed.wrapping_add(1), end.plus(-PAST_S), PAST_GAP_MS);
        story.has_quiet_hours = true;
        story.take_while(move |delivery| delivery.at_ms < end_ms)
    }

    fn with_people_inside(seed: u64, start: Moment, gap_ms: RangeInclusive<i64>) -> Self {
        let mut story = Self::new(seed, start, gap_ms);
        let start_ms = story.now_ms;
        let mut joined_ms: Vec<i64> = (0..INITIAL_PEOPLE)
            .map(|_| start_ms - story.rng.between(20_000..=40 * 60_000))
            .collect();
        joined_ms.sort_unstable();
        for at_ms in joined_ms {
            story.now_ms = at_ms;
            story.join();
        }
        for (place, delivery) in story.due.iter_mut().enumerate() {
            delivery.at_ms = start_ms + 100 * place as i64;
        }
        story.now_ms = start_ms + 1_000;
        story
    }

    fn new(seed: u64, start: Moment, gap_ms: RangeInclusive<i64>) -> Self {
        Self {
            rng: Rng::new(seed),
            gap_ms,
            has_quiet_hours: false,
            now_ms: start.seconds() * 1000,
            legs: [const { None }; NAMES.len()],
            meeting: None,
            next_user_id: 16_778_240,
            due: VecDeque::new(),
        }
    }

    /// Lets somebody join, leave or share. On average half of the people are in at the busiest hour.
    fn act(&mut self) {
        let hour = self.now_ms.div_euclid(3_600_000).rem_euclid(24) as usize;
        let busy_percent = if self.has_quiet_hours { BUSY_PERCENT[hour] } else { 100 };
        let inside = self.legs.iter().flatten().count();
        if inside > 0 && self.rng.happens(SHARES) {
            self.toggle_sharing();
        } else if self.rng.below(NAMES.len() * busy_percent / 100) < inside {
            self.leave();
        } else if self.rng.below(100) < busy_percent {
            self.join();
        }
    }

    fn join(&mut self) {
        let Some(person) = self.pick(false) else { return };
        if self.meeting.is_none() {
            self.meeting = Some(self.random_id());
            self.emit("meeting.started", None);
        }
        self.next_user_id += 1024;
        let (user_id, connection) = (self.next_user_id, self.random_id());
        self.legs[person] = Some(Leg { user_id, connection, is_sharing: false });
        self.emit_for("meeting.participant_joined", person, "join_time");
    }

    fn leave(&mut self) {
        let Some(person) = self.pick(true) else { return };
        self.emit_for("meeting.participant_left", person, "leave_time");
        self.legs[person] = None;
        if self.legs.iter().flatten().next().is_none() {
            self.emit("meeting.ended", None);
            self.meeting = None;
        }
    }

    fn toggle_sharing(&mut self) {
        let Some(person) = self.pick(true) else { return };
        let Some(leg) = &mut self.legs[person] else { return };
        leg.is_sharing = !leg.is_sharing;
        let event =
            if leg.is_sharing { "meeting.sharing_started" } else { "meeting.sharing_ended" };
        self.emit_for(event, person, "date_time");
    }

    /// Somebody who is in, or somebody who is out.
    fn pick(&mut self, is_inside: bool) -> Option<usize> {
        let people: Vec<usize> =
            (0..NAMES.len()).filter(|person| self.legs[*person].is_some() == is_inside).collect();
        (!people.is_empty()).then(|| *self.rng.pick(&people))
    }

    fn random_id(&mut self) -> String {
        hex::encode_upper(self.rng.bytes::<16>())
    }

    /// Adds the delivery of an event of `person`, who is in.
    fn emit_for(&mut self, event: &str, person: usize, time_key: &str) {
        let Some(leg) = &self.legs[person] else { return };
        let mut participant = json!({
            "user_id": leg.user_id.to_string(),
            "user_name": NAMES[person],
            "participant_uuid": leg.connection,
            "id": "",
            "email": "",
        });
        let time = json!(Moment::from_millis(self.now_ms).to_string());
        match time_key {
            "date_time" => participant["sharing_details"] = json!({ "date_time": time }),
            _ => participant[time_key] = time,
        }
        self.emit(event, Some(participant));
    }

    fn emit(&mut self, event: &str, participant: Option<Value>) {
        let time = Moment::from_millis(self.now_ms).to_string();
        let mut object = json!({
            "uuid": self.meeting,
            "id": ROOM_NUMBER,
            "topic": ROOM_NAME,
            "type": 2,
            "host_id": "HoStHoStHoStHoStHoStHo",
            "timezone": "Europe/Istanbul",
        });
        match event {
            "meeting.started" => object["start_time"] = json!(time),
            "meeting.ended" => object["end_time"] = json!(time),
            _ => {}
        }
        if let Some(participant) = participant {
            object["participant"] = participant;
        }
        let body = json!({
            "event": event,
            "event_ts": self.now_ms,
            "payload": { "account_id": "AbCdEfGhIjKlMnOpQrStUv", "object": object },
        });
        let request_id = self.random_id();
        let sent_ms = self.now_ms + self.rng.between(TRAVEL_MS);
        let at_ms = self.due.back().map_or(sent_ms, |last| sent_ms.max(last.at_ms));
        self.due.push_back(Delivery { at_ms, body: body.to_string(), request_id });
    }
}

impl Iterator for Story {
    type Item = Delivery;

    /// Never `None`.
    fn next(&mut self) -> Option<Delivery> {
        while self.due.is_empty() {
            self.act();
            self.now_ms += self.rng.between(self.gap_ms.clone());
        }
        self.due.pop_front()
    }
}

/// One evening on a fixed date, and the moment just after its last delivery. Equal seeds give
/// equal evenings, byte for byte: for about an hour and a half a few people join, stay and leave.
pub fn evening(seed: u64) -> (Vec<Delivery>, Moment) {
    let story = Story::with_people_inside(seed, EVENING_START, EVENING_GAP_MS);
    let deliveries: Vec<Delivery> = story.take(EVENING_DELIVERIES).collect();
    let end = deliveries.last().map_or(EVENING_START, |last| Moment::from_millis(last.at_ms));
    (deliveries, end.plus(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Times, in ms, of deliveries that change who is in.
    fn changes(deliveries: impl Iterator<Item = Delivery>) -> Vec<i64> {
        let changes = deliveries.filter(|delivery| {
            delivery.body.contains(r#""event":"meeting.participant_joined""#)
                || delivery.body.contains(r#""event":"meeting.participant_left""#)
        });
        changes.map(|delivery| delivery.at_ms).collect()
    }

    #[test]
    fn a_live_story_changes_every_few_seconds_from_its_start() {
        for seed in 0..20 {
            let changes = changes(Story::live(seed, EVENING_START).take(400));
            let start_ms = EVENING_START.seconds() * 1000;
            let at_once = changes.iter().filter(|&&at| at < start_ms + 1_000).count();
            assert_eq!(at_once, INITIAL_PEOPLE, "seed {seed}");
            assert!(changes.is_sorted(), "seed {seed}");
            let longest = changes.windows(2).map(|pair| pair[1] - pair[0]).max();
            assert!(longest < Some(16_500), "seed {seed}: nothing for {longest:?} ms");
            let span = changes[changes.len() - 1] - changes[0];
            let mean = span / changes.len() as i64;
            assert!((1_500..4_000).contains(&mean), "seed {seed}: every {mean} ms");
        }
    }

    #[test]
    fn the_past_is_five_weeks_long_and_ends_before_the_demo_starts() {
        let past: Vec<Delivery> = Story::past(7, EVENING_START).collect();
        assert!(past.len() > 1_000, "{} deliveries", past.len());
        let (first, last) = (past[0].at_ms, past[past.len() - 1].at_ms);
        let start_ms = EVENING_START.seconds() * 1000;
        assert!(last < start_ms && start_ms - last < 24 * 3_600_000, "it ends on the day before");
        assert!(start_ms - first > 33 * 24 * 3_600_000, "it is five weeks long");
    }

    #[test]
    fn the_evening_is_the_same_for_the_same_seed() {
        let (deliveries, end) = evening(7);
        assert_eq!(deliveries, evening(7).0);
        assert_ne!(deliveries, evening(8).0);
        assert_eq!(deliveries.len(), EVENING_DELIVERIES);
        let minutes = end.since(EVENING_START) / 60;
        assert!((45..180).contains(&minutes), "{minutes} minutes");
    }
}
