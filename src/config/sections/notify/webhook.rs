//! The keys of `kind = "webhook"`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use reqwest::header::{HeaderName, HeaderValue};

use crate::config::access::{Credential, Statuses, Webhook};
use crate::config::section::Section;
use crate::config::sections::credential;
use crate::config::values;
use crate::types::Secret;
use crate::types::secret::trimmed;

/// How a key of Standard Webhooks begins.
const PREFIX: &str = "whsec_";

/// How many bytes such a key has.
const KEY_LENGTHS: std::ops::RangeInclusive<usize> = 24..=64;

/// What is typed, but for the URL.
pub(super) struct Keys {
    method: Option<String>,
    headers: Vec<Secret>,
    headers_file: Option<Credential>,
    body: String,
    success: Vec<Statuses>,
    secret: Option<Credential>,
}

/// Reads the keys.
pub(super) fn keys(section: &mut Section<'_>) -> Keys {
    let method = section.optional("method", method);
    let headers = section.list("headers", &[], header);
    if !headers.is_empty() {
        section.record_inline_secret("headers");
    }
    let headers_file = section.secret_file("headers_file");
    Keys {
        method,
        headers,
        headers_file: headers_file.map(|path| credential::from_file(&path, header_lines)),
        body: section.value("body", "", |text| Ok(text.to_owned())),
        success: section.list("success", &[], statuses),
        secret: credential::read(section, ["secret", "secret_file"], signing_key),
    }
}

impl Keys {
    /// The keys that have a value.
    pub(super) fn set(&self) -> impl Iterator<Item = &'static str> {
        let all = [
            ("method", self.method.is_some()),
            ("headers", !self.headers.is_empty()),
            ("headers_file", self.headers_file.is_some()),
            ("body", !self.body.is_empty()),
            ("success", !self.success.is_empty()),
            ("secret", self.secret.is_some()),
        ];
        all.into_iter().filter(|(_, is_set)| *is_set).map(|(key, _)| key)
    }

    /// The webhook at `url`.
    pub(super) fn access(self, url: Credential) -> Webhook {
        let typed = self.headers.into_iter().map(Credential::Known);
        let success = match self.success.is_empty() {
            true => vec![Statuses { first: 200, last: 299 }],
            false => self.success,
        };
        Webhook {
            url,
            method: self.method.unwrap_or_else(|| "POST".to_owned()),
            headers: typed.chain(self.headers_file).collect(),
            body: self.body,
            success,
            secret: self.secret,
        }
    }
}

fn method(text: &str) -> Result<String, String> {
    let methods = ["POST", "PUT", "PATCH"].map(|method| (method, method));
    values::word(text, &methods).map(str::to_owned)
}

/// One header, whose value may be a secret.
fn header(text: &str) -> Result<Secret, String> {
    let parts = text.split_once(':').and_then(|(name, value)| {
        let name = HeaderName::from_bytes(name.trim().as_bytes()).ok()?;
        HeaderValue::from_str(value.trim()).ok()?;
        Some(name)
    });
    let Some(name) = parts else {
        return Err(
            "this is not a header; write its name, a colon and its value, such as `X-Room: lounge`"
                .to_owned(),
        );
    };
    if name == "host" || name == "content-length" || name == "transfer-encoding" {
        return Err(format!("Lookout itself sends the header `{name}`; remove it"));
    }
    if name.as_str().starts_with("webhook-") {
        return Err(format!("`{name}` belongs to the signature; set `secret_file` instead"));
    }
    Secret::new(text).ok_or_else(|| "the header is empty".to_owned())
}

/// Headers, one a line.
fn header_lines(text: &str) -> Result<Secret, String> {
    let lines = trimmed(text).lines().filter(|line| !line.trim().is_empty());
    for (number, line) in (1..).zip(lines) {
        header(line).map_err(|why| format!("line {number}: {why}"))?;
    }
    Secret::new(text).ok_or_else(|| "the file is empty".to_owned())
}

/// The key of Standard Webhooks.
fn signing_key(text: &str) -> Result<Secret, String> {
    let text = trimmed(text);
    let key = BASE64.decode(text.strip_prefix(PREFIX).unwrap_or(text)).ok();
    let secret = key.filter(|key| KEY_LENGTHS.contains(&key.len())).and_then(|_| Secret::new(text));
    secret.ok_or_else(|| {
        format!("this is not a key of Standard Webhooks; write `{PREFIX}` and 24 to 64 random bytes in base64, such as the output of `openssl rand -base64 32`")
    })
}

/// `200` or `2xx`.
fn statuses(text: &str) -> Result<Statuses, String> {
    let class = text.strip_suffix("xx").and_then(|digit| digit.parse::<u16>().ok());
    let range = match class.filter(|class| (2..6).contains(class)) {
        Some(class) => Some((class * 100, class * 100 + 99)),
        None => text.parse().ok().map(|status| (status, status)),
    };
    let range = range.filter(|(first, _)| (200..600).contains(first));
    range
        .map(|(first, last)| Statuses { first, last })
        .ok_or_else(|| format!("`{text}` is not a status; write for example `200` or `2xx`"))
}
