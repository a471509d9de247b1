//! Documents of the older set-up, as its scripts stored them.

use lookout::time::moment::Moment;
use mongodb::bson::{Document, doc};

use super::mongod::Events;

/// However many there are, they are of three years, and the first is of this second.
const BEGIN: i64 = 1_700_000_000;
const SPAN_S: i64 = 90_000_000;

/// Events of the older set-up: 500 people come and go in turn.
#[derive(Debug, Clone, Copy)]
pub struct Old {
    pub count: i64,
}

impl Old {
    /// The `n`th.
    pub fn document(self, n: i64) -> Document {
        let (visit, is_leave) = (n / 2, n % 2 == 1);
        let name = format!("Guest {:03}", visit % 500);
        let seconds = BEGIN + n * (SPAN_S / self.count);
        let at = Moment::from_seconds(seconds).to_string();
        let (event, time) = match is_leave {
            true => ("meeting.participant_left", "leave_time"),
            false => ("meeting.participant_joined", "join_time"),
        };
        let participant = doc! { "user_id": visit.to_string(), "user_name": name, time: &at };
        let meeting = format!("m{}", visit / 50);
        let object = doc! { "uuid": meeting, "id": "1", "participant": participant };
        doc! { "event": event, "event_ts": seconds * 1000, "payload": { "object": object } }
    }

    /// Inserts those of `which`, in that order.
    pub fn insert_some(self, events: &Events, which: impl IntoIterator<Item = i64>) {
        let mut which = which.into_iter().peekable();
        while which.peek().is_some() {
            let some = which.by_ref().take(10_000);
            events.insert(some.map(|n| self.document(n)).collect());
        }
    }

    /// Inserts all.
    pub fn insert(self, events: &Events) {
        self.insert_some(events, 0..self.count);
    }

    /// All of them, as lines of JSON.
    pub fn lines(self) -> String {
        let line = |n| self.document(n).to_string() + "\n";
        (0..self.count).map(line).collect()
    }
}
