//! The secret token: set, readable by us, and by nobody else.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::{Context, Line};
use crate::config::SecretSource;

/// Examines the secret's place without ever looking at the secret.
pub(super) fn check(context: &Context<'_>) -> Vec<Line> {
    let settings = context.settings;
    let source = &settings.origin.secret;
    if settings.zoom.secret_tokens.is_empty() {
        return vec![Line::wrong("secret", source.problem())];
    }
    let file = match source {
        SecretSource::File(path) => Some(path),
        SecretSource::Settings => settings.origin.file.as_ref(),
        _ => None,
    };
    vec![match file {
        Some(path) if is_open(path) => Line::wrong(
            "secret",
            format!(
                "others on this machine can read or change `{}`; `chmod 640 {}`",
                context.shown(path),
                path.display()
            ),
        ),
        Some(path) => {
            Line::fine("secret", format!("{} in {}", number(context), context.shown(path)))
        }
        None => Line::fine("secret", format!("{} in the environment", number(context))),
    }]
}

/// Examines the settings where they hold a password of the archive.
pub(super) fn password(context: &Context<'_>) -> Vec<Line> {
    let settings = context.settings;
    let archive = settings.archive.as_ref();
    let has_password = archive.is_some_and(|archive| archive.url.reveal().contains('@'));
    let file = settings.origin.file.as_deref().filter(|file| has_password && is_open(file));
    let line = |file: &Path| {
        let (shown, file) = (context.shown(file), file.display());
        let text = format!(
            "others on this machine can read or change `{shown}`, and `archive.url` may hold a password; \
             `chmod 640 {file}`, or put the address into `archive.url_file`"
        );
        Line::look("secret", text)
    };
    file.map(line).into_iter().collect()
}

fn number(context: &Context<'_>) -> String {
    match context.settings.zoom.secret_tokens.len() {
        1 => "one token".to_owned(),
        n => format!("{n} tokens"),
    }
}

/// Whether it is open to more than its owner, and its group to read: 0600 or 0640.
fn is_open(path: &Path) -> bool {
    let mode = path.metadata().map(|data| data.permissions().mode());
    mode.is_ok_and(|mode| mode & 0o037 != 0)
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};

    use super::*;
    use crate::config::load;
    use crate::moment::Moment;

    #[test]
    fn a_secret_that_everybody_can_read_is_none() {
        #[rustfmt::skip]
        let cases = [
            // what is special         key                 mode    variable      mark
            ("only the owner",         "secret_token",      0o600, None,         '✓'),
            ("the group as well",      "secret_token",      0o640, None,         '✓'),
            ("the group may write",    "secret_token",      0o660, None,         '✗'),
            ("everybody",              "secret_token",      0o644, None,         '✗'),
            ("a file for the owner",   "secret_token_file", 0o600, None,         '✓'),
            ("a file for everybody",   "secret_token_file", 0o604, None,         '✗'),
            ("in the environment",     "secret_token",      0o644, Some("hush"), '✓'),
        ];
        for (what, key, mode, variable, mark) in cases {
            let dir = tempfile::tempdir().expect("a directory");
            let file = dir.path().join("lookout.toml");
            fs::write(&file, format!("[zoom]\n{key} = 'hush'")).expect("written");
            fs::write(dir.path().join("hush"), "hush").expect("written");
            for path in [&file, &dir.path().join("hush")] {
                fs::set_permissions(path, Permissions::from_mode(mode)).expect("set");
            }
            let variable = variable.map(|value| ("LOOKOUT_ZOOM__SECRET_TOKEN", value));
            let settings = load(Some(&file), &variable.into_iter().collect()).expect("valid");
            let now = Moment::from_seconds(0);
            let context = Context { settings: &settings, now };
            let line = check(&context)[0].to_string();
            assert!(line.starts_with(mark), "{what}: {line}");
        }
    }
}
