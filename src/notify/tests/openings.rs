//! Chats and the feed agree on when a room opened and emptied.

use proptest::collection::vec;
use proptest::prelude::*;

use super::scenario::privacy;
use crate::config::{Others, PublishList, Settings};
use crate::dashboard::Dashboard;
use crate::notify::difference::VisibleRoom;
use crate::roster::{End, Person, Presence, Visit, Waiting};
use crate::time::moment::Moment;
use crate::zoom::Name;

/// Later than every visit below.
const NOW: Moment = at(1_000);

const fn at(seconds: i64) -> Moment {
    Moment::from_seconds(1_772_409_600 + seconds)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn a_chat_and_the_feed_agree_on_the_latest_opening(visits in vec(visits(), 1..4)) {
        let people: Vec<_> = visits.iter().enumerate().map(person).collect();
        let privacy = privacy(PublishList::Everybody, Others::Hidden);
        let by_chat = VisibleRoom::new(&people, 0, &Waiting::default(), &privacy, &[]).opening();

        let settings = Settings { privacy, ..Settings::default() };
        let presence = Presence { people: people.clone(), ..Presence::default() };
        let feed = Dashboard::new(&presence, &settings, NOW).feeds.remove(0);
        let by_feed = feed.entries.first().map(|entry| (entry.title.as_str(), entry.at.clone()));

        let expected = by_chat.map(|opening| match opening.end {
            End::At(end) => ("Lookout emptied", end.to_string()),
            End::Open | End::Unknown => ("Lookout opened", opening.start.to_string()),
        });
        prop_assert_eq!(by_feed, expected);
    }
}

/// One person's visits in the same few seconds: each begins after the one before; the last may
/// last, or have an unknown end, as may any.
fn visits() -> impl Strategy<Value = Vec<Visit>> {
    let one = (1_i64..3, 0_i64..3, 0_u8..8);
    vec(one, 1..4).prop_map(|steps| {
        let (mut clock, count, mut visits) = (0, steps.len(), Vec::new());
        for (place, (pause, length, kind)) in steps.into_iter().enumerate() {
            let start = clock + pause;
            clock = start + length;
            let end = match kind {
                0 | 1 => End::Unknown,
                2 if place + 1 == count => End::Open,
                _ => End::At(at(clock)),
            };
            visits.push(Visit { start: Some(at(start)), end });
        }
        visits
    })
}

fn person((place, visits): (usize, &Vec<Visit>)) -> Person {
    let last = visits.last().copied();
    Person {
        name: Name::clean(&format!("P{place}")).expect("a name"),
        visits: visits.clone(),
        last_join: last.and_then(|visit| visit.start),
        last_left: None,
        present_since: last.filter(|visit| visit.end == End::Open).and_then(|visit| visit.start),
        sharing_since: None,
    }
}
