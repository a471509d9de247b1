//! Masks the parts of a settings file that no error may show.
//!
//! A key is secret by the words in it, not by a list, so a misspelt `secret_tokn` is masked too.

use super::key::Key;
use super::source::{Sources, Span};
use super::tree::{Node, Table, Value};

/// A key that contains one of these holds a secret, unless it names a file.
const WORDS: [&str; 5] = ["secret", "token", "password", "key", "mongodb"];

/// Keys whose values may hold a password: as part of an address, or of a header.
const CARRIERS: [&str; 2] = ["url", "headers"];

/// Masks the values of all keys that look secret, at any depth.
pub(super) fn mask_values(table: &Table, sources: &mut Sources) {
    for (name, entry) in table {
        if holds_a_secret(name) {
            mask_leaves(&entry.node, sources);
        } else {
            mask_within(&entry.node, sources);
        }
    }
}

/// Whether the value of `name` may be a secret.
pub(super) fn holds_a_secret(name: &str) -> bool {
    (CARRIERS.contains(&name) || looks_secret(name)) && !name.ends_with("_file")
}

fn mask_within(node: &Node, sources: &mut Sources) {
    match &node.value {
        Value::Table(table) => mask_values(table, sources),
        Value::List(items) => items.iter().for_each(|item| mask_within(item, sources)),
        Value::Text(_) | Value::Date => {}
    }
}

/// Masks all leaves of `node`: the span of a table may cover only its header or a dotted key.
pub(super) fn mask_leaves(node: &Node, sources: &mut Sources) {
    match &node.value {
        Value::Table(table) => {
            let nodes = table.values().map(|entry| &entry.node);
            nodes.for_each(|node| mask_leaves(node, sources));
        }
        Value::List(items) => items.iter().for_each(|item| mask_leaves(item, sources)),
        Value::Text(_) | Value::Date => sources.mask(node.span.clone()),
    }
}

/// Masks what may be a secret in the line of a syntax error, where the tree can't be relied on:
/// everything except headers and the values of those `keys` that hold no secret.
pub(super) fn mask_line(
    source: usize,
    text: &str,
    position: usize,
    keys: &[Key],
    sources: &mut Sources,
) {
    let start = text[..position].rfind('\n').map_or(0, |feed| feed + 1);
    let end = text[start..].find('\n').map_or(text.len(), |n| start + n);
    let line = &text[start..end];
    let hidden = start + harmless(line, keys);
    let blank = text[hidden..end].len() - text[hidden..end].trim_start().len();
    if hidden < end {
        sources.mask(Span::new(source, hidden + blank..end));
    }
}

/// The length of the start of `line` that can't be part of a secret, in bytes.
fn harmless(line: &str, keys: &[Key]) -> usize {
    let body = line.trim_start();
    let indent = line.len() - body.len();
    let header = body.trim_matches(|c: char| "[]".contains(c) || c.is_whitespace());
    if keys.iter().any(|key| key.section == header) {
        return line.len();
    }
    let name = body.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next();
    let name = name.unwrap_or_default();
    if !keys.iter().any(|key| key.name == name) {
        return indent;
    }
    // If a line break is missing, the line has more than one key.
    let several = line.matches('=').count() > 1;
    match several || CARRIERS.contains(&name) || looks_secret(line) {
        true => line.find('=').map_or(indent + name.len(), |equals| equals + 1),
        false => line.len(),
    }
}

fn looks_secret(text: &str) -> bool {
    let text = text.to_lowercase();
    WORDS.iter().any(|word| text.contains(word))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::config::{Environment, parse};

    /// Every way to type a secret; each secret contains `hush`.
    const TEXTS: [&str; 11] = [
        "[site]\ntitle = \"a\"\n[zoom]\nsecret_token = \"hush\"\nlisten = \"127.0.0.1:1\"\n",
        "zoom.secret_token = 'hush'\n",
        "zoom = { path = \"/a\", secret_token = \"hush\", tolerance = \"5m\" }\n",
        "[zoom]\nsecret_token = [\n  \"hush1\",\n  \"hush2\",\n]\npath = \"/a\"\n",
        "[zoom]\nsecret_token = \"\"\"\nhush\"\"\"\nmax_body = \"1MiB\"\n",
        "[zoom]\nsecret_token = hush\n",
        "[archive]\nurl = \"mongodb://ada:hush@127.0.0.1\"\ndatabase = \"a\"\n",
        "[[notify]]\nkind = \"slack\"\nurl = \"https://hooks.example/hush\"\nquiet = \"1:00-2:00\"\n",
        "[[notify]]\nkind = 'mattermost'\nbot_token = 'hush'\nserver_url = 'https://chat.example'\nchannel_id = 'a'\n",
        "[[notify]]\nkind = 'webhook'\nurl = 'https://a.example/hush'\nheaders = ['Authorization: Bearer hush']\nsecret = 'whsec_hush'\nmethod = 'PUT'\n",
        "archive = { database = \"a\", url = 'mongodb+srv://ada:hush@db.example' }\n",
    ];

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn no_typing_error_makes_an_error_show_a_secret(
            (which, cut, keep, typed) in (0..TEXTS.len(), any::<prop::sample::Index>(), 0..3_usize, "[\\PC\n\"'=\\[\\]#,{}]{0,2}")
        ) {
            let text = TEXTS[which];
            let at = cut.index(text.len());
            let to = (at + keep).min(text.len());
            let slipped = format!("{}{typed}{}", &text[..at], &text[to..]);
            if let Err(error) = parse(&slipped, "lookout.toml".as_ref(), &Environment::default()) {
                let shown = format!("{error} {error:?}");
                prop_assert!(!shown.contains("hush"), "{slipped}\n---\n{shown}");
            }
        }

        #[test]
        fn any_text_is_read_without_panic(
            text in "((\\[?\\[(site|zoom|rooms|people|zom)\\]?\\]|(secret_token|path|aliases|ğ\\.a) ?=? ?|\\PC|['\"\\[\\]{}=#,.\\\\]|\r?\n){0,12})"
        ) {
            if let Err(error) = parse(&text, "lookout.toml".as_ref(), &Environment::default()) {
                prop_assert!(!error.to_string().is_empty());
            }
        }
    }
}
