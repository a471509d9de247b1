//! Zoom's API: the paths that Lookout asks, and what the answers say. Pure.
//!
//! Zoom, *API reference*: *Get a meeting*, *Get past meeting participants*, *List meeting participants*
//! (of the dashboard), *Server-to-Server OAuth*. As with events, `""`, `null` and missing all mean absent.

mod refusal;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;

use crate::time::moment::Moment;
use crate::types::{Name, Secret};
use crate::zoom::surrogate;
use crate::zoom::wire::lenient::Text;

pub use refusal::{Refusal, refusal};

/// A question that Lookout may ask, by what the account has to allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Question {
    /// Whether a meeting number is in use now.
    Status,
    /// Who was in a meeting that is over.
    PastParticipants,
    /// Who is or was in a meeting, by the dashboard.
    Metrics,
}

/// All questions.
pub const QUESTIONS: [Question; 3] =
    [Question::Status, Question::PastParticipants, Question::Metrics];

/// All but the unreserved characters (RFC 3986, 2.3).
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The longest page of participants that Zoom sends.
const PAGE_SIZE: &str = "page_size=300";

/// A token is used for at least so long, in seconds, whatever its answer says. Zoom refuses it if it is
/// not valid any more.
const MIN_LIFETIME_S: u64 = 120;

/// A token is used for at most so long, in seconds. Zoom's are valid for an hour.
const MAX_LIFETIME_S: u64 = 86_400;

impl Question {
    /// Path and query of [`Question::Status`] for a meeting number.
    pub fn status(number: &str) -> String {
        format!("/v2/meetings/{}", encoded(number))
    }

    /// Path and query for the participants of the meeting `uuid`: of the page that `token` names, of the
    /// first one if it is empty.
    pub fn participants(self, uuid: &str, is_over: IsOver, token: &str) -> String {
        let uuid = encoded(uuid);
        let list = match (self, is_over) {
            (Self::Metrics, IsOver::Yes) => {
                format!("/v2/metrics/meetings/{uuid}/participants?type=past&")
            }
            (Self::Metrics, IsOver::No) => {
                format!("/v2/metrics/meetings/{uuid}/participants?type=live&")
            }
            (Self::Status | Self::PastParticipants, _) => {
                format!("/v2/past_meetings/{uuid}/participants?")
            }
        };
        let page = match token {
            "" => String::new(),
            token => format!("&next_page_token={}", percent_encoded(token)),
        };
        format!("{list}{PAGE_SIZE}{page}")
    }

    /// What it asks, in messages.
    pub fn purpose(self) -> &'static str {
        match self {
            Self::Status => "whether a meeting goes on",
            Self::PastParticipants => "who was in a meeting that is over",
            Self::Metrics => "who is in a meeting now",
        }
    }

    /// The scopes, any of which allows the question: Zoom's granular ones, then the classic ones of older
    /// apps.
    pub fn scopes(self) -> [&'static str; 2] {
        match self {
            Self::Status => ["meeting:read:meeting:admin", "meeting:read:admin"],
            Self::PastParticipants => {
                ["meeting:read:list_past_participants:admin", "meeting:read:admin"]
            }
            Self::Metrics => {
                ["dashboard:read:list_meeting_participants:admin", "dashboard_meetings:read:admin"]
            }
        }
    }
}

/// Whether a meeting is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IsOver {
    /// It is.
    Yes,
    /// It is still going on.
    No,
}

/// A token of Server-to-Server OAuth.
#[derive(Debug, Clone)]
pub struct Token {
    /// The token itself.
    pub secret: Secret,
    /// For how many seconds it is used.
    pub lifetime_s: u64,
    /// What it allows.
    pub scopes: Vec<String>,
    /// Where the API is, such as `https://api.zoom.us`, if the answer says so.
    pub api_url: Option<String>,
}

impl Token {
    /// Whether its scopes allow `question`.
    pub fn allows(&self, question: Question) -> bool {
        question.scopes().iter().any(|scope| self.scopes.iter().any(|own| own == scope))
    }

    /// Parses the answer to a request for a token; `None` if there is none in it.
    pub fn parse(body: &[u8]) -> Option<Self> {
        let body = readable(body);
        let wire: WireToken<'_> = serde_json::from_str(&body).ok()?;
        let lifetime_s: u64 = wire.expires_in.as_str().parse().ok()?;
        Some(Self {
            secret: Secret::new(wire.access_token.as_str())?,
            lifetime_s: lifetime_s.clamp(MIN_LIFETIME_S, MAX_LIFETIME_S),
            scopes: wire.scope.as_str().split([' ', ',']).map(str::to_owned).collect(),
            api_url: Some(wire.api_url.as_str().trim_end_matches('/').to_owned())
                .filter(|url| !url.is_empty()),
        })
    }
}

/// Whether a meeting number is in use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// As Zoom says, such as `waiting` or `started`.
    pub status: String,
    /// The meeting that goes on, or the next one.
    pub uuid: Option<String>,
}

impl Status {
    /// Parses the answer to [`Question::Status`]; `None` if it has no status.
    pub fn parse(body: &[u8]) -> Option<Self> {
        let body = readable(body);
        let wire: WireMeeting<'_> = serde_json::from_str(&body).ok()?;
        let uuid = Some(wire.uuid.as_str().to_owned()).filter(|uuid| !uuid.is_empty());
        let status = wire.status.as_str().to_owned();
        (!status.is_empty()).then_some(Self { status, uuid })
    }

    /// Whether a meeting of the number goes on.
    pub fn is_started(&self) -> bool {
        self.status == "started"
    }
}

/// One page of participants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// Who was in; without those who only waited to be admitted.
    pub stays: Vec<Stay>,
    /// The token of the next page; empty on the last one.
    pub next: String,
}

/// One leg of a participant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stay {
    /// `user_id`, as in events.
    pub user_id: Option<String>,
    /// `participant_uuid`, as in events.
    pub connection: Option<String>,
    /// The Zoom account, which guests do not have.
    pub zoom_user_id: Option<String>,
    /// The name, cleaned.
    pub name: Option<Name>,
    /// When it joined.
    pub joined: Option<Moment>,
    /// When it left; `None` while it is in.
    pub left: Option<Moment>,
}

impl Page {
    /// Parses the answer to [`Question::PastParticipants`] or [`Question::Metrics`]; `None` if it has no
    /// list of participants.
    pub fn parse(body: &[u8]) -> Option<Self> {
        let body = readable(body);
        let wire: WirePage<'_> = serde_json::from_str(&body).ok()?;
        let is_in = |row: &WireStay<'_>| row.status.as_str() != "in_waiting_room";
        let stays = wire.participants.into_iter().filter(is_in).map(WireStay::stay);
        Some(Self { stays: stays.collect(), next: wire.next_page_token.as_str().to_owned() })
    }
}

#[derive(Deserialize, Default)]
#[serde(default, bound(deserialize = "'de: 'a"))]
struct WireToken<'a> {
    access_token: Text<'a>,
    expires_in: Text<'a>,
    scope: Text<'a>,
    api_url: Text<'a>,
}

#[derive(Deserialize, Default)]
#[serde(default, bound(deserialize = "'de: 'a"))]
struct WireMeeting<'a> {
    uuid: Text<'a>,
    status: Text<'a>,
}

#[derive(Deserialize)]
#[serde(bound(deserialize = "'de: 'a"))]
struct WirePage<'a> {
    #[serde(default)]
    next_page_token: Text<'a>,
    participants: Vec<WireStay<'a>>,
}

#[derive(Deserialize, Default)]
#[serde(default, bound(deserialize = "'de: 'a"))]
struct WireStay<'a> {
    user_id: Text<'a>,
    participant_uuid: Text<'a>,
    id: Text<'a>,
    /// Of past participants.
    name: Text<'a>,
    /// Of the dashboard.
    user_name: Text<'a>,
    join_time: Text<'a>,
    leave_time: Text<'a>,
    status: Text<'a>,
}

impl WireStay<'_> {
    fn stay(self) -> Stay {
        let text = |text: &Text<'_>| text.compact().map(String::from);
        let name = Name::clean(self.name.as_str());
        Stay {
            user_id: text(&self.user_id),
            connection: text(&self.participant_uuid),
            zoom_user_id: text(&self.id),
            name: name.or_else(|| Name::clean(self.user_name.as_str())),
            joined: self.join_time.moment(),
            left: self.leave_time.moment(),
        }
    }
}

/// The JSON `body` as text that serde can parse, whatever names are in it: one that ends in half an emoji
/// spoils no other.
fn readable(body: &[u8]) -> String {
    surrogate::mended(&surrogate::lossy_text_of(body)).into_owned()
}

/// `id` as one segment of a path. A uuid that begins with a slash, or has two in a row, is encoded twice.
fn encoded(id: &str) -> String {
    let once = percent_encoded(id);
    if id.starts_with('/') || id.contains("//") { percent_encoded(&once) } else { once }
}

fn percent_encoded(text: &str) -> String {
    utf8_percent_encode(text, RESERVED).to_string()
}

#[cfg(test)]
mod tests;
