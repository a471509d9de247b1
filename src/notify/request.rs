//! One HTTP request to a service. Its URL and headers may hold secrets, so `Debug` shows neither.

use std::fmt;

use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::{Method, Url};
use serde_json::Value;

/// What is sent to create or edit one post.
#[derive(Clone)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// The URL, which may contain a secret.
    pub url: Url,
    /// The headers, which may contain secrets.
    pub headers: HeaderMap,
    /// The body.
    pub body: Vec<u8>,
    /// Whether it edits a post that exists.
    pub is_edit: bool,
}

impl Request {
    /// A new post as JSON.
    pub fn post(url: Url, body: &Value) -> Self {
        let headers = HeaderMap::from_iter([(CONTENT_TYPE, JSON)]);
        let body = body.to_string().into_bytes();
        Self { method: Method::POST, url, headers, body, is_edit: false }
    }

    /// New content of a post as JSON.
    pub fn edit(method: Method, url: Url, body: &Value) -> Self {
        Self { method, is_edit: true, ..Self::post(url, body) }
    }

    /// Adds the header that carries a token.
    #[must_use]
    pub fn authorized(mut self, value: &HeaderValue) -> Self {
        self.headers.insert(AUTHORIZATION, value.clone());
        self
    }
}

const JSON: HeaderValue = HeaderValue::from_static("application/json");

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let host = self.url.host_str();
        let mut shown = f.debug_struct("Request");
        shown.field("method", &self.method).field("host", &host).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_request_does_not_show_its_secrets() {
        let url = Url::parse("https://chat.example/bothush/sendMessage").expect("a URL");
        let request = Request::post(url, &json!({})).authorized(&HeaderValue::from_static("hush"));
        assert!(!format!("{request:?}").contains("hush"), "{request:?}");
    }
}
