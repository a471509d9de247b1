//! Any events at all, in a world so small that they meet.

use proptest::prelude::*;
use proptest::sample::select;

use super::story::{DAY, EventExt, HOUR, clock, event};
use crate::config;
use crate::roster::{NEVER, Rules};
use crate::zoom::{Event, Kind, Name};

const KINDS: [Kind; 25] = [
    Kind::Joined,
    Kind::Joined,
    Kind::Joined,
    Kind::Left,
    Kind::Left,
    Kind::Started,
    Kind::Ended,
    Kind::RoleChanged,
    Kind::SharingStarted,
    Kind::SharingStarted,
    Kind::SharingEnded,
    Kind::Bound,
    Kind::Bound,
    Kind::Other,
    Kind::JoinObserved,
    Kind::LeaveObserved,
    Kind::LeaveObserved,
    Kind::NotGoingOn,
    Kind::NotGoingOn,
    Kind::Emptied,
    Kind::Emptied,
    Kind::WaitStarted,
    Kind::WaitStarted,
    Kind::WaitStarted,
    Kind::WaitEnded,
];

/// Events of one day's meetings, so many seconds apart or at once.
pub fn events(action: i64) -> impl Strategy<Value = Vec<Event>> {
    prop::collection::vec(an_event(24, action, 1), 0..40)
}

/// Events of four months, in meetings of a week, some of which last longer.
pub fn long_events() -> impl Strategy<Value = Vec<Event>> {
    prop::collection::vec(an_event(240, DAY / 2, 17), 0..60)
}

fn an_event(steps: i64, action: i64, epochs: i64) -> impl Strategy<Value = Event> {
    let when = (0..steps, 0..3_i64, select(&[0, 0, 0, 0, 1, 5][..]));
    let meeting = (
        select(&["m1", "m2", "m3", "m4"][..]),
        // Mostly each meeting says the same.
        select(&["of meeting", "of meeting", "of meeting", "", "111", "222"][..]),
    );
    let participant = (
        select(&["", "1", "2", "10", "x"][..]),
        select(&["", "c1", "c2", "1"][..]),
        select(&["", "Ada", "Bob", "B.", "❤", "❤\u{fe0f}", "•••••••••43", "12025550143"][..]),
        select(&["", "", "account"][..]),
        select(&["", "1", "2", "connection:c1", "connection:c2"][..]),
    );
    (select(&KINDS[..]), when, meeting, participant).prop_map(
        move |(
            kind,
            (at, stamp, lasting),
            (uuid, number),
            (user_id, connection, name, account, bound_to),
        )| {
            let epoch = (at * epochs / steps - lasting).max(0);
            let meeting = format!("{uuid} of {epoch}");
            let mut event = event(kind, "00:00").meeting(&meeting).stamp(stamp);
            event.at = clock("00:00").plus(at * action);
            let own = if matches!(uuid, "m1" | "m2") { "111" } else { "222" };
            event = event.number(if number == "of meeting" { own } else { number });
            event = event.leg(user_id).connection(connection).name(name);
            if kind == Kind::Bound && !bound_to.is_empty() {
                event = event.bound_to(bound_to);
            }
            if account.is_empty() { event } else { event.account(account) }
        },
    )
}

/// Rules of every sort: with and without rooms, people, and patience.
pub fn rules() -> impl Strategy<Value = Rules> {
    let stale_after = select(&[HOUR, 12 * HOUR, 40 * DAY, NEVER][..]);
    let own = prop::option::of(select(&[HOUR, 40 * DAY, NEVER][..]));
    let rooms = select(vec![&[][..], &["111"], &["222", "111"]]);
    let people = select(vec![&[][..], &[""], &["account"]]);
    (stale_after, own, rooms, people).prop_map(|(stale_after, own, rooms, accounts)| Rules {
        stale_after,
        stale_after_in: own.map(|own| ("111".to_owned(), own)).into_iter().collect(),
        rooms: rooms.iter().map(|&number| number.to_owned()).collect(),
        people: accounts.iter().map(|account| bob(account)).collect(),
    })
}

/// Bob, who is also called "B.", with an account or without.
fn bob(account: &str) -> config::Person {
    config::Person {
        name: Name::clean("Bob").unwrap(),
        aliases: vec![Name::clean("B.").unwrap()],
        zoom_user_ids: (!account.is_empty()).then(|| account.to_owned()).into_iter().collect(),
    }
}
