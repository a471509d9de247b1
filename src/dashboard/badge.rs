//! `badge.svg` and `badge.json`: how many people are in.

use schemars::JsonSchema;
use serde::Serialize;

use super::folder::Folder;
use super::text_width;
use crate::words::Translation;

/// The space between a text and the edge of its half, in pixels.
const PADDING: u32 = 8;

/// The variables of the template `badge.svg`: two halves side by side, each with a text
/// in its middle. All lengths are whole pixels.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Badge {
    /// The badge's folder below `site.path`: empty, or a room's slug followed by `/`.
    #[serde(skip)]
    pub folder: String,
    /// The whole as a sentence: `Lounge · 3 online`.
    pub title: String,
    /// The room's name, or the site's title.
    pub label: String,
    /// How many are in: `3 online`.
    pub message: String,
    /// Whether anybody is in.
    pub online: bool,
    /// The whole width.
    pub width: u32,
    /// The width of the label's text.
    pub label_length: u32,
    /// The x position of the label's middle.
    pub label_middle: u32,
    /// The x position at which the message's half begins.
    pub split: u32,
    /// The width of the message's half.
    pub message_width: u32,
    /// The width of the message's text.
    pub message_length: u32,
    /// The x position of the message's middle.
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
    /// The badge of a folder.
    pub(super) fn new(folder: &Folder, translation: &Translation) -> Self {
        let count = folder.visible.count();
        let (label, message) = (folder.name.to_owned(), translation.online.of(count));
        let label_length = text_width::text_width(&label);
        let message_length = text_width::text_width(&message);
        let split = label_length + 2 * PADDING;
        let message_width = message_length + 2 * PADDING;
        Self {
            folder: folder.prefix.clone(),
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

    /// The same for shields.io, which applies the style its user chose.
    pub fn shield(&self) -> Shield<'_> {
        Shield {
            schema_version: 1,
            label: &self.label,
            message: &self.message,
            color: if self.online { "success" } else { "inactive" },
        }
    }
}
