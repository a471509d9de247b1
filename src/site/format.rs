//! The formats of files that are made from templates. A file's ending says which one it has.

use std::collections::BTreeSet;

use serde::de::IgnoredAny;
use tera::EscapeFn;

use super::{calendar_lines, escape, printing};

/// How texts are escaped in a file, and what completes the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Format {
    /// HTML, XML and SVG.
    Markup,
    /// Plain text, also for a terminal.
    Text,
    Markdown,
    Json,
    Csv,
    /// iCalendar, RFC 5545.
    Calendar,
}

const ENDINGS: [(&str, Format); 8] = [
    ("csv", Format::Csv),
    ("html", Format::Markup),
    ("ics", Format::Calendar),
    ("json", Format::Json),
    ("md", Format::Markdown),
    ("svg", Format::Markup),
    ("txt", Format::Text),
    ("xml", Format::Markup),
];

impl Format {
    /// The format of the file or template `name`; `None` if its ending stands for none.
    pub(super) fn of(name: &str) -> Option<Self> {
        let (_, ending) = name.rsplit_once('.')?;
        ENDINGS.iter().find(|(known, _)| *known == ending).map(|(_, format)| *format)
    }

    /// All endings, for messages: `.csv, .html, …`.
    pub(super) fn endings() -> String {
        let endings: BTreeSet<String> =
            ENDINGS.iter().map(|(text, _)| format!(".{text}")).collect();
        endings.into_iter().collect::<Vec<_>>().join(", ")
    }

    /// Escapes each text that a template prints.
    pub(super) fn escape_fn(self) -> EscapeFn {
        match self {
            Self::Markup => escape::markup,
            Self::Text => escape::text,
            Self::Markdown => escape::markdown,
            Self::Json => escape::json,
            Self::Csv => escape::csv,
            Self::Calendar => escape::calendar,
        }
    }

    /// Refuses a template that prints texts where its escapes do not hold.
    ///
    /// # Errors
    ///
    /// The error says how to correct the template.
    pub(super) fn check_source(self, source: &str) -> Result<(), String> {
        let why = match self {
            Self::Csv if source.contains("}}\"") || printing::any_after(source, is_in_quotes) => {
                "has quotes around `{{ … }}`, which prints a whole field with its quotes; remove them"
            }
            Self::Calendar if printing::any_after(source, is_in_parameters) => {
                "prints into the parameters of a property, such as `;CN=…`, where no escape of \
                 iCalendar holds; print names only as values, behind the `:`"
            }
            _ => return Ok(()),
        };
        Err(why.to_owned())
    }

    /// Completes a rendered file.
    ///
    /// # Errors
    ///
    /// The file is not of this format; the error says how to correct the template.
    pub(super) fn complete(self, bytes: Vec<u8>) -> Result<Vec<u8>, String> {
        match self {
            Self::Json => match serde_json::from_slice::<IgnoredAny>(&bytes) {
                Ok(_) => Ok(bytes),
                Err(error) => Err(format!(
                    "The result is no JSON: {error}; write `{{{{ name | json }}}}` without quotes around it"
                )),
            },
            Self::Calendar => Ok(calendar_lines::fold(&bytes)),
            Self::Markup | Self::Text | Self::Markdown | Self::Csv => Ok(bytes),
        }
    }
}

/// Whether the start of a row of CSV ends within quotes.
fn is_in_quotes(row: &str) -> bool {
    row.matches('"').count() % 2 == 1
}

/// Whether the start of a line of iCalendar ends among the parameters of its property. A colon in
/// quotes does not end these.
fn is_in_parameters(line: &str) -> bool {
    let outside_quotes: String = line.split('"').step_by(2).collect();
    outside_quotes.contains(';') && !outside_quotes.contains(':')
}
