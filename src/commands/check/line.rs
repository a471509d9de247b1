//! One line of the report: a mark, what it is about, a fact, and the next step.

use std::fmt;

/// How something was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// As it should be.
    Fine,
    /// It works, but look here.
    Look,
    /// Not as it has to be.
    Wrong,
}

/// One thing that was examined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// How it was found.
    pub mark: Mark,
    about: &'static str,
    text: String,
}

impl Line {
    /// `about` is in order.
    pub fn fine(about: &'static str, text: impl Into<String>) -> Self {
        Self { mark: Mark::Fine, about, text: text.into() }
    }

    /// `about` works, but may surprise; `text` says what to do.
    pub fn look(about: &'static str, text: impl Into<String>) -> Self {
        Self { mark: Mark::Look, about, text: text.into() }
    }

    /// `about` is not in order; `text` says what to do.
    pub fn wrong(about: &'static str, text: impl Into<String>) -> Self {
        Self { mark: Mark::Wrong, about, text: text.into() }
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mark = match self.mark {
            Mark::Fine => '✓',
            Mark::Look => '!',
            Mark::Wrong => '✗',
        };
        // A name or a path may hold what commands a terminal.
        let is_command = |c: char| c.is_control() && c != '\n';
        let text = self.text.replace(is_command, "\u{fffd}").replace('\n', "\n            ");
        write!(f, "{mark} {:<9} {text}", self.about)
    }
}
