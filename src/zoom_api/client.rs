//! Sends questions to Zoom's API, with a token that is asked for when it is needed.
//!
//! Zoom, *Server-to-Server OAuth*. The client secret and the token are secrets: no error, log line or
//! `Debug` output contains them.

use std::fmt;
use std::time::Duration;

use reqwest::header::{HeaderMap, RETRY_AFTER};
use reqwest::{Method, RequestBuilder};
use tokio::time::Instant;

use crate::config::ZoomApi;
use crate::http_client;
use crate::request_failure;
use crate::time::clock;
use crate::zoom::api::{Refusal, Token, refusal};

/// How long a request may take.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(20);

/// How much of an answer is read, in bytes. A page of 300 participants has about 100 KiB.
const MAX_ANSWER: usize = 4 << 20;

/// A token is replaced so long before it expires.
const TOKEN_MARGIN: Duration = Duration::from_secs(60);

/// Asks Zoom's API.
pub struct Client {
    http: reqwest::Client,
    api: ZoomApi,
    token: Option<CachedToken>,
}

struct CachedToken {
    token: Token,
    until: Instant,
}

/// Why a question has no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// The account or the app may not ask it.
    NotAllowed(String),
    /// The account has no such meeting. Another one may have it.
    NoMeeting,
    /// Zoom refuses this question, but perhaps not others.
    Refused(String),
    /// Zoom can't be asked at the moment.
    Unavailable {
        /// Why.
        why: String,
        /// The wait that Zoom asks for.
        retry_after: Option<Duration>,
    },
}

/// An answer that was read.
struct Answer {
    status: u16,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Client {
    /// A client for `api`.
    ///
    /// # Errors
    ///
    /// TLS can't be used.
    pub fn new(api: ZoomApi) -> anyhow::Result<Self> {
        let builder = http_client::builder(&api.server)
            .user_agent(concat!("lookout/", env!("CARGO_PKG_VERSION")))
            .timeout(REQUEST_TIMEOUT)
            .pool_max_idle_per_host(1);
        let explain = |error| request_failure::Failure::of(&error).explanation();
        let http = builder.build().map_err(|error| anyhow::anyhow!(explain(error)))?;
        Ok(Self { http, api, token: None })
    }

    /// The answer to a question, given by its path and query. A token that Zoom no longer accepts is
    /// replaced once.
    ///
    /// # Errors
    ///
    /// There is no answer, or none that is a success.
    pub async fn ask(&mut self, question: &str) -> Result<Vec<u8>, Failure> {
        let had_token = self.token.is_some();
        match self.ask_once(question).await? {
            Ok(body) => Ok(body),
            Err(Refusal::Token) if had_token => {
                self.token = None;
                self.ask_once(question).await?.map_err(Failure::from)
            }
            Err(refusal) => Err(refusal.into()),
        }
    }

    /// The token in use, or a new one.
    ///
    /// # Errors
    ///
    /// Zoom gives none.
    pub async fn token(&mut self) -> Result<&Token, Failure> {
        let is_valid = self.token.as_ref().is_some_and(|cached| Instant::now() < cached.until);
        if !is_valid {
            self.token = Some(self.new_token().await?);
        }
        Ok(&self.token.as_ref().expect("it is there now").token)
    }

    async fn ask_once(&mut self, question: &str) -> Result<Result<Vec<u8>, Refusal>, Failure> {
        let token = self.token().await?.clone();
        let url = format!("{}{question}", api_url(&self.api.server, &token));
        let request = self.http.request(Method::GET, url);
        let answer = send(request.bearer_auth(token.secret.reveal())).await?;
        Ok(if answer.status == 200 { Ok(answer.body) } else { Err(answer.refusal()) })
    }

    async fn new_token(&self) -> Result<CachedToken, Failure> {
        let ZoomApi { account_id, client_id, client_secret, server } = &self.api;
        let secret = client_secret.get().map_err(Failure::unavailable)?;
        // The settings allow only characters that need no encoding.
        let url =
            format!("{server}/oauth/token?grant_type=account_credentials&account_id={account_id}");
        let request = self.http.request(Method::POST, url);
        let asked = Instant::now();
        let answer = send(request.basic_auth(client_id, Some(secret.reveal()))).await?;
        if answer.status != 200 {
            return Err(answer.no_token());
        }
        let token = Token::parse(&answer.body)
            .ok_or_else(|| Failure::unavailable("its answer has no token".to_owned()))?;
        let lifetime = Duration::from_secs(token.lifetime_s).saturating_sub(TOKEN_MARGIN);
        Ok(CachedToken { token, until: asked + lifetime })
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("api", &self.api).finish_non_exhaustive()
    }
}

impl Answer {
    fn refusal(&self) -> Refusal {
        let retry_after = self.headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok());
        refusal(self.status, retry_after, &self.body, clock::now())
    }

    /// Why there is no token. A wrong id or secret may be corrected at Zoom, so ask again later.
    fn no_token(&self) -> Failure {
        match self.refusal() {
            Refusal::TooMany(wait) => Refusal::TooMany(wait).into(),
            Refusal::Other(why) if self.status >= 500 => Failure::unavailable(why),
            _ => Failure::unavailable(format!(
                "it gives no token (it answered {}); are the ids and the secret in `[zoom.api]` \
                 those of an activated Server-to-Server OAuth app?",
                self.status
            )),
        }
    }
}

impl Failure {
    /// The answer is a success, but not what was asked for.
    pub(super) fn not_understood() -> Self {
        Self::Refused("its answer cannot be understood".to_owned())
    }

    /// The account has no meeting of `number`, and never had one as far as we know.
    pub(super) fn unknown_meeting(number: &str) -> Self {
        Self::Refused(format!(
            "it knows no meeting {number}; are the ids in `[zoom.api]` those of the account that hosts it?"
        ))
    }

    fn unavailable(why: String) -> Self {
        Self::Unavailable { why, retry_after: None }
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::NotAllowed(why) => Self::NotAllowed(why),
            Refusal::NoMeeting => Self::NoMeeting,
            Refusal::Refused(why) => Self::Refused(why),
            Refusal::Token => Self::unavailable("it refuses its own token".to_owned()),
            Refusal::TooMany(seconds) => Self::Unavailable {
                why: "too many requests were sent".to_owned(),
                retry_after: seconds
                    .and_then(|seconds| u64::try_from(seconds).ok())
                    .map(Duration::from_secs),
            },
            Refusal::Other(why) => Self::unavailable(why),
        }
    }
}

async fn send(request: RequestBuilder) -> Result<Answer, Failure> {
    let read = async {
        let mut response = request.send().await?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let mut body = Vec::new();
        while body.len() < MAX_ANSWER
            && let Some(chunk) = response.chunk().await?
        {
            body.extend_from_slice(&chunk);
        }
        Ok(Answer { status, headers, body })
    };
    let explain = |error: reqwest::Error| request_failure::Failure::of(&error).explanation();
    read.await.map_err(|error| Failure::unavailable(explain(error)))
}

/// Where the API is: as the token's answer says, else the host `api` of the server. A token that came
/// encrypted is never sent in the clear.
fn api_url(server: &str, token: &Token) -> String {
    let (scheme, host) = server.split_once("://").unwrap_or(("https", server));
    let stated = token.api_url.clone();
    let stated = stated.filter(|url| scheme == "http" || url.starts_with("https://"));
    stated.unwrap_or_else(|| format!("{scheme}://api.{host}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_api_is_where_the_token_says_but_never_in_the_clear() {
        let token = |url: &str| {
            let body = format!(r#"{{"access_token":"a","expires_in":1,"api_url":"{url}"}}"#);
            Token::parse(body.as_bytes()).expect("a token")
        };
        #[rustfmt::skip]
        let cases = [
            // what is special      server                    stated                      api
            ("as stated",           "https://zoom.us",        "https://api-eu.zoom.us",   "https://api-eu.zoom.us"),
            ("nothing is stated",   "https://zoom.us",        "",                         "https://api.zoom.us"),
            ("another cloud",       "https://zoomgov.com",    "",                         "https://api.zoomgov.com"),
            ("in the clear",        "https://zoom.us",        "http://api.zoom.us",       "https://api.zoom.us"),
            ("a double of tests",   "http://127.0.0.1:1",     "http://127.0.0.1:2",       "http://127.0.0.1:2"),
        ];
        for (what, server, stated, api) in cases {
            assert_eq!(api_url(server, &token(stated)), api, "{what}");
        }
    }
}
