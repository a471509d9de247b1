//! `[archive]`, which exists only where it was typed.

use std::path::Path;

use crate::config::section::Section;
use crate::config::{Acknowledge, Archive, Secret, values};

/// MongoDB on this machine.
const URL: &str = "mongodb://127.0.0.1:27017";

pub(in crate::config) fn read(section: &mut Section<'_>) -> Archive {
    Archive {
        url: url(section),
        database: section.value("database", "zoomEvents", database),
        collection: section.value("collection", "events", collection),
        acknowledge: section.value("acknowledge", "journal", acknowledge),
    }
}

/// The address, typed or from a file; it may hold a password, so no message quotes it.
fn url(section: &mut Section<'_>) -> Secret {
    let typed = section.value("url", URL, address);
    // Without a user there is no password either.
    if section.is_typed("url") && typed.reveal().contains('@') {
        section.note_secret("url");
    }
    let Some(file) = section.secret_file("url_file") else { return typed };
    if section.is_typed("url") {
        section.clash(
            "url_file",
            "`archive.url` and `archive.url_file` are both set; keep one of them",
        );
        return typed;
    }
    from_file(&file).unwrap_or_else(|why| {
        section.clash("url_file", why);
        typed
    })
}

fn from_file(file: &Path) -> Result<Secret, String> {
    let shown = file.display();
    let text = std::fs::read_to_string(file).map_err(|error| {
        format!(
            "can't read `{shown}`: {error}; correct `archive.url_file` or the file's owner and mode"
        )
    })?;
    address(&text).map_err(|why| format!("`{shown}`: {why}"))
}

fn address(text: &str) -> Result<Secret, String> {
    let text = text.trim();
    let is_mongodb = ["mongodb://", "mongodb+srv://"].iter().any(|scheme| text.starts_with(scheme));
    match Secret::new(text) {
        Some(url) if is_mongodb => Ok(url),
        _ => Err(format!("this is not an address of MongoDB; write for example `{URL}`")),
    }
}

/// What MongoDB takes as the name of a database on any system.
fn database(text: &str) -> Result<String, String> {
    let odd = |c: char| c.is_whitespace() || c.is_control() || "/\\.\"$*<>:|?".contains(c);
    if text.is_empty() || text.len() > 63 || text.contains(odd) {
        return Err(format!(
            "`{}` can't be the name of a database; use letters, digits, `_` and `-`",
            text.escape_debug()
        ));
    }
    Ok(text.to_owned())
}

/// What MongoDB takes as the name of a collection.
fn collection(text: &str) -> Result<String, String> {
    let odd = |c: char| c.is_control() || c == '$';
    if text.is_empty() || text.len() > 120 || text.contains(odd) || text.starts_with("system.") {
        return Err(format!(
            "`{}` can't be the name of a collection; use letters, digits, `_`, `-` and `.`",
            text.escape_debug()
        ));
    }
    Ok(text.to_owned())
}

fn acknowledge(text: &str) -> Result<Acknowledge, String> {
    let words = [("journal", Acknowledge::Journal), ("archive", Acknowledge::Archive)];
    values::word(text, &words)
}
