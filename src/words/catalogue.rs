//! The words of a language: the operator's over the built-in ones, over the English ones.

use std::collections::BTreeSet;

use super::file::{File, Phrase, Word, Words};
use super::labels::{Label, Labels};
use super::locale::Locale;
use super::plural::{COUNT, Plural};
use super::rules::{CATEGORIES, OTHER};
use super::text::Text;

/// The section of the words that templates receive as `text`.
const PAGE: &str = "page.";

/// The section of words with a count.
const COUNTS: &str = "counts.";

/// The section about the language itself, which is not shown.
const LANGUAGE: &str = "language.";

/// The text whose values are placed by code of their own.
const DATE_AND_TIME: &str = "sentences.date_and_time";

/// Merged words. Each English word is there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Catalogue {
    words: Words,
    /// The words that are English because the language lacks them.
    english: BTreeSet<String>,
    /// The words and forms that the language lacks.
    pub(super) missing: Vec<String>,
    /// Words that no template or code of Lookout uses.
    pub(super) unknown: Vec<String>,
}

impl Catalogue {
    /// `words` of a language with `locale`, completed by `english` ones.
    pub(super) fn new(words: Words, english: &Words, locale: &Locale) -> Self {
        let mut all = Self::default();
        for (key, english) in english.iter().filter(|(key, _)| !key.starts_with(LANGUAGE)) {
            let missing = missing(words.get(key), english, locale);
            let is_usable = words.get(key).is_some_and(|word| word.is_complete());
            all.missing.extend(missing.into_iter().map(|form| format!("{key}{form}")));
            let word = words.get(key).filter(|_| is_usable).unwrap_or(english);
            if !is_usable {
                all.english.insert(key.clone());
            }
            all.words.insert(key.clone(), word.clone());
        }
        for (key, word) in words {
            if !english.contains_key(&key) {
                all.unknown.push(key.clone());
                all.words.insert(key, word);
            }
        }
        all
    }

    /// The text with the key `key`.
    pub(super) fn text(&self, key: &str) -> Text {
        match self.words.get(key) {
            Some(Word::Text(phrase)) => Text::parse(&phrase.text),
            _ => panic!("`{key}` is no text of `templates/words/en.toml`"),
        }
    }

    /// The text with the key `key` in its forms.
    pub(super) fn plural(&self, key: &str, [own, english]: [&Locale; 2]) -> Plural {
        let Some(Word::Forms(forms)) = self.words.get(key) else {
            panic!("`{key}` has no forms in `templates/words/en.toml`");
        };
        let locale = if self.english.contains(key) { english } else { own };
        let form = |(name, phrase): (&String, &Phrase)| (name.clone(), Text::parse(&phrase.text));
        Plural::new(forms.iter().map(form).collect(), &locale.rules)
    }

    /// The words of pages.
    pub(super) fn labels(&self) -> Labels {
        let named = self.words.iter().filter_map(|(key, word)| {
            let name = key.strip_prefix(PAGE)?.to_owned();
            let text = |phrase: &Phrase| phrase.text.clone();
            Some(match word {
                Word::Text(phrase) => (name, Label::Text(text(phrase))),
                Word::Forms(forms) => {
                    let forms = forms.iter().map(|(form, phrase)| (form.clone(), text(phrase)));
                    (name, Label::Forms(forms.collect()))
                }
            })
        });
        Labels::new(named.collect())
    }
}

impl Word {
    /// Whether it can be used: of its forms, `other` is never missing.
    fn is_complete(&self) -> bool {
        match self {
            Self::Text(_) => true,
            Self::Forms(forms) => forms.contains_key(OTHER),
        }
    }

    fn phrases(&self) -> Vec<&Phrase> {
        match self {
            Self::Text(phrase) => vec![phrase],
            Self::Forms(forms) => forms.values().collect(),
        }
    }
}

/// What is missing in `word`: nothing, all of it (an empty text), or forms, such as `.few`.
fn missing(word: Option<&Word>, english: &Word, locale: &Locale) -> Vec<String> {
    match (word, english) {
        (None, _) => vec![String::new()],
        (Some(Word::Forms(forms)), Word::Forms(_)) => {
            let mut missing = locale.rules.missing(forms);
            if !forms.contains_key(OTHER) && !missing.contains(&OTHER) {
                missing.push(OTHER);
            }
            missing.into_iter().map(|form| format!(".{form}")).collect()
        }
        (Some(_), _) => Vec::new(),
    }
}

/// Puts `over` over `words`, form by form.
pub(super) fn overlay(words: &mut Words, over: Words) {
    for (key, word) in over {
        match (words.get_mut(&key), word) {
            (Some(Word::Forms(there)), Word::Forms(forms)) => there.extend(forms),
            (_, word) => drop(words.insert(key, word)),
        }
    }
}

/// Removes the words of `file` that cannot take the place of the `english` ones, and says why.
pub(super) fn remove_unusable(
    words: &mut Words,
    english: &Words,
    file: &File<'_>,
    faults: &mut Vec<String>,
) {
    words.retain(|key, word| {
        let Some(english) = english.get(key) else { return true };
        let found = faults_of(key, word, english, file);
        let is_usable = found.is_empty();
        faults.extend(found);
        is_usable
    });
}

fn faults_of(key: &str, word: &Word, english: &Word, file: &File<'_>) -> Vec<String> {
    let Some(first) = word.phrases().first().map(|phrase| phrase.at.clone()) else {
        return Vec::new();
    };
    match (word, english) {
        (Word::Forms(_), Word::Text(_)) => {
            let what = format!("`{key}` is one text, without forms");
            return vec![file.fault(&first, &what)];
        }
        (Word::Text(_), Word::Forms(_)) => {
            let what =
                format!("`{key}` is a section `[{key}]` with a text for each form: `other`, …");
            return vec![file.fault(&first, &what)];
        }
        _ => {}
    }
    let mut faults = Vec::new();
    if let Word::Forms(forms) = word {
        for (form, phrase) in forms.iter().filter(|(form, _)| !is_form(form)) {
            let what = format!(
                "`{form}` is no form; there are {}, and numbers",
                CATEGORIES.map(|name| format!("`{name}`")).join(", ")
            );
            faults.push(file.fault(&phrase.at, &what));
        }
    }
    let known = values(key, english);
    for phrase in word.phrases() {
        let fault = fault_of_values(key, &Text::parse(&phrase.text), &known);
        faults.extend(fault.map(|what| file.fault(&phrase.at, &what)));
    }
    faults
}

/// Whether a word may have the form `form`.
fn is_form(form: &str) -> bool {
    let is_number = form.parse::<u32>().is_ok_and(|number| number.to_string() == form);
    is_number || CATEGORIES.contains(&form)
}

/// What is wrong with the values in `text`, which the word `key` has; `known` may be there.
fn fault_of_values(key: &str, text: &Text, known: &BTreeSet<String>) -> Option<String> {
    let list = |between: &str| {
        let names: Vec<_> = known.iter().map(|value| format!("`{{{value}}}`")).collect();
        names.join(between)
    };
    if let Some(unknown) = text.values().find(|value| !known.contains(*value)) {
        return Some(match known.is_empty() {
            true => format!("`{{{unknown}}}` means nothing here: `{key}` has no values"),
            false => format!("`{key}` has no value `{{{unknown}}}`; it has {}", list(", ")),
        });
    }
    // Elsewhere, a language may do without a value, such as in the form for one.
    let is_each_there_once = || {
        let mut values: Vec<&str> = text.values().collect();
        values.sort_unstable();
        known.iter().eq(values)
    };
    (key == DATE_AND_TIME && !is_each_there_once())
        .then(|| format!("`{key}` needs {}, each once", list(" and ")))
}

/// The values of the word `key`.
fn values(key: &str, english: &Word) -> BTreeSet<String> {
    let texts = english.phrases().into_iter().map(|phrase| Text::parse(&phrase.text));
    let named = texts.flat_map(|text| text.values().map(str::to_owned).collect::<Vec<_>>());
    let count = key.starts_with(COUNTS).then(|| COUNT.to_owned());
    named.chain(count).collect()
}
