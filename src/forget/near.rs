//! Finds texts that resemble a name. They may mean this person or somebody else: the operator decides.
//!
//! These texts resemble a name: a longer form (`Ada Byron (she/her)`), another spelling (`ada byron`,
//! `Zoe` for `Zoë`), the words in another order (`Byron, Ada`) or joined (`Ada_Byron.mp4`,
//! `AdaByron`).

use std::collections::BTreeSet;
use std::ops::Range;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::text;
use crate::zoom::Name;
use crate::zoom::json::Json;

/// The minimum length, in characters, of a joined name (`adabyron`) to be searched for inside longer
/// words.
const MIN_JOINED: usize = 6;

/// Which part of a text is reported.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Extent {
    /// The whole text, which is a name.
    Whole,
    /// The words that resemble the name.
    Words,
}

/// A word of a text.
struct Word {
    /// In lower case and without accents, as words are compared.
    folded: String,
    /// Its bytes in the text.
    range: Range<usize>,
}

/// Adds to `near` the texts in `json`, the value of `key`, that resemble one of `names`.
pub(super) fn in_json(json: &Json, key: &str, names: &BTreeSet<Name>, near: &mut BTreeSet<Name>) {
    match json {
        Json::List(items) => items.iter().for_each(|item| in_json(item, key, names, near)),
        Json::Object(entries) => {
            if let Some(name) = registrant_name(json) {
                near.extend(find(&name, Extent::Whole, names));
            }
            entries.iter().for_each(|(key, value)| in_json(value, key, names, near));
        }
        _ if text::is_identifier(key) => {}
        Json::Text(value) | Json::Torn { text: value, .. } => {
            let extent = if text::is_name(key) { Extent::Whole } else { Extent::Words };
            near.extend(find(value, extent, names));
        }
        _ => {}
    }
}

/// Whether `document` may contain text that resembles one of `names`: a quick test before the slow
/// one.
pub(super) fn may_hold(document: &str, names: &BTreeSet<Name>) -> bool {
    if !document.is_ascii() || document.contains(['\\', '%']) {
        return true;
    }
    let document = document.to_ascii_lowercase();
    let mut names = names.iter();
    names.any(|name| words_of(name.as_str()).iter().all(|word| document.contains(&word.folded)))
}

/// Adds `name` to `near` if it resembles one of `names`.
pub(super) fn in_name(name: &Name, names: &BTreeSet<Name>, near: &mut BTreeSet<Name>) {
    near.extend(find(name.as_str(), Extent::Whole, names));
}

/// Adds to `near` the text in unreadable `bytes` that resembles one of `names`.
pub(super) fn in_bytes(bytes: &[u8], names: &BTreeSet<Name>, near: &mut BTreeSet<Name>) {
    near.extend(find(&text::text_of(bytes), Extent::Words, names));
}

/// The whole name in a registration, which has the first and the last name separately.
fn registrant_name(json: &Json) -> Option<String> {
    let name = |key| json.get(key).and_then(Json::as_str);
    Some(format!("{} {}", name("first_name")?, name("last_name")?))
}

fn find(text: &str, extent: Extent, names: &BTreeSet<Name>) -> Option<Name> {
    let readings = text::readings(text.nfc().collect());
    // The last reading has the most escapes decoded.
    readings.iter().rev().find_map(|text| {
        let text = Name::clean(text)?;
        let words = words_of(text.as_str());
        let range = names.iter().find_map(|name| near_range(&words, name, extent))?;
        let found = match extent {
            Extent::Whole => text,
            Extent::Words => Name::clean(&text.as_str()[range])?,
        };
        (!names.contains(&*found.comparable())).then_some(found)
    })
}

/// Where in the text of `words` something resembles `name`. For [`Extent::Whole`], the range may be
/// empty, as it is not used.
fn near_range(words: &[Word], name: &Name, extent: Extent) -> Option<Range<usize>> {
    let wanted: Vec<String> = words_of(name.as_str()).into_iter().map(|word| word.folded).collect();
    if wanted.is_empty() {
        return None;
    }
    let is_there = |wanted: &String| words.iter().any(|word| word.folded == *wanted);
    if extent == Extent::Whole && wanted.iter().all(is_there) {
        return Some(0..0);
    }
    let mut orders = vec![wanted.clone()];
    if wanted.len() > 1 {
        let (mut last_first, mut reversed) = (wanted.clone(), wanted.clone());
        last_first.rotate_right(1);
        reversed.reverse();
        orders.extend([last_first, reversed]);
    }
    orders.iter().find_map(|order| {
        let apart = words
            .windows(order.len())
            .find(|words| words.iter().zip(order).all(|(word, wanted)| word.folded == *wanted));
        let joined = order.concat();
        let may_be_within = order.len() > 1 && joined.chars().count() >= MIN_JOINED;
        let is_joined =
            |word: &&Word| word.folded == joined || may_be_within && word.folded.contains(&joined);
        let apart = apart.map(|words| words[0].range.start..words[words.len() - 1].range.end);
        apart.or_else(|| words.iter().find(is_joined).map(|word| word.range.clone()))
    })
}

/// The words of `text`, in lower case and without accents.
fn words_of(text: &str) -> Vec<Word> {
    let mut words: Vec<Word> = Vec::new();
    let mut is_in_word = false;
    for (at, c) in text.char_indices() {
        let is_part = c.is_alphanumeric() || is_combining_mark(c);
        if is_part {
            if !is_in_word {
                words.push(Word { folded: String::new(), range: at..at });
            }
            if let Some(word) = words.last_mut() {
                word.folded.extend(folded(c));
                word.range.end = at + c.len_utf8();
            }
        }
        is_in_word = is_part;
    }
    words
}

fn folded(c: char) -> impl Iterator<Item = char> {
    let lower = c.to_lowercase().nfkd().filter(|c| !is_combining_mark(*c));
    // NFKD keeps the Turkish dotless `ı`.
    lower.map(|c| if c == 'ı' { 'i' } else { c })
}
