//! One request to a chat, and what its answer means.
//!
//! The address of a webhook and a bot's token are secrets: they are in no error, no log and no
//! `Debug`. No redirect is followed, and no proxy is looked for in the environment.

use std::fmt;
use std::time::Duration;

use anyhow::{Context, Result};
use chrono::DateTime;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue, RETRY_AFTER};
use reqwest::{Client, Method, Response, StatusCode, Url, redirect};
use serde_json::Value;

use crate::clock;
use crate::config::Secret;

/// Where the reset of a rate limit is said in seconds from now.
const RESET: &str = "x-ratelimit-reset";

/// Seconds beyond this are a moment since 1970, as some servers have it.
const MOMENT: f64 = 1e9;

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
    /// It failed for now; the server may say when to come again.
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
        let http = builder.build().context("the HTTP client could not be made")?;
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
            Err(error) => later(&error),
        }
    }

    async fn outcome(&self, response: Response) -> Outcome {
        let (status, headers) = (response.status(), response.headers().clone());
        let answer = match read(response).await {
            Ok(answer) => answer,
            // Whether it was taken is not known: the answer broke off.
            Err(error) if status.is_success() => return later(&error),
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

/// How long the server wants to be left alone.
fn wait(headers: &HeaderMap, json: Option<&Value>, now_ms: i64) -> Option<Duration> {
    let said = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let now = now_ms as f64 / 1000.0;
    let seconds = |text: &str| text.trim().parse::<f64>().ok();
    let date = |text: &str| Some(DateTime::parse_from_rfc2822(text).ok()?.timestamp() as f64 - now);
    let asked = said(RETRY_AFTER.as_str()).and_then(|text| seconds(text).or_else(|| date(text)));
    let discord = || json?.get("retry_after")?.as_f64();
    let reset = || seconds(said(RESET)?).map(|at| if at > MOMENT { at - now } else { at });
    let longest = asked.into_iter().chain(discord()).reduce(f64::max).or_else(reset)?;
    Duration::try_from_secs_f64(longest.max(0.0)).ok()
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

/// What went wrong on the way, without the address.
fn later(error: &reqwest::Error) -> Outcome {
    let why = match error {
        error if error.is_timeout() => "no answer in time",
        error if error.is_connect() => "no connection; is the address right, and the server up?",
        _ => "the connection broke off",
    };
    Outcome::Later { why: why.to_owned(), wait: None }
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
            ("Discord's answer",         Some(("x-ratelimit-reset", "9")),                     r#"{"retry_after":0.5}"#,  Some(0.5)),
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
