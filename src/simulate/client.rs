//! A client that posts signed deliveries as Zoom does.

use std::time::Duration;

use anyhow::{Context as _, bail};
use reqwest::{StatusCode, Url};

use crate::http_client;
use crate::time::clock;
use crate::types::Secret;
use crate::zoom::signature::{SIGNATURE_HEADER, TIMESTAMP_HEADER, sign};

/// How long Zoom waits for an answer.
const TIMEOUT: Duration = Duration::from_secs(3);

/// A client for one webhook. It reuses its connections.
#[derive(Debug)]
pub struct Client {
    http: reqwest::Client,
    url: Url,
    secret: Secret,
}

impl Client {
    /// A client that posts to `url` and signs with `secret`.
    ///
    /// # Errors
    ///
    /// The scheme of `url` is neither http nor https, or the HTTP client cannot start.
    pub fn new(url: Url, secret: Secret) -> anyhow::Result<Self> {
        if !matches!(url.scheme(), "http" | "https") {
            bail!("cannot post to `{url}`; use an http or https URL");
        }
        let builder =
            http_client::builder(url.as_str()).user_agent("Zoom Marketplace/1.0a").timeout(TIMEOUT);
        let http = builder.build().context("cannot start the HTTP client")?;
        Ok(Self { http, url, secret })
    }

    /// Posts `body`, signed now, and returns the status of the answer.
    ///
    /// # Errors
    ///
    /// There was no answer.
    pub async fn post(&self, body: &str, request_id: &str) -> reqwest::Result<StatusCode> {
        let timestamp = clock::now().seconds().to_string();
        let signature = sign(&self.secret, &timestamp, body.as_bytes());
        let request = self
            .http
            .post(self.url.clone())
            .header("content-type", "application/json")
            .header(TIMESTAMP_HEADER, timestamp)
            .header(SIGNATURE_HEADER, signature)
            .header("x-zm-request-id", request_id)
            .body(body.to_owned());
        let response = request.send().await?;
        let status = response.status();
        // The connection can be reused only after the answer was read to its end.
        drop(response.bytes().await);
        Ok(status)
    }
}
