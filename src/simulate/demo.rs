//! The stories that a newcomer sees first.

use crate::time::moment::Moment;

use super::odds::Odds;
use super::plan::{Pace, Plan, RoomPlan};
use super::post::Delivery;
use super::story::Story;

/// The people of the demo, who keep to one name each.
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

/// How many of them are in when the demo begins.
const ALREADY_IN: usize = 6;

/// When the evening of [`demo_evening`] begins: 2026-01-05T18:00:00Z.
const EVENING: Moment = Moment::from_seconds(1_767_636_000);

/// How long the past of a demo is, in seconds: as long as pages go back.
const PAST_S: i64 = 35 * 24 * 60 * 60;

/// How much happened on each of its days.
const DELIVERIES_A_DAY: usize = 60;

/// How many deliveries that evening has.
const EVENING_DELIVERIES: usize = 60;

/// The room of the demo.
pub fn demo_room() -> RoomPlan {
    RoomPlan { number: "81234567890".to_owned(), topic: "Lounge".to_owned() }
}

/// A lively room from `start` on: some people are in within the first second, then
/// somebody comes or goes every two to four seconds.
pub fn demo_story(seed: u64, start: Moment) -> Story {
    let beats = Pace::Beats { min_ms: 2_000, max_ms: 4_000 };
    story(seed, start, beats)
}

/// The five weeks before `start`, days and nights as they are, so that the charts have something to
/// draw. Whoever is in at their end has gone without a word by the time [`demo_story`] begins.
pub fn demo_past(seed: u64, start: Moment) -> impl Iterator<Item = Delivery> {
    let pace = Pace::Daily { deliveries: DELIVERIES_A_DAY };
    let start_ms = start.seconds() * 1000;
    let past = Plan { already_in: 0, ..plan(seed.wrapping_add(1), start.plus(-PAST_S), pace) };
    Story::of_named(past, &NAMES).take_while(move |delivery| delivery.at_ms < start_ms)
}

/// One evening on a date of its own, the same for the same seed, byte for byte:
/// about an hour and a half in which a few people come, stay and go.
pub fn demo_evening(seed: u64) -> Vec<Delivery> {
    let beats = Pace::Beats { min_ms: 40_000, max_ms: 180_000 };
    let evening = story(seed, EVENING, beats);
    evening.take(EVENING_DELIVERIES).collect()
}

/// The moment as of which the page of [`demo_evening`] is best looked at: just after its last delivery.
pub fn demo_evening_end(evening: &[Delivery]) -> Moment {
    evening.last().map_or(EVENING, |last| Moment::from_millis(last.at_ms).plus(1))
}

fn story(seed: u64, start: Moment, pace: Pace) -> Story {
    Story::of_named(plan(seed, start, pace), &NAMES)
}

fn plan(seed: u64, start: Moment, pace: Pace) -> Plan {
    Plan {
        seed,
        people: NAMES.len(),
        rooms: vec![demo_room()],
        start,
        already_in: ALREADY_IN,
        pace,
        odds: Odds::CALM,
    }
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
    fn the_demo_moves_every_few_seconds_from_its_first_on() {
        for seed in 0..20 {
            let start = EVENING;
            let changes = changes(demo_story(seed, start).take(400));
            let start_ms = start.seconds() * 1000;
            let at_once = changes.iter().filter(|&&at| at < start_ms + 1_000).count();
            assert_eq!(at_once, ALREADY_IN, "seed {seed}");
            // At most three beats in a row are given to something else than coming and going.
            let longest = changes.windows(2).map(|pair| pair[1] - pair[0]).max();
            assert!(longest < Some(16_500), "seed {seed}: nothing for {longest:?} ms");
            let span = changes[changes.len() - 1] - changes[0];
            let typical = span / changes.len() as i64;
            assert!((1_500..4_000).contains(&typical), "seed {seed}: every {typical} ms");
        }
    }

    #[test]
    fn the_past_of_a_demo_is_over_when_it_begins() {
        let past: Vec<Delivery> = demo_past(7, EVENING).collect();
        assert!(past.len() > 1_000, "{} deliveries", past.len());
        let (first, last) = (past[0].at_ms, past[past.len() - 1].at_ms);
        let start_ms = EVENING.seconds() * 1000;
        assert!(
            last < start_ms && start_ms - last < 24 * 3_600_000,
            "it reaches to the day before"
        );
        assert!(start_ms - first > 33 * 24 * 3_600_000, "it is five weeks long");
    }

    #[test]
    fn the_evening_is_the_same_for_the_same_seed() {
        let evening = demo_evening(7);
        assert_eq!(evening, demo_evening(7));
        assert_ne!(evening, demo_evening(8));
        assert_eq!(evening.len(), EVENING_DELIVERIES);
        let minutes = demo_evening_end(&evening).since(EVENING) / 60;
        assert!((45..180).contains(&minutes), "{minutes} minutes");
    }
}
