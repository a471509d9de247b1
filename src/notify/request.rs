//! One request to a chat, and what its answer means.
//!
//! The address of a webhook and a bot's token are secrets: they are in no error, no log and no
//! `Debug`. No redirect is followed, and no proxy is looked for in the environment.

use std::fmt;
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use chrono::DateTime;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue, RETRY_AFTER};
use reqwest::{Client, Method, Response, StatusCode, Url, redirect};
use serde_json::Value;

use crate::config::Secret;
use crate::server::{Certificate, Failure};
use crate::time::clock;

/// Discord's: after how many seconds its rate limit is over, with fractions.
const RESET_AFTER: &str = "x-ratelimit-reset-after";

/// Mattermost's: the same; others name a moment here.
const RESET: &str = "x-ratelimit-reset";

/// Seconds beyond this are a moment since 1970, as some servers have it.
const MOMENT: f64 = 1e9;

/// What an answer's body says is believed up to this many seconds: its unit is not certain.
const LONGEST_OF_BODY: f64 = 60.0;

/// A whole number from here on, in a body, is taken for milliseconds.
const MILLISECONDS: u64 = 1_000;

/// No answer that matters is longer.
const LONGEST_ANSWER: usize = 64 << 10;

/// So much of what a server says is repeated.
const QUOTED: usize = 120;

/// One way to write to a chat.
#[derive(Clone)]
pub struct Route {
    http: Client,
    url: Url,
    authorization: Option<HeaderValue>,
    /// What must not be repeated, though a server may say it.
    secret: Secret,
}

/// What came of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It was taken; the id of the post, where the server says one.
    Taken(Option<String>),
    /// There was no answer; it is tried again.
    Unanswered(String),
    /// The server failed for now; it may say when to come again.
    Later {
        /// What happened.
        why: String,
        /// What the server asks for.
        wait: Option<Duration>,
    },
    /// What was to be edited is not there.
    Gone(String),
    /// It will fail again, however often it is sent.
    Refused(String),
}

impl Route {
    /// A way to `url`, which a bot's `token` may open. `secret` is what `url` or the token hide.
    pub fn new(
        url: Url,
        token: Option<&Secret>,
        secret: Secret,
        time_out: Duration,
    ) -> Result<Self> {
        // Fails only if a provider is installed already, which serves as well.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut builder = Client::builder()
            .user_agent(concat!("lookout/", env!("CARGO_PKG_VERSION")))
            .timeout(time_out)
            .redirect(redirect::Policy::none())
            .pool_max_idle_per_host(1)
            .no_proxy();
        // A small container may have no certificates at all; here none are needed.
        if url.scheme() == "http" {
            builder = builder.tls_certs_only([]);
        }
        let http = builder.build().map_err(|error| anyhow!(unanswered(&Failure::of(&error))))?;
        let bearer = |token: &Secret| {
            let mut value = HeaderValue::from_str(&format!("Bearer {}", token.reveal()))?;
            value.set_sensitive(true);
            anyhow::Ok(value)
        };
        let authorization =
            token.map(bearer).transpose().context("the token has odd characters")?;
        Ok(Self { http, url, authorization, secret })
    }

    /// Posts `body`.
    pub async fn post(&self, body: Vec<u8>) -> Outcome {
        self.send(Method::POST, self.url.clone(), body).await
    }

    /// Puts `body` in the place of what the post `id` says.
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
            Err(error) => Outcome::Unanswered(unanswered(&Failure::of(&error))),
        }
    }

    async fn outcome(&self, response: Response) -> Outcome {
        let (status, headers) = (response.status(), response.headers().clone());
        let answer = match read(response).await {
            Ok(answer) => answer,
            // Whether it was taken is not known: the answer broke off.
            Err(error) if status.is_success() => {
                return Outcome::Unanswered(unanswered(&Failure::of(&error)));
            }
            Err(_) => Vec::new(),
        };
        let json: Option<Value> = serde_json::from_slice(&answer).ok();
        let id = json.as_ref().and_then(|json| json["id"].as_str()).map(str::to_owned);
        match verdict(status) {
            Verdict::Taken => Outcome::Taken(id),
            Verdict::Later => Outcome::Later {
                why: self.said(status, &answer),
                wait: wait(&headers, json.as_ref(), clock::now_ms()),
            },
            Verdict::Refused => Outcome::Refused(self.said(status, &answer)),
        }
    }

    /// The status, and what the server said, without anything secret or unprintable.
    fn said(&self, status: StatusCode, answer: &[u8]) -> String {
        let text = String::from_utf8_lossy(answer);
        let mut text = text.replace(self.secret.reveal(), "…");
        let hidden = self.url.path_segments().and_then(Iterator::last).unwrap_or_default();
        if hidden.len() >= 8 {
            text = text.replace(hidden, "…");
        }
        let words = text.split(|c: char| c.is_control() || c.is_whitespace());
        let words: Vec<_> = words.filter(|word| !word.is_empty()).collect();
        let quoted: String = words.join(" ").chars().take(QUOTED).collect();
        match quoted.as_str() {
            "" => status.to_string(),
            quoted => format!("{status}: {quoted}"),
        }
    }
}

impl fmt::Debug for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Route").field("host", &self.url.host_str()).finish_non_exhaustive()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Taken,
    Later,
    Refused,
}

/// What a status means: only what may be otherwise later is tried again.
fn verdict(status: StatusCode) -> Verdict {
    match status.as_u16() {
        200..=299 => Verdict::Taken,
        // Incoming webhooks are disabled.
        501 => Verdict::Refused,
        408 | 425 | 429 | 500.. => Verdict::Later,
        _ => Verdict::Refused,
    }
}

/// How long the server wants to be left alone. Headers have precedence: in the body, Discord has
/// seconds, its older versions and some that imitate it have milliseconds.
fn wait(headers: &HeaderMap, json: Option<&Value>, now_ms: i64) -> Option<Duration> {
    let said = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let now = now_ms as f64 / 1000.0;
    let seconds = |text: &str| text.trim().parse::<f64>().ok().filter(|number| number.is_finite());
    let date = |text: &str| Some(DateTime::parse_from_rfc2822(text).ok()?.timestamp() as f64 - now);
    let asked = said(RETRY_AFTER.as_str()).and_then(|text| seconds(text).or_else(|| date(text)));
    let reset_after = || seconds(said(RESET_AFTER)?);
    let reset = || seconds(said(RESET)?).map(|at| if at > MOMENT { at - now } else { at });
    let wait = asked.or_else(reset_after).or_else(reset).or_else(|| in_body(json?))?;
    Duration::try_from_secs_f64(wait.max(0.0)).ok()
}

/// What Discord's answer says, in seconds.
fn in_body(json: &Value) -> Option<f64> {
    let number = json.get("retry_after")?;
    let is_ms = number.as_u64().is_some_and(|number| number >= MILLISECONDS);
    let seconds = number.as_f64()? / if is_ms { 1000.0 } else { 1.0 };
    Some(seconds.min(LONGEST_OF_BODY))
}

/// Reads an answer, as far as it matters.
async fn read(mut response: Response) -> reqwest::Result<Vec<u8>> {
    let mut answer = Vec::new();
    while answer.len() < LONGEST_ANSWER
        && let Some(chunk) = response.chunk().await?
    {
        answer.extend_from_slice(&chunk);
    }
    Ok(answer)
}

/// Why there was no answer, and what to do; without the address.
fn unanswered(failure: &Failure) -> String {
    let text = match failure {
        Failure::Certificate(fault) => return certificate(fault),
        Failure::Tls(text) => return format!("TLS fails: {text}"),
        Failure::Other(text) => return format!("there was no answer: {text}"),
        Failure::NoSuchHost => {
            "its name cannot be looked up; is the address right, and does this machine's DNS work?"
        }
        Failure::Unreachable => "there is no way to it; does this machine's network work?",
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

fn certificate(fault: &Certificate) -> String {
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
            "its certificate comes from nobody whom this machine trusts; add its authority with \
             `update-ca-certificates` and restart Lookout, or have the server send the whole chain"
        }
    };
    text.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_tells_what_to_do() {
        #[rustfmt::skip]
        let cases: [(&str, &[u16], Verdict); 3] = [
            // what is special   statuses                                            verdict
            ("taken",            &[200, 201, 204],                                   Verdict::Taken),
            ("for now",          &[408, 425, 429, 500, 502, 503, 504, 520],          Verdict::Later),
            ("for good",         &[301, 302, 307, 400, 401, 403, 404, 405, 410, 413, 501], Verdict::Refused),
        ];
        for (what, statuses, expected) in cases {
            for status in statuses {
                let status = StatusCode::from_u16(*status).expect("a status");
                assert_eq!(verdict(status), expected, "{what}: {status}");
            }
        }
    }

    #[test]
    fn each_service_says_in_its_own_way_when_to_come_again() {
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
            headers.extend(
                header
                    .map(|(name, value)| {
                        (name.parse().expect("a name"), HeaderValue::from_static(value))
                    })
                    .into_iter()
                    .map(|(name, value): (reqwest::header::HeaderName, _)| (name, value)),
            );
            let json = serde_json::from_str(answer).ok();
            let waited = wait(&headers, json.as_ref(), NOW_MS);
            assert_eq!(waited, seconds.map(Duration::from_secs_f64), "{what}");
        }
    }

    #[test]
    fn what_a_server_says_is_repeated_without_secrets() {
        let secret = Secret::new("https://chat.example/hooks/hushhush").expect("not empty");
        let url = Url::parse(secret.reveal()).expect("a URL");
        let route = Route::new(url, None, secret, Duration::from_secs(1)).expect("made");
        let answer = b"no hook\x07\n hushhush at https://chat.example/hooks/hushhush";
        let said = route.said(StatusCode::NOT_FOUND, answer);
        assert_eq!(said, "404 Not Found: no hook … at …");
        assert!(!format!("{route:?}").contains("hush"));
    }
}
