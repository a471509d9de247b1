//! What a service has to say about itself.
//!
//! Its module says how a post is created and edited, what answers mean, how text is marked up, and
//! what is secret. The worker, the outbox, cards and rate limits know nothing else of a service.

use anyhow::{Context, Result};
use reqwest::Url;
use reqwest::header::HeaderValue;

use super::markup::Markup;
use super::post::Post;
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

    /// Whether [`Api::edit`] can edit posts.
    fn can_edit(&self) -> bool {
        false
    }

    /// What an answer means.
    fn outcome(&self, answer: &Answer) -> Outcome {
        answer.by_status(None)
    }
}

/// The message that a post was rendered from, and the attempt to deliver it; `None` for a card.
pub(super) type Source<'a> = Option<(&'a Message, &'a Attempt)>;

/// The URL of an incoming webhook, which is a secret as a whole.
#[derive(Clone)]
pub(super) struct HookUrl {
    pub(super) url: Url,
    secret: Secret,
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
        Ok(Self { url, secret: address.clone() })
    }

    /// The URL, and its last part.
    pub(super) fn secrets(&self) -> Vec<&str> {
        let last = self.url.path_segments().and_then(|mut parts| parts.next_back());
        [Some(self.secret.reveal()), last].into_iter().flatten().collect()
    }
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
