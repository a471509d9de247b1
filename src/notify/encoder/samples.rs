//! Sample messages of every kind, to find broken templates early.

use crate::notify::message::{
    Card, CardState, Members, Message, MessageKind, PersonInside, RoomInfo, RoomSummary,
};
use crate::time::moment::Moment;
use crate::zoom::Name;

/// An evening in January 2026.
pub(super) const OPENED: Moment = Moment::from_seconds(1_767_637_800);

/// A message of each kind: with few names, many and none; with all and with no facts of the room.
pub(super) fn messages() -> impl Iterator<Item = Message> {
    let some = [0, 1, 3, 17].map(people);
    let kinds = some.iter().flat_map(|names| {
        let few = people(2);
        [
            MessageKind::Moves { joined: names.clone(), left: Vec::new(), inside: names.len() },
            MessageKind::Moves { joined: few.clone(), left: names.clone(), inside: 0 },
            MessageKind::Sharing { started: names.clone(), stopped: few.clone() },
            MessageKind::Sharing { started: Vec::new(), stopped: names.clone() },
            MessageKind::Started { at: OPENED, by: names.clone(), inside: names.len() + 1 },
            MessageKind::Ended(summary(names.clone())),
            MessageKind::Waiting(Members { names: names.clone(), others: 1 }),
            MessageKind::Stranger { joined: names.clone(), inside: names.len() },
            MessageKind::Test,
        ]
    });
    let kinds: Vec<MessageKind> = kinds.collect();
    rooms().flat_map(move |room| {
        kinds.clone().into_iter().map(move |kind| Message::new(room.clone(), kind))
    })
}

/// Cards of open and of empty rooms.
pub(super) fn cards() -> impl Iterator<Item = Card> {
    rooms().flat_map(|room| {
        [0, 1, 50].into_iter().flat_map(move |count| {
            let inside = people(count).into_iter();
            let inside = inside.map(|name| PersonInside { name, since: OPENED.plus(60) }).collect();
            let (others, peak, sharing) = (3, count + 3, people(1));
            let (strangers, waiting) = (people(2), Members { names: people(count), others: 1 });
            let since = OPENED;
            let open = CardState::Open { since, inside, others, peak, sharing, strangers, waiting };
            let closed = CardState::Closed(summary(people(count)));
            [open, closed].map(|state| Card { room: room.clone(), state })
        })
    })
}

fn rooms() -> impl Iterator<Item = RoomInfo> {
    let known = RoomInfo {
        name: Some("Lounge".to_owned()),
        dashboard: Some("https://example.org/lookout/lounge/".to_owned()),
        join: Some("https://example.org/join".to_owned()),
    };
    [known, RoomInfo { name: None, dashboard: None, join: None }].into_iter()
}

fn people(count: usize) -> Vec<Name> {
    (1..=count).filter_map(|n| Name::clean(&format!("Ada {n}"))).collect()
}

fn summary(people: Vec<Name>) -> RoomSummary {
    let (from, until) = (OPENED, OPENED.plus(7_500));
    RoomSummary { from, until, peak: people.len() + 1, others: 1, people }
}
