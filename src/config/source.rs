//! The texts that settings are read from, and spans of them.
//!
//! A span is shown as `file:line:column` with an excerpt below. Secrets in the excerpt are masked.

use std::ops::Range;
use std::path::PathBuf;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

/// The maximum width of an excerpt; a longer line is cut around the span.
const MAX_WIDTH: usize = 100;

/// A range of bytes of one of the [`Sources`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Span {
    source: usize,
    start: usize,
    end: usize,
}

/// One text.
struct Source {
    origin: Origin,
    text: String,
}

/// Where a text comes from.
enum Origin {
    File(PathBuf),
    Variable(String),
}

/// All texts that settings are read from, and the spans to mask.
#[derive(Default)]
pub(super) struct Sources {
    texts: Vec<Source>,
    masked: Vec<Span>,
}

impl Sources {
    /// Adds the settings file and returns its number.
    pub(super) fn add_file(&mut self, path: PathBuf, text: &str) -> usize {
        self.add(Origin::File(path), text)
    }

    /// Adds an environment variable and returns its number.
    pub(super) fn add_variable(&mut self, name: &str, value: &str) -> usize {
        self.add(Origin::Variable(name.to_owned()), value)
    }

    fn add(&mut self, origin: Origin, text: &str) -> usize {
        let text = text.to_owned();
        self.texts.push(Source { origin, text });
        self.texts.len() - 1
    }

    /// Shows `…` instead of the text at `span` from now on.
    pub(super) fn mask(&mut self, span: Span) {
        self.masked.push(span);
    }

    /// The location of `span`: `lookout.toml:3:1`, or a variable.
    pub(super) fn location(&self, span: &Span) -> String {
        let source = &self.texts[span.source];
        match &source.origin {
            Origin::Variable(name) => format!("environment variable `{name}`"),
            Origin::File(path) => {
                let line = Line::at(&source.text, span.start);
                let column = source.text[line.start..span.start].chars().count() + 1;
                format!("{}:{}:{column}", path.display(), line.number)
            }
        }
    }

    /// The first line of `span` with the span underlined and secrets masked; `None` for a variable,
    /// whose value may be secret.
    pub(super) fn excerpt(&self, span: &Span) -> Option<String> {
        let Source { origin: Origin::File(_), text } = &self.texts[span.source] else {
            return None;
        };
        let line = Line::at(text, span.start).without_comment(text, span.end);
        let (shown, underlined) = self.masked(span, text, line.start..line.end);
        let snippet = Snippet::source(shown)
            .line_start(line.number)
            .annotation(AnnotationKind::Primary.span(underlined));
        let renderer = Renderer::plain().term_width(MAX_WIDTH);
        Some(renderer.render(&[Group::with_level(Level::ERROR).element(snippet)]))
    }

    /// The `line` of `text` with `…` for each masked span, and the bytes of it that show `span`.
    fn masked(&self, span: &Span, text: &str, line: Range<usize>) -> (String, Range<usize>) {
        let mut shown = String::new();
        let mut underlined: Option<Range<usize>> = None;
        let mut last_char = 0;
        let mut masked_until = line.start;
        for (offset, c) in text[line.clone()].char_indices() {
            let at = line.start + offset;
            if at >= masked_until {
                last_char = shown.len();
                let mask = self.masked.iter().find(|mask| mask.contains(span.source, at));
                masked_until = mask.map_or(at, |mask| mask.end);
                // A control character could control the terminal.
                let c = if c.is_control() && c != '\t' { char::REPLACEMENT_CHARACTER } else { c };
                shown.push(if mask.is_some() { '…' } else { c });
            }
            if span.contains(span.source, at) {
                let start = underlined.map_or(last_char, |range| range.start);
                underlined = Some(start..shown.len());
            }
        }
        // A syntax error may be at the end of the line.
        let underlined = underlined.unwrap_or(shown.len()..shown.len());
        (shown, underlined)
    }
}

impl Span {
    /// The bytes `span` of the source with the number `source`.
    pub(super) fn new(source: usize, span: Range<usize>) -> Self {
        let (start, end) = (span.start, span.end);
        Self { source, start, end }
    }

    fn contains(&self, source: usize, position: usize) -> bool {
        self.source == source && (self.start..self.end).contains(&position)
    }
}

/// One line of a text: its number from 1, and its bytes without the line feed.
struct Line {
    number: usize,
    start: usize,
    end: usize,
}

impl Line {
    fn at(text: &str, position: usize) -> Self {
        let before = &text[..position];
        let start = before.rfind('\n').map_or(0, |feed| feed + 1);
        let length = text[start..].find('\n').unwrap_or(text.len() - start);
        let number = before.matches('\n').count() + 1;
        let end = start + text[start..start + length].trim_end().len();
        Self { number, start, end }
    }

    /// The line up to a comment after `position`, which may contain an old secret.
    fn without_comment(self, text: &str, position: usize) -> Self {
        let behind = position.clamp(self.start, self.end);
        let comment = text[behind..self.end].find('#');
        let end = comment
            .map_or(self.end, |n| self.start + text[self.start..behind + n].trim_end().len());
        Self { end, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn excerpt(text: &str, about: &str, masked: Option<&str>) -> String {
        let mut sources = Sources::default();
        let source = sources.add_file("lookout.toml".into(), text);
        let find = |part: &str| {
            let start = text.find(part).expect("the part is in the text");
            Span::new(source, start..start + part.len())
        };
        if let Some(part) = masked {
            sources.mask(find(part));
        }
        let span = find(about);
        let shown = sources.excerpt(&span).expect("a file has lines");
        format!("{}\n{shown}", sources.location(&span))
    }

    #[test]
    fn a_span_is_shown_with_its_line_and_a_caret() {
        insta::assert_snapshot!(excerpt("[site]\ntitel = \"ğ\"\n", "titel", None), @r#"
        lookout.toml:2:1
          |
        2 | titel = "ğ"
          | ^^^^^
        "#);
    }

    #[test]
    fn what_is_masked_is_one_ellipsis_under_the_caret_or_beside_it() {
        insta::assert_snapshot!(excerpt("a = 'hush', b = 1\n", "b", Some("'hush'")), @"
        lookout.toml:1:13
          |
        1 | a = …, b = 1
          |        ^
        ");
        insta::assert_snapshot!(excerpt("a = 'hush'\r\n", "'hush'", Some("'hush'")), @"
        lookout.toml:1:5
          |
        1 | a = …
          |     ^
        ");
    }

    #[test]
    fn a_comment_behind_is_left_out() {
        insta::assert_snapshot!(excerpt("a = '#1' # was 'hush'", "'#1'", None), @"
        lookout.toml:1:5
          |
        1 | a = '#1'
          |     ^^^^
        ");
    }

    #[test]
    fn of_a_long_line_only_the_part_round_the_caret_is_shown() {
        let text = format!("publish = [{}\"Zed\"]", "\"Ada\", ".repeat(60));
        let shown = excerpt(&text, "\"Zed\"", None);
        assert!(shown.lines().all(|line| line.chars().count() < 110));
        assert!(shown.contains("\"Zed\""), "{shown}");
    }

    #[test]
    fn control_characters_do_not_reach_the_terminal() {
        let shown = excerpt("a = '\u{1b}[31m'", "a", None);
        assert!(!shown.contains('\u{1b}'), "{shown}");
    }
}
