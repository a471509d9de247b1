//! The effective settings as a settings file, for `lookout print config`.
//!
//! Each key has the value that was typed, else its default. Secrets are left out.

use std::fmt::Write;
use std::path::Path;

use super::key::Key;
use super::masking;
use super::tree::{Node, Value};

/// One section; of an array of tables, one of its tables.
#[derive(Debug, Default)]
pub(super) struct Block {
    pub(super) section: &'static str,
    pub(super) entries: Vec<Entry>,
}

/// A key and its value as TOML.
#[derive(Debug)]
pub(super) struct Entry {
    name: &'static str,
    value: Option<String>,
    is_set: bool,
}

impl Entry {
    /// `key` with the `typed` value, else its default.
    pub(super) fn new(key: &Key, typed: Option<&Node>) -> Self {
        let value = typed.map(|node| as_of(key, node)).or_else(|| key.default.clone());
        let is_set = value.as_deref().is_some_and(|value| !matches!(value, "\"\"" | "[]"));
        Self { name: key.name, value, is_set }
    }
}

/// `blocks`, read from `file`, as an equivalent settings file without the secrets.
pub(super) fn settings_file(
    blocks: &[Block],
    is_list: fn(&str) -> bool,
    file: Option<&Path>,
) -> String {
    let origin = match file {
        Some(file) => {
            format!("`{}` and the environment; relative paths begin at that file", file.display())
        }
        None => "defaults and the environment".to_owned(),
    };
    let mut text = format!("# The settings in effect, of {origin}.\n");
    for block in blocks {
        let (open, close) = if is_list(block.section) { ("[[", "]]") } else { ("[", "]") };
        put(&mut text, format_args!("\n{open}{}{close}\n", block.section));
        for entry in &block.entries {
            let Some(value) = &entry.value else { continue };
            if masking::holds_a_secret(entry.name) {
                let state = if entry.is_set { "set, and not shown" } else { "not set" };
                put(&mut text, format_args!("# {} is {state}\n", entry.name));
            } else {
                put(&mut text, format_args!("{} = {value}\n", entry.name));
            }
        }
    }
    text
}

fn put(text: &mut String, what: std::fmt::Arguments<'_>) {
    text.write_fmt(what).expect("a String takes anything");
}

/// The value of `key` as TOML: a flag without quotes, like its default.
fn as_of(key: &Key, node: &Node) -> String {
    let is_flag = |text: &str| matches!(text, "true" | "false");
    match &node.value {
        Value::Text(text) if key.default.as_deref().is_some_and(is_flag) && is_flag(text) => {
            text.clone()
        }
        _ => as_toml(node),
    }
}

fn as_toml(node: &Node) -> String {
    match &node.value {
        Value::Text(text) => toml::Value::from(text.as_str()).to_string(),
        Value::List(items) => {
            let items: Vec<_> = items.iter().map(as_toml).collect();
            format!("[{}]", items.join(", "))
        }
        // No setting takes these: the file was refused.
        Value::Table(_) | Value::Date => "\"\"".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use crate::config::load::effective;
    use crate::config::{Environment, Origin, parse};

    const TYPED: &str = "[zoom]\nsecret_token = 'hush'\n[archive]\nurl = 'mongodb://ada:hush@h'\n\
        [privacy]\npublish = ['Ada', \"Zo\\\"ë\"]\n[[rooms]]\nmeeting_id = '1'\nname = 'A'\n\
        [[rooms]]\nmeeting_id = '2'\nname = 'B'\n[[people]]\nname = 'Ada'\naliases = ['a']\n";

    fn printed(text: &str, env: &Environment) -> String {
        effective(text, "lookout.toml".as_ref(), env).expect("valid")
    }

    #[test]
    fn the_printed_settings_are_equivalent_and_hold_no_secret() {
        let env = [("LOOKOUT_SITE__TITLE", "The Lounge")].into_iter().collect();
        let file = "lookout.toml".as_ref();
        for text in ["", TYPED] {
            let printed = printed(text, &env);
            assert!(!printed.contains("hush"), "{printed}");
            let mut typed = parse(text, file, &env).expect("valid");
            let mut read = parse(&printed, file, &Environment::default()).expect(&printed);
            // Only the secrets may differ.
            for settings in [&mut typed, &mut read] {
                settings.zoom.secret_tokens.clear();
                settings.origin = Origin::default();
                if let Some(archive) = &mut settings.archive {
                    archive.url = crate::config::Secret::new("-").expect("not empty");
                }
            }
            assert_eq!(read, typed, "{printed}");
        }
    }

    #[test]
    fn secrets_are_mentioned_and_not_shown() {
        let printed = printed(TYPED, &Environment::default());
        for line in
            ["# secret_token is set, and not shown", "# url is set, and not shown", "[[rooms]]"]
        {
            assert!(printed.contains(line), "{line}: {printed}");
        }
    }
}
