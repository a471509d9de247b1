//! `[zoom]`, and the secret token from wherever it is.

use std::path::Path;

use crate::config::section::Section;
use crate::config::{Secret, SecretSource, Zoom, values, web};

/// The section, and where the secret token came from.
pub(in crate::config) fn read(section: &mut Section<'_>) -> (Zoom, SecretSource) {
    let (secret_tokens, source) = secret_tokens(section);
    let zoom = Zoom {
        secret_tokens,
        listen: section.value("listen", "127.0.0.1:8787", values::listen),
        path: section.value("path", "/webhooks/zoom", web::endpoint),
        tolerance: section.value("tolerance", "5m", values::duration),
        max_body: section.value("max_body", "1MiB", values::body_size),
    };
    (zoom, source)
}

fn secret_tokens(section: &mut Section<'_>) -> (Vec<Secret>, SecretSource) {
    let typed = section.secrets("secret_token");
    let typed: Vec<_> = typed.iter().filter_map(|text| Secret::new(text)).collect();
    let file = section.secret_file("secret_token_file");
    match file {
        Some(_) if !typed.is_empty() => {
            section.clash(
                "secret_token_file",
                "`zoom.secret_token` and `zoom.secret_token_file` are both set; keep one of them",
            );
            (typed, SecretSource::Unset)
        }
        Some(file) => from_file(&file),
        None if typed.is_empty() => (typed, SecretSource::Unset),
        None => (typed, SecretSource::Settings),
    }
}

/// One token a line. A file that can't be read is no error yet: only who needs
/// the secret needs to be the user that may read it.
fn from_file(file: &Path) -> (Vec<Secret>, SecretSource) {
    let path = file.to_owned();
    match std::fs::read_to_string(file) {
        Ok(text) => (text.lines().filter_map(Secret::new).collect(), SecretSource::File(path)),
        Err(error) => {
            let why = error.to_string();
            (Vec::new(), SecretSource::Unreadable { path, why })
        }
    }
}
