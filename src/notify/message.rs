//! What a target receives, before an encoder writes it out.
//!
//! Privacy has been applied: only names that the target may see are here; other people are
//! counted in `others` or `inside`, or left out. The outbox stores messages in this form, so the
//! stored names never change, and a new field needs a default.

use serde::{Deserialize, Serialize};

use crate::time::moment::Moment;
use crate::zoom::Name;

/// One message about one room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// The room.
    pub room: RoomInfo,
    /// What happened there.
    #[serde(rename = "news")]
    pub kind: MessageKind,
    /// Who was in the room then.
    #[serde(default, skip_serializing_if = "Members::is_empty")]
    pub members: Members,
}

/// Some people: who is in a room, or who waits to be let in.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Members {
    /// Those who may be named, in display order.
    pub names: Vec<Name>,
    /// How many more there are.
    pub others: usize,
}

impl Members {
    /// Whether there is nobody.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl Message {
    /// A message for which it is not known who is in the room.
    pub fn new(room: RoomInfo, kind: MessageKind) -> Self {
        Self { room, kind, members: Members::default() }
    }

    /// What the card `wanted` says and the card `shown` does not.
    pub fn replacing(wanted: Card, shown: Option<Card>) -> Option<Self> {
        let (since, inside, others) = match wanted.state {
            CardState::Closed(summary) => {
                return Some(Self::new(wanted.room, MessageKind::Ended(summary)));
            }
            CardState::Open { since, inside, others, .. } => (since, names(inside), others),
        };
        let count = inside.len() + others;
        let kind = match shown.map(|card| card.state) {
            None => MessageKind::Started { at: since, by: inside.clone(), inside: count },
            Some(CardState::Open { inside: before, .. }) => moves(&inside, &names(before), count)?,
            Some(CardState::Closed(_)) => return None,
        };
        Some(Self { room: wanted.room, kind, members: Members { names: inside, others } })
    }
}

/// Who joined and left between `before` and `now`, when `count` people are in.
fn moves(now: &[Name], before: &[Name], count: usize) -> Option<MessageKind> {
    let joined: Vec<_> = now.iter().filter(|it| !before.contains(it)).cloned().collect();
    let left: Vec<_> = before.iter().filter(|it| !now.contains(it)).cloned().collect();
    let is_changed = !joined.is_empty() || !left.is_empty();
    is_changed.then_some(MessageKind::Moves { joined, left, inside: count })
}

fn names(people: Vec<PersonInside>) -> Vec<Name> {
    people.into_iter().map(|person| person.name).collect()
}

/// How a message refers to a room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomInfo {
    /// Its name; `None` if no rooms are configured, so that all meetings are "the room".
    pub name: Option<String>,
    /// The absolute URL of its page; `None` without `site.base_url`.
    pub dashboard: Option<String>,
    /// The URL to join it; `None` if the settings have none.
    pub join: Option<String>,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MessageKind {
    /// People joined or left. At least one of the lists is not empty.
    Moves {
        /// Who joined.
        joined: Vec<Name>,
        /// Who left.
        left: Vec<Name>,
        /// How many people are in the room now.
        inside: usize,
    },
    /// Screen sharing started or stopped. At least one of the lists is not empty.
    Sharing {
        /// Who started to share.
        started: Vec<Name>,
        /// Who stopped.
        stopped: Vec<Name>,
    },
    /// The room opened.
    Started {
        /// When.
        at: Moment,
        /// Who joined; empty if the target may see no name.
        by: Vec<Name>,
        /// How many people are in the room now.
        inside: usize,
    },
    /// The room emptied.
    Ended(RoomSummary),
    /// People began to wait to be let in.
    Waiting(Members),
    /// Strangers joined: people whom the settings do not name.
    Stranger {
        /// Who joined. Not empty.
        joined: Vec<Name>,
        /// How many people are in the room now.
        inside: usize,
    },
    /// A sample that tests whether the target can be reached.
    Test,
}

/// Summary of a room that was open and is empty again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomSummary {
    /// When it opened.
    pub from: Moment,
    /// When it emptied.
    pub until: Moment,
    /// The largest number of people present at once.
    pub peak: usize,
    /// Who was there, in display order.
    pub people: Vec<Name>,
    /// How many more were there.
    pub others: usize,
}

/// A room's card: a post that is created when the room opens, edited as people come and go, and
/// closed with a summary. It holds the full content, not a change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Card {
    /// The room.
    pub room: RoomInfo,
    /// The content.
    pub state: CardState,
}

/// The content of a card.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CardState {
    /// Somebody is in the room.
    Open {
        /// When the room opened.
        since: Moment,
        /// Who is in the room, in display order.
        inside: Vec<PersonInside>,
        /// How many more are in the room.
        others: usize,
        /// The largest number of people present at once.
        peak: usize,
        /// Which of the people inside share the screen.
        sharing: Vec<Name>,
        /// Which of the people inside are strangers, if the target wants to know.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        strangers: Vec<Name>,
        /// Who waits to be let in, if the target wants to know.
        #[serde(default, skip_serializing_if = "Members::is_empty")]
        waiting: Members,
    },
    /// The room is empty again.
    Closed(RoomSummary),
}

/// A person who is in the room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonInside {
    /// The name.
    pub name: Name,
    /// When the person joined.
    pub since: Moment,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn card(state: &str) -> Card {
        let room = r#"{"name":"Lounge","dashboard":null,"join":null}"#;
        let card = format!(r#"{{"room":{room},"state":{state}}}"#);
        serde_json::from_str(&card).expect("a card")
    }

    #[test]
    fn a_message_replaces_a_card() {
        let ada = r#"{"open":{"since":1,"inside":[{"name":"Ada","since":1}],"others":2,"peak":3,"sharing":[]}}"#;
        let bo = ada.replace("Ada", "Bo");
        let shared = ada.replace("[]", r#"["Ada"]"#);
        let closed = r#"{"closed":{"from":1,"until":2,"peak":3,"people":["Ada"],"others":0}}"#;
        let ended = r#"{"ended":{"from":1,"until":2,"peak":3,"people":["Ada"],"others":0}}"#;
        #[rustfmt::skip]
        let cases = [
            // what is special   wanted   shown              news                                                      members
            ("not posted",       ada,     None,              Some((r#"{"started":{"at":1,"by":["Ada"],"inside":3}}"#,  r#"{"names":["Ada"],"others":2}"#))),
            ("moves",            ada,     Some(bo.as_str()), Some((r#"{"moves":{"joined":["Ada"],"left":["Bo"],"inside":3}}"#, r#"{"names":["Ada"],"others":2}"#))),
            ("nobody moved",     ada,     Some(&shared),     None),
            ("closed",           closed,  Some(ada),         Some((ended,                                              r#"{"names":[],"others":0}"#))),
            ("closed, unposted", closed,  None,              Some((ended,                                              r#"{"names":[],"others":0}"#))),
        ];
        for (what, wanted, shown, expected) in cases {
            let message = Message::replacing(card(wanted), shown.map(card));
            let expected = expected.map(|(news, members)| Message {
                room: card(wanted).room,
                kind: serde_json::from_str(news).expect(what),
                members: serde_json::from_str(members).expect(what),
            });
            assert_eq!(message, expected, "{what}");
        }
    }

    /// An outbox may hold these lines after an upgrade: add lines, never change one.
    #[test]
    fn a_stored_message_stays_readable() {
        let room = r#"{"name":"Lounge","dashboard":null,"join":null}"#;
        #[rustfmt::skip]
        let messages = [
            // what is special  news
            ("moves",           r#"{"moves":{"joined":["Ada"],"left":["Grace"],"inside":3}}"#),
            ("sharing",         r#"{"sharing":{"started":["Ada"],"stopped":[]}}"#),
            ("started",         r#"{"started":{"at":1767637800,"by":["Ada"],"inside":1}}"#),
            ("ended",           r#"{"ended":{"from":1767637800,"until":1767645300,"peak":2,"people":["Ada"],"others":1}}"#),
            ("waiting",         r#"{"waiting":{"names":["Ada"],"others":1}}"#),
            ("stranger",        r#"{"stranger":{"joined":["Ada"],"inside":2}}"#),
            ("test",            r#""test""#),
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
            ("somebody waits",  r#"{"open":{"since":1767637800,"inside":[{"name":"Ada","since":1767637800}],"others":0,"peak":1,"sharing":[],"strangers":["Ada"],"waiting":{"names":["Grace"],"others":1}}}"#),
            ("closed",          r#"{"closed":{"from":1767637800,"until":1767645300,"peak":2,"people":[],"others":0}}"#),
        ];
        for (what, state) in cards {
            let kept = format!(r#"{{"room":{room},"state":{state}}}"#);
            let card: Card = serde_json::from_str(&kept).expect(what);
            assert_eq!(serde_json::to_string(&card).expect(what), kept, "{what}");
        }
    }
}
