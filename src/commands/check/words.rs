//! The words of the site's language: which are missing, and which nothing uses.

use super::{Context, Finding};
use crate::notify::missing_messages;
use crate::words::{FOLDER, Language};

/// The maximum number of words that a line names.
const MAX_NAMED: usize = 20;

/// Lists what is shown in English instead. A broken file of words is a broken template.
pub(super) fn check(context: &Context<'_>) -> Vec<Finding> {
    let language = &context.settings.site.language;
    let mut lines = Vec::new();
    let missing = language.missing();
    if !missing.is_empty() {
        let text = shown_in_english("words", missing, &file(language));
        lines.push(Finding::warning("words", text));
    }
    if !language.unknown().is_empty() {
        let text = format!(
            "`{}` has words that only your own templates can use: {}; are they misspelt?",
            file(language),
            named(language.unknown())
        );
        lines.push(Finding::warning("words", text));
    }
    let messages = match context.settings.notify.is_empty() {
        true => Vec::new(),
        false => missing_messages(&context.settings.site),
    };
    if !messages.is_empty() {
        let file = format!("messages/{}.txt", language.tag());
        let text = shown_in_english("messages to chats", &messages, &file);
        lines.push(Finding::warning("words", text));
    }
    lines
}

fn file(language: &Language) -> String {
    format!("{FOLDER}{}.toml", language.tag())
}

fn shown_in_english(what: &str, missing: &[String], file: &str) -> String {
    format!(
        "these {what} are English: {}; add them to `{file}` in `site.templates_dir`",
        named(missing)
    )
}

fn named(words: &[String]) -> String {
    let named: Vec<_> = words.iter().take(MAX_NAMED).map(|word| format!("`{word}`")).collect();
    let named = named.join(", ");
    match words.len().saturating_sub(MAX_NAMED) {
        0 => named,
        more => format!("{named} and {more} more"),
    }
}
