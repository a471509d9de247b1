//! Sends one request to a service, and reads the response.
//!
//! The URL of a webhook and the token of a bot are secrets: no error, log line or `Debug` output
//! contains them.

use std::fmt;
use std::time::Duration;

use anyhow::{Result, anyhow};
use reqwest::{Client, Response};

use crate::http_client;
use crate::notify::answer::{Answer, Outcome};
use crate::notify::encoder::Service;
use crate::notify::request::Request;
use crate::request_failure::Failure;
use crate::time::clock;

/// How much of a response is read, in bytes.
const MAX_RESPONSE: usize = 64 << 10;

/// Sends requests to one service.
#[derive(Clone)]
pub struct ChatClient {
    http: Client,
    service: Service,
}

impl ChatClient {
    /// A client for `service`.
    pub fn new(service: Service, request_timeout: Duration) -> Result<Self> {
        let builder = http_client::builder(service.url().as_str())
            .user_agent(concat!("lookout/", env!("CARGO_PKG_VERSION")))
            .timeout(request_timeout)
            .pool_max_idle_per_host(1);
        let http = builder.build().map_err(|error| anyhow!(Failure::of(&error).explanation()))?;
        Ok(Self { http, service })
    }

    /// Sends `request`, and waits for the response.
    pub async fn send(&self, request: Request) -> Outcome {
        let Request { method, url, headers, body, is_edit } = request;
        let response = self.http.request(method, url).headers(headers).body(body).send().await;
        match response {
            Ok(response) => self.outcome(response, is_edit).await,
            Err(error) => Outcome::NoAnswer(Failure::of(&error).explanation()),
        }
    }

    async fn outcome(&self, response: Response, is_edit: bool) -> Outcome {
        let (status, headers) = (response.status(), response.headers().clone());
        let body = match read(response).await {
            Ok(body) => body,
            // The response broke off, so it is unknown whether the server accepted the request.
            Err(error) if status.is_success() => {
                return Outcome::NoAnswer(Failure::of(&error).explanation());
            }
            Err(_) => Vec::new(),
        };
        let secrets = self.service.secrets();
        let answer = Answer::new(status, &headers, &body, &secrets, clock::now_ms());
        self.service.outcome(&Answer { is_edit, ..answer })
    }
}

impl fmt::Debug for ChatClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChatClient").field("service", &self.service).finish_non_exhaustive()
    }
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
