//! `badge.svg` and `badge.json`: how many are in, in a line.

use serde::Serialize;

use super::letters;
use super::place::Place;
use super::words::Words;

/// Between a text and the end of its half, in pixels.
const PADDING: u32 = 8;

/// The variables of the template `badge.svg`: two halves side by side, each with a text
/// in its middle. All lengths are whole pixels.
#[derive(Debug, Clone, Serialize)]
pub struct Badge {
    /// The folder below `site.path` that it lies in: empty, or a room's, with a `/`.
    #[serde(skip)]
    pub folder: String,
    /// The whole as a sentence: `Lounge · 3 online`.
    pub title: String,
    /// The room's name, or the site's title.
    pub label: String,
    /// How many are in: `3 online`.
    pub message: String,
    /// Whether anybody is.
    pub online: bool,
    /// The whole width.
    pub width: u32,
    /// How wide the label is when written.
    pub label_length: u32,
    /// Where its middle is.
    pub label_middle: u32,
    /// Where the message's half begins.
    pub split: u32,
    /// How wide that half is.
    pub message_width: u32,
    /// How wide the message is when written.
    pub message_length: u32,
    /// Where its middle is.
    pub message_middle: u32,
}

/// `badge.json`, as shields.io reads it: *Endpoint Badge*.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Shield<'a> {
    schema_version: u8,
    label: &'a str,
    message: &'a str,
    color: &'static str,
}

impl Badge {
    /// The badge of a place.
    pub(super) fn new(place: &Place, words: &Words) -> Self {
        let count = place.visible.count();
        let (label, message) = (place.name.to_owned(), (words.around.online)(count));
        let label_length = letters::width(&label);
        let message_length = letters::width(&message);
        let split = label_length + 2 * PADDING;
        let message_width = message_length + 2 * PADDING;
        Self {
            folder: place.folder.clone(),
            title: format!("{label} · {message}"),
            label,
            message,
            online: count > 0,
            width: split + message_width,
            label_length,
            label_middle: split / 2,
            split,
            message_width,
            message_length,
            message_middle: split + message_width / 2,
        }
    }

    /// The same for shields.io, which draws it in the style that its user asks for.
    pub fn shield(&self) -> Shield<'_> {
        Shield {
            schema_version: 1,
            label: &self.label,
            message: &self.message,
            color: if self.online { "success" } else { "inactive" },
        }
    }
}
