//! What a service answered, and what that means.
//!
//! Most services speak by status codes and headers; [`Answer::by_status`] reads these. A service
//! that speaks otherwise decides in its own module, from the JSON of the answer.

use std::cmp::Reverse;
use std::time::Duration;

use chrono::DateTime;
use reqwest::StatusCode;
use reqwest::header::{HeaderMap, RETRY_AFTER};
use serde_json::Value;

/// Discord's header: seconds until the rate limit ends, with fractions.
const RESET_AFTER: &str = "x-ratelimit-reset-after";

/// Mattermost's header for the same; other servers send a Unix time.
const RESET: &str = "x-ratelimit-reset";

/// A larger number of seconds is a Unix time.
const MIN_UNIX_TIME: f64 = 1e9;

/// The longest wait, in seconds, that is accepted from a body, whose unit is not certain.
const MAX_BODY_WAIT_S: f64 = 60.0;

/// An integer of at least this in a body is in milliseconds.
const MIN_MILLISECONDS: u64 = 1_000;

/// How much of a response is quoted, in characters.
const MAX_QUOTE: usize = 120;

/// A secret shorter than this is not looked for in a response.
const MIN_SECRET: usize = 8;

/// The outcome of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The server accepted it; the id of the post if the server returned one.
    Accepted(Option<String>),
    /// There was no response, and the reason; try again.
    NoAnswer(String),
    /// The server failed temporarily; try again.
    RetryLater {
        /// What happened.
        why: String,
        /// The delay that the server asks for.
        retry_after: Option<Duration>,
    },
    /// The post to edit does not exist.
    Gone(String),
    /// The server refused it; a retry would fail as well.
    Refused(String),
}

/// A response that was read.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status code.
    pub status: StatusCode,
    /// The body as JSON; null if it is none.
    pub json: Value,
    /// The delay that the server asks for.
    pub retry_after: Option<Duration>,
    /// Whether the request was to edit a post.
    pub is_edit: bool,
    /// The status and the start of the body, without secrets and control characters.
    pub quoted: String,
}

impl Answer {
    /// Reads a response with this `body`, received at `now_ms`; `secrets` are not quoted.
    pub fn new(
        status: StatusCode,
        headers: &HeaderMap,
        body: &[u8],
        secrets: &[&str],
        now_ms: i64,
    ) -> Self {
        let json: Option<Value> = serde_json::from_slice(body).ok();
        let retry_after = retry_after(headers, json.as_ref(), now_ms);
        let quoted = quote(status, body, secrets);
        Self { status, json: json.unwrap_or_default(), retry_after, is_edit: false, quoted }
    }

    /// What the status code means; `id` is the id of the post if the server accepted it.
    pub fn by_status(&self, id: Option<String>) -> Outcome {
        match classify(self.status) {
            Status::Accepted => Outcome::Accepted(id),
            Status::RetryLater => self.retry_later(),
            Status::Refused if self.is_edit && self.status == StatusCode::NOT_FOUND => {
                Outcome::Gone(self.quoted.clone())
            }
            Status::Refused => Outcome::Refused(self.quoted.clone()),
        }
    }

    /// The server failed temporarily.
    pub fn retry_later(&self) -> Outcome {
        Outcome::RetryLater { why: self.quoted.clone(), retry_after: self.retry_after }
    }

    /// The text at `key` of the JSON.
    pub fn text(&self, key: &str) -> Option<String> {
        self.json[key].as_str().map(str::to_owned)
    }
}

/// The status and the start of the response, without secrets and control characters.
fn quote(status: StatusCode, body: &[u8], secrets: &[&str]) -> String {
    let mut text = String::from_utf8_lossy(body).into_owned();
    let mut secrets: Vec<_> = secrets.iter().filter(|secret| secret.len() >= MIN_SECRET).collect();
    // One may be a part of another one.
    secrets.sort_unstable_by_key(|secret| Reverse(secret.len()));
    for secret in secrets {
        text = text.replace(secret, "…");
    }
    let words = text.split(|c: char| c.is_control() || c.is_whitespace());
    let words: Vec<_> = words.filter(|word| !word.is_empty()).collect();
    let quoted: String = words.join(" ").chars().take(MAX_QUOTE).collect();
    match quoted.as_str() {
        "" => status.to_string(),
        quoted => format!("{status}: {quoted}"),
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Status {
    Accepted,
    RetryLater,
    Refused,
}

/// Classifies a status code: a retry makes sense only for temporary failures.
fn classify(status: StatusCode) -> Status {
    match status.as_u16() {
        200..=299 => Status::Accepted,
        // Incoming webhooks are disabled.
        501 => Status::Refused,
        408 | 425 | 429 | 500.. => Status::RetryLater,
        _ => Status::Refused,
    }
}

/// The delay that the server asks for. Headers have precedence: in a body, Discord sends seconds,
/// but its older versions and some imitations send milliseconds.
fn retry_after(headers: &HeaderMap, json: Option<&Value>, now_ms: i64) -> Option<Duration> {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let now = now_ms as f64 / 1000.0;
    let seconds = |text: &str| text.trim().parse::<f64>().ok().filter(|number| number.is_finite());
    let date = |text: &str| Some(DateTime::parse_from_rfc2822(text).ok()?.timestamp() as f64 - now);
    let retry_after =
        header(RETRY_AFTER.as_str()).and_then(|text| seconds(text).or_else(|| date(text)));
    let reset_after = || seconds(header(RESET_AFTER)?);
    let reset = || seconds(header(RESET)?).map(|at| if at > MIN_UNIX_TIME { at - now } else { at });
    let wait_s = retry_after.or_else(reset_after).or_else(reset).or_else(|| wait_in_body(json?))?;
    Duration::try_from_secs_f64(wait_s.max(0.0)).ok()
}

/// The delay in the body of Discord's response, in seconds.
fn wait_in_body(json: &Value) -> Option<f64> {
    let number = json.get("retry_after")?;
    let is_ms = number.as_u64().is_some_and(|number| number >= MIN_MILLISECONDS);
    let seconds = number.as_f64()? / if is_ms { 1000.0 } else { 1.0 };
    Some(seconds.min(MAX_BODY_WAIT_S))
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderValue;

    use super::*;

    #[test]
    fn a_status_decides_about_a_retry() {
        #[rustfmt::skip]
        let cases: [(&str, &[u16], Status); 3] = [
            // what is special   statuses                                            expected
            ("taken",            &[200, 201, 204],                                   Status::Accepted),
            ("for now",          &[408, 425, 429, 500, 502, 503, 504, 520],          Status::RetryLater),
            ("for good",         &[301, 302, 307, 400, 401, 403, 404, 405, 410, 413, 501], Status::Refused),
        ];
        for (what, statuses, expected) in cases {
            for status in statuses {
                let status = StatusCode::from_u16(*status).expect("a status");
                assert_eq!(classify(status), expected, "{what}: {status}");
            }
        }
    }

    #[test]
    fn each_service_asks_for_a_delay_in_its_own_way() {
        const NOW_MS: i64 = 1_767_643_200_000;
        #[rustfmt::skip]
        let cases = [
            // what is special           header                                                answer                     seconds
            ("nothing",                  None,                                                 "",                        None),
            ("seconds",                  Some(("retry-after", "7")),                           "",                        Some(7.0)),
            ("a date",                   Some(("retry-after", "Mon, 05 Jan 2026 20:00:30 GMT")), "",                      Some(30.0)),
            ("a date gone by",           Some(("retry-after", "Mon, 05 Jan 2026 19:00:00 GMT")), "",                      Some(0.0)),
            ("the reset of Mattermost",  Some(("x-ratelimit-reset", "3")),                     "",                        Some(3.0)),
            ("a reset as a moment",      Some(("x-ratelimit-reset", "1767643205")),            "",                        Some(5.0)),
            ("Discord's precise one",    Some(("x-ratelimit-reset-after", "0.5")),             r#"{"retry_after":0.6}"#,  Some(0.5)),
            ("milliseconds in the body", Some(("retry-after", "2")),                           r#"{"retry_after":1500}"#, Some(2.0)),
            ("less in the body",         Some(("retry-after", "2")),                           r#"{"retry_after":0.5}"#,  Some(2.0)),
            ("a header of another kind", Some(("x-ratelimit-reset", "3")),                     r#"{"retry_after":1500}"#, Some(3.0)),
            ("a useless header",         Some(("retry-after", "soon")),                        r#"{"retry_after":0.5}"#,  Some(0.5)),
            ("only the body",            None,                                                 r#"{"retry_after":0.5}"#,  Some(0.5)),
            ("… in milliseconds",        None,                                                 r#"{"retry_after":1500}"#, Some(1.5)),
            ("… in whole seconds",       None,                                                 r#"{"retry_after":7}"#,    Some(7.0)),
            ("… in either, for long",    None,                                                 r#"{"retry_after":900}"#,  Some(60.0)),
            ("… as a text",              None,                                                 r#"{"retry_after":"5"}"#,  None),
            ("no number",                Some(("retry-after", "NaN")),                         "",                        None),
            ("endless",                  Some(("retry-after", "inf")),                         r#"{"retry_after":0.5}"#,  Some(0.5)),
            ("nonsense",                 Some(("retry-after", "soon")),                        "never",                   None),
            ("less than none",           Some(("retry-after", "-5")),                          "",                        Some(0.0)),
        ];
        for (what, header, answer, seconds) in cases {
            let mut headers = HeaderMap::new();
            if let Some((name, value)) = header {
                headers.insert(name, HeaderValue::from_static(value));
            }
            let json = serde_json::from_str(answer).ok();
            let waited = retry_after(&headers, json.as_ref(), NOW_MS);
            assert_eq!(waited, seconds.map(Duration::from_secs_f64), "{what}");
        }
    }

    #[test]
    fn a_response_is_quoted_without_secrets() {
        let secrets = ["https://chat.example/hooks/hushhush", "hushhush"];
        let body = b"no hook\x07\n hushhush at https://chat.example/hooks/hushhush";
        let answer = Answer::new(StatusCode::NOT_FOUND, &HeaderMap::new(), body, &secrets, 0);
        assert_eq!(answer.quoted, "404 Not Found: no hook … at …");
    }
}
