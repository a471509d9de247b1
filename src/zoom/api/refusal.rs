//! What an answer that is no success means.

use serde::Deserialize;

use crate::time::moment::Moment;
use crate::zoom::wire::lenient::Text;

/// Codes of Zoom for a scope that the app lacks, or a plan that the account lacks. A 403 without one may
/// come from a firewall or a proxy, and pass.
const NOT_ALLOWED: [&str; 3] = ["200", "4700", "4711"];

/// Codes of Zoom for a meeting that does not exist, no longer, or not in this account.
const NO_MEETING: &str = "3001";

/// The longest wait that an answer may ask for, in seconds: until a daily limit ends.
const MAX_WAIT_S: i64 = 86_400;

/// Why Zoom did not answer a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// The token is not valid, or no longer.
    Token,
    /// The account or the app may not ask this; as Zoom says.
    NotAllowed(String),
    /// The account has no such meeting. Another one may have it.
    NoMeeting,
    /// Too many questions; the seconds until the next one may be asked, if Zoom says so.
    TooMany(Option<i64>),
    /// It refuses this question for another reason.
    Refused(String),
    /// Anything else, such as a failure of Zoom.
    Other(String),
}

/// What an answer with `status` and `body`, which is no success, means at `now`. `retry_after` is that
/// header: seconds, or of a daily limit the moment from which to ask again.
pub fn refusal(status: u16, retry_after: Option<&str>, body: &[u8], now: Moment) -> Refusal {
    let body = super::readable(body);
    let wire: Wire<'_> = serde_json::from_str(&body).unwrap_or_default();
    let (code, message) = (wire.code.as_str(), wire.message.as_str());
    let said = || match (code, message) {
        ("", "") => format!("it answered {status}"),
        ("", message) => format!("it answered {status}: {}", shown(message)),
        (code, message) => {
            format!("it answered {status}, code {}: {}", shown(code), shown(message))
        }
    };
    match status {
        429 => Refusal::TooMany(retry_after.and_then(|text| seconds_until(text, now))),
        400..500 if NOT_ALLOWED.contains(&code) => Refusal::NotAllowed(said()),
        401 => Refusal::Token,
        404 if code == NO_MEETING => Refusal::NoMeeting,
        400..500 => Refusal::Refused(said()),
        _ => Refusal::Other(said()),
    }
}

fn seconds_until(retry_after: &str, now: Moment) -> Option<i64> {
    let seconds = retry_after.parse().ok();
    let until = || Some(Moment::parse_rfc3339(retry_after)?.since(now));
    let seconds = seconds.or_else(until).filter(|seconds| *seconds >= 0);
    seconds.map(|seconds| seconds.min(MAX_WAIT_S))
}

/// The start of `text` on one line.
fn shown(text: &str) -> String {
    text.chars().take(200).map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[derive(Deserialize, Default)]
#[serde(default, bound(deserialize = "'de: 'a"))]
struct Wire<'a> {
    code: Text<'a>,
    message: Text<'a>,
}
