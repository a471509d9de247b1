//! Documents of the older set-up, as its scripts stored them.

use lookout::moment::Moment;
use mongodb::bson::{Document, doc};

use super::mongod::Events;

/// The `n`th: 500 people come and go in turn, one event a quarter of an hour.
pub fn old(n: i64) -> Document {
    let (visit, is_leave) = (n / 2, n % 2 == 1);
    let name = format!("Guest {:03}", visit % 500);
    let at = Moment::from_seconds(1_700_000_000 + n * 900).to_string();
    let (event, time) = match is_leave {
        true => ("meeting.participant_left", "leave_time"),
        false => ("meeting.participant_joined", "join_time"),
    };
    let participant = doc! { "user_id": visit.to_string(), "user_name": name, time: &at };
    let object = doc! { "uuid": format!("m{}", visit / 50), "id": "1", "participant": participant };
    doc! { "event": event, "event_ts": (1_700_000_000 + n * 900) * 1000, "payload": { "object": object } }
}

/// Inserts those of `which`, in that order.
pub fn insert(events: &Events, which: impl IntoIterator<Item = i64>) {
    let mut which = which.into_iter().peekable();
    while which.peek().is_some() {
        events.insert(which.by_ref().take(10_000).map(old).collect());
    }
}

/// The same as lines of JSON.
pub fn lines(count: i64) -> String {
    let mut lines = String::new();
    for n in 0..count {
        lines += &old(n).to_string();
        lines.push('\n');
    }
    lines
}
