//! Reads a file of words: TOML whose sections hold texts, and sections with the forms of a text.

use std::collections::BTreeMap;
use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// The maximum width of an excerpt; a longer line is cut around the mistake.
const MAX_WIDTH: usize = 100;

/// Words by section and name, such as `page.join`.
pub(super) type Words = BTreeMap<String, Word>;

/// A word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Word {
    Text(Phrase),
    /// By the name of the form.
    Forms(BTreeMap<String, Phrase>),
}

/// A text and where it stands in its file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Phrase {
    pub(super) text: String,
    pub(super) at: Range<usize>,
}

/// A file with words.
pub(super) struct File<'a> {
    /// The path, as errors show it.
    pub(super) path: &'a str,
    pub(super) source: &'a str,
}

impl File<'_> {
    /// The words of the file. Adds what is wrong with it to `faults`: a file that is not TOML has no
    /// words, and what is no text is left out.
    pub(super) fn words(&self, faults: &mut Vec<String>) -> Words {
        let mut words = Words::new();
        let (table, errors) = DeTable::parse_recoverable(self.source);
        if let Some(error) = errors.first() {
            let at = error.span().unwrap_or(0..0);
            faults.push(self.fault(&at, &format!("this is not TOML: {}", error.message())));
            return words;
        }
        for (section, entry) in table.into_inner() {
            let DeValue::Table(entries) = entry.get_ref() else {
                let section = section.get_ref();
                let what = format!("`{section}` belongs below a section, such as `[page]`");
                faults.push(self.fault(&entry.span(), &what));
                continue;
            };
            for (name, value) in entries {
                let key = format!("{}.{}", section.get_ref(), name.get_ref());
                words.extend(self.word(&key, value, faults).map(|word| (key, word)));
            }
        }
        words
    }

    fn word(
        &self,
        key: &str,
        value: &Spanned<DeValue<'_>>,
        faults: &mut Vec<String>,
    ) -> Option<Word> {
        let DeValue::Table(forms) = value.get_ref() else {
            return self.phrase(key, value, faults).map(Word::Text);
        };
        let forms = forms.iter().filter_map(|(form, value)| {
            let form = form.get_ref().to_string();
            let phrase = self.phrase(&format!("{key}.{form}"), value, faults)?;
            Some((form, phrase))
        });
        Some(Word::Forms(forms.collect()))
    }

    fn phrase(
        &self,
        key: &str,
        value: &Spanned<DeValue<'_>>,
        faults: &mut Vec<String>,
    ) -> Option<Phrase> {
        let what = match value.get_ref() {
            DeValue::String(text) if !text.trim().is_empty() => {
                return Some(Phrase { text: text.to_string(), at: value.span() });
            }
            DeValue::String(_) => format!("`{key}` is empty; remove it to show the English word"),
            _ => format!("`{key}` is no text; put it in quotes"),
        };
        faults.push(self.fault(&value.span(), &what));
        None
    }

    /// What is wrong `at` a place of the file, with file, line, column and the line itself.
    pub(super) fn fault(&self, at: &Range<usize>, what: &str) -> String {
        let start = self.source.floor_char_boundary(at.start);
        let before = &self.source[..start];
        let line_start = before.rfind('\n').map_or(0, |feed| feed + 1);
        let (number, column) =
            (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1);
        let line = self.source[line_start..].lines().next().unwrap_or_default();
        let within = |at: usize| line.floor_char_boundary((at - line_start).min(line.len()));
        let marked = within(start)..within(at.end.max(start));
        // A control character could control the terminal.
        let shown = line.replace(|c: char| c.is_control() && c != '\t', "?");
        let marked = if shown.len() == line.len() { marked } else { 0..0 };
        let snippet = Snippet::source(shown)
            .line_start(number)
            .annotation(AnnotationKind::Primary.span(marked));
        let renderer = Renderer::plain().term_width(MAX_WIDTH);
        let excerpt = renderer.render(&[Group::with_level(Level::ERROR).element(snippet)]);
        format!("{}:{number}:{column}: {what}\n{excerpt}", self.path)
    }
}
