//! Texts that may mean the person, and may mean somebody else: for the operator to decide.
//!
//! A longer form of the name (`Ada Byron (she/her)`), another spelling (`ada byron`, `Zoe` for `Zoë`),
//! the words turned round (`Byron, Ada`) or joined (`Ada_Byron.mp4`, `AdaByron`).

use std::collections::BTreeSet;
use std::ops::Range;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::text;
use crate::zoom::Name;
use crate::zoom::json::Json;

/// A name that is joined to one word is looked for in longer words only if it is as long as this.
const SHORTEST_JOINED: usize = 6;

/// What of a text stands out as near to a name.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Extent {
    /// The text as a whole: it is somebody's name.
    Whole,
    /// Its words that are the name.
    Words,
}

/// A word as it is compared, and where it stands.
struct Word {
    folded: String,
    range: Range<usize>,
}

/// Adds to `near` what is near to one of `names` in `json`, which `key` leads to.
pub(super) fn in_json(json: &Json, key: &str, names: &BTreeSet<Name>, near: &mut BTreeSet<Name>) {
    match json {
        Json::List(items) => items.iter().for_each(|item| in_json(item, key, names, near)),
        Json::Object(entries) => {
            if let Some(name) = registered(json) {
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

/// A quick look before a slow one: whether there may be something near to one of `names`.
pub(super) fn may_hold(document: &str, names: &BTreeSet<Name>) -> bool {
    if !document.is_ascii() || document.contains(['\\', '%']) {
        return true;
    }
    let document = document.to_ascii_lowercase();
    let mut names = names.iter();
    names.any(|name| words(name.as_str()).iter().all(|word| document.contains(&word.folded)))
}

/// Adds `name` to `near` if it is near to one of `names`.
pub(super) fn in_name(name: &Name, names: &BTreeSet<Name>, near: &mut BTreeSet<Name>) {
    near.extend(find(name.as_str(), Extent::Whole, names));
}

/// Adds to `near` what is near to one of `names` in `bytes` that nobody can read.
pub(super) fn in_bytes(bytes: &[u8], names: &BTreeSet<Name>, near: &mut BTreeSet<Name>) {
    near.extend(find(&text::text_of(bytes), Extent::Words, names));
}

/// The name of somebody who registered, whose first and last names stand apart.
fn registered(json: &Json) -> Option<String> {
    let name = |key| json.get(key).and_then(Json::as_str);
    Some(format!("{} {}", name("first_name")?, name("last_name")?))
}

fn find(text: &str, extent: Extent, names: &BTreeSet<Name>) -> Option<Name> {
    let readings = text::readings(text.nfc().collect());
    readings.iter().rev().find_map(|text| {
        let text = Name::clean(text)?;
        let words = words(text.as_str());
        let range = names.iter().find_map(|name| near(&words, name, extent))?;
        let found = match extent {
            Extent::Whole => text,
            Extent::Words => Name::clean(&text.as_str()[range])?,
        };
        (!names.contains(&*found.comparable())).then_some(found)
    })
}

/// Where among `words` there is something near to `name`.
fn near(words: &[Word], name: &Name, extent: Extent) -> Option<Range<usize>> {
    let wanted: Vec<String> =
        self::words(name.as_str()).into_iter().map(|word| word.folded).collect();
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
        let may_be_within = order.len() > 1 && joined.chars().count() >= SHORTEST_JOINED;
        let is_joined =
            |word: &&Word| word.folded == joined || may_be_within && word.folded.contains(&joined);
        let apart = apart.map(|words| words[0].range.start..words[words.len() - 1].range.end);
        apart.or_else(|| words.iter().find(is_joined).map(|word| word.range.clone()))
    })
}

/// The words of `text`, in lower case and without accents.
fn words(text: &str) -> Vec<Word> {
    let mut words: Vec<Word> = Vec::new();
    let mut is_within = false;
    for (at, c) in text.char_indices() {
        let is_part = c.is_alphanumeric() || is_combining_mark(c);
        if is_part {
            if !is_within {
                words.push(Word { folded: String::new(), range: at..at });
            }
            if let Some(word) = words.last_mut() {
                word.folded.extend(folded(c));
                word.range.end = at + c.len_utf8();
            }
        }
        is_within = is_part;
    }
    words
}

fn folded(c: char) -> impl Iterator<Item = char> {
    let lower = c.to_lowercase().nfkd().filter(|c| !is_combining_mark(*c));
    // Turkish has an `i` without a dot, which decomposes to nothing.
    lower.map(|c| if c == 'ı' { 'i' } else { c })
}
