//! The commented settings file, read for what it says of each key.

use super::COMMENTED;

/// A section, and what its comments say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CommentedSection {
    /// Its name, without brackets.
    pub name: &'static str,
    /// Whether there may be several: `[[rooms]]`.
    pub is_list: bool,
    /// The comment above it; may be empty.
    pub comment: String,
    /// Its keys, in the order of the file.
    pub keys: Vec<CommentedKey>,
}

/// A key, and what its comment says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommentedKey {
    /// Its name.
    pub name: &'static str,
    /// Its default or an example, as TOML.
    pub value: &'static str,
    /// What it is for.
    pub comment: String,
}

/// The sections of the commented settings file, in its order.
pub fn commented_sections() -> Vec<CommentedSection> {
    let mut sections: Vec<CommentedSection> = Vec::new();
    let mut comment = String::new();
    for line in COMMENTED.lines() {
        let typed = line.trim_start_matches('#');
        if line.is_empty() {
            comment.clear();
        } else if let Some(words) = line.strip_prefix("# ") {
            comment += if comment.is_empty() { "" } else { " " };
            comment += words;
        } else if let Some((name, is_list)) = header(typed) {
            let comment = std::mem::take(&mut comment);
            sections.push(CommentedSection { name, is_list, comment, keys: Vec::new() });
        } else if let (Some((name, value)), Some(section)) =
            (typed.split_once(" = "), sections.last_mut())
        {
            let comment = std::mem::take(&mut comment);
            section.keys.push(CommentedKey { name, value, comment });
        }
    }
    sections
}

/// The section of `[site]` and `[[rooms]]`, and whether there may be several.
fn header(text: &str) -> Option<(&str, bool)> {
    let inside = text.strip_prefix('[')?.strip_suffix(']')?;
    let (name, is_list) = match inside.strip_prefix('[').and_then(|it| it.strip_suffix(']')) {
        Some(name) => (name, true),
        None => (inside, false),
    };
    let is_word =
        |name: &str| name.bytes().all(|b| b.is_ascii_lowercase() || matches!(b, b'_' | b'.'));
    (!name.is_empty() && is_word(name)).then_some((name, is_list))
}
