//! Settings that the README and the guide name, and the page that lists all of them.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use lookout::config::{self, CommentedSection, Environment};

use super::{assert_none, documents, root};

const PAGE: &str = "src/guide/settings.md";

/// Above what is made from `lookout.toml`.
const MARK: &str = "src/config/lookout.toml. -->\n";

#[test]
fn each_setting_exists() {
    let keys = config::keys();
    let names: BTreeSet<_> =
        keys.iter().map(|key| format!("{}.{}", key.section, key.name)).collect();
    let sections: BTreeSet<_> = keys.iter().map(|key| key.section).collect();
    let single: BTreeSet<_> = keys.iter().map(|key| key.name).collect();
    // `presence.json` is a file, and `opt-level = "z"` is Cargo's.
    let is_other = |name: &str| name.ends_with(".json") || name.contains('-');
    let mut problems = Vec::new();
    for document in documents().values() {
        for span in document.spans.iter().filter(|span| !is_other(name_of(span))) {
            let name = name_of(span);
            let is_known = match (name.split_once('.'), section_of(name)) {
                (Some((section, _)), _) => !sections.contains(section) || names.contains(name),
                (None, Some(section)) => sections.contains(section),
                (None, None) => name == span || single.contains(name),
            };
            if !is_known {
                problems.push(format!("{}: there is no `{name}`", document.path.display()));
            }
        }
    }
    assert_none(&problems);
}

#[test]
fn each_block_of_settings_is_valid() {
    let mut problems = Vec::new();
    for document in documents().values() {
        let is_settings = |block: &&(String, String)| block.0 == "toml";
        for (_, text) in document.blocks.iter().filter(is_settings) {
            let settings = config::parse(text, Path::new("lookout.toml"), &Environment::default());
            if let Err(error) = settings {
                problems.push(format!("{}: {error}", document.path.display()));
            }
        }
    }
    assert_none(&problems);
}

#[test]
fn each_variable_sets_a_key() {
    let keys = config::keys();
    let known: BTreeSet<_> = keys
        .iter()
        .map(|key| format!("LOOKOUT_{}__{}", key.section.replace('.', "__"), key.name))
        .map(|variable| variable.to_uppercase())
        .collect();
    let mut problems = Vec::new();
    for document in documents().values() {
        let path = document.path.display();
        let blocks = document.blocks.iter().map(|(_, text)| text);
        for text in document.spans.iter().chain(blocks) {
            let is_other = |letter: char| !letter.is_ascii_uppercase() && letter != '_';
            let variables = text.split(is_other).filter(|word| word.starts_with("LOOKOUT_"));
            let is_unknown =
                |word: &&str| word.contains("__") && !word.ends_with('_') && !known.contains(*word);
            let unknown = variables.filter(is_unknown);
            problems.extend(unknown.map(|word| format!("{path}: `{word}` sets no key")));
        }
    }
    assert_none(&problems);
}

#[test]
fn the_page_of_settings_lists_what_the_commented_file_says() {
    let page = fs::read_to_string(root().join(PAGE)).expect("it is there");
    let (before, listed) = page.split_once(MARK).expect("the page has the mark");
    let expected = format!("\n{}", reference());
    let accepted = Environment::from_process().is_set("LOOKOUT_ACCEPT");
    if accepted && listed != expected {
        fs::write(root().join(PAGE), format!("{before}{MARK}{expected}")).expect("written");
    } else {
        assert!(
            listed == expected,
            "{PAGE} is not what src/config/lookout.toml says; \
             `LOOKOUT_ACCEPT=1 cargo test --test it -- guide` writes it anew:\n{expected}"
        );
    }
    let is_missing = |name: &String| !reference().contains(&format!("| `{name}` |"));
    let names = config::keys().into_iter().map(|key| format!("{}.{}", key.section, key.name));
    assert_eq!(names.filter(is_missing).collect::<Vec<_>>(), Vec::<String>::new());
}

/// The part before ` = `, or all of it.
fn name_of(span: &str) -> &str {
    span.split_once(" = ").map_or(span, |(name, _)| name)
}

/// The section of `[site]` and `[[rooms]]`.
fn section_of(text: &str) -> Option<&str> {
    let is_word = |text: &str| {
        text.chars().all(|letter| letter.is_ascii_lowercase() || "_.".contains(letter))
    };
    let inside = text.strip_prefix('[')?.strip_suffix(']')?;
    let inside = inside.strip_prefix('[').and_then(|i| i.strip_suffix(']')).unwrap_or(inside);
    (is_word(inside) && !inside.is_empty()).then_some(inside)
}

/// A table for each section of the commented file.
fn reference() -> String {
    let sections = config::commented_sections().into_iter().map(|section| {
        let rows = section.keys.iter().map(|key| {
            let meaning = prose(&key.comment);
            format!("| `{}.{}` | `{}` | {meaning} |\n", section.name, key.name, key.value)
        });
        heading(&section) + &rows.collect::<String>()
    });
    sections.collect::<Vec<_>>().join("\n")
}

fn heading(section: &CommentedSection) -> String {
    let (header, value) = match section.is_list {
        true => (format!("[[{}]]", section.name), "example or default"),
        false => (format!("[{}]", section.name), "default"),
    };
    let comment = match section.comment.as_str() {
        "" => String::new(),
        comment => format!("{}\n\n", prose(comment)),
    };
    format!("### `{header}`\n\n{comment}| key | {value} | meaning |\n|---|---|---|\n")
}

/// A comment as Markdown: values in quotes, and lists of them, are code.
fn prose(comment: &str) -> String {
    let mut text = String::new();
    for (number, part) in comment.split('`').enumerate() {
        let is_code = number % 2 == 1;
        text += &if is_code { format!("`{part}`") } else { values_as_code(part) };
    }
    text.replace('|', "\\|")
}

/// Puts `"…"` and `["…", "…"]` between backticks.
fn values_as_code(text: &str) -> String {
    let mut result = String::new();
    let mut rest = text;
    while let Some(quote) = rest.find('"') {
        let (begin, close) = match rest[..quote].strip_suffix('[') {
            Some(before) => (before.len(), ']'),
            None => (quote, '"'),
        };
        let Some(length) = rest[quote + 1..].find(close) else { break };
        let end = quote + 1 + length + 1;
        result += &format!("{}`{}`", &rest[..begin], &rest[begin..end]);
        rest = &rest[end..];
    }
    result + rest
}
