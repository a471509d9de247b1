//! The languages that there are.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::Path;
use std::sync::{Arc, LazyLock};

use icu_locale::Locale as Tag;

use super::catalogue::{Catalogue, overlay, remove_unusable};
use super::file::{File, Phrase, Word, Words};
use super::locale::Locale;
use super::translation::Translation;
use super::{ENDING, FOLDER};
use crate::files::embedded::TEMPLATES;

/// The language whose words replace missing ones.
const ENGLISH: &str = "en";

/// The word that names the locale of dates.
const DATES: &str = "language.dates";

/// The built-in English words, which most programs of this process load more than once.
static BUILT_IN_ENGLISH: LazyLock<Language> =
    LazyLock::new(|| Language::new(ENGLISH, &tag_of(ENGLISH), &OwnFiles::new()));

/// A language and its words.
#[derive(Clone)]
pub struct Language(Arc<Loaded>);

struct Loaded {
    tag: String,
    dates: String,
    catalogue: Catalogue,
    faults: Vec<String>,
    /// All languages that there are words for.
    known: BTreeSet<String>,
    translation: Translation,
}

/// The operator's files of words, by language.
pub type OwnFiles = BTreeMap<String, OwnFile>;

/// An operator's file of words.
#[derive(Debug, Clone)]
pub struct OwnFile {
    /// The path, as errors show it.
    pub path: String,
    /// The content, or why it can't be read.
    pub source: Result<String, String>,
}

impl Language {
    /// The built-in language `tag`.
    pub fn built_in(tag: &str) -> Option<Self> {
        Self::load(tag, &OwnFiles::new()).ok()
    }

    /// The tags of all built-in languages, in order.
    pub fn all_built_in() -> BTreeSet<&'static str> {
        let files = TEMPLATES.get_dir(FOLDER.trim_end_matches('/')).map(|folder| folder.files());
        let names = files.into_iter().flatten().filter_map(|file| file.path().to_str());
        names.filter_map(|name| name.strip_prefix(FOLDER)?.strip_suffix(ENDING)).collect()
    }

    /// The language `tag`, with the words of `own` over the built-in ones.
    ///
    /// # Errors
    ///
    /// There are neither. The text names the languages that there are.
    pub fn load(tag: &str, own: &OwnFiles) -> Result<Self, String> {
        let parsed = parse(tag).ok_or_else(|| unknown(tag, own))?;
        let name = parsed.to_string();
        if !known(own).contains(&name) {
            return Err(unknown(&name, own));
        }
        if own.is_empty() && name == ENGLISH {
            return Ok(BUILT_IN_ENGLISH.clone());
        }
        Ok(Self::new(&name, &parsed, own))
    }

    fn new(name: &str, tag: &Tag, own: &OwnFiles) -> Self {
        let mut faults = Vec::new();
        let english = built_in_words(ENGLISH).unwrap_or_default();
        let mut words = built_in_words(name).unwrap_or_default();
        if let Some(own) = own.get(name) {
            overlay(&mut words, own.words(&english, &mut faults));
        }
        let dates_tag = dates(&words).and_then(|dates| parse(&dates.text));
        let dates_tag = dates_tag.unwrap_or_else(|| tag.clone());
        let locale = Locale::of(tag, &dates_tag);
        let catalogue = Catalogue::new(words, &english, &locale);
        let english = Locale::of(&tag_of(ENGLISH), &tag_of(ENGLISH));
        Self(Arc::new(Loaded {
            translation: Translation::new(name, &catalogue, locale, &english),
            tag: name.to_owned(),
            dates: dates_tag.to_string(),
            catalogue,
            faults,
            known: known(own),
        }))
    }

    /// The tag (BCP 47), such as `pt-BR`.
    pub fn tag(&self) -> &str {
        &self.0.tag
    }

    /// Whether `tag` is another language that there are words for.
    pub fn is_another(&self, tag: &str) -> bool {
        tag != self.tag() && self.0.known.contains(tag)
    }

    /// Its words.
    pub fn translation(&self) -> &Translation {
        &self.0.translation
    }

    /// What is wrong with the operator's file. The words concerned are the built-in ones.
    pub fn faults(&self) -> &[String] {
        &self.0.faults
    }

    /// The words and forms that are shown in English.
    pub fn missing(&self) -> &[String] {
        &self.0.catalogue.missing
    }

    /// The words that nothing uses, unless a template of the operator does.
    pub fn unknown(&self) -> &[String] {
        &self.0.catalogue.unknown
    }
}

impl PartialEq for Language {
    fn eq(&self, other: &Self) -> bool {
        let (a, b) = (&*self.0, &*other.0);
        let same = Arc::ptr_eq(&self.0, &other.0);
        same || (&a.tag, &a.dates, &a.catalogue, &a.faults, &a.known)
            == (&b.tag, &b.dates, &b.catalogue, &b.faults, &b.known)
    }
}

impl fmt::Debug for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Language").field(&self.0.tag).finish()
    }
}

impl OwnFile {
    /// The tag of the language whose words a file called `name` has: `pt-BR` for `pt-br.toml`.
    pub fn language(name: &Path) -> Option<String> {
        let stem = name.to_str()?.strip_suffix(ENDING)?;
        parse(stem).map(|tag| tag.to_string())
    }

    /// Its words that can take the place of `english` ones.
    fn words(&self, english: &Words, faults: &mut Vec<String>) -> Words {
        let source = match &self.source {
            Ok(source) => source.strip_prefix('\u{feff}').unwrap_or(source),
            Err(why) => {
                faults.push(format!("cannot read the words `{}`: {why}", self.path));
                return Words::new();
            }
        };
        let file = File { path: &self.path, source };
        let mut words = file.words(faults);
        remove_unusable(&mut words, english, &file, faults);
        if let Some(dates) = dates(&words).filter(|dates| parse(&dates.text).is_none()) {
            let what = format!("`{}` is no language tag, such as `en-GB`", dates.text);
            faults.push(file.fault(&dates.at, &what));
            words.remove(DATES);
        }
        words
    }
}

fn parse(tag: &str) -> Option<Tag> {
    let tag: Tag = tag.parse().ok()?;
    tag.extensions.is_empty().then_some(tag).filter(|tag| !tag.id.language.is_unknown())
}

fn tag_of(tag: &str) -> Tag {
    parse(tag).expect("it is a language tag")
}

fn built_in_words(tag: &str) -> Option<Words> {
    let path = format!("{FOLDER}{tag}{ENDING}");
    let source = TEMPLATES.get_file(&path)?.contents_utf8()?;
    let mut faults = Vec::new();
    let words = File { path: &path, source }.words(&mut faults);
    assert!(faults.is_empty(), "the built-in words have a fault: {}", faults.join("\n"));
    Some(words)
}

/// The locale of dates that `words` name.
fn dates(words: &Words) -> Option<&Phrase> {
    match words.get(DATES) {
        Some(Word::Text(phrase)) => Some(phrase),
        _ => None,
    }
}

/// The languages that there are words for.
fn known(own: &OwnFiles) -> BTreeSet<String> {
    let own = own.keys().cloned();
    Language::all_built_in().into_iter().map(str::to_owned).chain(own).collect()
}

fn unknown(tag: &str, own: &OwnFiles) -> String {
    let known: Vec<String> = known(own).into_iter().map(|tag| format!("`{tag}`")).collect();
    let known = known.join(", ");
    if parse(tag).is_none() {
        return format!("`{tag}` is no language tag; write one of {known}");
    }
    format!(
        "there are no words for `{tag}`, only for {known}; to add it, let `lookout init --templates` \
         write the templates and translate a copy of `{FOLDER}{ENGLISH}{ENDING}` as `{FOLDER}{tag}{ENDING}`"
    )
}
