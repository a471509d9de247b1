//! What a target is told, before anybody writes it out.
//!
//! Names are already those that the target may know; whoever else is there is a
//! number in `others` or `inside`, or nothing at all. A message waits in the outbox
//! in this form, so new fields need a default.

use serde::{Deserialize, Serialize};

use crate::time::moment::Moment;
use crate::zoom::Name;

/// One message about one room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Where it happened.
    pub room: Room,
    /// What happened.
    pub news: News,
}

/// A room as a message speaks of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Room {
    /// Its name; `None` where no rooms are configured, and all meetings are "the room".
    pub name: Option<String>,
    /// The absolute address of its page; `None` without `site.base_url`.
    pub dashboard: Option<String>,
    /// Where "join" leads; `None` where there is no such link.
    pub join: Option<String>,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum News {
    /// Comings and goings, gathered. At least one of the two is not empty.
    Moves {
        /// Who came.
        joined: Vec<Name>,
        /// Who went.
        left: Vec<Name>,
        /// How many are in now that the target may know of.
        inside: usize,
    },
    /// The screen. At least one of the two is not empty.
    Sharing {
        /// Who began to share it.
        started: Vec<Name>,
        /// Who stopped.
        stopped: Vec<Name>,
    },
    /// The first one came in.
    Started {
        /// When.
        at: Moment,
        /// Who came; nobody where the target may not know.
        by: Vec<Name>,
        /// How many are in now that the target may know of.
        inside: usize,
    },
    /// The last one went out.
    Ended(Summary),
    /// A sample, to see whether the target can be reached.
    Test,
}

/// What there is to say of a room that was open and is empty again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// When it opened.
    pub from: Moment,
    /// When it emptied.
    pub until: Moment,
    /// How many were in at once, at most.
    pub peak: usize,
    /// Who was there, in the order in which to name them.
    pub people: Vec<Name>,
    /// How many more were there.
    pub others: usize,
}

/// The card of a room: posted when it opens, edited as people come and go, and
/// closed with a summary. What stands there is always the whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Card {
    /// Whose card it is.
    pub room: Room,
    /// What stands on it.
    pub state: CardState,
}

/// What stands on a card.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CardState {
    /// Somebody is in.
    Open {
        /// When the room opened.
        since: Moment,
        /// Who is in, in the order in which to name them.
        inside: Vec<Inside>,
        /// How many more are in.
        others: usize,
        /// How many were in at once, at most.
        peak: usize,
        /// Who of those inside shares the screen.
        sharing: Vec<Name>,
    },
    /// Everybody has left.
    Closed(Summary),
}

/// Somebody who is in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inside {
    /// The name.
    pub name: Name,
    /// Since when.
    pub since: Moment,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What an outbox may hold after an upgrade: these lines may be added to, not changed.
    #[test]
    fn a_message_that_waits_is_still_understood_later() {
        let room = r#"{"name":"Lounge","dashboard":null,"join":null}"#;
        #[rustfmt::skip]
        let messages = [
            // what is special  news
            ("moves",           r#"{"moves":{"joined":["Ada"],"left":["Grace"],"inside":3}}"#),
            ("sharing",         r#"{"sharing":{"started":["Ada"],"stopped":[]}}"#),
            ("started",         r#"{"started":{"at":1767637800,"by":["Ada"],"inside":1}}"#),
            ("ended",           r#"{"ended":{"from":1767637800,"until":1767645300,"peak":2,"people":["Ada"],"others":1}}"#),
            ("a sample",        r#""test""#),
        ];
        for (what, news) in messages {
            let kept = format!(r#"{{"room":{room},"news":{news}}}"#);
            let message: Message = serde_json::from_str(&kept).expect(what);
            assert_eq!(serde_json::to_string(&message).expect(what), kept, "{what}");
        }
        #[rustfmt::skip]
        let cards = [
            // what is special  state
            ("open",            r#"{"open":{"since":1767637800,"inside":[{"name":"Ada","since":1767637800}],"others":0,"peak":1,"sharing":["Ada"]}}"#),
            ("closed",          r#"{"closed":{"from":1767637800,"until":1767645300,"peak":2,"people":[],"others":0}}"#),
        ];
        for (what, state) in cards {
            let kept = format!(r#"{{"room":{room},"state":{state}}}"#);
            let card: Card = serde_json::from_str(&kept).expect(what);
            assert_eq!(serde_json::to_string(&card).expect(what), kept, "{what}");
        }
    }
}
