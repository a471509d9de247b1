//! The archive, on a real MongoDB server.

mod access;
mod carrying;
mod chats;
mod combined;
mod listing;
mod machines;
mod majority;
mod moving;
mod outages;
mod pruning;
mod reading;
mod repairing;
mod restoring;
mod shipping;

use crate::support::Lookout;

/// A delivery about one person.
pub fn body(event: &str, meeting: &str, name: &str, at: &str) -> String {
    let time = if event == "left" { "leave_time" } else { "join_time" };
    format!(
        r#"{{"event":"meeting.participant_{event}","event_ts":1767643200000,"payload":{{"object":{{"uuid":"{meeting}","id":"1","participant":{{"user_id":"{name}","user_name":"{name}","{time}":"{at}"}}}}}}}}"#
    )
}

/// Delivers `body`, which has to be taken.
#[track_caller]
pub fn deliver(lookout: &Lookout, body: &str) {
    assert_eq!(lookout.deliver(body.as_bytes()).status, 204, "{body}");
}
