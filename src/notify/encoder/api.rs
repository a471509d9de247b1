//! What a service has to say about itself.
//!
//! Its module says how a post is created and edited, what answers mean, how text is marked up, and
//! what is secret. The worker, the outbox, cards and rate limits know nothing else of a service.

use std::iter;

use anyhow::{Context, Result};
use reqwest::Url;
use reqwest::header::HeaderValue;

use super::markup::Markup;
use super::post::Post;
use crate::forget::without_percents;
use crate::notify::answer::{Answer, Outcome};
use crate::notify::attempt::Attempt;
use crate::notify::message::Message;
use crate::notify::request::Request;
use crate::types::Secret;

/// One way to reach one service.
pub(super) trait Api: Send + Sync {
    /// What it is called in the output of `notify --test`.
    fn name(&self) -> &'static str {
        "webhook"
    }

    /// What to do if it refuses everything.
    fn remedy(&self) -> &'static str {
        "make a new webhook if that one is gone"
    }

    /// Where requests go. May be a secret.
    fn url(&self) -> &Url;

    /// What must never be quoted from a response.
    fn secrets(&self) -> Vec<&str>;

    /// Its markup.
    fn markup(&self) -> &'static Markup;

    /// The request that creates a post.
    fn create(&self, post: &Post, source: Source<'_>) -> Result<Request>;

    /// The request that replaces the content of the post `id`; `None` if it can't be edited.
    fn edit(&self, _id: &str, _post: &Post) -> Option<Request> {
        None
    }

    /// What an answer means.
    fn outcome(&self, answer: &Answer) -> Outcome {
        answer.by_status(None)
    }
}

/// The message that a post was rendered from, and the attempt to deliver it; `None` for a card.
pub(super) type Source<'a> = Option<(&'a Message, &'a Attempt)>;

/// The URL of an incoming webhook, which is a secret as a whole and in parts.
#[derive(Clone)]
pub(super) struct HookUrl {
    pub(super) url: Url,
    secrets: Vec<Secret>,
}

impl HookUrl {
    /// Parses `address`.
    ///
    /// # Errors
    ///
    /// It is no URL; the error does not quote it.
    pub(super) fn parse(address: &Secret) -> Result<Self> {
        // The error of `parse` would quote the URL.
        let url = Url::parse(address.reveal()).ok().context(
            "`notify.url` is not a valid URL, such as `https://chat.example.org/hooks/…`",
        )?;
        let secrets = iter::once(address.clone()).chain(secret_parts(&url)).collect();
        Ok(Self { url, secrets })
    }

    /// The URL, and its parts that may be secret.
    pub(super) fn secrets(&self) -> Vec<&str> {
        self.secrets.iter().map(Secret::reveal).collect()
    }
}

/// The parts of `url` that may be secret, as they are and without percent-encoding: the user, the
/// password, the segments of the path and the values of the query.
fn secret_parts(url: &Url) -> impl Iterator<Item = Secret> {
    let user = iter::once(url.username()).chain(url.password());
    let path = url.path_segments().into_iter().flatten();
    let query = url.query().unwrap_or_default().split('&');
    let values = query.map(|pair| pair.split_once('=').map_or(pair, |(_, value)| value));
    let parts = user.chain(path).chain(values);
    parts.flat_map(|part| [Secret::new(part), Secret::new(&without_percents(part))]).flatten()
}

/// The URL of `path` on `server`.
pub(super) fn endpoint(server: &str, path: &str) -> Result<Url> {
    let url = Url::parse(&format!("{server}{path}"));
    url.ok().with_context(|| {
        format!(
            "`notify.server_url`: `{server}` is not a valid URL, such as `https://chat.example.org`"
        )
    })
}

/// The header of a token.
pub(super) fn bearer(token: &Secret) -> Result<HeaderValue> {
    let value = HeaderValue::from_str(&format!("Bearer {}", token.reveal()));
    let mut value = value.ok().context("the token has odd characters")?;
    value.set_sensitive(true);
    Ok(value)
}

#[cfg(test)]
mod tests {
    use reqwest::StatusCode;
    use reqwest::header::HeaderMap;

    use super::*;

    #[test]
    fn no_part_of_a_url_is_quoted_from_an_answer() {
        #[rustfmt::skip]
        let cases = [
            // what is special       address                                    answer                             quoted
            ("the whole address",    "https://a.example/S3CRETTOKEN",           "https://a.example/S3CRETTOKEN",   "…"),
            ("the last segment",     "https://a.example/in/S3CRETTOKEN",        "no /in/S3CRETTOKEN",              "no /in/…"),
            ("a segment before",     "https://a.example/S3CRETTOKEN/msg",       "no /S3CRETTOKEN/msg_5f1c",        "no /…/msg_5f1c"),
            ("a slash at the end",   "https://a.example/S3CRETTOKEN/",          "no /S3CRETTOKEN",                 "no /…"),
            ("a value of the query", "https://a.example/in?a=1&key=S3CRETTOKEN", "no key S3CRETTOKEN",             "no key …"),
            ("a query of its own",   "https://a.example/in?S3CRETTOKEN",        "no hook S3CRETTOKEN",             "no hook …"),
            ("a password",           "https://me:S3CRETTOKEN@a.example/in",     "no S3CRETTOKEN",                  "no …"),
            ("percent-encoded",      "https://a.example/S3CRET%2Btoken%/in",    "no S3CRET+token%",                "no …"),
            ("… as it is",           "https://a.example/S3CRET%2Btoken%/in",    "no S3CRET%2Btoken%",              "no …"),
            ("… in a query",         "https://a.example/in?token=S3CRET%3Dken", "no S3CRET=ken",                   "no …"),
            ("one in another",       "https://a.example/S3CRETTO?k=S3CRETTOKEN", "S3CRETTOKEN",                    "…"),
            ("short words",          "https://a.example/hooks/in?wait=true",    "the hooks of in are true",        "the hooks of in are true"),
        ];
        for (what, address, answer, quoted) in cases {
            let hook = HookUrl::parse(&Secret::new(address).expect(what)).expect(what);
            let (status, headers) = (StatusCode::NOT_FOUND, HeaderMap::new());
            let answer = Answer::new(status, &headers, answer.as_bytes(), &hook.secrets(), 0);
            assert_eq!(answer.quoted, format!("404 Not Found: {quoted}"), "{what}");
        }
    }
}
