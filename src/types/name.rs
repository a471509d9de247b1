//! A display name, cleaned so that equal-looking names are equal.
//!
//! Cleaning is not escaping: a name stays hostile text, and every output has its own escaper.
//!
//! Invisible characters are ignored when names are compared ([rule 16](crate::roster)). Cleaning
//! removes nearly all of them. Joiners that scripts and emoji need stay, so names are made
//! [comparable](Name::comparable) before they are compared.

use std::borrow::Cow;
use std::fmt;

use compact_str::CompactString;
use icu_properties::CodePointSetData;
use icu_properties::props::DefaultIgnorableCodePoint;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

/// A display name without control and invisible characters, in NFC, with white space collapsed and
/// trimmed (the [rules](crate::roster), "Facts"). Never empty.
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
pub struct Name(#[schemars(with = "String")] CompactString);

impl Name {
    /// Cleans `text`; `None` if nothing visible is left.
    pub fn clean(text: &str) -> Option<Self> {
        if is_clean_ascii(text) {
            return Some(Self(text.into()));
        }
        let mut normal = normal(without(text, |c| c.is_control() || is_dropped(c)));
        if normal.contains(is_joiner) {
            normal =
                Cow::Owned(self::normal(Cow::Owned(with_needed_joiners(&normal))).into_owned());
        }
        let mut words = normal.split_whitespace();
        let mut name = CompactString::from(words.next()?);
        for word in words {
            name.push(' ');
            name.push_str(word);
        }
        Some(Self(name))
    }

    /// The cleaned text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name without joiners, for comparing. Two names belong to one person if these are equal.
    pub fn comparable(&self) -> Cow<'_, Self> {
        // Most names are ASCII, and hardly any has a joiner.
        if self.0.is_ascii() || !self.0.contains(is_joiner) {
            return Cow::Borrowed(self);
        }
        let seen = normal(without(&self.0, is_joiner));
        Cow::Owned(Self(seen.as_ref().into()))
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The fast path for most names: nothing to clean or compose.
fn is_clean_ascii(text: &str) -> bool {
    let bytes = text.as_bytes();
    let inner = bytes.iter().all(|b| (0x20..0x7f).contains(b));
    inner
        && !bytes.is_empty()
        && bytes[0] != b' '
        && bytes[bytes.len() - 1] != b' '
        && !text.contains("  ")
}

/// `text` without the characters that are `unwanted`.
fn without(text: &str, unwanted: fn(char) -> bool) -> Cow<'_, str> {
    match text.contains(unwanted) {
        true => Cow::Owned(text.chars().filter(|c| !unwanted(*c)).collect()),
        false => Cow::Borrowed(text),
    }
}

/// `text` in NFC.
fn normal(text: Cow<'_, str>) -> Cow<'_, str> {
    // Composing every name would take a fifth of a replay.
    match is_nfc_quick(text.chars()) {
        IsNormalized::Yes => text,
        IsNormalized::No | IsNormalized::Maybe => Cow::Owned(text.nfc().collect()),
    }
}

/// Whether `c` is invisible and no joiner.
fn is_dropped(c: char) -> bool {
    is_invisible(c) && !is_joiner(c)
}

/// Whether `c` is invisible and not white space.
fn is_invisible(c: char) -> bool {
    const IGNORABLE: icu_properties::CodePointSetDataBorrowed<'static> =
        CodePointSetData::new::<DefaultIgnorableCodePoint>();
    !c.is_ascii() && (IGNORABLE.contains(c) || is_blank(c))
}

/// Blank characters that Unicode does not list as ignorable: a Braille pattern without dots, a note
/// without a head, annotation characters.
fn is_blank(c: char) -> bool {
    matches!(c, '\u{2800}' | '\u{1d159}' | '\u{fff9}'..='\u{fffb}')
}

/// Invisible characters that change how their neighbours look: joiners and non-joiners of scripts and
/// emoji, variation selectors, tags of flags.
fn is_joiner(c: char) -> bool {
    matches!(
        c,
        '\u{34f}'
            | '\u{180b}'..='\u{180d}'
            | '\u{180f}'
            | '\u{200c}'
            | '\u{200d}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{e0020}'..='\u{e007f}'
            | '\u{e0100}'..='\u{e01ef}'
    )
}

/// `text` with those of its joiners that have something to join: a variation selector any
/// character that can be seen, another joiner one that is not ASCII.
fn with_needed_joiners(text: &str) -> String {
    let mut seen = None;
    let is_needed = |c: &char| {
        if !is_joiner(*c) {
            seen = Some(*c).filter(|c| !c.is_whitespace());
            return true;
        }
        let is_selector = matches!(c, '\u{fe00}'..='\u{fe0f}');
        seen.is_some_and(|before| is_selector || !before.is_ascii())
    };
    text.chars().filter(is_needed).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_are_cleaned_before_they_are_compared() {
        #[rustfmt::skip]
        let cases = [
            // what is special              text                 name
            ("plain",                       "Ada",               Some("Ada")),
            ("white space around and in",   "  Ada \t\n Byron ", Some("Ada Byron")),
            ("only white space",            " \u{a0} ",          None),
            ("empty",                       "",                  None),
            ("control characters go",       "A\u{0}d\u{7f}a\u{85}", Some("Ada")),
            ("decomposed becomes composed", "Zoe\u{308}",        Some("Zo\u{eb}")),
            ("markup is text",              "<b>Ada</b>",        Some("<b>Ada</b>")),
            ("a tab is a control character, and dropped", "A\tB", Some("AB")),
            ("a space of no width",         "A\u{200b}d\u{feff}a\u{2060}", Some("Ada")),
            ("directions",                  "\u{202e}Ada\u{200f}\u{2066}", Some("Ada")),
            ("only a space of no width",    "\u{200b}",          None),
            ("only a filler",               "\u{3164}",          None),
            ("fillers of other widths",     "\u{115f}\u{1160}\u{ffa0}", None),
            ("only Braille without dots",   "\u{2800} \u{2800}", None),
            ("only joiners",                "\u{200d} \u{fe0f}\u{e0067}", None),
            ("an unassigned ignorable one", "A\u{e0fff}da",      Some("Ada")),
            ("invisible within white space", "Ada \u{200b} Byron", Some("Ada Byron")),
            ("invisible before an accent",  "Zoe\u{200b}\u{308}", Some("Zo\u{eb}")),
            ("a joiner between letters",    "Ad\u{200d}a",       Some("Ada")),
            ("a joiner before an accent",   "e\u{200c}\u{301}",  Some("\u{e9}")),
            ("a family",                    "👨\u{200d}👩\u{200d}👧", Some("👨\u{200d}👩\u{200d}👧")),
            ("a heart in colour, burning",  "❤\u{fe0f}\u{200d}🔥", Some("❤\u{fe0f}\u{200d}🔥")),
            ("a key",                       "1\u{fe0f}\u{20e3}", Some("1\u{fe0f}\u{20e3}")),
            ("a flag of tags",              "🏴\u{e0067}\u{e0062}\u{e007f}", Some("🏴\u{e0067}\u{e0062}\u{e007f}")),
            ("letters kept apart",          "می\u{200c}خواهم",   Some("می\u{200c}خواهم")),
        ];
        for (what, text, expected) in cases {
            let name = Name::clean(text);
            assert_eq!(name.as_ref().map(Name::as_str), expected, "{what}");
        }
    }

    #[test]
    fn joiners_take_no_part_in_comparing() {
        #[rustfmt::skip]
        let cases = [
            // what is special         one                      other                        compared
            ("in colour or not",       "❤ Ada",                 "❤\u{fe0f} Ada",            "❤ Ada"),
            ("a family",               "👨\u{200d}👩\u{200d}👧", "👨👩👧",                    "👨👩👧"),
            ("letters apart",          "می\u{200c}خواهم",       "میخواهم",                   "میخواهم"),
            ("kept from composing",    "ë\u{34f}\u{301}",       "ë\u{301}",                  "ë\u{301}"),
            ("nothing to leave out",   "Zoë",                   "Zoe\u{308}",                "Zoë"),
        ];
        for (what, one, other, compared) in cases {
            for text in [one, other] {
                let name = Name::clean(text).expect(what);
                assert_eq!(name.comparable().as_str(), compared, "{what}: {text}");
            }
        }
    }

    proptest! {
        #[test]
        fn a_clean_name_is_normal_and_can_be_seen_and_cleaning_it_changes_nothing(
            text in prop_oneof![
                any::<String>(),
                "[a \t\u{0}\u{a0}e\u{301}\u{327}\u{e9}\u{1100}\u{1161}\u{11a8}\u{212b}]{0,12}",
                "[a e\u{301}\u{327}\u{e9}\u{200b}\u{200d}\u{200c}\u{fe0f}\u{34f}\u{3164}\u{2800}\u{1f469}\u{212a}\u{e0067}]{0,12}",
            ],
        ) {
            let seen = |text: &str| -> String {
                let kept: String = text.chars().filter(|c| !c.is_control() && !is_invisible(*c)).collect();
                kept.nfc().collect::<String>().split_whitespace().collect::<Vec<_>>().join(" ")
            };
            let name = Name::clean(&text);
            let cleaned = name.as_ref().map_or("", Name::as_str);
            prop_assert_eq!(seen(cleaned), seen(&text), "nothing else is dropped");
            prop_assert_eq!(name.is_none(), seen(&text).is_empty());
            prop_assert!(unicode_normalization::is_nfc(cleaned));
            prop_assert_eq!(Name::clean(cleaned), name.clone());
            let comparable = name.as_ref().map_or(String::new(), |name| name.comparable().to_string());
            prop_assert_eq!(&comparable, &seen(&text));
            prop_assert_eq!(Name::clean(&comparable).map(|name| name.to_string()).unwrap_or_default(), comparable);
        }
    }
}
