//! The secret token: set, and readable by the service only. Other secrets: readable by the service only.

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::{Context, Finding};
use crate::config::SecretSource;

/// Checks the secret token's file, without reading the secret.
pub(super) fn check(context: &Context<'_>) -> Vec<Finding> {
    let settings = context.settings;
    let source = &settings.origin.secret;
    if settings.zoom.secret_tokens.is_empty() {
        return vec![Finding::problem("secret", source.problem())];
    }
    let file = match source {
        SecretSource::File(path) => Some(path),
        SecretSource::Settings => settings.origin.file.as_ref(),
        _ => None,
    };
    vec![match file {
        Some(path) if is_open(path) => Finding::problem(
            "secret",
            format!(
                "others on this machine can read or change `{}`; `chmod 640 {}`",
                context.shown(path),
                path.display()
            ),
        ),
        Some(path) => {
            Finding::ok("secret", format!("{} in {}", number(context), context.shown(path)))
        }
        None => Finding::ok("secret", format!("{} in the environment", number(context))),
    }]
}

/// Checks the other files with secrets: the settings, if they contain the secrets of archive or
/// chats, and the files that the settings name.
pub(super) fn others(context: &Context<'_>) -> Vec<Finding> {
    let origin = &context.settings.origin;
    let typed = origin.file.as_deref().zip(origin.inline_secrets.first());
    let typed = typed.filter(|(file, _)| is_open(file)).map(|(file, key)| {
        let (shown, file) = (context.shown(file), file.display());
        format!(
            "others on this machine can read or change `{shown}`, and `{key}` may hold a password; \
             `chmod 640 {file}`, or move it to a file that `{key}_file` names"
        )
    });
    // Several chats may share a file; `check` reports the token's file.
    let files: BTreeSet<_> = origin.secret_files.iter().collect();
    let files = files.into_iter().filter(|file| origin.secret.file() != Some(file));
    let files = files.filter(|file| is_open(file)).map(|file| {
        let (shown, file) = (context.shown(file), file.display());
        format!(
            "others on this machine can read or change `{shown}`, which holds a secret; `chmod 640 {file}`"
        )
    });
    typed.into_iter().chain(files).map(|text| Finding::warning("secret", text)).collect()
}

fn number(context: &Context<'_>) -> String {
    match context.settings.zoom.secret_tokens.len() {
        1 => "one token".to_owned(),
        n => format!("{n} tokens"),
    }
}

/// Whether more than the owner may write it, or more than owner and group may read it.
fn is_open(path: &Path) -> bool {
    let mode = path.metadata().map(|data| data.permissions().mode());
    mode.is_ok_and(|mode| mode & 0o037 != 0)
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};

    use super::*;
    use crate::config::{Environment, load};
    use crate::time::moment::Moment;

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
    #[test]
    fn what_else_holds_secrets_is_for_nobody_else_either() {
        const HOOK: &str = "[[notify]]\nkind = 'slack'\n";
        #[rustfmt::skip]
        let cases = [
            // what is special                settings                                      open            asked for
            ("no password in the address",    "[archive]\nurl = 'mongodb://db.example'".to_owned(), "lookout.toml", None),
            ("a password in the address",     "[archive]\nurl = 'mongodb://a:b@db.example'".to_owned(), "lookout.toml", Some("`archive.url_file`")),
            ("the same, for the owner only",  "[archive]\nurl = 'mongodb://a:b@db.example'".to_owned(), "",             None),
            ("an address in a file",          "[archive]\nurl_file = 'url'".to_owned(),              "url",          Some("`url`, which holds a secret; `chmod 640 DIR/url`")),
            ("another file is open",          "[archive]\nurl_file = 'url'".to_owned(),              "lookout.toml", None),
            ("the hook of a chat",            format!("{HOOK}url = 'https://hooks.example/a'"),      "lookout.toml", Some("`notify.url_file`")),
            ("the hook in a file",            format!("{HOOK}url_file = 'hook'"),                    "hook",         Some("`hook`, which holds a secret")),
            ("two chats with one file",       format!("{HOOK}url_file = 'hook'\n{HOOK}url_file = 'hook'"), "hook",    Some("`hook`, which holds a secret")),
            ("the file is not there",         format!("{HOOK}url_file = 'absent'"),                  "hook",         None),
        ];
        for (what, text, open, asked) in cases {
            let dir = tempfile::tempdir().expect("a directory");
            let contents = [
                ("lookout.toml", text.as_str()),
                ("url", "mongodb://a:b@db.example"),
                ("hook", "https://hooks.example/a"),
            ];
            for (name, text) in contents {
                let path = dir.path().join(name);
                fs::write(&path, text).expect("written");
                let mode = if name == open { 0o644 } else { 0o640 };
                fs::set_permissions(path, Permissions::from_mode(mode)).expect("set");
            }
            let file = dir.path().join("lookout.toml");
            let settings = load(Some(&file), &Environment::default()).expect("valid");
            let context = Context { settings: &settings, now: Moment::from_seconds(0) };
            let lines: Vec<_> = others(&context).iter().map(Finding::to_string).collect();
            let lines: Vec<_> = lines
                .iter()
                .map(|line| line.replace(&dir.path().display().to_string(), "DIR"))
                .collect();
            assert_eq!(lines.len(), usize::from(asked.is_some()), "{what}: {lines:?}");
            let is_asked =
                |line: &String| line.starts_with('!') && line.contains(asked.unwrap_or_default());
            assert!(lines.iter().all(is_asked), "{what}: {lines:?}");
        }
    }
}
