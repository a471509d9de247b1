//! Any URL: a request whose body is a template, signed as Standard Webhooks specify.

mod body;
mod model;
mod signature;

use anyhow::{Context, Result, anyhow, bail};
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, Url};

use self::body::Body;
use self::model::Model;
use self::signature::Signer;
use super::api::{Api, HookUrl, Source};
use super::markup::{self, Markup};
use super::post::Post;
use crate::config::access::Statuses;
use crate::notify::answer::{Answer, Outcome};
use crate::notify::request::Request;
use crate::types::Secret;

/// Stands in the URL for the id of the message.
const ID: &str = "{id}";

/// What the settings say about a webhook.
pub struct WebhookSettings<'a> {
    /// The URL.
    pub url: &'a Secret,
    /// The method.
    pub method: &'a str,
    /// Headers, one a line.
    pub headers: Vec<&'a Secret>,
    /// The template of the body; empty for JSON with everything.
    pub body: &'a str,
    /// The status codes that mean that a message was delivered.
    pub success: &'a [Statuses],
    /// The key of the signature.
    pub key: Option<&'a Secret>,
}

/// A webhook.
pub(super) struct Webhook {
    address: HookUrl,
    typed_url: Secret,
    method: Method,
    headers: HeaderMap,
    header_values: Vec<Secret>,
    body: Body,
    success: Vec<Statuses>,
    signer: Option<Signer>,
}

impl Webhook {
    /// Parses the settings, and renders samples of the body.
    ///
    /// # Errors
    ///
    /// A key has no usable value, or the template is broken; the error quotes no secret.
    pub(super) fn new(settings: &WebhookSettings<'_>) -> Result<Self> {
        let id_in_url = Secret::new(&settings.url.reveal().replace(ID, "msg"));
        let id_in_url = id_in_url.context("`notify.url` is empty")?;
        let mut headers =
            HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static("application/json"))]);
        let mut header_values = Vec::new();
        for line in settings.headers.iter().flat_map(|secret| secret.reveal().lines()) {
            let Some((name, value)) = parse_header(line) else { continue };
            header_values.extend(value.to_str().ok().and_then(Secret::new));
            headers.insert(name, value);
        }
        let body = Body::parse(settings.body, &headers[CONTENT_TYPE])?;
        for sample in model::samples() {
            body.render(&sample)?;
        }
        Ok(Self {
            address: HookUrl::parse(&id_in_url)?,
            typed_url: settings.url.clone(),
            method: settings.method.parse().ok().context("`notify.method` is no method")?,
            headers,
            header_values,
            body,
            success: settings.success.to_vec(),
            signer: settings.key.map(Signer::new).transpose()?,
        })
    }

    /// The URL for the message `id`.
    fn url_of(&self, id: &str) -> Result<Url> {
        let url = Url::parse(&self.typed_url.reveal().replace(ID, id));
        url.map_err(|_| anyhow!("`notify.url` is no address"))
    }
}

fn parse_header(line: &str) -> Option<(HeaderName, HeaderValue)> {
    let (name, value) = line.split_once(':')?;
    let name = HeaderName::from_bytes(name.trim().as_bytes()).ok()?;
    let mut value = HeaderValue::from_str(value.trim()).ok()?;
    value.set_sensitive(name != CONTENT_TYPE);
    Some((name, value))
}

impl Api for Webhook {
    fn remedy(&self) -> &'static str {
        "look at `url`, `method`, `headers` and `body` of the settings"
    }

    fn url(&self) -> &Url {
        &self.address.url
    }

    fn secrets(&self) -> Vec<&str> {
        let headers = self.header_values.iter().map(Secret::reveal);
        let tokens = headers.clone().filter_map(|value| value.split_whitespace().next_back());
        self.address.secrets().into_iter().chain(headers.clone()).chain(tokens).collect()
    }

    fn markup(&self) -> &'static Markup {
        &markup::PLAIN
    }

    fn create(&self, post: &Post, source: Source<'_>) -> Result<Request> {
        let Some((message, attempt)) = source else { bail!("a webhook gets no cards") };
        let body = self.body.render(&Model::new(message, attempt, post))?;
        let mut headers = self.headers.clone();
        if let Some(signer) = &self.signer {
            headers.extend(signer.headers(&attempt.id, attempt.now, &body)?);
        }
        let (url, method) = (self.url_of(&attempt.id)?, self.method.clone());
        Ok(Request { method, url, headers, body: body.into_bytes(), is_edit: false })
    }

    fn outcome(&self, answer: &Answer) -> Outcome {
        let status = answer.status.as_u16();
        let is_success = |range: &Statuses| (range.first..=range.last).contains(&status);
        if self.success.iter().any(is_success) {
            return Outcome::Accepted(None);
        }
        match answer.by_status(None) {
            Outcome::Accepted(_) => Outcome::Refused(answer.quoted.clone()),
            other => other,
        }
    }
}
