//! Sends one request to a chat, and interprets the response.
//!
//! The URL of a webhook and the token of a bot are secrets: no error, log line or `Debug` output
//! contains them. Redirects are not followed, and proxies in the environment are ignored.

use std::fmt;
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use chrono::DateTime;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue, RETRY_AFTER};
use reqwest::{Client, Method, Response, StatusCode, Url, redirect};
use serde_json::Value;

use crate::config::Secret;
use crate::request_failure::{Certificate, Failure};
use crate::time::clock;

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

/// How much of a response is read, in bytes.
const MAX_RESPONSE: usize = 64 << 10;

/// How much of a response is quoted, in characters.
const MAX_QUOTE: usize = 120;

/// Sends requests to one webhook or bot.
#[derive(Clone)]
pub struct ChatClient {
    http: Client,
    url: Url,
    authorization: Option<HeaderValue>,
    /// Removed from quoted responses.
    secret: Secret,
}

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

impl ChatClient {
    /// A client for `url`, with the `token` of a bot. `secret` is the URL or the token.
    pub fn new(
        url: Url,
        token: Option<&Secret>,
        secret: Secret,
        request_timeout: Duration,
    ) -> Result<Self> {
        // Fails only if a provider is installed already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut builder = Client::builder()
            .user_agent(concat!("lookout/", env!("CARGO_PKG_VERSION")))
            .timeout(request_timeout)
            .redirect(redirect::Policy::none())
            .pool_max_idle_per_host(1)
            .no_proxy();
        // A small container may have no certificates, and HTTP needs none.
        if url.scheme() == "http" {
            builder = builder.tls_certs_only([]);
        }
        let http = builder.build().map_err(|error| anyhow!(explain(&Failure::of(&error))))?;
        let bearer = |token: &Secret| {
            let mut value = HeaderValue::from_str(&format!("Bearer {}", token.reveal()))?;
            value.set_sensitive(true);
            anyhow::Ok(value)
        };
        let authorization =
            token.map(bearer).transpose().context("the token has odd characters")?;
        Ok(Self { http, url, authorization, secret })
    }

    /// Creates a post.
    pub async fn post(&self, body: Vec<u8>) -> Outcome {
        self.send(Method::POST, self.url.clone(), body).await
    }

    /// Replaces the content of the post `id`.
    pub async fn edit(&self, id: &str, body: Vec<u8>) -> Outcome {
        let mut url = self.url.clone();
        if let Ok(mut parts) = url.path_segments_mut() {
            parts.extend([id, "patch"]);
        }
        match self.send(Method::PUT, url, body).await {
            Outcome::Refused(why) if why.starts_with("404") => Outcome::Gone(why),
            other => other,
        }
    }

    async fn send(&self, method: Method, url: Url, body: Vec<u8>) -> Outcome {
        let mut request = self.http.request(method, url).body(body);
        request = request.header(CONTENT_TYPE, "application/json");
        if let Some(authorization) = &self.authorization {
            request = request.header(AUTHORIZATION, authorization.clone());
        }
        match request.send().await {
            Ok(response) => self.outcome(response).await,
            Err(error) => Outcome::NoAnswer(explain(&Failure::of(&error))),
        }
    }

    async fn outcome(&self, response: Response) -> Outcome {
        let (status, headers) = (response.status(), response.headers().clone());
        let answer = match read(response).await {
            Ok(answer) => answer,
            // The response broke off, so it is unknown whether the server accepted the request.
            Err(error) if status.is_success() => {
                return Outcome::NoAnswer(explain(&Failure::of(&error)));
            }
            Err(_) => Vec::new(),
        };
        let json: Option<Value> = serde_json::from_slice(&answer).ok();
        let id = json.as_ref().and_then(|json| json["id"].as_str()).map(str::to_owned);
        match classify(status) {
            Status::Accepted => Outcome::Accepted(id),
            Status::RetryLater => Outcome::RetryLater {
                why: self.quote(status, &answer),
                retry_after: retry_after(&headers, json.as_ref(), clock::now_ms()),
            },
            Status::Refused => Outcome::Refused(self.quote(status, &answer)),
        }
    }

    /// The status and the start of the response, without secrets and control characters.
    fn quote(&self, status: StatusCode, answer: &[u8]) -> String {
        let text = String::from_utf8_lossy(answer);
        let mut text = text.replace(self.secret.reveal(), "…");
        let secret_part = self.url.path_segments().and_then(Iterator::last).unwrap_or_default();
        if secret_part.len() >= 8 {
            text = text.replace(secret_part, "…");
        }
        let words = text.split(|c: char| c.is_control() || c.is_whitespace());
        let words: Vec<_> = words.filter(|word| !word.is_empty()).collect();
        let quoted: String = words.join(" ").chars().take(MAX_QUOTE).collect();
        match quoted.as_str() {
            "" => status.to_string(),
            quoted => format!("{status}: {quoted}"),
        }
    }
}

impl fmt::Debug for ChatClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChatClient").field("host", &self.url.host_str()).finish_non_exhaustive()
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

/// Reads the start of a response.
async fn read(mut response: Response) -> reqwest::Result<Vec<u8>> {
    let mut answer = Vec::new();
    while answer.len() < MAX_RESPONSE
        && let Some(chunk) = response.chunk().await?
    {
        answer.extend_from_slice(&chunk);
    }
    Ok(answer)
}

/// Explains why there was no response and what to do, without the URL.
fn explain(failure: &Failure) -> String {
    let text = match failure {
        Failure::Certificate(fault) => return explain_certificate(fault),
        Failure::Tls(text) => return format!("TLS fails: {text}"),
        Failure::Other(text) => return format!("there was no answer: {text}"),
        Failure::NoSuchHost => {
            "its name cannot be looked up; is the address right, and does this machine's DNS work?"
        }
        Failure::Unreachable => "there is no route to it; does this machine's network work?",
        Failure::Refused => "nothing listens there; is the address right, and the server up?",
        Failure::TimedOut => "no answer in time; is the server up, or a firewall in between?",
        Failure::Closed => "the connection was closed before the answer came",
        Failure::NotTls => "it does not speak TLS; is it `http://`, or another port?",
        Failure::NotHttp => "it does not answer in HTTP; is it `https://`, or another port?",
        Failure::NoAuthorities => {
            "this machine has no certificates of authorities; install `ca-certificates`, and \
             restart Lookout"
        }
    };
    text.to_owned()
}

fn explain_certificate(fault: &Certificate) -> String {
    let text = match fault {
        Certificate::Other(text) => return format!("its certificate is not in order: {text}"),
        Certificate::Expired => {
            "its certificate has expired; have it renewed, or set this machine's clock"
        }
        Certificate::NotValidYet => {
            "its certificate is not valid yet; is this machine's clock right?"
        }
        Certificate::WrongName => {
            "its certificate is for another name; correct the address, or have one made for it"
        }
        Certificate::Untrusted => {
            "this machine does not trust the authority of its certificate; add the authority with \
             `update-ca-certificates` and restart Lookout, or have the server send the whole chain"
        }
    };
    text.to_owned()
}

#[cfg(test)]
mod tests {
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
        let secret = Secret::new("https://chat.example/hooks/hushhush").expect("not empty");
        let url = Url::parse(secret.reveal()).expect("a URL");
        let client = ChatClient::new(url, None, secret, Duration::from_secs(1)).expect("made");
        let answer = b"no hook\x07\n hushhush at https://chat.example/hooks/hushhush";
        let said = client.quote(StatusCode::NOT_FOUND, answer);
        assert_eq!(said, "404 Not Found: no hook … at …");
        assert!(!format!("{client:?}").contains("hush"));
    }
}
