//! What a chat shows for a link to a page: the Open Graph protocol, <https://ogp.me>.
//!
//! A chat keeps what it read, so the text says as of when it holds. The address of the image changes
//! with the count, because chats also keep images. No name is in either.

use schemars::JsonSchema;
use serde::Serialize;

use super::clock::Time;
use crate::words::Translation;

/// The highest count with its own image; above it is `more.png`.
const MAX_IMAGE: usize = 9;

/// The variable `preview` of a page.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct LinkPreview {
    /// The URL of the dashboard, with which the image's URL begins.
    pub home: String,
    /// The static file of the image with the count: `preview/3.png`, beyond nine `preview/more.png`.
    pub image: String,
    /// How many are in, and the last change: `3 people are in · Last change: 5 Jan 2026, 20:38 (UTC)`.
    pub text: String,
}

impl LinkPreview {
    /// The preview of a page below `home` that shows `count` people, as of `updated`, in `zone`.
    pub(super) fn new(
        home: &str,
        count: usize,
        updated: Option<&Time>,
        zone: &str,
        translation: &Translation,
    ) -> Self {
        let as_of = match updated {
            Some(time) => format!("{}: {} ({zone})", translation.updated, time.text),
            None => translation.not_updated.clone(),
        };
        Self {
            home: home.to_owned(),
            image: match count {
                0..=MAX_IMAGE => format!("preview/{count}.png"),
                _ => "preview/more.png".to_owned(),
            },
            text: format!("{} · {as_of}", translation.summary.of(count)),
        }
    }
}
