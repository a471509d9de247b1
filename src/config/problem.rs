//! Problems of settings, as the operator reads them.

use std::fmt;
use std::path::Path;

use super::source::{Sources, Span};

/// Why settings can't be used: all problems, in the order of the file.
///
/// It never contains a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingsError {
    problems: Vec<Problem>,
}

/// One problem: where it is, what it is, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    location: String,
    message: String,
    excerpt: Option<String>,
}

impl SettingsError {
    /// All problems, at least one.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// A single problem with `location`: a file, a key or a variable.
    pub(super) fn of(location: impl Into<String>, message: impl Into<String>) -> Self {
        let problem = Problem { location: location.into(), message: message.into(), excerpt: None };
        Self { problems: vec![problem] }
    }

    /// The settings file itself can't be read.
    pub(super) fn unreadable(file: &Path, message: impl fmt::Display) -> Self {
        Self::of(file.display().to_string(), message.to_string())
    }

    /// `diagnostics` with excerpts of their `sources`, then the messages about `location` that have
    /// no span; `None` if there are none of either.
    pub(super) fn from_diagnostics(
        mut diagnostics: Vec<Diagnostic>,
        sources: &Sources,
        (location, without_span): (&str, Vec<String>),
    ) -> Option<Self> {
        diagnostics.sort_by(|a, b| a.span.cmp(&b.span));
        let located = diagnostics.iter().map(|diagnostic| diagnostic.shown(sources));
        let without_span =
            without_span.into_iter().flat_map(|message| Self::of(location, message).problems);
        let problems: Vec<_> = located.chain(without_span).collect();
        (!problems.is_empty()).then_some(Self { problems })
    }
}

impl std::error::Error for SettingsError {}

impl fmt::Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, problem) in self.problems.iter().enumerate() {
            if n > 0 {
                f.write_str("\n\n")?;
            }
            write!(f, "{problem}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.location, self.message)?;
        match &self.excerpt {
            Some(excerpt) => write!(f, "\n{excerpt}"),
            None => Ok(()),
        }
    }
}

/// A problem with its span, before it is looked up in the sources.
pub(super) struct Diagnostic {
    span: Span,
    message: String,
    first: Option<Span>,
}

impl Diagnostic {
    /// `message` about the text at `span`.
    pub(super) fn new(span: Span, message: impl Into<String>) -> Self {
        let (message, first) = (message.into(), None);
        Self { span, message, first }
    }

    /// Also mentions the first occurrence, at `first`.
    pub(super) fn after(mut self, first: Span) -> Self {
        self.first = Some(first);
        self
    }

    fn shown(&self, sources: &Sources) -> Problem {
        let first = self.first.as_ref();
        let first = first.map_or_else(String::new, |span| {
            format!(" (the first is at {})", sources.location(span))
        });
        let message = format!("{}{first}", self.message);
        Problem {
            location: sources.location(&self.span),
            // A control character in a quoted value could control the terminal.
            message: message.replace(char::is_control, "\u{fffd}"),
            excerpt: sources.excerpt(&self.span),
        }
    }
}
