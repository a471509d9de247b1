//! `[zoom]` and the secret token, typed or from a file.

use std::path::Path;

use crate::config::secret_file::Unreadable;
use crate::config::section::Section;
use crate::config::settings::{SecretSource, Zoom};
use crate::config::{characters, secret_file, url, values};
use crate::types::Secret;
use crate::types::secret::trimmed;

/// The section and the source of the secret token.
pub(in crate::config) fn read(section: &mut Section<'_>) -> (Zoom, SecretSource) {
    let (secret_tokens, source) = secret_tokens(section);
    let zoom = Zoom {
        secret_tokens,
        listen: section.value("listen", "127.0.0.1:8787", values::listen),
        path: section.value("path", "/webhooks/zoom", url::endpoint),
        tolerance: section.value("tolerance", "2h", values::duration),
        max_body: section.value("max_body", "1MiB", values::body_size),
    };
    (zoom, source)
}

fn secret_tokens(section: &mut Section<'_>) -> (Vec<Secret>, SecretSource) {
    let typed = section.secrets("secret_token", token);
    let typed: Vec<_> = typed.into_iter().flatten().collect();
    let file = section.secret_file("secret_token_file");
    match file {
        Some(_) if !typed.is_empty() => {
            section.conflict(
                "secret_token_file",
                "`zoom.secret_token` and `zoom.secret_token_file` are both set; keep one of them",
            );
            (typed, SecretSource::Unset)
        }
        Some(file) => from_file(&file).unwrap_or_else(|why| {
            let message = format!("`zoom.secret_token_file`: `{}`: {why}", file.display());
            section.conflict("secret_token_file", message);
            (Vec::new(), SecretSource::Unset)
        }),
        None if typed.is_empty() => (typed, SecretSource::Unset),
        None => (typed, SecretSource::Settings),
    }
}

/// Reads one token a line. An unreadable file is not an error yet: only a command that needs the secret
/// has to run as a user who can read it.
fn from_file(file: &Path) -> Result<(Vec<Secret>, SecretSource), String> {
    let path = file.to_owned();
    let text = match secret_file::read(file) {
        Ok(text) => text,
        Err(Unreadable::System(error)) => {
            let why = error.to_string();
            return Ok((Vec::new(), SecretSource::Unreadable { path, why }));
        }
        Err(Unreadable::NotText(why)) => return Err(why),
    };
    let mut tokens = Vec::new();
    for (number, line) in text.lines().enumerate() {
        tokens.extend(token(line).map_err(|why| format!("line {}: {why}", number + 1))?);
    }
    Ok((tokens, SecretSource::File(path)))
}

/// A token with the characters that Zoom's tokens have, or that URLs allow; `None` if `text` is blank.
/// No message quotes it.
fn token(text: &str) -> Result<Option<Secret>, String> {
    // In Base64, `=` occurs only at the end.
    let core = trimmed(text).trim_end_matches('=');
    let core = &text[..text.find(core).unwrap_or_default() + core.len()];
    match characters::invalid_character(core, |c| c.is_ascii_alphanumeric() || "-_.~+/".contains(c))
    {
        Some(invalid_character) => Err(format!(
            "{invalid_character}, which Zoom's tokens never contain; copy only the app's Secret Token again"
        )),
        None => Ok(Secret::new(text)),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::config::{Environment, Settings, SettingsError, load};

    const TOKEN: &str = "oFPfvWNxR0SF-hush_lTxP";

    /// The tokens in a file with the content `bytes`.
    fn in_file(bytes: &[u8]) -> Result<Settings, SettingsError> {
        let dir = tempfile::tempdir().expect("a directory");
        let file = dir.path().join("lookout.toml");
        fs::write(&file, "[zoom]\nsecret_token_file = 'token'").expect("written");
        fs::write(dir.path().join("token"), bytes).expect("written");
        load(Some(&file), &Environment::default())
    }

    /// The token `text` in the settings.
    fn typed(text: &str) -> Result<Settings, SettingsError> {
        let dir = tempfile::tempdir().expect("a directory");
        let file = dir.path().join("lookout.toml");
        let value = toml::Value::from(text).to_string();
        fs::write(&file, format!("[zoom]\nsecret_token = {value}")).expect("written");
        load(Some(&file), &Environment::default())
    }

    /// The token `text` in the environment.
    fn in_environment(text: &str) -> Result<Settings, SettingsError> {
        let dir = tempfile::tempdir().expect("a directory");
        let file = dir.path().join("lookout.toml");
        fs::write(&file, "").expect("written");
        load(Some(&file), &[("LOOKOUT_ZOOM__SECRET_TOKEN", text)].into_iter().collect())
    }

    fn tokens(settings: &Settings) -> Vec<&str> {
        settings.zoom.secret_tokens.iter().map(Secret::reveal).collect()
    }

    #[test]
    fn a_token_is_the_same_however_it_was_saved() {
        let utf16 =
            |text: &str| -> Vec<u8> { text.encode_utf16().flat_map(u16::to_le_bytes).collect() };
        #[rustfmt::skip]
        let cases = [
            // what is special          bytes                                        tokens
            ("plain",                   TOKEN.into(),                                1),
            ("a line end",              format!("{TOKEN}\r\n").into_bytes(),         1),
            ("Windows' Notepad",        format!("\u{feff}{TOKEN}\r\n").into_bytes(), 1),
            ("Windows' PowerShell",     utf16(&format!("\u{feff}{TOKEN}\r\n")),      1),
            ("white space around it",   format!("\t {TOKEN}\u{a0}\n\n").into_bytes(), 1),
            ("two, saved one by one",   format!("\u{feff}{TOKEN}\n\u{feff}{TOKEN}\n").into_bytes(), 2),
            ("nothing",                 Vec::new(),                                  0),
            ("a byte order mark alone", "\u{feff}".into(),                           0),
        ];
        for (what, bytes, count) in cases {
            let settings = in_file(&bytes).unwrap_or_else(|error| panic!("{what}: {error}"));
            assert_eq!(tokens(&settings), vec![TOKEN; count], "{what}");
            assert_eq!(settings.require_secret().is_ok(), count > 0, "{what}");
        }
        for text in [TOKEN.to_owned(), format!("\u{feff}{TOKEN} "), format!(" {TOKEN}\n")] {
            for settings in [typed(&text), in_environment(&text)] {
                assert_eq!(tokens(&settings.expect("valid")), [TOKEN]);
            }
        }
        assert_eq!(tokens(&typed("aGk+/w==").expect("valid")), ["aGk+/w=="]);
    }

    #[test]
    fn what_no_token_has_is_an_error_that_tells_where_and_not_what() {
        #[rustfmt::skip]
        let cases = [
            // what is special              text                         said
            ("quotes around it",            format!("\"{TOKEN}\""),      "character 1 is a quotation mark"),
            ("a quote at the end",          format!("{TOKEN}'"),         "character 23 is a quotation mark"),
            ("a zero-width space before",   format!("\u{200b}{TOKEN}"),  "character 1 is invisible"),
            ("a zero-width space behind",   format!("{TOKEN}\u{200b}"),  "character 23 is invisible"),
            ("one in the middle",           TOKEN.replace('-', "\u{200d}"), "character 13 is invisible"),
            ("a space in the middle",       TOKEN.replace('-', " "),     "character 13 is white space"),
            ("a hyphen of a text editor",   TOKEN.replace('-', "\u{2011}"), "character 13 is not an ASCII character"),
            ("the line of an env file",     format!("TOKEN={TOKEN}"),    "character 6 is a character that does not occur in one"),
            ("a sign before base64's end",  format!("{TOKEN}'=="),       "character 23 is a quotation mark"),
        ];
        for (what, text, said) in cases {
            let of_file = in_file(format!("\n{text}\n").as_bytes());
            assert!(of_file.as_ref().is_err_and(|e| e.to_string().contains("line 2: ")), "{what}");
            // In the environment, quotes are those of TOML.
            let quoted = text.starts_with('"').then(|| Err(SettingsError::of("", said)));
            let of_environment = quoted.unwrap_or_else(|| in_environment(&text));
            for settings in [of_file, typed(&text), of_environment] {
                let error = settings.map(drop).expect_err(what).to_string();
                assert!(error.contains(said), "{what}: {error}");
                assert!(!error.contains("hush") && !error.contains("oFPf"), "{what}: {error}");
            }
        }
        let nul = in_file(format!("{TOKEN}\0").as_bytes()).map(drop).expect_err("NUL").to_string();
        assert!(nul.contains("line 1: character 23 is a control character"), "{nul}");
    }
}
