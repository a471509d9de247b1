//! Loads [`Settings`] from file and environment, or reports all problems with them.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use toml::de::DeTable;

use super::context::Context;
use super::environment::Environment;
use super::key::Key;
use super::problem::{Diagnostic, SettingsError};
use super::reader::Reader;
use super::settings::{SecretSource, Settings};
use super::source::{Sources, Span};
use super::tree::{self, Table};
use super::{masking, overlap, overrides};

/// The files to look for if none is named: in the working directory, then where the package installs it.
const DEFAULT_FILES: [&str; 2] = ["lookout.toml", "/etc/lookout/lookout.toml"];

/// A variable whose use is recorded: its secret is in no file.
const SECRET_VARIABLE: &str = "LOOKOUT_ZOOM__SECRET_TOKEN";

/// Other such variables, with their keys.
const SECRETS_OF_ENVIRONMENT: [(&str, &str); 2] = [
    ("LOOKOUT_ARCHIVE__URL", "archive.url"),
    ("LOOKOUT_ZOOM__API__CLIENT_SECRET", "zoom.api.client_secret"),
];

/// Loads settings from `file`, else from `lookout.toml` in the working directory or in `/etc/lookout`
/// if there is one; `env` overrides them.
pub fn load(file: Option<&Path>, env: &Environment) -> Result<Settings, SettingsError> {
    match find(file, &DEFAULT_FILES.map(PathBuf::from))? {
        Some((path, text)) => parse(&text, &path, env),
        None => Ok(read(None, env)?.settings),
    }
}

/// Loads the same settings as the text of a settings file without secrets.
pub fn load_effective(file: Option<&Path>, env: &Environment) -> Result<String, SettingsError> {
    match find(file, &DEFAULT_FILES.map(PathBuf::from))? {
        Some((path, text)) => effective(&text, &path, env),
        None => Ok(read(None, env)?.effective),
    }
}

/// The settings file and its text: the one that was `named`, which has to exist, else the first of
/// `defaults` that exists.
fn find(
    named: Option<&Path>,
    defaults: &[PathBuf],
) -> Result<Option<(PathBuf, String)>, SettingsError> {
    if let Some(path) = named {
        let Some(text) = text_of(path)? else {
            let advice = "there is no such file; write one with `lookout init`, or name another with `--config`";
            return Err(SettingsError::unreadable(path, advice));
        };
        return Ok(Some((path.to_owned(), text)));
    }
    for path in defaults {
        if let Some(text) = text_of(path)? {
            return Ok(Some((path.clone(), text)));
        }
    }
    Ok(None)
}

/// The maximum size of a settings file, in bytes.
const MAX_FILE_SIZE: u64 = 4 << 20;

/// The text of a settings file; `None` if it does not exist.
fn text_of(path: &Path) -> Result<Option<String>, SettingsError> {
    let mut bytes = Vec::new();
    // A pipe is accepted (`--config <(…)`), a device without an end is not.
    let read =
        File::open(path).and_then(|file| file.take(MAX_FILE_SIZE + 1).read_to_end(&mut bytes));
    match read {
        Ok(length) if length as u64 <= MAX_FILE_SIZE => {}
        Ok(_) => {
            let message = "the settings are longer than 4 MiB; is this the right file?";
            return Err(SettingsError::unreadable(path, message));
        }
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) if error.kind() == ErrorKind::PermissionDenied => {
            let message = "this user may not read the settings; run this as root (`sudo`), or name others with `--config`";
            return Err(SettingsError::unreadable(path, message));
        }
        Err(error) => {
            let message = format!("can't read the settings: {error}");
            return Err(SettingsError::unreadable(path, message));
        }
    }
    match String::from_utf8(bytes) {
        Ok(text) => Ok(Some(text)),
        Err(error) => {
            let valid = &error.as_bytes()[..error.utf8_error().valid_up_to()];
            let line = valid.iter().filter(|byte| **byte == b'\n').count() + 1;
            let message = format!("line {line} is not UTF-8; save the file as UTF-8");
            Err(SettingsError::unreadable(path, message))
        }
    }
}

/// Parses settings from `text`, the content of `file`; `env` overrides them.
pub fn parse(text: &str, file: &Path, env: &Environment) -> Result<Settings, SettingsError> {
    Ok(read(Some((file, text)), env)?.settings)
}

/// Parses the same settings and returns them as the text of a settings file without secrets.
pub(super) fn effective(
    text: &str,
    file: &Path,
    env: &Environment,
) -> Result<String, SettingsError> {
    Ok(read(Some((file, text)), env)?.effective)
}

/// Settings, also as text.
struct Loaded {
    settings: Settings,
    effective: String,
}

/// All keys, in the order of the settings file.
pub fn keys() -> Vec<Key> {
    let mut sources = Sources::default();
    let one_of_each = "[[rooms]]\n[[people]]\n[[notify]]\n";
    let root = parse_tree(Path::new(DEFAULT_FILES[0]), one_of_each, &mut sources)
        .expect("the text is TOML");
    let mut reader = Reader::new(root, Context::nowhere());
    reader.settings();
    reader.into_keys()
}

impl Default for Settings {
    /// The settings where nothing is set: no file, no environment.
    fn default() -> Self {
        Reader::new(Table::new(), Context::nowhere()).settings()
    }
}

fn read(file: Option<(&Path, &str)>, env: &Environment) -> Result<Loaded, SettingsError> {
    let mut sources = Sources::default();
    let mut root = match file {
        Some((path, text)) => parse_tree(path, text, &mut sources)?,
        None => Table::new(),
    };
    let keys = keys();
    let mut diagnostics = overrides::apply(env, &keys, &mut root, &mut sources);
    masking::mask_values(&root, &mut sources);
    let path = file.map(|(path, _)| path);
    let mut reader = Reader::new(root, Context::new(path, env));
    let mut settings = reader.settings();
    settings.origin.file = path.map(Path::to_owned);
    if settings.origin.secret == SecretSource::Settings && env.is_set(SECRET_VARIABLE) {
        settings.origin.secret = SecretSource::Environment;
    }
    for (variable, key) in SECRETS_OF_ENVIRONMENT {
        if env.is_set(variable) {
            settings.origin.inline_secrets.retain(|inline| inline != key);
        }
    }
    let effective = reader.effective(path);
    let mut without_span = Vec::new();
    for overlap::Overlap { keys, secret_file, message } in overlap::find(&settings) {
        let span_of_secret = || reader.secret_file_span(&secret_file?);
        match reader.typed_span(&keys).or_else(span_of_secret) {
            Some(span) => diagnostics.push(Diagnostic::new(span, message)),
            None => without_span.push(message),
        }
    }
    diagnostics.extend(reader.into_diagnostics(&keys, &mut sources));
    let location = path.map_or_else(|| "defaults".to_owned(), |path| path.display().to_string());
    match SettingsError::from_diagnostics(diagnostics, &sources, (&location, without_span)) {
        Some(error) => Err(error),
        None => Ok(Loaded { settings, effective }),
    }
}

/// The tree of `text`, or its first syntax error.
fn parse_tree(path: &Path, text: &str, sources: &mut Sources) -> Result<Table, SettingsError> {
    let source = sources.add_file(path.to_owned(), text);
    let (table, errors) = DeTable::parse_recoverable(text);
    let mut root = tree::table(source, table.into_inner());
    tree::lift_sections(&mut root);
    let Some(error) = errors.first() else {
        return Ok(root);
    };
    let span = error.span().unwrap_or(0..0);
    let start = text.floor_char_boundary(span.start);
    let end = text.ceil_char_boundary(span.end.max(start));
    masking::mask_values(&root, sources);
    masking::mask_line(source, text, start, &keys(), sources);
    let message = format!("this is not TOML: {}", error.message());
    let diagnostic = Diagnostic::new(Span::new(source, start..end), message);
    Err(SettingsError::from_diagnostics(vec![diagnostic], sources, ("", Vec::new()))
        .expect("there is a diagnostic"))
}

#[cfg(test)]
mod tests;
