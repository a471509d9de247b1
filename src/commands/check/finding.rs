//! A finding of `check`, printed as one line: a mark, the subject, a fact, and what to do.

use std::fmt;

/// How serious a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// Nothing to do.
    Ok,
    /// It works, but may be a mistake.
    Warning,
    /// It does not work.
    Problem,
}

/// The result of examining one thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// How serious it is.
    pub mark: Mark,
    about: &'static str,
    text: String,
}

impl Finding {
    /// `about` is in order.
    pub fn ok(about: &'static str, text: impl Into<String>) -> Self {
        Self { mark: Mark::Ok, about, text: text.into() }
    }

    /// `about` works, but may be a mistake; `text` says what to do.
    pub fn warning(about: &'static str, text: impl Into<String>) -> Self {
        Self { mark: Mark::Warning, about, text: text.into() }
    }

    /// `about` does not work; `text` says what to do.
    pub fn problem(about: &'static str, text: impl Into<String>) -> Self {
        Self { mark: Mark::Problem, about, text: text.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mark = match self.mark {
            Mark::Ok => '✓',
            Mark::Warning => '!',
            Mark::Problem => '✗',
        };
        // A name or a path may contain terminal escape sequences.
        let is_escape = |c: char| c.is_control() && c != '\n';
        let text = self.text.replace(is_escape, "\u{fffd}").replace('\n', "\n            ");
        write!(f, "{mark} {:<9} {text}", self.about)
    }
}
