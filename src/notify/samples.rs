//! Messages of every kind, invented, to see whether templates have a fault before
//! anybody comes.

use super::message::{Card, CardState, Inside, Message, News, Room, Summary};
use crate::time::moment::Moment;
use crate::zoom::Name;

/// An evening in January 2026.
const OPENED: Moment = Moment::from_seconds(1_767_637_800);

/// A message of each kind, with few names, many and none, in a room of which everything
/// is known and in one of which nothing is.
pub(super) fn messages() -> impl Iterator<Item = Message> {
    let some = [0, 1, 3, 17].map(people);
    let news = some.iter().flat_map(|names| {
        let few = people(2);
        [
            News::Moves { joined: names.clone(), left: Vec::new(), inside: names.len() },
            News::Moves { joined: few.clone(), left: names.clone(), inside: 0 },
            News::Sharing { started: names.clone(), stopped: few.clone() },
            News::Sharing { started: Vec::new(), stopped: names.clone() },
            News::Started { at: OPENED, by: names.clone(), inside: names.len() + 1 },
            News::Ended(summary(names.clone())),
            News::Test,
        ]
    });
    let news: Vec<News> = news.collect();
    rooms().flat_map(move |room| {
        news.clone().into_iter().map(move |news| Message { room: room.clone(), news })
    })
}

/// The card of a room that is open, and of one that is closed.
pub(super) fn cards() -> impl Iterator<Item = Card> {
    rooms().flat_map(|room| {
        [0, 1, 50].into_iter().flat_map(move |count| {
            let inside = people(count).into_iter();
            let inside = inside.map(|name| Inside { name, since: OPENED.plus(60) }).collect();
            let (others, peak, sharing) = (3, count + 3, people(1));
            let open = CardState::Open { since: OPENED, inside, others, peak, sharing };
            let closed = CardState::Closed(summary(people(count)));
            [open, closed].map(|state| Card { room: room.clone(), state })
        })
    })
}

fn rooms() -> impl Iterator<Item = Room> {
    let known = Room {
        name: Some("Lounge".to_owned()),
        dashboard: Some("https://example.org/lookout/lounge/".to_owned()),
        join: Some("https://example.org/join".to_owned()),
    };
    [known, Room { name: None, dashboard: None, join: None }].into_iter()
}

fn people(count: usize) -> Vec<Name> {
    (1..=count).filter_map(|n| Name::clean(&format!("Ada {n}"))).collect()
}

fn summary(people: Vec<Name>) -> Summary {
    let (from, until) = (OPENED, OPENED.plus(7_500));
    Summary { from, until, peak: people.len() + 1, others: 1, people }
}
