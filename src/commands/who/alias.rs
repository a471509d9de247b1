//! Which names are probably one person's: "Ada", "Ada's iPhone" and "Ada (she/her)".
//!
//! Only what people and devices add to a name is taken off. "Ada" and "Ada Lovelace" stay two, as
//! they may be two people.

use crate::zoom::Name;

/// What devices call themselves, in lower case.
const DEVICES: [&str; 19] = [
    "android", "computer", "desktop", "galaxy", "imac", "ipad", "iphone", "laptop", "mac",
    "macbook", "mobile", "pc", "phone", "pixel", "redmi", "tablet", "telefon", "telefonu",
    "xiaomi",
];

/// What follows a device's name.
const MODELS: [&str; 6] = ["air", "max", "mini", "plus", "pro", "ultra"];

/// Words between a device and its owner.
const OF: [&str; 6] = ["da", "de", "di", "do", "of", "von"];

/// The words of pronouns, which stand with a slash between them.
const PRONOUNS: [&str; 15] = [
    "any", "all", "er", "ey", "he", "her", "hers", "him", "his", "it", "she", "sie", "their",
    "them", "they",
];

/// What a name is without additions, in lower case: equal for names that are probably one person's.
/// A telephone number is all of it. Never empty.
pub(super) fn core(name: &Name) -> String {
    let whole = name.as_str().to_lowercase().replace(['’', '‘', '`'], "'");
    if is_number(name) {
        return whole;
    }
    let text = without_brackets(&whole);
    let words: Vec<&str> = text
        .split(|c: char| c.is_whitespace() || matches!(c, '|' | ',' | ';' | '·' | '•' | '–' | '—'))
        .filter(|word| word.chars().any(char::is_alphanumeric) && !is_pronouns(word))
        .collect();
    let words = without_device(&words);
    let core = words.iter().map(|word| bare(word)).filter(|word| !word.is_empty());
    let core = core.collect::<Vec<_>>().join(" ");
    if core.is_empty() { whole } else { core }
}

/// Whether `name` has no additions.
pub(super) fn is_plain(name: &Name) -> bool {
    name.as_str().to_lowercase() == core(name)
}

/// Whether `name` is a telephone number, also a masked one: each sign of it tells callers apart.
fn is_number(name: &Name) -> bool {
    name.telephone_mask().is_some()
        || name.is_telephone_mask()
        || name.without_caller_ordinal().is_some()
}

/// `text` without what stands in brackets, unless nothing would be left.
fn without_brackets(text: &str) -> String {
    let mut depth = 0_usize;
    let mut left = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            c if depth == 0 => left.push(c),
            _ => {}
        }
    }
    if left.trim().is_empty() { text.to_owned() } else { left }
}

fn is_pronouns(word: &str) -> bool {
    word.contains('/') && word.split('/').all(|part| PRONOUNS.contains(&part))
}

/// `words` without a device behind its owner ("ada's iphone 15", "ada iphone", "mert'in ipad'i") or
/// before ("iphone de ada").
fn without_device<'a>(words: &[&'a str]) -> Vec<&'a str> {
    let is_device = |word: &str| DEVICES.contains(&without_suffix(word));
    let Some(device) = words.iter().position(|word| is_device(word)) else { return words.to_vec() };
    if let (0, Some(of)) = (device, words.iter().position(|word| OF.contains(word))) {
        return words[of + 1..].to_vec();
    }
    let is_model = |word: &&str| {
        MODELS.contains(word) || is_device(word) || word.chars().any(|c| c.is_ascii_digit())
    };
    let behind = &words[device + 1..];
    if device == 0 || !behind.iter().all(is_model) {
        return words.to_vec();
    }
    let (owner, rest) = (words[device - 1], &words[..device - 1]);
    let owner = Some(without_suffix(owner)).filter(|owner| !owner.is_empty());
    rest.iter().copied().chain(owner).collect()
}

/// `word` without what follows an apostrophe: "ada's" and "mert'in" without the ending.
fn without_suffix(word: &str) -> &str {
    match word.rsplit_once('\'') {
        Some((stem, ending)) if ending.chars().count() <= 3 => stem,
        _ => word,
    }
}

/// `word` without signs and emoji around it.
fn bare(word: &str) -> &str {
    word.trim_matches(|c: char| !c.is_alphanumeric())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn name(text: &str) -> Name {
        Name::clean(text).expect("a name")
    }

    #[test]
    fn additions_are_taken_off() {
        #[rustfmt::skip]
        let cases = [
            // what is special            name                    core
            ("a name",                    "Ada Lovelace",         "ada lovelace"),
            ("another case",              "ADA lovelace",         "ada lovelace"),
            ("a device",                  "Ada's iPhone",         "ada"),
            ("a typographic apostrophe",  "Ada’s iPhone",         "ada"),
            ("a model",                   "Ada's iPhone 15 Pro",  "ada"),
            ("only the device",           "Ada Lovelace iPad",    "ada lovelace"),
            ("in Turkish",                "Mert'in iPhone'u",     "mert"),
            ("in French",                 "iPhone de Ada",        "ada"),
            ("pronouns in brackets",      "Ada (she/her)",        "ada"),
            ("pronouns",                  "Ada she/her",          "ada"),
            ("behind a bar",              "Ada | they/them",      "ada"),
            ("an emoji",                  "Ada 🌻",               "ada"),
            ("a remark",                  "Ada [muted]",          "ada"),
            ("a surname with apostrophe", "O'Hanrahan",           "o'hanrahan"),
            ("a device alone",            "iPhone",               "iphone"),
            ("a model alone",             "Galaxy S21",           "galaxy s21"),
            ("somebody called so",        "Pixel Lovelace",       "pixel lovelace"),
            ("only brackets",             "(Ada)",                "ada"),
            ("only signs",                "🌻",                   "🌻"),
            ("a telephone number",        "+1 202 555 0143",      "+1 202 555 0143"),
            ("a masked number",           "•••••••••43",          "•••••••••43"),
            ("a masked one with signs",   "+• ••• ••• ••43",      "+• ••• ••• ••43"),
            ("its second caller",         "•••••••••43 (2)",      "•••••••••43 (2)"),
            ("two people",                "Ada and Grace",        "ada and grace"),
        ];
        for (what, text, expected) in cases {
            assert_eq!(core(&name(text)), expected, "{what}");
        }
    }

    proptest! {
        #[test]
        fn no_name_is_without_a_core(text in "\\PC{1,40}|[()\\[\\]'| /a-ciphone]{1,20}") {
            if let Some(name) = Name::clean(&text) {
                prop_assert!(!core(&name).is_empty());
            }
        }
    }
}
