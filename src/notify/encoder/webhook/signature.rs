//! Signs a request: <https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>.
//!
//! `webhook-signature` is an HMAC-SHA256 over `id.timestamp.body`. The id stays the same when a
//! message is sent again, so that the receiver can drop what it has; the timestamp does not.

use anyhow::{Context, Result};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use hmac::{Hmac, KeyInit, Mac};
use reqwest::header::{HeaderName, HeaderValue};
use sha2::Sha256;

use crate::time::moment::Moment;
use crate::types::Secret;

/// How a key begins.
const PREFIX: &str = "whsec_";

/// Signs with one key.
pub(super) struct Signer(Hmac<Sha256>);

impl Signer {
    /// A signer with `key`, which is base64.
    pub(super) fn new(key: &Secret) -> Result<Self> {
        let key = key.reveal();
        let key = BASE64.decode(key.strip_prefix(PREFIX).unwrap_or(key)).ok();
        let key = key.context("`notify.secret` is not base64")?;
        Ok(Self(Hmac::new_from_slice(&key).context("`notify.secret` has no usable length")?))
    }

    /// The headers of a request with `body`.
    pub(super) fn headers(
        &self,
        id: &str,
        now: Moment,
        body: &str,
    ) -> Result<[(HeaderName, HeaderValue); 3]> {
        let timestamp = now.seconds().to_string();
        let mut hmac = self.0.clone();
        hmac.update(format!("{id}.{timestamp}.{body}").as_bytes());
        let signature = format!("v1,{}", BASE64.encode(hmac.finalize().into_bytes()));
        let header = |name, value: &str| -> Result<_> {
            Ok((HeaderName::from_static(name), HeaderValue::from_str(value)?))
        };
        Ok([
            header("webhook-id", id)?,
            header("webhook-timestamp", &timestamp)?,
            header("webhook-signature", &signature)?,
        ])
    }
}
