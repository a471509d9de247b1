//! Secrets, typed or in a file, that only some commands need.

use std::path::Path;

use reqwest::Url;

use crate::config::access::Credential;
use crate::config::characters;
use crate::config::secret_file::{self, Unreadable};
use crate::config::section::Section;
use crate::types::Secret;
use crate::types::secret::trimmed;

/// A secret, typed or from a file. No message quotes it.
pub(in crate::config) fn read(
    section: &mut Section<'_>,
    [key, file_key]: [&'static str; 2],
    parse: fn(&str) -> Result<Secret, String>,
) -> Option<Credential> {
    let typed = section.optional(key, parse);
    let file = section.secret_file(file_key);
    match (typed, file) {
        (Some(_), Some(_)) => {
            let name = section.name();
            section.conflict(
                file_key,
                format!("`{name}.{key}` and `{name}.{file_key}` are both set; keep one of them"),
            );
            None
        }
        (Some(secret), None) => {
            section.record_inline_secret(key);
            Some(Credential::Known(secret))
        }
        (None, Some(path)) => Some(from_file(&path, parse)),
        (None, None) => None,
    }
}

/// The secret in the file at `path`.
pub(in crate::config) fn from_file(
    path: &Path,
    parse: fn(&str) -> Result<Secret, String>,
) -> Credential {
    let text = secret_file::read(path).map_err(|error| match error {
        Unreadable::System(error) => {
            format!("{error}; correct the path, or the file's owner and mode")
        }
        Unreadable::NotText(why) => why,
    });
    match text.and_then(|text| parse(&text)) {
        Ok(secret) => Credential::Known(secret),
        Err(why) => Credential::Unusable { path: path.to_owned(), why },
    }
}

/// The address of a webhook.
pub(in crate::config) fn address(text: &str) -> Result<Secret, String> {
    const ADVICE: &str = "copy what the chat shows, such as `https://chat.example.org/hooks/…`";
    // Where the id of the message stands is no part of the address.
    let bare = text.replace("{id}", "id");
    // The URL parser would silently change some of these.
    if let Some(invalid_character) = characters::invalid_character(&bare, characters::is_of_address)
    {
        return Err(format!("this is not the address of a webhook, {invalid_character}; {ADVICE}"));
    }
    let url = Url::parse(trimmed(&bare)).ok();
    let is_hook = |url: Url| matches!(url.scheme(), "http" | "https") && url.has_host();
    let secret = Secret::new(text).filter(|_| url.is_some_and(is_hook));
    secret.ok_or_else(|| format!("this is not the address of a webhook; {ADVICE}"))
}

/// A token.
pub(in crate::config) fn token(text: &str) -> Result<Secret, String> {
    const ADVICE: &str = "copy what the service shows when you make one";
    if let Some(invalid_character) = characters::invalid_character(text, characters::is_of_token) {
        return Err(format!("this is not a token, {invalid_character}; {ADVICE}"));
    }
    Secret::new(text).ok_or_else(|| format!("this is not a token; {ADVICE}"))
}
