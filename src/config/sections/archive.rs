//! `[archive]`, which is optional.

use std::path::Path;

use crate::config::section::Section;
use crate::config::settings::{Acknowledge, Archive};
use crate::config::{characters, secret_file, values};
use crate::types::Secret;
use crate::types::secret::trimmed;

/// The default: MongoDB on this machine.
const URL: &str = "mongodb://127.0.0.1:27017";

pub(in crate::config) fn read(section: &mut Section<'_>) -> Archive {
    Archive {
        url: url(section),
        database: section.value("database", "zoomEvents", database),
        collection: section.value("collection", "events", collection),
        acknowledge: section.value("acknowledge", "journal", acknowledge),
    }
}

/// The address, typed or from a file. It may contain a password, so no message quotes it.
fn url(section: &mut Section<'_>) -> Secret {
    let typed = section.value("url", URL, address);
    // An address without a user has no password.
    if section.is_typed("url") && typed.reveal().contains('@') {
        section.record_inline_secret("url");
    }
    let Some(file) = section.secret_file("url_file") else { return typed };
    if section.is_typed("url") {
        section.conflict(
            "url_file",
            "`archive.url` and `archive.url_file` are both set; keep one of them",
        );
        return typed;
    }
    from_file(&file).unwrap_or_else(|why| {
        section.conflict("url_file", why);
        typed
    })
}

fn from_file(file: &Path) -> Result<Secret, String> {
    let shown = file.display();
    let text = secret_file::read(file).map_err(|error| {
        format!(
            "can't read `{shown}`: {error}; correct `archive.url_file` or the file's owner and mode"
        )
    })?;
    address(&text).map_err(|why| format!("`{shown}`: {why}"))
}

fn address(text: &str) -> Result<Secret, String> {
    // In a password, these characters have to be percent-encoded; all others are allowed.
    let fits = |c: char| !c.is_whitespace() && !c.is_control() && characters::is_visible(c);
    if let Some(invalid_character) = characters::invalid_character(text, fits) {
        return Err(format!(
            "this is not an address of MongoDB, {invalid_character}; write for example `{URL}`"
        ));
    }
    let text = trimmed(text);
    let is_mongodb = ["mongodb://", "mongodb+srv://"].iter().any(|scheme| text.starts_with(scheme));
    match Secret::new(text) {
        Some(url) if is_mongodb => Ok(url),
        _ => Err(format!("this is not an address of MongoDB; write for example `{URL}`")),
    }
}

/// A database name that MongoDB accepts on every system.
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

/// A collection name that MongoDB accepts.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_trimmed_and_an_invalid_character_is_reported() {
        let plain = "mongodb://ada:h%20ush@db.example/";
        #[rustfmt::skip]
        let cases = [
            // what is special         text                                        address, or what is wrong
            ("plain",                  plain.to_owned(),                           Ok(plain)),
            ("of Windows",             format!("\u{feff}{plain}\r\n"),             Ok(plain)),
            ("odd, but a password's",  "mongodb://ada:hüsh'\"@db.example".to_owned(), Ok("mongodb://ada:hüsh'\"@db.example")),
            ("quotes around it",       format!("\"{plain}\""),                     Err("this is not an address of MongoDB; write")),
            ("invisible at the end",   format!("{plain}\u{200b}"),                 Err("this is not an address of MongoDB, character 34 is invisible; write")),
            ("a space in it",          plain.replace("%20", " "),                  Err("character 16 is white space")),
            ("two of them",            format!("{plain}\n{plain}"),                Err("character 34 is a line break")),
        ];
        for (what, text, expected) in cases {
            match (address(&text), expected) {
                (Ok(url), Ok(expected)) => assert_eq!(url.reveal(), expected, "{what}"),
                (Err(why), Err(said)) => {
                    assert!(why.contains(said) && !why.contains("ush"), "{what}: {why}");
                }
                (found, _) => panic!("{what}: {found:?}"),
            }
        }
    }
}
