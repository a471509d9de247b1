//! An emoji: the face of a person, the icon of a room.

use std::fmt;

use compact_str::CompactString;
use icu_properties::props::{Emoji as EmojiCharacter, EmojiComponent, EmojiPresentation};
use icu_properties::{CodePointSetData, CodePointSetDataBorrowed};
use unicode_segmentation::UnicodeSegmentation;

/// Requests the coloured form of a character that also has a plain one, such as ❤.
const EMOJI_STYLE: char = '\u{fe0f}';

/// Makes a keycap of a digit.
const KEYCAP: char = '\u{20e3}';

/// The longest emoji, in bytes: a flag of a region or a family has less.
const MAX_BYTES: usize = 48;

/// One emoji, in its coloured form.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
pub struct Emoji(#[schemars(with = "String")] CompactString);

impl Emoji {
    /// Parses one emoji: a character, or several that are shown as one, such as a flag.
    ///
    /// # Errors
    ///
    /// The text is empty, is no emoji, or has more than one.
    pub fn parse(text: &str) -> Result<Self, String> {
        const EMOJI: CodePointSetDataBorrowed<'static> = CodePointSetData::new::<EmojiCharacter>();
        const PART: CodePointSetDataBorrowed<'static> = CodePointSetData::new::<EmojiComponent>();
        const COLOURED: CodePointSetDataBorrowed<'static> =
            CodePointSetData::new::<EmojiPresentation>();
        let text = text.trim();
        let are_parts = text.chars().all(|c| EMOJI.contains(c) || PART.contains(c));
        let begins = |c: char| EMOJI.contains(c) && (!c.is_ascii() || text.contains(KEYCAP));
        let is_one = text.graphemes(true).count() == 1 && text.len() <= MAX_BYTES;
        if !is_one || !are_parts || !text.starts_with(begins) {
            return Err(format!("`{text}` is not one emoji; write for example `🦊`"));
        }
        let mut emoji = CompactString::from(text);
        if text.chars().count() == 1 && !text.starts_with(|c| COLOURED.contains(c)) {
            emoji.push(EMOJI_STYLE);
        }
        Ok(Self(emoji))
    }
}

impl fmt::Display for Emoji {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_emoji_is_one_picture_however_many_characters_it_has() {
        #[rustfmt::skip]
        let cases = [
            // what is special       text                                            taken as
            ("one character",        "🦊",                                           Some("🦊")),
            ("with spaces",          " 🦊 ",                                         Some("🦊")),
            ("plain by default",     "❤",                                            Some("❤\u{fe0f}")),
            ("coloured already",     "❤\u{fe0f}",                                    Some("❤\u{fe0f}")),
            ("a skin tone",          "👋🏽",                                           Some("👋🏽")),
            ("a family",             "👨\u{200d}👩\u{200d}👧",                       Some("👨\u{200d}👩\u{200d}👧")),
            ("a flag",               "🇹🇷",                                           Some("🇹🇷")),
            ("a flag of a region",   "🏴\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}\u{e007f}", Some("🏴\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}\u{e007f}")),
            ("a keycap",             "3\u{fe0f}\u{20e3}",                            Some("3\u{fe0f}\u{20e3}")),
            ("two",                  "🦊🦊",                                         None),
            ("a letter",             "A",                                            None),
            ("a digit",              "3",                                            None),
            ("markup",               "<b>",                                          None),
            ("a letter with a mark", "é",                                            None),
            ("a bare joiner",        "\u{200d}",                                     None),
            ("endless",              &format!("👨{}", "\u{200d}👩".repeat(20)),      None),
            ("empty",                "",                                             None),
        ];
        for (what, text, expected) in cases {
            let got = Emoji::parse(text).ok().map(|emoji| emoji.to_string());
            assert_eq!(got.as_deref(), expected, "{what}");
        }
    }
}
