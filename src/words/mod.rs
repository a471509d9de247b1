//! The words of the site, in each language.
//!
//! A language is a file of `templates/words`, an operator's file of that name, or both. A
//! [`catalogue`] merges them over the English words; [`locale`] has what Unicode's CLDR knows of
//! the language. A [`Translation`] is the result. Messages to chats are templates of their own
//! (`templates/messages`) and use the same plural [`Rules`].
//!
//! This module is pure: whoever loads a language has read the operator's files.

mod catalogue;
mod file;
mod labels;
mod language;
mod locale;
mod plural;
mod rules;
#[cfg(test)]
mod tests;
mod text;
mod translation;

/// The folder of files with words, among the templates.
pub const FOLDER: &str = "words/";

/// The ending of their names.
pub const ENDING: &str = ".toml";

pub use labels::Labels;
pub use language::{Language, OwnFile, OwnFiles};
pub use plural::Plural;
pub use rules::{OTHER, Rules};
pub use text::Text;
pub use translation::{DateParts, Translation};
