//! One signed request, as Zoom makes it.

use std::time::Duration;

use anyhow::{Context as _, bail};
use reqwest::{StatusCode, Url, redirect};

use crate::config::Secret;
use crate::simulate::post::Delivery;
use crate::simulate::summary::Failure;
use crate::time::clock;
use crate::zoom::signature::{SIGNATURE_HEADER, TIMESTAMP_HEADER, sign};

/// Zoom waits so long for an answer.
const PATIENCE_OF_ZOOM: Duration = Duration::from_secs(3);

/// A client that keeps its connections.
#[derive(Debug)]
pub(in crate::simulate) struct Client {
    http: reqwest::Client,
    url: Url,
    secret: Secret,
}

/// What an answer means to Zoom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::simulate) enum Answer {
    /// 200 or 204: delivered.
    Taken(StatusCode),
    /// 5xx: Zoom sends it again.
    Later(StatusCode),
    /// Anything else: Zoom never sends it again.
    Refused(StatusCode),
}

impl Client {
    /// A client for one intake.
    pub(super) fn new(url: &Url, secret: Secret, connections: usize) -> anyhow::Result<Self> {
        // Fails only if a provider is installed already, which serves as well.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut builder = reqwest::Client::builder()
            .user_agent("Zoom Marketplace/1.0a")
            .timeout(PATIENCE_OF_ZOOM)
            .redirect(redirect::Policy::none())
            .pool_max_idle_per_host(connections)
            .no_proxy();
        match url.scheme() {
            "https" => {}
            // A small container may have no certificates at all; here none are needed.
            "http" => builder = builder.tls_certs_only([]),
            _ => bail!("`{url}` cannot be posted to; use an http or https URL"),
        }
        let http = builder.build().context("the HTTP client could not be made")?;
        Ok(Self { http, url: url.clone(), secret })
    }

    /// Posts a delivery, signed now.
    pub(super) async fn post(&self, delivery: &Delivery) -> Result<Answer, Failure> {
        let timestamp = clock::now().seconds().to_string();
        let signature = sign(&self.secret, &timestamp, delivery.body.as_bytes());
        let request = self
            .http
            .post(self.url.clone())
            .header("content-type", "application/json")
            .header(TIMESTAMP_HEADER, timestamp)
            .header(SIGNATURE_HEADER, signature)
            .header("x-zm-request-id", &delivery.request_id)
            .body(delivery.body.clone());
        let response = request.send().await.map_err(|error| Failure::of(&error))?;
        let status = response.status();
        // Read to its end, so that the connection can be used again; the status is the answer.
        let _ = response.bytes().await;
        Ok(Answer::of(status))
    }
}

impl Answer {
    fn of(status: StatusCode) -> Self {
        match status.as_u16() {
            200 | 204 => Self::Taken(status),
            500.. => Self::Later(status),
            _ => Self::Refused(status),
        }
    }

    /// The status that was answered.
    pub(in crate::simulate) fn status(self) -> StatusCode {
        let (Self::Taken(status) | Self::Later(status) | Self::Refused(status)) = self;
        status
    }
}
